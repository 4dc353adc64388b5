"""Carry a plan's steps out, forward: start, grant, prove, switch, verify.

What does not depend on each other (the proofs of all targets, the pointers of a wave) is done side
by side. Right before a write the thing to be written is read once more; the rest was observed.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial

from promote.core.events import StepDone, StepStarted
from promote.core.observation import Observation
from promote.core.plan import Drain, Grant, Prove, Revoke, Start, Step, Stop, Switch
from promote.errors import (
    DeadlineError,
    FailedError,
    LostResponseError,
    PointerChangedError,
    StalePlanError,
)
from promote.workflow.access import write_policy
from promote.workflow.lifecycle import bring_up
from promote.workflow.probe import prove_allowed
from promote.workflow.run import Run
from promote.workflow.side_by_side import side_by_side
from promote.workflow.smoke import below_threshold, smoke_test, verify_through_pointers
from promote.workflow.wait import poll

_WRITE_SECONDS = 30.0  # how long a pointer write whose answer was lost is tried again

Do = Callable[[Step], str]


def go_forward(run: Run, steps: tuple[Step, ...], observation: Observation) -> datetime | None:
    """Carry out the steps up to the verification through the pointers.

    Returns:
        When the last pointer was switched, by this machine's clock; None if none had to be.

    Raises:
        PromoteError: A step failed; the caller decides whether everything is put back.
    """
    switched_at, verified = None, False
    for group in groups(steps):
        if isinstance(group[0], Drain | Revoke | Stop):
            break
        carry_out(run, group, steps, partial(_forward, run, observation))
        if isinstance(group[0], Prove):
            _smoke(run, group)
        if isinstance(group[0], Switch):
            switched_at = run.world.clock.now()
            _verify(run)
            verified = True
    if not verified and not _verified(run):
        _verify(run)
    return switched_at


def groups(steps: tuple[Step, ...]) -> Iterator[tuple[Step, ...]]:
    """Yield the runs of like steps; two waves of switches are two groups."""

    def kind(step: Step) -> object:
        return (step.step, step.wave if isinstance(step, Switch) else 0)

    for _kind, group in itertools.groupby(steps, kind):
        yield tuple(group)


def carry_out(run: Run, group: tuple[Step, ...], steps: tuple[Step, ...], do: Do) -> None:
    """Do like steps side by side, announcing each."""

    def one(step: Step) -> None:
        number, clock = steps.index(step) + 1, run.world.clock
        began = clock.monotonic()
        run.announce(StepStarted(at=clock.now(), number=number, step=step))
        detail = do(step)
        seconds = clock.monotonic() - began
        run.announce(
            StepDone(at=clock.now(), number=number, step=step, detail=detail, seconds=seconds)
        )

    side_by_side(one, group, cancelled=run.cancelled)


def _forward(run: Run, observation: Observation, step: Step) -> str:
    match step:
        case Start():
            bring_up(run, step, observation)
            return "RUNNING"
        case Grant():
            return grant(run, step)
        case Prove():
            target = run.target(step.account)
            prove_allowed(run, target, step.version, step.consecutive, step.deadline)
            return f"allowed {step.consecutive} times in a row"
        case Switch():
            return _switch(run, step)
        case Drain() | Revoke() | Stop():
            msg = f"{step.step} does not belong to the way forward"
            raise AssertionError(msg)


def grant(run: Run, step: Grant) -> str:
    """Write an access role's policy, unless it is so already.

    Raises:
        StalePlanError: Another document is there than the plan saw.
        ProofError: The document is not what the plan says of it.
    """
    written = write_policy(
        run,
        step.role,
        step.policy,
        before=step.before,
        after=step.after,
        proof=partial(run.meaning.prove_step, step),
        moved=lambda: _edited(run, step),
    )
    return f"policy {step.policy} written" if written else "already allowed"


def _edited(run: Run, step: Grant) -> StalePlanError:
    return StalePlanError(
        "An access role was changed meanwhile",
        f"The inline policy {step.policy} of {step.role} is not what the plan saw.",
        "Look at it, then plan again:\n"
        f"    promote plan {run.plan.request.model} VERSION --to {step.environment}",
    )


def _smoke(run: Run, group: tuple[Step, ...]) -> None:
    targets = tuple(run.target(step.account) for step in group if isinstance(step, Prove))
    version = run.plan.request.version
    patience = run.environment.propagation.deadline.total_seconds()
    results = side_by_side(
        lambda target: smoke_test(run, target, version, patience=patience),
        targets,
        cancelled=run.cancelled,
    )
    if not all(result.passed for result in results):
        raise below_threshold(results, version)


def _switch(run: Run, step: Switch) -> str:
    """Let the pointer name the new version, if it still is what the plan saw."""
    target = run.target(step.account)
    pointer = run.pointer(target)
    written: list[int] = []

    def look() -> bool:
        now = pointer.current(target, role=target.reader_role)
        if now is not None and now.value == step.version:
            return True
        if (now.revision if now else 0) != step.revision:
            raise _moved(step, now.value if now else None)
        written.append(write_pointer(run, step.account, step.version, create=now is None))
        return written[-1] > 0

    try:
        poll(look, bool, pace=run.pace(_WRITE_SECONDS), what=f"{step.pointer} of {target}")
    except DeadlineError as error:
        raise FailedError("The pointer could not be written", error.detail, error.remedy) from error
    if written and written[-1] != step.revision + 1:
        run.warn(f"{step.pointer} of {target} was written by somebody else at the same moment.")
    return f"{step.pointer} names it" if written else "already named"


def write_pointer(run: Run, account: str, value: str, *, create: bool) -> int:
    """Write a pointer and return its revision, 0 when the answer was lost."""
    target = run.target(account)
    pointer = run.pointer(target)
    run.keep()
    write = pointer.create if create else pointer.write
    try:
        return write(target, value, role=target.deployer_role)
    except LostResponseError as error:
        run.warn(f"Write of {target.pointer.name}: {error.summary}; reading what came of it.")
        return 0


def _moved(step: Switch, now: str | None) -> PointerChangedError:
    return PointerChangedError(
        "The pointer was changed meanwhile",
        f"{step.pointer} in account {step.account} named {step.before or 'nothing'} in revision "
        f"{step.revision} when the plan was made; now it names {now or 'nothing'}.",
        "Find out who changed it, then plan again:\n    promote status",
    )


def _verified(run: Run) -> bool:
    """Say whether this promotion has verified the version through the pointers already."""
    state = run.journal.state()
    found = state.verification(run.plan.request.version, run.environment.name)
    since = state.unfinished.since if state.unfinished else None
    return found is not None and found.passed and since is not None and found.at >= since


def _verify(run: Run) -> None:
    verification = verify_through_pointers(run, run.plan.request.version)
    if not verification.passed:
        raise FailedError(
            "The verification failed",
            f"Used through the pointers, {run.plan.request.version} recognised "
            f"{verification.accuracy or 0:.3f} of the images; "
            f"{run.environment.smoke.min_accuracy:.3f} required.",
            "The wrong answers are above; train a better version or mend smoke.images.",
        )
