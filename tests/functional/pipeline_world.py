"""A small pipeline, written by hand: a source, a build, an approval and one more build."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from promote.sandbox.seed import CICD, default_world
from promote.sandbox.world import BucketSeed, RoleSeed, UserSeed, World
from tests.functional.sandbox_worlds import allow, document

REGION = "us-east-1"
BUCKET = "artifacts"
REQUEST = "requests/tools.zip"
PIPELINE_ARN = f"arn:aws:codepipeline:{REGION}:{CICD}:line"
ADMIN = f"admin/{CICD}"
ENDED = {"Succeeded", "Failed", "Stopped", "Cancelled", "Superseded"}


def role_arn(name: str) -> str:
    return f"arn:aws:iam::{CICD}:role/{name}"


def service_trust(service: str, source: str) -> dict[str, Any]:
    condition = {
        "StringEquals": {"aws:SourceAccount": CICD},
        "ArnLike": {"aws:SourceArn": source},
    }
    return document(
        {
            "Effect": "Allow",
            "Principal": {"Service": service},
            "Action": "sts:AssumeRole",
            "Condition": condition,
        }
    )


def pipeline_role(name: str = "line", **more: Any) -> RoleSeed:
    statements = [
        allow("s3:GetBucketVersioning", f"arn:aws:s3:::{BUCKET}"),
        allow(["s3:GetObject", "s3:GetObjectVersion"], f"arn:aws:s3:::{BUCKET}/requests/*"),
        allow("s3:PutObject", f"arn:aws:s3:::{BUCKET}/*"),
        allow(["codebuild:StartBuild", "codebuild:BatchGetBuilds"], project_arn("*")),
    ]
    trust = service_trust("codepipeline.amazonaws.com", PIPELINE_ARN)
    policy = more.get("policy", document(*statements))
    return RoleSeed(account=CICD, name=name, trust=trust, inline={"line": policy})


def project_arn(name: str) -> str:
    return f"arn:aws:codebuild:{REGION}:{CICD}:project/{name}"


def build_statements(project: str = "*") -> list[dict[str, Any]]:
    logs = f"arn:aws:logs:{REGION}:{CICD}:log-group:/aws/codebuild/{project}:*"
    groups = f"arn:aws:codebuild:{REGION}:{CICD}:report-group/*"
    reports = ["CreateReportGroup", "CreateReport", "UpdateReport", "BatchPutTestCases"]
    return [
        allow(["logs:CreateLogStream", "logs:PutLogEvents"], logs),
        allow(["s3:GetObject", "s3:PutObject"], f"arn:aws:s3:::{BUCKET}/line/*"),
        allow([f"codebuild:{each}" for each in reports], groups),
    ]


def build_role(name: str = "builder", statements: list[dict[str, Any]] | None = None) -> RoleSeed:
    chosen = build_statements() if statements is None else statements
    trust = service_trust("codebuild.amazonaws.com", project_arn("*"))
    return RoleSeed(account=CICD, name=name, trust=trust, inline={"build": document(*chosen)})


def a_world(*roles: RoleSeed) -> World:
    """Return the default world with the roles of the pipeline, some more, and who may approve."""
    world = default_world([pipeline_role(), build_role(), *roles])
    approver = UserSeed(
        account=CICD,
        name="approver",
        login="approver",
        access_key_id="AKIASANDBOXAPPROVER0",
        secret_access_key="sandbox/approver",
        inline={
            "approve": document(
                allow("codepipeline:PutApprovalResult", f"{PIPELINE_ARN}/Approve/Approve"),
                allow("codepipeline:Get*", PIPELINE_ARN),
            )
        },
    )
    buckets = (*world.buckets, BucketSeed(account=CICD, name=BUCKET))
    return replace(world, users=(*world.users, approver), buckets=buckets)


def zipped(**files: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "."), text)
    return buffer.getvalue()


def project(name: str, buildspec: str, **more: Any) -> dict[str, Any]:
    kind = more.pop("kind", "CODEPIPELINE")
    artifacts = "CODEPIPELINE" if kind == "CODEPIPELINE" else "NO_ARTIFACTS"
    return {
        "name": name,
        "source": {"type": kind, "buildspec": buildspec},
        "artifacts": {"type": artifacts},
        "environment": {
            "type": "LINUX_CONTAINER",
            "image": "aws/codebuild/amazonlinux-x86_64-standard:5.0",
            "computeType": "BUILD_GENERAL1_SMALL",
            **more.pop("environment", {}),
        },
        "serviceRole": role_arn("builder"),
        **more,
    }


def build_action(name: str, namespace: str = "", **variables: str) -> dict[str, Any]:
    listed = [{"name": key, "value": value} for key, value in variables.items()]
    return {
        "name": name,
        "actionTypeId": _type("Build", "CodeBuild"),
        "configuration": {"ProjectName": name.lower(), "EnvironmentVariables": json.dumps(listed)},
        "inputArtifacts": [{"name": "Request"}],
        **({"namespace": namespace} if namespace else {}),
    }


def structure(**more: Any) -> dict[str, Any]:
    """Return the pipeline: `stages` replaces those after the source."""
    source = {
        "name": "Source",
        "actionTypeId": _type("Source", "S3"),
        "configuration": {
            "S3Bucket": BUCKET,
            "S3ObjectKey": REQUEST,
            "PollForSourceChanges": "false",
            "AllowOverrideForS3ObjectKey": "true",
        },
        "outputArtifacts": [{"name": "Request"}],
        "namespace": "Source",
    }
    rest = more.pop("stages", None) or [
        {"name": "Plan", "actions": [
            {**build_action("Plan", "Plan", VERSION="#{variables.VERSION}"),
             "outputArtifacts": [{"name": "Planned"}]}]},
        {
            "name": "Approve",
            "beforeEntry": {"conditions": [condition("SKIP", "#{Plan.CHANGES}", "NE", "0")]},
            "actions": [approval("Approve #{Plan.CHANGES} changes: #{Plan.SUMMARY}")],
        },
        {"name": "Apply", "actions": [
            {**build_action("Apply", CHANGES="#{Plan.CHANGES}",
                            EXECUTION="#{codepipeline.PipelineExecutionId}"),
             "inputArtifacts": [{"name": "Planned"}]}]},
    ]  # fmt: skip
    return {
        "name": "line",
        "roleArn": role_arn("line"),
        "artifactStore": {"type": "S3", "location": BUCKET},
        "pipelineType": "V2",
        "executionMode": "QUEUED",
        "variables": [{"name": "VERSION"}, {"name": "REASON", "defaultValue": "none"}],
        "stages": [{"name": "Source", "actions": [source]}, *rest],
        **more,
    }


def approval(text: str, **more: Any) -> dict[str, Any]:
    return {
        "name": "Approve",
        "actionTypeId": _type("Approval", "Manual"),
        "configuration": {"CustomData": text},
        **more,
    }


def condition(result: str, variable: str, operator: str, value: str) -> dict[str, Any]:
    rule = {
        "name": "Compare",
        "ruleTypeId": {
            "category": "Rule", "owner": "AWS", "provider": "VariableCheck", "version": "1",
        },
        "configuration": {"Variable": variable, "Operator": operator, "Value": value},
    }  # fmt: skip
    return {"result": result, "rules": [rule]}


def _type(category: str, provider: str) -> dict[str, str]:
    return {"category": category, "owner": "AWS", "provider": provider, "version": "1"}


PLAN = """\
version: 0.2
env:
  exported-variables: [CHANGES, SUMMARY]
phases:
  build:
    commands:
      - CHANGES=$(cat changes)
      - SUMMARY="version $VERSION"
      - echo "planned $VERSION" > plan.txt
artifacts:
  files: [plan.txt]
"""
APPLY = """\
version: 0.2
phases:
  build:
    commands:
      - echo "$(cat plan.txt) with $CHANGES in $EXECUTION by $CODEBUILD_INITIATOR"
"""


class Line:
    """Drives the pipeline by the API."""

    def __init__(self, client: Callable[[str, str], Any]) -> None:
        self.client = client
        self.api = client(ADMIN, "codepipeline")
        self.builds = client(ADMIN, "codebuild")
        self.s3 = client(ADMIN, "s3")

    def set_up(self, projects: Mapping[str, str] | None = None, **more: Any) -> None:
        """Write the request, the projects by their buildspecs and the pipeline."""
        self.request(changes="2")
        for name, text in (projects or {"plan": PLAN, "apply": APPLY}).items():
            self.builds.create_project(**project(name, text))
        self.api.create_pipeline(pipeline=structure(**more))

    def request(self, **files: str) -> str:
        versioned = {"Status": "Enabled"}
        self.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration=versioned)
        put = self.s3.put_object(Bucket=BUCKET, Key=REQUEST, Body=zipped(**files))
        return str(put["VersionId"])

    def start(self, version: str = "v2", **more: Any) -> str:
        variables = [{"name": "VERSION", "value": version}]
        started = self.api.start_pipeline_execution(name="line", variables=variables, **more)
        return str(started["pipelineExecutionId"])

    def execution(self, name: str) -> Any:
        found = self.api.get_pipeline_execution(pipelineName="line", pipelineExecutionId=name)
        return found["pipelineExecution"]

    def ended(self, name: str) -> str:
        """Wait for the end of an execution; return its status."""
        return str(self.until(lambda: (s := self.execution(name)["status"]) in ENDED and s))

    def until(self, asked: Callable[[], Any]) -> Any:
        limit = time.monotonic() + 20
        while time.monotonic() < limit:
            found = asked()
            if found:
                return found
            time.sleep(0.03)
        raise AssertionError(self.stages())

    def stages(self) -> dict[str, str]:
        """Return the status of each stage's latest execution."""
        states = self.api.get_pipeline_state(name="line")["stageStates"]
        return {s["stageName"]: s.get("latestExecution", {}).get("status", "") for s in states}

    def actions(self, execution: str) -> dict[str, Any]:
        """Return the latest run of each action by its name."""
        found = self.api.list_action_executions(
            pipelineName="line", filter={"pipelineExecutionId": execution}
        )["actionExecutionDetails"]
        return {each["actionName"]: each for each in reversed(found)}

    def token(self, execution: str) -> str:
        """Wait for the approval of an execution; return its token."""

        def opened() -> str | None:
            states = self.api.get_pipeline_state(name="line")["stageStates"]
            stage = next(each for each in states if each["stageName"] == "Approve")
            here = stage.get("latestExecution", {}).get("pipelineExecutionId") == execution
            latest = stage["actionStates"][0].get("latestExecution", {})
            return latest.get("token") if here else None

        return str(self.until(opened))

    def answer(self, execution: str, status: str = "Approved", who: str = "approver") -> None:
        self.client(who, "codepipeline").put_approval_result(
            pipelineName="line", stageName="Approve", actionName="Approve",
            result={"status": status, "summary": f"{status} by a test"},
            token=self.token(execution),
        )  # fmt: skip
