"""Find pipelines, their stages and their executions, or say in AWS's words that there are none."""

from __future__ import annotations

from promote.sandbox.credentials import Caller
from promote.sandbox.exchange import ServiceError
from promote.sandbox.pipeline_records import Declaration, Execution, Pipeline


class Shelf:
    """The pipelines of every account and Region."""

    def __init__(self) -> None:
        self._pipelines: dict[tuple[str, str, str], Pipeline] = {}

    def clear(self) -> None:
        """Forget every pipeline."""
        self._pipelines.clear()

    def put(self, pipeline: Pipeline) -> None:
        """Keep a pipeline."""
        self._pipelines[pipeline.account, pipeline.region, pipeline.name] = pipeline

    def take(self, caller: Caller, region: str, name: str) -> Pipeline | None:
        """Return a pipeline and keep it no longer; None if there is none."""
        return self._pipelines.pop((caller.account, region, name), None)

    def all(self, caller: Caller, region: str) -> list[Pipeline]:
        """Return the pipelines of the caller's account by their names."""
        here = (caller.account, region)
        found = [each for each in self._pipelines.values() if (each.account, each.region) == here]
        return sorted(found, key=lambda each: each.name)

    def expect_none(self, caller: Caller, region: str, name: str) -> None:
        """Return if a name is free.

        Raises:
            ServiceError: It is not.
        """
        if (caller.account, region, name) in self._pipelines:
            text = f"A pipeline with the name '{name}' already exists in account"
            raise ServiceError("PipelineNameInUseException", f"{text} '{caller.account}'")

    def pipeline(self, caller: Caller, region: str, name: str) -> Pipeline:
        """Return a pipeline.

        Raises:
            ServiceError: There is none.
        """
        found = self._pipelines.get((caller.account, region, name))
        if found is None:
            text = f"Account '{caller.account}' does not have a pipeline with name '{name}'"
            raise ServiceError("PipelineNotFoundException", text)
        return found

    def stage(self, pipeline: Pipeline, name: str) -> Declaration:
        """Return the structure of a stage.

        Raises:
            ServiceError: There is none.
        """
        found = [each for each in pipeline.structure["stages"] if each["name"] == name]
        if not found:
            text = f"Stage {name} could not be found in the pipeline {pipeline.name}"
            raise ServiceError("StageNotFoundException", text)
        return dict(found[0])

    def execution(self, pipeline: Pipeline, name: str, *, stopping: bool = False) -> Execution:
        """Return an execution.

        Raises:
            ServiceError: There is none; `stopping` chooses by which name it is said.
        """
        found = pipeline.execution(name)
        if found is None:
            text = f"The pipeline execution {name} does not exist for pipeline {pipeline.name}"
            kind = "NotStoppable" if stopping else "NotFound"
            raise ServiceError(f"PipelineExecution{kind}Exception", text)
        return found
