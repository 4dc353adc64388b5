"""Put a promotion back: pointers at once, then, when applications have drained, the rest (P7).

The direction is recorded before the first compensating write; from then on every run of this
promotion goes back, never forward.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from promote.arn import short_version
from promote.core.events import RollingBack
from promote.core.observation import Observation
from promote.core.plan import Grant, Switch
from promote.core.progress import stoppable_after_undo, switched_accounts, switched_back, withdrawn
from promote.core.record import RollbackStarted
from promote.errors import NeedsAttentionError
from promote.workflow.forward import write_pointer
from promote.workflow.lifecycle import bring_down, close_claim
from promote.workflow.retire import may_stop, wait_until
from promote.workflow.run import Run
from promote.workflow.wait import poll

_WRITE_SECONDS = 60.0


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
    observation = run.observe()
    if turned is None:
        turned = RollbackStarted(
            at=run.world.clock.now(),
            promotion=run.promotion,
            reason=reason,
            switched=switched_accounts(run.plan, observation),
        )
        run.record(turned)
    run.announce(RollingBack(at=run.world.clock.now(), reason=reason))
    for step in switched_back(run.plan, observation):
        _switch_back(run, step, observation)
    if turned.switched:
        _drain(run, turned)
    for grant in withdrawn(run.plan, run.observe()):
        _withdraw(run, grant)
    _stop(run, run.observe())
    return bool(turned.switched)


def _switch_back(run: Run, step: Switch, observation: Observation) -> None:
    """Let a pointer name again what it named before; one that we created is deleted."""
    target = run.target(step.account)
    pointer = run.pointer(target)
    if step.undo is None:
        if len(observation.pointers[target].history) == 1:
            run.keep()
            pointer.delete(target, role=target.deployer_role)
            return
        raise NeedsAttentionError(
            "A pointer cannot be put back",
            f"{step.pointer} of {target} did not exist before, but others have written it since.",
            "Decide what it should name and write it by hand; then run the same command again.",
        )
    before = step.undo

    def look() -> bool:
        now = pointer.current(target, role=target.reader_role)
        if now is not None and now.value == before:
            return True
        return write_pointer(run, step.account, before, create=now is None) > 0

    poll(look, bool, pace=run.pace(_WRITE_SECONDS), what=f"{step.pointer} of {target} to go back")


def _drain(run: Run, turned: RollbackStarted) -> None:
    """Keep the version that was left granted and running while applications may hold it."""
    end = _drained_at(run, turned)
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
    run.keep()
    if step.undo is None:
        run.world.roles.remove(step.role, step.policy, role=run.operator)
    else:
        run.world.roles.put(step.role, step.policy, step.undo, role=run.operator)


def _stop(run: Run, observation: Observation) -> None:
    """Stop the version if this product started it and nobody else uses it."""
    version = run.plan.request.version
    if stoppable_after_undo(run.plan, run.topology, observation):
        deadline = run.environment.deadlines.stop.total_seconds()
        bring_down(run, version, deadline, observation, lambda: may_stop(run, version))
    else:
        found = observation.version(version)
        if found is not None and not found.status.occupies_slot:
            close_claim(run, version)
