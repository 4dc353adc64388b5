"""Answer CodePipeline: pipelines of type V2 in the mode QUEUED, whose stages are really run.

Reference: CodePipeline API reference. Where it is silent, we read: a pipeline that was just created
starts by itself unless one of its variables has no default.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any, Final

from promote.sandbox.clock import Clock
from promote.sandbox.credentials import Caller
from promote.sandbox.exchange import Call, Response, ServiceError, json_response
from promote.sandbox.listing import lower_page_of
from promote.sandbox.pipeline_actions import SERVICE
from promote.sandbox.pipeline_controls import Controls
from promote.sandbox.pipeline_definition import check_structure
from promote.sandbox.pipeline_engine import Engine
from promote.sandbox.pipeline_records import Pipeline
from promote.sandbox.pipeline_shelf import Shelf
from promote.sandbox.pipeline_starts import new_execution
from promote.sandbox.pipeline_views import (
    action_shown,
    execution_shown,
    execution_summary,
    state_shown,
)
from promote.sandbox.service_roles import Assignment, ServiceRoles
from promote.sandbox.validation import checked_params

_MOST_ACTIVE: Final = 50
_EMPTY: Final = frozenset({"DeletePipeline", "DisableStageTransition", "EnableStageTransition"})
_Params = dict[str, Any]
_Handler = Callable[[Caller, str, _Params], _Params]


class Pipelines:
    """The service of every account and Region."""

    def __init__(self, engine: Engine, roles: ServiceRoles, clock: Clock) -> None:
        self._engine = engine
        self._roles = roles
        self._clock = clock
        self._shelf = Shelf()
        controls = Controls(self._shelf, engine, clock)
        self._handlers: dict[str, _Handler] = {
            "CreatePipeline": self._create,
            "DeletePipeline": self._delete,
            "DisableStageTransition": controls.disable,
            "EnableStageTransition": controls.enable,
            "GetPipeline": self._get,
            "GetPipelineExecution": self._get_execution,
            "GetPipelineState": lambda c, r, p: state_shown(self._shelf.pipeline(c, r, p["name"])),
            "ListActionExecutions": self._list_actions,
            "ListPipelineExecutions": self._list_executions,
            "ListPipelines": self._list,
            "PutApprovalResult": controls.approve,
            "RetryStageExecution": controls.retry,
            "RollbackStage": controls.roll_back,
            "StartPipelineExecution": self._start,
            "StopPipelineExecution": controls.stop,
            "UpdatePipeline": self._update,
        }

    def answer(self, call: Call, caller: Caller) -> Response:
        """Carry out a call.

        Raises:
            ServiceError: As CodePipeline would answer.
        """
        params = checked_params("codepipeline", call.operation, call.params)
        with self._engine.lock:
            answer = self._handlers[call.operation](caller, call.region, params)
            response = json_response(answer)
        return Response(200, response.headers, b"") if call.operation in _EMPTY else response

    def clear(self) -> None:
        """End every execution and forget every pipeline."""
        self._engine.clear()
        self._shelf.clear()

    def _create(self, caller: Caller, region: str, params: _Params) -> _Params:
        structure = {**params["pipeline"], "version": 1}
        self._shelf.expect_none(caller, region, structure["name"])
        now = self._clock.now()
        pipeline = Pipeline(
            account=caller.account, region=region, versions=[structure], created=now, updated=now
        )
        self._check(pipeline, structure)
        self._shelf.put(pipeline)
        self._engine.watch(pipeline)
        declared = structure.get("variables", [])
        if all("defaultValue" in each for each in declared):
            values = {each["name"]: each["defaultValue"] for each in declared}
            trigger = ("CreatePipeline", caller.arn)
            self._engine.begin(pipeline, new_execution(pipeline, trigger, values, (), now))
        return {"pipeline": structure, "tags": params.get("tags", [])}

    def _update(self, caller: Caller, region: str, params: _Params) -> _Params:
        structure = dict(params["pipeline"])
        pipeline = self._shelf.pipeline(caller, region, structure["name"])
        self._check(pipeline, structure)
        structure["version"] = int(pipeline.structure["version"]) + 1
        pipeline.versions.append(structure)
        pipeline.updated = self._clock.now()
        return {"pipeline": structure}

    def _check(self, pipeline: Pipeline, structure: _Params) -> None:
        check_structure(structure, pipeline.region)
        role = structure["roleArn"]
        if not self._roles.trusts(Assignment(SERVICE, role, pipeline.arn)):
            text = f"CodePipeline is not authorized to perform AssumeRole on role {role}"
            raise ServiceError("InvalidStructureException", text)

    def _delete(self, caller: Caller, region: str, params: _Params) -> _Params:
        pipeline = self._shelf.take(caller, region, params["name"])
        if pipeline is not None:
            self._engine.forget(pipeline)
        return {}

    def _get(self, caller: Caller, region: str, params: _Params) -> _Params:
        pipeline = self._shelf.pipeline(caller, region, params["name"])
        wanted = params.get("version", pipeline.structure["version"])
        found = [each for each in pipeline.versions if each["version"] == wanted]
        if not found:
            text = f"Pipeline version {wanted} of {pipeline.name} does not exist"
            raise ServiceError("PipelineVersionNotFoundException", text)
        dates = {"created": pipeline.created, "updated": pipeline.updated}
        return {
            "pipeline": deepcopy(dict(found[0])),
            "metadata": {"pipelineArn": pipeline.arn, **dates},
        }

    def _list(self, caller: Caller, region: str, params: _Params) -> _Params:
        shown = [
            {
                "name": each.name,
                "version": each.structure["version"],
                "pipelineType": "V2",
                "executionMode": "QUEUED",
                "created": each.created,
                "updated": each.updated,
            }
            for each in self._shelf.all(caller, region)
        ]
        return lower_page_of(shown, params, "pipelines")

    def _start(self, caller: Caller, region: str, params: _Params) -> _Params:
        pipeline = self._shelf.pipeline(caller, region, params["name"])
        token = params.get("clientRequestToken")
        if token in pipeline.tokens:
            return {"pipelineExecutionId": pipeline.tokens[token]}
        if sum(each.active for each in pipeline.executions) >= _MOST_ACTIVE:
            text = f"The pipeline has reached the limit of {_MOST_ACTIVE} concurrent executions"
            raise ServiceError("ConcurrentPipelineExecutionsLimitExceededException", text)
        values = _values(pipeline, params.get("variables", []))
        overrides = params.get("sourceRevisions", [])
        _check_overrides(pipeline, overrides)
        trigger, now = ("StartPipelineExecution", caller.arn), self._clock.now()
        made = new_execution(pipeline, trigger, values, overrides, now)
        self._engine.begin(pipeline, made)
        if token:
            pipeline.tokens[token] = made.id
        return {"pipelineExecutionId": made.id}

    def _get_execution(self, caller: Caller, region: str, params: _Params) -> _Params:
        pipeline = self._shelf.pipeline(caller, region, params["pipelineName"])
        execution = self._shelf.execution(pipeline, params["pipelineExecutionId"])
        return {"pipelineExecution": execution_shown(pipeline, execution)}

    def _list_executions(self, caller: Caller, region: str, params: _Params) -> _Params:
        pipeline = self._shelf.pipeline(caller, region, params["pipelineName"])
        stage = params.get("filter", {}).get("succeededInStage", {}).get("stageName")
        found = [
            execution_summary(each)
            for each in reversed(pipeline.executions)
            if stage is None or (stage in each.runs and each.runs[stage].status == "Succeeded")
        ]
        return lower_page_of(found, params, "pipelineExecutionSummaries")

    def _list_actions(self, caller: Caller, region: str, params: _Params) -> _Params:
        pipeline = self._shelf.pipeline(caller, region, params["pipelineName"])
        asked = params.get("filter", {})
        latest = asked.get("latestInPipelineExecution", {}).get("pipelineExecutionId")
        wanted = asked.get("pipelineExecutionId") or latest
        executions = pipeline.executions
        if wanted is not None:
            executions = [self._shelf.execution(pipeline, wanted)]
        found = [(each, action) for each in executions for action in each.history]
        found.sort(key=lambda each: each[1].started, reverse=True)
        shown = [action_shown(execution, action) for execution, action in found]
        return lower_page_of(shown, params, "actionExecutionDetails")


def _values(pipeline: Pipeline, given: list[dict[str, str]]) -> dict[str, str]:
    """Return the values of the pipeline's variables: those that are given, or their defaults."""
    declared = {each["name"]: each for each in pipeline.structure.get("variables", [])}
    values = {
        name: each["defaultValue"] for name, each in declared.items() if "defaultValue" in each
    }
    values |= {each["name"]: each["value"] for each in given}
    unknown, missing = sorted(values.keys() - declared), sorted(declared.keys() - values.keys())
    if unknown or missing:
        named = [f"{name} is not declared in the pipeline" for name in unknown]
        named += [f"{name} has no default and needs a value" for name in missing]
        raise ServiceError("ValidationException", f"Pipeline variables: {'; '.join(named)}")
    return values


def _check_overrides(pipeline: Pipeline, overrides: list[dict[str, str]]) -> None:
    """Refuse what cannot take the place of a source."""
    sources = {each["name"]: each for each in pipeline.structure["stages"][0]["actions"]}
    for each in overrides:
        source = sources.get(each["actionName"])
        kind = each["revisionType"]
        if source is None or kind not in {"S3_OBJECT_KEY", "S3_OBJECT_VERSION_ID"}:
            text = f"Source revision override {kind} is not valid for {each['actionName']}"
            raise ServiceError("ValidationException", text)
        allowed = source["configuration"].get("AllowOverrideForS3ObjectKey", "false")
        if kind == "S3_OBJECT_KEY" and allowed.lower() != "true":
            text = f"The action {each['actionName']} does not allow to override S3ObjectKey"
            raise ServiceError("ValidationException", text)
