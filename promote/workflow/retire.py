"""Carry out what comes after the switch: drain, revoke, stop. Nothing here turns back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from promote.arn import short_version
from promote.core import asked
from promote.core.coverage import holders
from promote.core.observation import Observation
from promote.core.plan import (
    Bake,
    Drain,
    Grant,
    Prove,
    Revoke,
    Start,
    Step,
    Stop,
    Switch,
    makes_room,
)
from promote.core.result import Left
from promote.errors import NeedsAttentionError
from promote.workflow.access import write_policy
from promote.workflow.lifecycle import bring_down
from promote.workflow.probe import prove_denied
from promote.workflow.run import Run
from promote.workflow.side_by_side import side_by_side
from promote.workflow.site import Site
from promote.workflow.steps import carry_out, groups
from promote.workflow.wait import pause

_HEARTBEAT = 10.0  # seconds between two looks: at the clock, at alarms while a wave bakes


def retire(
    run: Run,
    steps: tuple[Step, ...],
    observation: Observation,
    switched_at: datetime | None = None,
    begin: Callable[[tuple[Step, ...]], None] = lambda _group: None,
) -> tuple[Left, ...]:
    """Drain, revoke and stop; return what is not due within the time that the command waits.

    Args:
        run: The promotion.
        steps: What is left to do.
        observation: The world before the first of them.
        switched_at: When this very run switched the last pointer, by this machine's clock. The
            drain is counted from the pointer's own change time and from this, so that a clock
            that is ahead of AWS's does not cut it short.
        begin: Told of like steps before any of them is carried out.

    Raises:
        PromoteError: The new version stays; the same command finishes later.
    """
    due = tuple(
        step for step in steps if isinstance(step, Drain | Revoke | Stop) and not makes_room(step)
    )
    end = run.world.clock.now()
    for group in groups(due):
        if isinstance(group[0], Drain):
            end = _drained_at(run, group[0], switched_at)
            if end - run.world.clock.now() > run.wait_at_most:
                strange = _never_named(due, observation)
                _tell_what_stays(run, due, strange, end)
                return _left(tuple(step for step in due if step not in strange), end)
        begin(group)
        carry_out(run, group, steps, partial(_retire, run, observation, end))
    return ()


def _retire(run: Run, observation: Observation, drained_at: datetime, step: Step) -> str:
    match step:
        case Drain():
            wait_until(run, drained_at, f"the applications of {step.environment} to drain")
            return "no application can hold an old version"
        case Revoke():
            return _revoke(run, step)
        case Stop():
            return _stop(run, step, observation)
        case Start() | Grant() | Prove() | Switch() | Bake():
            msg = f"{step.step} does not belong to what comes after the switch"
            raise AssertionError(msg)


def _drained_at(run: Run, step: Drain, switched_at: datetime | None) -> datetime:
    """Return when the last of the accounts has drained, and need not be kept warm any more."""

    def changed(account: str) -> datetime | None:
        target = run.target(account)
        now = run.pointer(target).current(target, role=target.reader_role)
        return now.changed_at if now else None

    moments = [*side_by_side(changed, step.accounts), switched_at]
    known = [at for at in moments if at is not None]
    return max(known, default=run.world.clock.now()) + timedelta(
        seconds=max(step.seconds, step.keep_warm)
    )


def wait_until(run: Run, end: datetime, what: str, *, look: Callable[[], str] = lambda: "") -> None:
    """Wait for a moment, keeping the lock; never longer than it was away when the wait began.

    So a wall clock that somebody turns back does not prolong it.

    Args:
        run: The promotion.
        end: The moment, in UTC.
        what: What is waited for, to be told.
        look: Has a look at something else at every heartbeat, and says what it saw.
    """
    clock, began = run.world.clock, run.world.clock.monotonic()
    whole = max(0.0, (end - clock.now()).total_seconds())
    pace = run.pace(whole)

    def to_go() -> float:
        gone = clock.monotonic() - began
        return min((end - clock.now()).total_seconds(), whole - gone)

    while to_go() > 0:
        run.keep()
        # The text stays the same, so that a log has a heartbeat and no line for each look.
        status = "; ".join(filter(None, (f"until {end:%Y-%m-%dT%H:%M:%SZ}", look())))
        run.waiting(what, status, clock.monotonic() - began, whole)
        pause(pace, min(to_go(), _HEARTBEAT))


def _never_named(steps: tuple[Step, ...], observation: Observation) -> tuple[Stop, ...]:
    """Return the stops of what somebody started that no pointer ever named: not for `retire`."""
    named = {each.value for state in observation.pointers.values() for each in state.history}
    return tuple(s for s in steps if isinstance(s, Stop) and s.version not in named)


def _tell_what_stays(
    run: Run, steps: tuple[Step, ...], strange: tuple[Stop, ...], end: datetime
) -> None:
    """Warn of what `retire` will leave alone: what others wrote, and what was started by hand."""
    model = run.plan.request.model
    for step in steps:
        if isinstance(step, Revoke) and (step.remove or step.adopts):
            run.warn(
                f"What others wrote into {', '.join(step.remove) or step.policy} of {step.role} "
                f"stays for now. To take it away, after {end:%Y-%m-%dT%H:%M:%SZ}: "
                f"{asked.once_more(run.plan.request)} --adopt"
            )
    for stop in strange:
        name = short_version(stop.version)
        run.warn(
            f"{name} goes on running for nobody: no pointer ever named it, so `retire` leaves it "
            f"alone. To stop it: promote version stop {model} {name}"
        )


def _left(steps: tuple[Step, ...], end: datetime) -> tuple[Left, ...]:
    found = []
    for step in steps:
        if isinstance(step, Revoke):
            found += [Left(step="revoke", version=each, not_before=end) for each in step.revoked]
        elif isinstance(step, Stop):
            found.append(Left(step="stop", version=step.version, not_before=end))
    return tuple(found)


def _revoke(run: Run, step: Revoke) -> str:
    """Leave the role with the new version alone, if every pointer still names that."""
    _check_pointers(run, step)
    write_policy(
        run,
        step.role,
        step.policy,
        before=step.before,
        after=step.after,
        proof=partial(run.meaning.prove_step, step),
        moved=lambda: _edited(run, step),
    )
    for name in step.remove:
        run.keep()
        run.world.roles.remove(step.role, name, role=run.operator)
    if not step.revoked:
        return "nothing else allowed"
    deadline = run.environment.propagation.deadline.total_seconds()
    targets = tuple(run.target(account) for account in step.accounts)
    side_by_side(
        lambda target: prove_denied(run, target, step.revoked, step.version, deadline),
        targets,
        cancelled=run.cancelled,
    )
    return f"{', '.join(short_version(each) for each in step.revoked)} denied"


def _edited(run: Run, step: Revoke) -> NeedsAttentionError:
    return NeedsAttentionError(
        "An access role was changed meanwhile",
        f"The inline policy {step.policy} of {step.role} is not what the plan wrote, so "
        "the old version's access was left in it.",
        f"Look at it, then finish:\n    {_again(run)}",
    )


def _check_pointers(run: Run, step: Revoke) -> None:
    for account in step.accounts:
        target = run.target(account)
        now = run.pointer(target).current(target, role=target.reader_role)
        if now is None or now.value != step.version:
            raise NeedsAttentionError(
                "A pointer was changed meanwhile",
                f"{target.pointer.name} of {target} names {now.value if now else 'nothing'} "
                f"instead of {step.version}, so no access was revoked.",
                f"Find out who changed it; to finish the promotion:\n    {_again(run)}",
            )


def _stop(run: Run, step: Stop, observation: Observation) -> str:
    stopped = bring_down(
        run, step.version, step.deadline, observation, lambda: may_stop(run, step.version)
    )
    return "STOPPED" if stopped else "left running: it is in use again"


def may_stop(run: Site, version: str, *, warm: bool = True) -> bool:
    """Read the world once more and say whether nothing names, allows or covers a version (P6).

    Args:
        run: Where.
        version: The version's ARN.
        warm: Whether a `keep_warm` counts; what failed is not kept for it.
    """
    found = holders(version, run.topology, run.observe(), warm=warm, promotion=run.promotion)
    for holder in found:
        run.warn(f"{short_version(version)} is not stopped: {holder}.")
    return not found


def _again(run: Run) -> str:
    return asked.once_more(run.plan.request)
