"""Apply a plan: check that it still holds, go forward, put back what fails, record the end.

One promotion is explained by four files: `core/planner.py` decides the steps, this file runs them,
`workflow/forward.py` and `workflow/undo.py` are the two ways that it can go.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace

from promote.arn import short_version
from promote.core.asked import environment_of
from promote.core.events import IdentityShown, PromotionBegun
from promote.core.facts import changed_facts
from promote.core.observation import Observation
from promote.core.paused import stops_after
from promote.core.plan import Step
from promote.core.planfile import digest
from promote.core.progress import can_turn_back, is_end_state, remaining
from promote.core.record import LedgerState, Unfinished
from promote.core.result import Outcome, Result
from promote.core.retirement import still_draining
from promote.errors import (
    CredentialsError,
    FailedError,
    InterruptedBySignalError,
    LockedError,
    PromoteError,
    TryAgainError,
)
from promote.workflow.application import Application
from promote.workflow.chronicle import Chronicle
from promote.workflow.endings import (
    RESUMABLE,
    applied_before,
    but_for_room,
    half_way_back,
    left_over,
    put_back_before,
    refuse_leavers,
    resumable,
    some_failed,
    stale,
    stuck,
    too_late,
)
from promote.workflow.forward import go_forward
from promote.workflow.giving_way import giving_way, waiting_for_owner
from promote.workflow.journal import Journal
from promote.workflow.lease import holding
from promote.workflow.lifecycle import close_stopped
from promote.workflow.pausing import pause, so_far
from promote.workflow.pinning import pinned
from promote.workflow.preflight import judge_now, preflight, refuse_misfits
from promote.workflow.recording import begin, end, result_of, resume
from promote.workflow.retire import retire
from promote.workflow.run import Run
from promote.workflow.undo import put_back
from promote.workflow.unfinished import naming_the_place, unfinished_of, unfinished_promotion
from promote.workflow.way_back import has_moved, hold_what_was_left


def apply(given: Application) -> Result:
    """Do what the plan says, its `undo` included, and nothing else (P5).

    A rollback asks who still promotes the model to give way. One that goes as far as a wave stops
    there, its promotion unfinished; what it may go back to stays granted and running meanwhile.

    Raises:
        InputError: There is no such wave.
        StalePlanError: A fact that the plan rests on has changed; names it.
        PlanFileError: It is no plan of this promote.yaml, whatever its digest says.
        RefusedError: A gate refuses.
        LockedError: Somebody else promotes this model, or left a promotion unfinished.
        FailedError: It failed, and everything is as before; a more exact class where one fits.
        NeedsAttentionError: Something is left; says what, and the command that finishes it.
        TryAgainError: Out of time or throttled; the same command goes on.
    """
    back = given.plan.request.rollback
    with _running(given, "rollback" if back else "release", asks=back) as run:
        return _apply(run, given)


def abort(given: Application, reason: str) -> Result:
    """Put the unfinished promotion of the plan back, whatever it was doing.

    Who still runs it is asked to give way: it ends before its next write, and this goes on.

    Raises:
        NotFoundError: Nothing is unfinished.
        RefusedError: The old version is retired already, so that there is no way back but another
            promotion.
        NeedsAttentionError: Something could not be put back, or must wait for the drain.
    """
    with _running(given, "abort", asks=True) as begun:
        began = begun.world.clock.monotonic()
        unfinished = unfinished_promotion(begun.journal, given.plan.request.environment)
        refuse_leavers(unfinished.plan, begun.topology)
        run = replace(
            begun,
            promotion=unfinished.promotion,
            plan=unfinished.plan,
            environment=environment_of(begun.topology, unfinished.plan.request),
        )
        if unfinished.turned is None and not can_turn_back(run.plan, run.observe()):
            raise too_late(run.plan)
        _announce_beginning(run, 0, resumed=True)
        if unfinished.turned is not None:
            resume(run)
        return _put_back(run, unfinished, reason, began)


@contextlib.contextmanager
def _running(given: Application, verb: str, *, asks: bool = False) -> Iterator[Run]:
    """Hold the lock of the model while the body runs; `asks` a live owner to give way."""
    world, request = given.world, given.plan.request
    caller = world.identities.caller()
    operation = f"{verb} {request.model} {short_version(request.version)} to {request.environment}"
    lock = holding(
        world,
        model=request.model,
        owner=caller.arn,
        operation=operation,
        length=given.topology.lease,
        asks=asks,
        heartbeat=waiting_for_owner(given.announce, world.clock, given.topology.lease),
    )
    chronicle = Chronicle()
    journal = Journal(world.store, request.model)
    environment = environment_of(given.topology, request)
    stops = stops_after(given.plan, environment.waves, given.wave)
    place = naming_the_place(journal, request.environment, stops)
    with place, lock as lease, giving_way(lease.keep), pinned(journal, lease.keep):
        yield Run(
            world=chronicle.watching(world),
            topology=given.topology,
            model=request.model,
            environment=environment,
            promotion=given.promotion,
            caller=caller,
            announce=given.announce.beside(chronicle.hear),
            keep=lease.keep,
            plan=given.plan,
            execution=given.execution,
            chronicle=chronicle,
            wait_at_most=given.wait_at_most,
            stops_after=stops,
            pipeline=given.pipeline,
            must_read=frozenset({request.environment}) if asks else None,
        )


def _apply(run: Run, given: Application) -> Result:
    began = run.world.clock.monotonic()
    state = run.journal.state()
    request = run.plan.request
    unfinished = unfinished_of(state, request)
    if unfinished is not None:
        refuse_leavers(unfinished.plan, run.topology)
        run = replace(run, promotion=unfinished.promotion)
        if unfinished.turned is not None:
            run = replace(run, plan=unfinished.plan)
            _announce_beginning(run, 0, resumed=True)
            resume(run)
            _put_back(run, unfinished, unfinished.turned.reason, began)
            raise put_back_before(run.plan, run.promotion, unfinished.turned.reason)
    # Another run of an unfinished promotion writes without a record, so that a look may be torn.
    seen = given.observation
    whole = seen is not None and seen.ledger == state and not state.open
    recent = seen if whole else None
    observation = recent or run.observe()
    if given.wave is not None and (found := so_far(run, given.wave, state, observation, began)):
        return found
    if _settled(run, state, observation):
        if unfinished is not None:
            finished = replace(run, plan=unfinished.plan)
            close_stopped(run, unfinished.plan.steps, observation)
            end(finished, result_of(finished, Outcome.PROMOTED, began))
        return result_of(run, Outcome.UNCHANGED, began)
    resumed = unfinished is not None and digest(unfinished.plan) == digest(run.plan)
    gates = () if resumed else judge_now(run, state, observation)
    steps = remaining(run.plan, observation)
    _announce_beginning(run, len(steps), resumed=resumed)
    preflight(run, steps, observation)
    if resumed:
        resume(run)
    else:
        begin(run, gates, observation)
    with resumable(run.plan):
        return _carry_out(run, steps, observation, began)


def _settled(run: Run, state: LedgerState, observation: Observation) -> bool:
    """Say whether there is nothing to do.

    Raises:
        StalePlanError: The plan has ended and the world moved on, or a fact has changed.
        PlanFileError: It has no steps, and is no plan of this promote.yaml.
    """
    ended = state.ended.get(digest(run.plan))
    # Tried again after a failure that left no trace, the same is planned anew: that is not closed.
    if ended is not None and not ended.result.left and run.plan.made.at <= ended.at:
        if ended.result.result is Outcome.PROMOTED and is_end_state(run.plan, observation):
            return True
        raise applied_before(run.plan, ended.result)
    changed = changed_facts(run.plan, run.topology, observation)
    if changed:
        begun = unfinished_of(state, run.plan.request) is not None
        raise stale(run.plan, changed, run.topology, begun=begun)
    if run.plan.steps:
        return False
    refuse_misfits(run)  # that there is nothing to do is the file's word
    return True


def _announce_beginning(run: Run, steps: int, *, resumed: bool) -> None:
    now = run.world.clock.now()
    identity = IdentityShown(
        at=now, caller=run.caller.arn, account=run.caller.account, region=run.topology.region
    )
    run.announce(identity)
    run.announce(PromotionBegun(at=now, promotion=run.promotion, resumed=resumed, steps=steps))


def _carry_out(run: Run, steps: tuple[Step, ...], observation: Observation, began: float) -> Result:
    try:
        reached = go_forward(run, steps, observation)
    except (TryAgainError, InterruptedBySignalError, LockedError, CredentialsError):
        raise
    except PromoteError as error:
        if run.plan.request.rollback and has_moved(run):
            raise half_way_back(run.plan, error) from error
        if not can_turn_back(run.plan, observation):  # an earlier run has begun to retire
            raise left_over(run.plan, error) from error
        error.detail = _undone(run, error, began)
        raise
    if reached.waits:
        return pause(run, reached.failed, began)
    if reached.failed:
        raise some_failed(run.plan, reached.failed)
    try:
        if run.plan.request.rollback:
            hold_what_was_left(run)
        left = retire(run, steps, observation, reached.switched_at)
    except RESUMABLE:
        raise
    except PromoteError as error:
        raise left_over(run.plan, error) from error
    close_stopped(run, run.plan.steps, observation)
    left += still_draining(run.plan, run.topology, observation)
    return end(run, result_of(run, Outcome.PROMOTED, began, left))


def _undone(run: Run, error: PromoteError, began: float) -> str:
    """Put everything back and return what the error then has to tell."""
    run.cancelled.clear()
    try:
        switched = put_back(run, f"{error.summary}. {error.detail}", None)
    except RESUMABLE:
        raise
    except PromoteError as second:
        raise stuck(run.plan, error, second) from second
    outcome = Outcome.ROLLED_BACK if switched else Outcome.FAILED
    end(run, result_of(run, outcome, began))
    back = "Every pointer is back" if switched else "No pointer was changed"
    return (
        f"{error.detail}\n\nEverything is as before{but_for_room(run.plan)}. {back}; what was "
        "granted is revoked, and what was started is stopped, unless others use it by now."
    )


def _put_back(run: Run, unfinished: Unfinished, reason: str, began: float) -> Result:
    """Put an unfinished promotion back and record how it ended."""
    try:
        with resumable(run.plan):
            switched = put_back(run, reason, unfinished.turned)
    except RESUMABLE:
        raise
    except PromoteError as second:
        first = FailedError("The promotion turned back", reason)
        raise stuck(run.plan, first, second) from second
    outcome = Outcome.ROLLED_BACK if switched else Outcome.FAILED
    return end(run, result_of(run, outcome, began))
