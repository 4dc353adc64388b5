"""Watch a pipeline of a running sandbox, and answer its approvals, by the APIs that AWS has."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.session import Session

from promote.arn import parse_arn

_BUILD: Final = "CodeBuild"
_NOBODYS: Final = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}
"""Settings of a session that reads no profile, whatever the user's environment names."""
_IN_PROGRESS: Final = "InProgress"


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One run of an action.

    Attributes:
        stage: The stage that it belongs to.
        name: Of the action.
        status: As CodePipeline says it: ``InProgress``, ``Succeeded``, ``Failed``, ``Abandoned``.
        seconds: How long it took, or since when it runs.
        build: The id of its build; None without one.
        asks: What an approver reads; None when it is no approval.
        link: The page that an approver is shown.
    """

    stage: str
    name: str
    status: str
    seconds: float
    build: str | None
    asks: str | None
    link: str

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self.status == _IN_PROGRESS


class Spectator:
    """Calls a sandbox as its logins.

    Args:
        info: What the sandbox says of itself.
    """

    def __init__(self, info: Mapping[str, Any]) -> None:
        self._info = info
        self._clients: dict[tuple[str, str], Any] = {}

    def status(self, login: str, pipeline: str, execution: str) -> str:
        """Return how far an execution is, as CodePipeline says it."""
        found = self._client(login, "codepipeline").get_pipeline_execution(
            pipelineName=pipeline, pipelineExecutionId=execution
        )
        return str(found["pipelineExecution"]["status"])

    def newest(self, login: str, pipeline: str) -> str:
        """Return the id of the execution that was started last."""
        found = self._client(login, "codepipeline").list_pipeline_executions(
            pipelineName=pipeline, maxResults=1
        )
        return str(found["pipelineExecutionSummaries"][0]["pipelineExecutionId"])

    def actions(self, login: str, pipeline: str, execution: str) -> tuple[Action, ...]:
        """Return what an execution has begun, oldest first."""
        pages = self._client(login, "codepipeline").get_paginator("list_action_executions")
        found = pages.paginate(pipelineName=pipeline, filter={"pipelineExecutionId": execution})
        listed = [each for page in found for each in page["actionExecutionDetails"]]
        return tuple(_action(each) for each in reversed(listed))

    def approve(self, login: str, pipeline: str, action: Action, summary: str) -> None:
        """Approve what waits in an action, with the token that its state shows."""
        client = self._client(login, "codepipeline")
        stages = client.get_pipeline_state(name=pipeline)["stageStates"]
        states = next(each["actionStates"] for each in stages if each["stageName"] == action.stage)
        state = next(each for each in states if each["actionName"] == action.name)
        client.put_approval_result(
            pipelineName=pipeline,
            stageName=action.stage,
            actionName=action.name,
            result={"status": "Approved", "summary": summary},
            token=state["latestExecution"]["token"],
        )

    def attach(self, user: str, policy: str) -> None:
        """Attach a managed policy to a user of its account."""
        account = parse_arn(policy).account
        self._client(f"admin/{account}", "iam").attach_user_policy(UserName=user, PolicyArn=policy)

    def trust(self, role: str, principal: str) -> None:
        """Let somebody become a role, beside whom its trust policy names already."""
        arn = parse_arn(role)
        iam = self._client(f"admin/{arn.account}", "iam")
        document = iam.get_role(RoleName=arn.name)["Role"]["AssumeRolePolicyDocument"]
        more = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"}
        document["Statement"].append(more)
        iam.update_assume_role_policy(RoleName=arn.name, PolicyDocument=json.dumps(document))

    def permit(self, role: str, policies: Mapping[str, Mapping[str, Any]]) -> None:
        """Write inline policies of a role."""
        arn = parse_arn(role)
        iam = self._client(f"admin/{arn.account}", "iam")
        for name, document in policies.items():
            text = json.dumps(document)
            iam.put_role_policy(RoleName=arn.name, PolicyName=name, PolicyDocument=text)

    def pointer(self, account: str, name: str) -> str:
        """Return what a pointer names."""
        found = self._client(f"admin/{account}", "ssm").get_parameter(Name=name)
        return str(found["Parameter"]["Value"])

    def _client(self, login: str, service: str) -> Any:
        """Return the client of a login, which reads nothing of the user's own AWS settings."""
        if (login, service) not in self._clients:
            keys = self._info["logins"][login]
            session: Any = boto3.Session(botocore_session=Session(session_vars=_NOBODYS))
            self._clients[login, service] = session.client(
                service,
                region_name=self._info["region"],
                endpoint_url=self._info["endpoint"],
                aws_access_key_id=keys["access_key_id"],
                aws_secret_access_key=keys["secret_access_key"],
                aws_session_token=keys.get("session_token"),
                config=Config(proxies={}),
            )
        return self._clients[login, service]


def _action(detail: Mapping[str, Any]) -> Action:
    """Read one of ListActionExecutions."""
    kind = detail["input"]["actionTypeId"]
    result = detail.get("output", {}).get("executionResult", {})
    resolved = detail["input"].get("resolvedConfiguration", {})
    is_approval = kind["category"] == "Approval"
    return Action(
        stage=detail["stageName"],
        name=detail["actionName"],
        status=detail["status"],
        seconds=(detail["lastUpdateTime"] - detail["startTime"]).total_seconds(),
        build=result.get("externalExecutionId") if kind["provider"] == _BUILD else None,
        asks=resolved.get("CustomData", "") if is_approval else None,
        link=resolved.get("ExternalEntityLink", ""),
    )
