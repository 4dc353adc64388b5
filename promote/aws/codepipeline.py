"""AWS CodePipeline: who started an execution, who approved in it, and how one is started.

Sources: the service model of botocore; "ExecutionTrigger" of the API reference: its detail is the
ARN of the user for an execution that a user starts, and that of the rule for an event.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from promote.arn import parse_arn
from promote.aws.sessions import Sessions
from promote.aws.translation import translated
from promote.core.executions import Execution, Response
from promote.errors import RefusedError
from promote.ports.pipelines import Source

if TYPE_CHECKING:
    from types_boto3_codepipeline.client import CodePipelineClient
    from types_boto3_codepipeline.type_defs import ActionExecutionDetailTypeDef

_STATUSES = {"Succeeded": True, "Failed": False}
_AT_MOST = 512  # characters of an approver's summary ("ApprovalResult"); others may be longer
_DENIED = (
    "Allow it codepipeline:GetPipelineExecution and codepipeline:ListActionExecutions on the "
    "pipeline. To see the policy that a build's role needs:\n    promote policy render"
)
_BOOTSTRAP = "Make the pipelines of promote.yaml first:\n    promote bootstrap"


class CodePipelines:
    """The `promote.ports.pipelines.Pipelines` of AWS."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def execution(self, pipeline: str, execution: str) -> Execution:
        """Return an execution of a pipeline, by their names."""
        with translated(
            "asking who started", role=None, resource=f"{pipeline} {execution}", denied=_DENIED
        ):
            found = self._client().get_pipeline_execution(
                pipelineName=pipeline, pipelineExecutionId=execution
            )["pipelineExecution"]
        trigger = found.get("trigger", {})
        return Execution(
            pipeline=self._arn(pipeline),
            id=execution,
            trigger=trigger.get("triggerType", "unknown"),
            started_by=_arn_or_none(trigger.get("triggerDetail", "")),
            rollback=found.get("executionType") == "ROLLBACK",
        )

    def responses(self, pipeline: str, execution: str) -> tuple[Response, ...]:
        """Return what came of every manual approval action of an execution, oldest first."""
        pages = (
            self._client()
            .get_paginator("list_action_executions")
            .paginate(pipelineName=pipeline, filter={"pipelineExecutionId": execution})
        )
        with translated(
            "asking who approved in", role=None, resource=f"{pipeline} {execution}", denied=_DENIED
        ):
            details = [each for page in pages for each in page["actionExecutionDetails"]]
        own = (each for each in details if each.get("pipelineExecutionId") == execution)
        return tuple(sorted(_responses(own), key=lambda each: each.at))

    def source(self, pipeline: str) -> Source:
        """Return where a pipeline takes its request from."""
        with translated(
            "looking up the pipeline",
            role=None,
            resource=pipeline,
            otherwise=_BOOTSTRAP,
        ):
            stages = self._client().get_pipeline(name=pipeline)["pipeline"]["stages"]
        for action in stages[0]["actions"]:
            configuration = action.get("configuration", {})
            if action["actionTypeId"]["provider"] == "S3":
                return Source(
                    pipeline=self._arn(pipeline),
                    action=action["name"],
                    bucket=configuration["S3Bucket"],
                    key=configuration["S3ObjectKey"],
                )
        raise RefusedError(
            "The pipeline does not begin with a request",
            f"{pipeline} has no S3 source in its stage {stages[0]['name']}, so it is none that "
            "promote makes.",
            _BOOTSTRAP,
        )

    def submit(self, source: Source, content: bytes) -> str:
        """Write the request and return the version of the object."""
        place = f"s3://{source.bucket}/{source.key}"
        s3 = self._sessions.client("s3", role=None, writing=True)
        with translated("writing the request", role=None, resource=place, mutating=True):
            answer = s3.put_object(
                Bucket=source.bucket,
                Key=source.key,
                Body=content,
                ContentType="application/zip",
            )
        version = answer.get("VersionId")
        if not version:
            raise RefusedError(
                "The bucket keeps no versions",
                f"{place} was written, but {source.bucket} has no versioning, so that nobody can "
                "tell which request an execution is about. Nothing was started.",
                _BOOTSTRAP,
            )
        return version

    def start(self, source: Source, version: str, variables: Mapping[str, str]) -> str:
        """Start an execution with that version of the request, and return the execution's id."""
        name = parse_arn(source.pipeline).resource
        with translated("starting the pipeline", role=None, resource=name, mutating=True):
            return self._client(writing=True).start_pipeline_execution(
                name=name,
                variables=[{"name": key, "value": each} for key, each in variables.items()],
                sourceRevisions=[
                    {
                        "actionName": source.action,
                        "revisionType": "S3_OBJECT_VERSION_ID",
                        "revisionValue": version,
                    }
                ],
            )["pipelineExecutionId"]

    def _client(self, *, writing: bool = False) -> CodePipelineClient:
        return self._sessions.client("codepipeline", role=None, writing=writing)

    def _arn(self, pipeline: str) -> str:
        """Return the ARN of a pipeline, which no answer of the service says."""
        sts = self._sessions.client("sts", role=None)
        with translated("asking who we are", role=None, resource="at STS"):
            caller = parse_arn(sts.get_caller_identity()["Arn"])
        region = self._sessions.region
        return f"arn:{caller.partition}:codepipeline:{region}:{caller.account}:{pipeline}"


def _responses(details: Iterator[ActionExecutionDetailTypeDef]) -> Iterator[Response]:
    for each in details:
        asked = each.get("input", {})
        kind = asked.get("actionTypeId", {})
        status = each.get("status", "")
        if (kind.get("category"), kind.get("provider")) != ("Approval", "Manual"):
            continue
        if status not in _STATUSES:
            continue
        # Not "configuration": in that the variables are names yet.
        shown = asked.get("resolvedConfiguration", {}).get("CustomData", "")
        said = each.get("output", {}).get("executionResult", {}).get("externalExecutionSummary")
        yield Response(
            stage=each["stageName"],
            action=each["actionName"],
            at=each["lastUpdateTime"],
            by=_arn_or_none(each.get("updatedBy", "")),
            approved=_STATUSES[status],
            text=shown,
            summary=said[:_AT_MOST] if said else None,
        )


def _arn_or_none(text: str) -> str | None:
    try:
        return str(parse_arn(text))
    except ValueError:
        return None
