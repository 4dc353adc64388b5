"""Carry a plan's steps out, forward: start, grant, prove, judge, switch, verify.

What does not depend on each other (the proofs of all targets, the pointers of a wave) is done side
by side. Right before a write the thing to be written is read once more; the rest was observed.
"""

from __future__ import annotations

from functools import partial

from promote.core import asked
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
from promote.core.progress import can_turn_back
from promote.errors import PromoteError, StalePlanError
from promote.workflow.access import write_policy
from promote.workflow.endings import RESUMABLE
from promote.workflow.golden import judge_golden
from promote.workflow.lifecycle import bring_up
from promote.workflow.probe import prove_allowed
from promote.workflow.room import let_go
from promote.workflow.run import Run
from promote.workflow.side_by_side import side_by_side
from promote.workflow.smoke import SmokeResult, below_threshold, smoke_test
from promote.workflow.steps import Do, carry_out, groups
from promote.workflow.trying import attempt
from promote.workflow.waves import Reached, failed_before, roll_out
from promote.workflow.way_back import swing_back


def go_forward(run: Run, steps: tuple[Step, ...], observation: Observation) -> Reached:
    """Carry out the steps up to the last verification through the pointers.

    Raises:
        PromoteError: A step failed; the caller decides whether everything is put back.
    """
    do = partial(_forward, run, observation)
    failed: dict[str, str] = {}
    tested: dict[str, SmokeResult] = {}
    for group in groups(steps):
        if isinstance(group[0], Switch | Bake | Drain) or _retires(group[0]):
            break
        again = failed_before(run, observation) if isinstance(group[0], Prove) else frozenset()
        fresh = tuple(
            each for each in group if not (isinstance(each, Prove) and each.account in again)
        )
        carry_out(run, fresh, steps, do)
        if isinstance(group[0], Prove):
            tested |= _smoke(run, fresh)
            failed |= _prove_again(
                run, tuple(each for each in group if each not in fresh), steps, do
            )
    retiring = _retiring(run, observation)
    if not retiring:
        judge_golden(run, observation, tested)
    if not any(isinstance(step, Switch) for step in steps) and _verified(run, retiring=retiring):
        return Reached()
    if run.plan.request.rollback:
        return swing_back(run, steps)
    return roll_out(run, steps, observation, failed)


def _retires(step: Step) -> bool:
    return isinstance(step, Revoke | Stop) and not makes_room(step)


def _prove_again(
    run: Run, group: tuple[Step, ...], steps: tuple[Step, ...], do: Do
) -> dict[str, str]:
    """Prove targets once more that have failed before: what fails again keeps none from going."""
    failed: dict[str, str] = {}

    def again(step: Step) -> str:
        assert isinstance(step, Prove)  # noqa: S101 (for the type; nothing else is in the group)
        try:
            detail = do(step)
        except RESUMABLE:
            raise
        except PromoteError as error:
            failed[step.account] = f"{error.summary}. {error.detail}"
            return "failed again"
        tried = attempt(run, step.account, patience=step.deadline)
        if tried.passed:
            return detail
        failed[step.account] = tried.reason
        return "failed again"

    carry_out(run, group, steps, again)
    return failed


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
        case Revoke() | Stop() if step.makes_room:
            return let_go(run, step, observation)
        case Switch() | Bake() | Drain() | Revoke() | Stop():
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
        f"Look at it, then plan again:\n    {asked.plan(run.plan.request)}",
    )


def _smoke(run: Run, group: tuple[Step, ...]) -> dict[str, SmokeResult]:
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
    return {result.target.account: result for result in results}


def _retiring(run: Run, observation: Observation) -> bool:
    """Say whether an earlier run has begun to retire what was left: there is no way back."""
    begun = observation.ledger.opened(run.promotion)
    return begun is not None and not can_turn_back(run.plan, observation)


def _verified(run: Run, *, retiring: bool) -> bool:
    """Say whether every target has passed, and has not failed since while there is a way back."""
    state = run.journal.state()
    found = state.verification(run.plan.request.version, run.environment.name)
    begun = state.opened(run.promotion)
    well = retiring or (found is not None and found.passed)
    return begun is not None and begun.passed and well
