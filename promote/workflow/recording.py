"""The records that begin a promotion, take it up again and end it, with all that auditors ask."""

from __future__ import annotations

from promote.core.gates.approval import person
from promote.core.gates.result import GateResult
from promote.core.observation import Observation
from promote.core.planfile import digest
from promote.core.progress import previous
from promote.core.record import PromotionEnded, PromotionResumed, PromotionStarted
from promote.core.result import Left, Outcome, Result
from promote.workflow.endings import told_unless_recorded
from promote.workflow.run import Run
from promote.workflow.sealing import seal
from promote.workflow.way_back import hold_what_was_left


def begin(run: Run, gates: tuple[GateResult, ...], observation: Observation) -> None:
    """Record that a promotion took its plan; comes before its first write.

    Args:
        run: The promotion.
        gates: As they were judged just now.
        observation: The world just now.
    """
    run.chronicle.saw_all(observation)
    run.record(
        PromotionStarted(
            at=run.world.clock.now(),
            promotion=run.promotion,
            by=run.caller.arn,
            plan=run.plan,
            person=person(run.caller.arn),
            execution=run.execution,
            gates=gates,
            policies=run.chronicle.policies(run.plan, run.targets),
            heard=run.heard,
        )
    )


def resume(run: Run) -> None:
    """Record who takes an unfinished promotion up as it is; comes before its first write."""
    run.record(
        PromotionResumed(
            at=run.world.clock.now(),
            promotion=run.promotion,
            by=run.caller.arn,
            execution=run.execution,
        )
    )


def end(run: Run, result: Result) -> Result:
    """Record how a promotion ended, and return it."""
    ended = PromotionEnded(
        at=run.world.clock.now(),
        promotion=run.promotion,
        digest=digest(run.plan),
        result=result,
        steps=run.chronicle.steps(),
        policies=run.chronicle.policies(run.plan, run.targets),
        by=run.caller.arn,
        execution=run.execution,
    )
    with told_unless_recorded(run.plan, result):
        if result.rollback and result.result is Outcome.PROMOTED:
            hold_what_was_left(run)
        run.record(ended)
    seal(run)
    return result


def result_of(run: Run, outcome: Outcome, began: float, left: tuple[Left, ...] = ()) -> Result:
    """Return what came of a run that began at a moment of the monotonic clock."""
    request = run.plan.request
    return Result(
        result=outcome,
        promotion=run.promotion,
        environment=request.environment,
        version=request.version,
        previous=previous(run.plan),
        left=left,
        seconds=round(run.world.clock.monotonic() - began, 3),
        rollback=request.rollback,
    )
