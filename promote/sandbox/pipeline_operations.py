"""Map CodePipeline's operations to the actions and resources that they need.

Reference: Service Authorization Reference for AWS CodePipeline.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from promote.sandbox.credentials import Caller
from promote.sandbox.exchange import Call, Need
from promote.sandbox.pipeline_actions import SERVICE

_ON_PIPELINE: Final = {
    "DeletePipeline": "name",
    "GetPipeline": "name",
    "GetPipelineExecution": "pipelineName",
    "GetPipelineState": "name",
    "ListActionExecutions": "pipelineName",
    "ListPipelineExecutions": "pipelineName",
    "StartPipelineExecution": "name",
    "StopPipelineExecution": "pipelineName",
}
_ON_STAGE: Final = frozenset(
    {"DisableStageTransition", "EnableStageTransition", "RetryStageExecution", "RollbackStage"}
)
_WRITES: Final = frozenset({"CreatePipeline", "UpdatePipeline"})


def pipeline_needs(call: Call, caller: Caller) -> list[Need] | None:
    """Return the permissions that a call needs; None for an operation not served."""
    operation, params = call.operation, call.params
    if operation == "ListPipelines":
        return [Need(call.name, "*")]
    if operation in _WRITES:
        return _of_structure(call, caller)
    if operation in _ON_PIPELINE:
        path = str(params.get(_ON_PIPELINE[operation], ""))
    elif operation in _ON_STAGE:
        path = f"{params.get('pipelineName', '')}/{params.get('stageName', '')}"
    elif operation == "PutApprovalResult":
        names = (params.get(each, "") for each in ("pipelineName", "stageName", "actionName"))
        path = "/".join(str(each) for each in names)
    else:
        return None
    return [Need(call.name, f"{_stem(call, caller)}:{path}")]


def _of_structure(call: Call, caller: Caller) -> list[Need]:
    """Return the needs to write a pipeline, and to pass its role to it."""
    given = call.params.get("pipeline")
    structure: Mapping[str, Any] = given if isinstance(given, dict) else {}
    arn = f"{_stem(call, caller)}:{structure.get('name', '')}"
    passed = {"iam:PassedToService": SERVICE, "iam:AssociatedResourceArn": arn}
    role = str(structure.get("roleArn", "*"))
    return [Need(call.name, arn), Need("iam:PassRole", role, passed, caller.account)]


def _stem(call: Call, caller: Caller) -> str:
    return f"arn:aws:codepipeline:{call.region}:{caller.account}"
