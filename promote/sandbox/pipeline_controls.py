"""Let people control executions: approve, stop, retry, roll back, hold at a stage.

Reference: CodePipeline API reference, PutApprovalResult, StopPipelineExecution,
RetryStageExecution, RollbackStage, DisableStageTransition and EnableStageTransition.
"""

from __future__ import annotations

import uuid
from typing import Any

from promote.sandbox.clock import Clock
from promote.sandbox.credentials import Caller
from promote.sandbox.exchange import ServiceError
from promote.sandbox.pipeline_engine import Engine
from promote.sandbox.pipeline_records import Transition
from promote.sandbox.pipeline_shelf import Shelf
from promote.sandbox.pipeline_starts import can_go_back, new_rollback

_Params = dict[str, Any]


class Controls:
    """Carries out what callers ask of executions."""

    def __init__(self, shelf: Shelf, engine: Engine, clock: Clock) -> None:
        self._shelf = shelf
        self._engine = engine
        self._clock = clock

    def stop(self, caller: Caller, region: str, params: _Params) -> _Params:
        """Stop an execution, after its present actions or without them.

        Raises:
            ServiceError: There is none that goes on, or it is being stopped already.
        """
        pipeline = self._shelf.pipeline(caller, region, params["pipelineName"])
        execution = self._shelf.execution(pipeline, params["pipelineExecutionId"], stopping=True)
        abandon = params.get("abandon", False)
        if not execution.active:
            text = f"The pipeline execution {execution.id} is in the state {execution.status}"
            raise ServiceError("PipelineExecutionNotStoppableException", text)
        if execution.status == "Stopping" and not abandon:
            text = f"The pipeline execution {execution.id} is already being stopped"
            raise ServiceError("DuplicatedStopRequestException", text)
        self._engine.stop(execution, params.get("reason", ""), abandon=abandon)
        return {"pipelineExecutionId": execution.id}

    def approve(self, caller: Caller, region: str, params: _Params) -> _Params:
        """Approve or reject what waits for it.

        Raises:
            ServiceError: Nothing waits, or not with this token.
        """
        pipeline = self._shelf.pipeline(caller, region, params["pipelineName"])
        stage, name = params["stageName"], params["actionName"]
        declared = self._shelf.stage(pipeline, stage)
        if name not in {each["name"] for each in declared["actions"]}:
            raise ServiceError("ActionNotFoundException", f"Action {name} could not be found")
        execution = pipeline.execution(pipeline.latest.get(stage, ""))
        run = execution.runs[stage].actions.get(name) if execution else None
        if (
            execution is None
            or run is None
            or (run.status == "InProgress" and run.token != params["token"])
        ):
            text = "The approval token is invalid"
            raise ServiceError("InvalidApprovalTokenException", text)
        if run.status != "InProgress":
            text = "The approval action has already been approved or rejected"
            raise ServiceError("ApprovalAlreadyCompletedException", text)
        approved, now = params["result"]["status"] == "Approved", self._clock.now()
        run.token, run.summary, run.updated_by = "", params["result"]["summary"], caller.arn
        run.external_id = str(uuid.uuid4())
        run.end("Succeeded" if approved else "Failed", now)
        execution.updated = now
        self._engine.wake()
        return {"approvedAt": now}

    def retry(self, caller: Caller, region: str, params: _Params) -> _Params:
        """Run a failed stage again.

        Raises:
            ServiceError: It has not failed, or another execution was there since.
        """
        pipeline = self._shelf.pipeline(caller, region, params["pipelineName"])
        stage = params["stageName"]
        self._shelf.stage(pipeline, stage)
        execution = pipeline.execution(params["pipelineExecutionId"])
        if execution is None or pipeline.latest.get(stage) != execution.id:
            text = f"The execution is not the latest one in the stage {stage}"
            raise ServiceError("NotLatestPipelineExecutionException", text)
        failed = execution.runs[stage].status == "Failed" and not execution.active
        same = execution.version == int(pipeline.structure["version"])
        if not (failed and same):
            text = f"The stage {stage} cannot be retried: it has not failed in this structure"
            raise ServiceError("StageNotRetryableException", text)
        self._engine.retry(execution, stage, everything=params["retryMode"] == "ALL_ACTIONS")
        return {"pipelineExecutionId": execution.id}

    def roll_back(self, caller: Caller, region: str, params: _Params) -> _Params:
        """Run a stage again as an earlier execution did.

        Raises:
            ServiceError: That execution cannot be gone back to.
        """
        pipeline = self._shelf.pipeline(caller, region, params["pipelineName"])
        stage = params["stageName"]
        self._shelf.stage(pipeline, stage)
        target = self._shelf.execution(pipeline, params["targetPipelineExecutionId"])
        if target.version != int(pipeline.structure["version"]):
            text = f"The execution {target.id} ran by an earlier structure of the pipeline"
            raise ServiceError("PipelineExecutionOutdatedException", text)
        busy = pipeline.occupant(stage) is not None
        first = stage == pipeline.structure["stages"][0]["name"]
        if first or busy or not can_go_back(target, pipeline, stage):
            text = f"The stage {stage} cannot be rolled back to the execution {target.id}"
            raise ServiceError("UnableToRollbackStageException", text)
        made = new_rollback(target, stage, ("ManualRollback", caller.arn), self._clock.now())
        return {"pipelineExecutionId": self._engine.begin(pipeline, made).id}

    def disable(self, caller: Caller, region: str, params: _Params) -> _Params:
        """Keep executions out of a stage.

        Raises:
            ServiceError: There is no such stage.
        """
        return self._switch(caller, region, params, enabled=False)

    def enable(self, caller: Caller, region: str, params: _Params) -> _Params:
        """Let executions into a stage.

        Raises:
            ServiceError: There is no such stage.
        """
        return self._switch(caller, region, params, enabled=True)

    def _switch(self, caller: Caller, region: str, params: _Params, *, enabled: bool) -> _Params:
        """Let executions into a stage, or keep them out."""
        pipeline = self._shelf.pipeline(caller, region, params["pipelineName"])
        stage = params["stageName"]
        self._shelf.stage(pipeline, stage)
        if params["transitionType"] != "Inbound":
            text = "The sandbox's pipelines do not carry out Outbound transitions."
            raise ServiceError("NotImplementedException", text, 501)
        pipeline.transitions[stage] = Transition(
            enabled=enabled,
            reason=params.get("reason", ""),
            by=caller.arn,
            at=self._clock.now(),
        )
        self._engine.wake()
        return {}
