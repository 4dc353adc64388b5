"""Put a promotion back: pointers at once, then, when applications have drained, the rest (P7).

The direction is recorded before the first compensating write; from then on every run of this
promotion goes back, never forward.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from promote.arn import short_version
from promote.core.events import RollingBack
from promote.core.observation import Json, Observation
from promote.core.plan import Grant, Plan, Switch
from promote.core.planfile import digest
from promote.core.progress import (
    kept_by_others,
    stoppable_after_undo,
    switched_accounts,
    switched_back,
    withdrawn,
)
from promote.core.record import PromotionStarted, RollbackStarted
from promote.errors import NeedsAttentionError, PromoteError, ProofError
from promote.iam.document import same
from promote.workflow.access import write_policy
from promote.workflow.lifecycle import bring_down, close_claim, close_stopped
from promote.workflow.pointing import switch_back
from promote.workflow.retire import may_stop, wait_until
from promote.workflow.run import Run
from promote.workflow.side_by_side import side_by_side


def put_back(run: Run, reason: str, turned: RollbackStarted | None) -> bool:
    """Bring everything back to what it was before; say whether a pointer had to go back.

    Args:
        run: The promotion.
        reason: Why, in a sentence.
        turned: The record of the turn, when an earlier run has begun to go back.

    Raises:
        NeedsAttentionError: Something could not be put back, or must wait longer than we may.
        TryAgainError: A wait ended too early; the same command goes on.
    """
    run = replace(run, must_read=frozenset())  # an account that is out of reach keeps none waiting
    observation = run.observe()
    back = switched_back(run.plan, observation)
    turned = _turn(run, reason, turned, observation) if turned is None or back else turned
    run.announce(RollingBack(at=run.world.clock.now(), reason=turned.reason))
    _switch_all_back(run, back)
    if turned.switched:
        _drain(run, turned, run.world.clock.now() if back else turned.at)
    for grant in withdrawn(run.plan, run.observe()):
        _withdraw(run, grant)
    observation = run.observe()
    _refuse_kept(run, observation)
    _stop(run, observation)
    close_stopped(run, run.plan.steps, observation)  # what had made room stays stopped
    return bool(turned.switched)


def _turn(
    run: Run, reason: str, before: RollbackStarted | None, observation: Observation
) -> RollbackStarted:
    """Record the turn before the first compensating write.

    A later run that finds pointers still to put back records it once more: a pointer that is
    deleted keeps no time of its own, so the drain must be counted from this record.
    """
    switched = (before.switched if before else ()) + switched_accounts(run.plan, observation)
    turned = RollbackStarted(
        at=run.world.clock.now(),
        promotion=run.promotion,
        reason=before.reason if before else reason,
        switched=tuple(dict.fromkeys(switched)),
        by=run.caller.arn,
        execution=run.execution,
    )
    run.record(turned)
    return turned


def _switch_all_back(run: Run, steps: tuple[Switch, ...]) -> None:
    """Put back every pointer that can be, side by side; one that fails keeps none from going."""

    def attempt(step: Switch) -> PromoteError | None:
        try:
            switch_back(run, step)
        except PromoteError as error:
            return error
        return None

    for error in side_by_side(attempt, steps):
        if error is not None:
            raise error


def _drain(run: Run, turned: RollbackStarted, back_at: datetime) -> None:
    """Keep the version that was left granted and running while applications may hold it.

    Args:
        run: The promotion.
        turned: The record of the turn.
        back_at: When this very run put the last pointer back, by this machine's clock.
    """
    end = max(_drained_at(run, turned), back_at + run.environment.drain)
    if end - run.world.clock.now() > run.wait_at_most:
        request = run.plan.request
        raise NeedsAttentionError(
            "The promotion is put back, but not finished",
            f"Every pointer of {request.environment} is back. {short_version(request.version)} "
            f"stays allowed and running until {end.isoformat(timespec='seconds')}, since "
            "applications may still hold it.",
            f"After that, to revoke and stop it:\n    promote resume {request.model}",
        )
    wait_until(run, end, f"the applications of {run.environment.name} to drain")


def _drained_at(run: Run, turned: RollbackStarted) -> datetime:
    drain: timedelta = run.environment.drain
    moments = [turned.at]
    for account in turned.switched:
        target = run.target(account)
        now = run.pointer(target).current(target, role=target.reader_role)
        moments += [now.changed_at] if now else []
    return max(moments) + drain


def _withdraw(run: Run, step: Grant) -> None:
    write_policy(
        run,
        step.role,
        step.policy,
        before=step.after,
        after=step.undo,
        proof=lambda _live: prove_undo(run, step),
        moved=lambda: _kept_by_others(run, (step,)),
    )


def prove_undo(run: Run, step: Grant) -> None:
    """Hold that an undo is what was there, a document of ours, or the undo of an earlier run.

    A plan that takes an unfinished promotion over keeps what that one found: it alone had seen it.

    Raises:
        ProofError: It is none of them; names a request.
    """
    try:
        run.meaning.prove_undo(step)
    except ProofError:
        if not any(same(step.undo, each) for each in _undos_before(run, step)):
            raise


def _undos_before(run: Run, step: Grant) -> Iterator[Json | None]:
    for plan in earlier_plans(run):
        yield from (
            each.undo
            for each in plan.steps
            if isinstance(each, Grant) and (each.role, each.policy) == (step.role, step.policy)
        )


def earlier_plans(run: Run) -> Iterator[Plan]:
    """Yield the plan of every other promotion of the model that is on record."""
    own = digest(run.plan)
    for record in run.journal.records():
        if isinstance(record, PromotionStarted) and digest(record.plan) != own:
            yield record.plan


def _refuse_kept(run: Run, observation: Observation) -> None:
    """Say which access roles go on allowing the version, because others have edited them."""
    kept = kept_by_others(run.plan, observation)
    if kept:
        raise _kept_by_others(run, kept)


def _kept_by_others(run: Run, kept: tuple[Grant, ...]) -> NeedsAttentionError:
    lines = "\n".join(f"  {step.policy} of {step.role}" for step in kept)
    version, model = short_version(run.plan.request.version), run.plan.request.model
    return NeedsAttentionError(
        "An access role was changed meanwhile",
        f"Every pointer is back, but policies that others have edited still allow {version}, so "
        f"it was neither revoked nor stopped:\n{lines}",
        f"Take {version} out of them, then finish:\n    promote resume {model}",
    )


def _stop(run: Run, observation: Observation) -> None:
    """Stop the version if this product started it and nobody else uses it."""
    version = run.plan.request.version
    if stoppable_after_undo(run.plan, run.topology, observation):
        deadline = run.environment.deadlines.stop.total_seconds()
        bring_down(run, version, deadline, observation, lambda: may_stop(run, version, warm=False))
    else:
        found = observation.version(version)
        if found is not None and not found.status.occupies_slot:
            close_claim(run, version)
