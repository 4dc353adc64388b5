"""Make room for a start: take the access to what is warm away, prove that it is gone, stop it.

It comes before everything else of a promotion, and nothing brings it back but another promotion.
"""

from __future__ import annotations

from functools import partial

from promote.arn import short_version
from promote.core import asked
from promote.core.coverage import holders
from promote.core.observation import Observation
from promote.core.plan import Revoke, Stop
from promote.core.room_made import superseded
from promote.errors import StalePlanError
from promote.workflow.access import write_policy
from promote.workflow.lifecycle import bring_down
from promote.workflow.probe import prove_denied
from promote.workflow.run import Run
from promote.workflow.side_by_side import side_by_side


def let_go(run: Run, step: Revoke | Stop, observation: Observation) -> str:
    """Carry out a step that makes room; a revocation with the roles of its own environment.

    Raises:
        StalePlanError: Something uses the version again, or a policy is not what the plan saw.
    """
    if isinstance(step, Revoke):
        return _revoke(run.at(step.environment), step, observation)
    bring_down(
        run,
        step.version,
        step.deadline,
        observation,
        lambda: _unused(run, (step.version,), run.observe()),
    )
    return "STOPPED"


def _revoke(run: Run, step: Revoke, observation: Observation) -> str:
    _unused(run, step.revoked, observation, granted=False)
    _check_pointers(run, step)
    role = observation.roles.get(step.role)
    if role is None or not superseded(step, run.plan, role.policy(step.policy)):
        write_policy(
            run,
            step.role,
            step.policy,
            before=step.before,
            after=step.after,
            proof=partial(run.meaning.prove_step, step),
            moved=lambda: _stale(run, f"{step.policy} of {step.role} is not what the plan saw"),
        )
    deadline = run.environment.propagation.deadline.total_seconds()
    side_by_side(
        lambda target: prove_denied(run, target, step.revoked, step.version, deadline),
        tuple(run.target(account) for account in step.accounts),
        cancelled=run.cancelled,
    )
    return f"{', '.join(short_version(each) for each in step.revoked)} denied"


def _unused(
    run: Run, versions: tuple[str, ...], seen: Observation, *, granted: bool = True
) -> bool:
    """Hold that nothing but a `keep_warm` keeps the versions (P6)."""
    for version in versions:
        held = holders(version, run.topology, seen, warm=False, granted=granted)
        if held:
            raise _stale(run, f"{short_version(version)} is in use: {'; '.join(held)}")
    return True


def _check_pointers(run: Run, step: Revoke) -> None:
    """Read right before the write whether a pointer was moved back to what loses its access."""

    def check(account: str) -> None:
        target = run.target(account)
        now = run.pointer(target).current(target, role=target.reader_role)
        if now is not None and now.value in step.revoked:
            raise _stale(run, f"{target.pointer.name} of {target} names {now.value}")

    side_by_side(check, step.accounts, cancelled=run.cancelled)


def _stale(run: Run, why: str) -> StalePlanError:
    return StalePlanError(
        "What was to make room is in use again",
        f"{why}, so it was left as it is.",
        f"Look at it, then plan again:\n    {asked.plan(run.plan.request)}",
    )
