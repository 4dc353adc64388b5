"""Stop after a wave that was asked for, and find out that one is reached already."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from promote.core.facts import changed_facts
from promote.core.observation import Observation
from promote.core.paused import PromotionPaused, last_wave, left_after
from promote.core.planfile import digest
from promote.core.progress import failed_targets, names_it
from promote.core.record import LedgerState
from promote.core.result import Outcome, Result
from promote.workflow.recording import result_of
from promote.workflow.run import Run


def pause(run: Run, failed: Iterable[str], began: float) -> Result:
    """Record that a promotion came where this run was asked to go, and what is left of it.

    Args:
        run: The promotion.
        failed: The accounts that failed and were put back alone.
        began: When the run did, on the monotonic clock.
    """
    assert run.stops_after is not None  # noqa: S101 (or it would have gone to its end)
    paused = PromotionPaused(
        at=run.world.clock.now(),
        promotion=run.promotion,
        wave=run.stops_after,
        by=run.caller.arn,
        execution=run.execution,
        steps=run.chronicle.steps(),
    )
    run.record(paused)
    return _waiting(run, Outcome.UNDER_WAY, run.stops_after, failed, began)


def so_far(
    run: Run, wave: int, state: LedgerState, observation: Observation, began: float
) -> Result | None:
    """Return how things stand where a wave that is asked for is reached already, or is empty.

    Args:
        run: The promotion.
        wave: The wave.
        state: What the ledger says.
        observation: The world.
        began: When the run did, on the monotonic clock.

    Returns:
        The result; None when there is something to do, or when the plan is stale.
    """
    plan, named = run.plan, names_it(run.plan, observation)
    ended = state.ended.get(digest(plan))
    if wave > last_wave(plan) and ended is not None and plan.made.at <= ended.at:
        through = ended.result.result is Outcome.PROMOTED
        if through and named == {target.account for target in plan.targets}:
            return result_of(run, Outcome.UNCHANGED, began, ended.result.left)
    begun = state.open_in(plan.request.environment)
    if run.stops_after is None or begun is None or begun.paused is None:
        return None
    paused = begun.paused.wave
    reached = {target.account for target in plan.targets if target.wave <= paused}
    if (
        paused < run.stops_after
        or digest(begun.plan) != digest(plan)
        or not reached <= named
        or failed_targets(begun, observation)
        or changed_facts(plan, run.topology, observation)
    ):
        return None
    return _waiting(run, Outcome.UNCHANGED, paused, (), began)


def _waiting(run: Run, outcome: Outcome, wave: int, failed: Iterable[str], began: float) -> Result:
    left = left_after(run.plan, wave, failed, run.world.clock.now())
    result = result_of(run, outcome, began, left)
    return replace(result, wave=wave, waves=last_wave(run.plan))
