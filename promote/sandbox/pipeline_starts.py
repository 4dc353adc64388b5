"""Make executions: of a whole pipeline, and of one stage with what an earlier one left.

Reference: CodePipeline user guide, "Configuring stage rollback": the variables and artifacts are
those of the execution that is gone back to, which ran by the present structure, was no rollback
and succeeded in the stage. A rollback has an id of its own.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from promote.sandbox.pipeline_records import Execution, Pipeline


def new_execution(
    pipeline: Pipeline,
    trigger: tuple[str, str],
    variables: dict[str, str],
    overrides: Iterable[dict[str, str]],
    now: float,
) -> Execution:
    """Return an execution that waits for the first stage."""
    structure = pipeline.structure
    return Execution(
        id=str(uuid.uuid4()),
        version=int(structure["version"]),
        structure=structure,
        started=now,
        updated=now,
        trigger=trigger,
        variables=variables,
        stages=[each["name"] for each in structure["stages"]],
        overrides=list(overrides),
        arrived=now,
    )


def new_rollback(target: Execution, stage: str, trigger: tuple[str, str], now: float) -> Execution:
    """Return an execution of one stage that goes back to an earlier one."""
    return Execution(
        id=str(uuid.uuid4()),
        version=target.version,
        structure=target.structure,
        started=now,
        updated=now,
        trigger=trigger,
        variables=dict(target.variables),
        stages=[stage],
        target=target.id,
        namespaces={name: dict(each) for name, each in target.namespaces.items()},
        artifacts=dict(target.artifacts),
        arrived=now,
    )


def last_good(pipeline: Pipeline, execution: Execution, stage: str) -> Execution | None:
    """Return the latest other execution that succeeded in a stage and can be gone back to."""
    good = (
        each
        for each in reversed(pipeline.executions)
        if each is not execution and can_go_back(each, pipeline, stage)
    )
    return next(good, None)


def can_go_back(target: Execution, pipeline: Pipeline, stage: str) -> bool:
    """Say whether a stage can be rolled back to an execution."""
    run = target.runs.get(stage)
    current = target.version == int(pipeline.structure["version"])
    return target.target is None and current and run is not None and run.status == "Succeeded"
