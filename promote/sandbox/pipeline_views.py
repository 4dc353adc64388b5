"""Show pipelines and their executions as CodePipeline's API does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from promote.sandbox.pipeline_records import (
    ActionRun,
    Artifact,
    ConditionRun,
    Declaration,
    Execution,
    Pipeline,
    StageRun,
    Transition,
)


def execution_shown(pipeline: Pipeline, execution: Execution) -> dict[str, Any]:
    """Return an execution as GetPipelineExecution does."""
    sources = [each for each in execution.artifacts.values() if each.revision]
    listed = [{"name": n, "resolvedValue": value} for n, value in execution.variables.items()]
    return {
        "pipelineName": pipeline.name,
        "pipelineVersion": execution.version,
        "pipelineExecutionId": execution.id,
        "status": execution.status,
        "statusSummary": execution.summary,
        "artifactRevisions": [{"name": each.name, "revisionId": each.revision} for each in sources],
        "variables": listed,
        **_common(execution),
    }


def execution_summary(execution: Execution) -> dict[str, Any]:
    """Return an execution as ListPipelineExecutions does."""
    sources = [each for each in execution.history if each.provider == "S3" and each.external_id]
    shown = {
        "pipelineExecutionId": execution.id,
        "status": execution.status,
        "statusSummary": execution.summary,
        "startTime": execution.started,
        "lastUpdateTime": execution.updated,
        "sourceRevisions": [
            {"actionName": each.name, "revisionId": each.external_id} for each in sources
        ],
        **_common(execution),
    }
    if execution.stop_reason is not None:
        shown["stopTrigger"] = {"reason": execution.stop_reason}
    return shown


def action_shown(execution: Execution, action: ActionRun) -> dict[str, Any]:
    """Return a run of an action as ListActionExecutions does."""
    declared = action.declaration
    given: dict[str, Any] = {
        "actionTypeId": dict(declared["actionTypeId"]),
        "configuration": dict(declared.get("configuration", {})),
        "resolvedConfiguration": dict(action.resolved or {}),
        "inputArtifacts": _artifacts(action.inputs),
    }
    given |= {key: declared[key] for key in ("namespace", "region") if key in declared}
    result: dict[str, Any] = {
        "externalExecutionId": action.external_id,
        "externalExecutionSummary": action.summary,
    }
    shown: dict[str, Any] = {
        "pipelineExecutionId": execution.id,
        "actionExecutionId": action.id,
        "pipelineVersion": execution.version,
        "stageName": action.stage,
        "actionName": action.name,
        "startTime": action.started,
        "lastUpdateTime": action.updated,
        "status": action.status,
        "input": given,
        "output": {
            "outputArtifacts": _artifacts(action.outputs),
            "executionResult": {**result, **_error(action.error)},
            "outputVariables": dict(action.variables),
        },
    }
    return shown | ({"updatedBy": action.updated_by} if action.updated_by else {})


def state_shown(pipeline: Pipeline) -> dict[str, Any]:
    """Return the state of a pipeline as GetPipelineState does."""
    return {
        "pipelineName": pipeline.name,
        "pipelineVersion": pipeline.structure["version"],
        "stageStates": [_stage(pipeline, each) for each in pipeline.structure["stages"]],
        "created": pipeline.created,
        "updated": pipeline.updated,
    }


def _stage(pipeline: Pipeline, declared: Declaration) -> dict[str, Any]:
    """Return the state of a stage: of the execution that was in it last."""
    name = declared["name"]
    latest = pipeline.execution(pipeline.latest.get(name, ""))
    run = latest.runs.get(name) if latest is not None else None
    waiting = [_inside(each, "InProgress") for each in pipeline.waiting(name)]
    shown: dict[str, Any] = {
        "stageName": name,
        "inboundExecutions": waiting,
        "inboundTransitionState": _transition(pipeline.transitions.get(name)),
        "actionStates": [_action(each, run) for each in declared["actions"]],
    }
    if waiting:
        shown["inboundExecution"] = waiting[-1]
    if latest is None or run is None:
        return shown
    stopping = run.status == "InProgress" and latest.status == "Stopping"
    shown["latestExecution"] = _inside(latest, "Stopping" if stopping else run.status)
    for key, condition in (
        ("beforeEntryConditionState", run.entry),
        ("onSuccessConditionState", run.success),
    ):
        if condition is not None:
            shown[key] = _condition(condition)
    return shown


def _inside(execution: Execution, status: str) -> dict[str, Any]:
    return {"pipelineExecutionId": execution.id, "status": status, "type": execution.kind}


def _transition(transition: Transition | None) -> dict[str, Any]:
    if transition is None:
        return {"enabled": True}
    shown: dict[str, Any] = {
        "enabled": transition.enabled,
        "lastChangedBy": transition.by,
        "lastChangedAt": transition.at,
    }
    return shown if transition.enabled else {**shown, "disabledReason": transition.reason}


def _action(declared: Declaration, run: StageRun | None) -> dict[str, Any]:
    """Return the state of an action: of its latest run in the latest run of its stage."""
    action = run.actions.get(declared["name"]) if run is not None else None
    if action is None:
        return {"actionName": declared["name"]}
    latest: dict[str, Any] = {
        "actionExecutionId": action.id,
        "status": action.status,
        "lastStatusChange": action.updated,
        **_error(action.error),
    }
    named = {
        "summary": action.summary,
        "token": action.token,
        "lastUpdatedBy": action.updated_by,
        "externalExecutionId": action.external_id,
    }
    latest |= {key: value for key, value in named.items() if value}
    return {"actionName": action.name, "latestExecution": latest}


def _condition(condition: ConditionRun) -> dict[str, Any]:
    latest = {"status": condition.status, "summary": condition.summary}
    rules = [
        {
            "ruleName": each.name,
            "latestExecution": {
                "ruleExecutionId": each.id,
                "status": each.status,
                "lastStatusChange": each.at,
                **_error(each.error),
            },
        }
        for each in condition.rules
    ]
    one = {"latestExecution": {**latest, "lastStatusChange": condition.at}, "ruleStates": rules}
    return {"latestExecution": latest, "conditionStates": [one]}


def _common(execution: Execution) -> dict[str, Any]:
    kind, detail = execution.trigger
    shown: dict[str, Any] = {
        "trigger": {"triggerType": kind, "triggerDetail": detail},
        "executionMode": "QUEUED",
        "executionType": execution.kind,
    }
    if execution.target is not None:
        shown["rollbackMetadata"] = {"rollbackTargetPipelineExecutionId": execution.target}
    return shown


def _artifacts(artifacts: Iterable[Artifact]) -> list[Mapping[str, Any]]:
    return [
        {"name": each.name, "s3location": {"bucket": each.place.bucket, "key": each.place.key}}
        for each in artifacts
    ]


def _error(error: tuple[str, str] | None) -> dict[str, Any]:
    return {} if error is None else {"errorDetails": {"code": error[0], "message": error[1]}}
