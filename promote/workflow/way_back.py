"""The way back: how a rollback switches and ends. It never turns around by itself.

Every target is switched, whatever becomes of the others, and nothing that is measured afterwards
stops it: what it goes back to was good enough before.
"""

from __future__ import annotations

from dataclasses import replace

from promote.arn import parse_version_arn
from promote.core.held import VersionHeld
from promote.core.observation import Observation
from promote.core.plan import Step, Switch
from promote.core.progress import switched_accounts
from promote.core.record import Unfinished, VerificationDone
from promote.errors import InterruptedBySignalError, LockedError, PromoteError
from promote.workflow.pointing import switch
from promote.workflow.run import Run
from promote.workflow.side_by_side import side_by_side
from promote.workflow.steps import carry_out
from promote.workflow.trying import Tried, try_out
from promote.workflow.waves import Reached


def swing_back(run: Run, steps: tuple[Step, ...]) -> Reached:
    """Switch every target at once, then try the version out, which can only warn.

    Raises:
        PromoteError: A pointer could not be written; the others were all the same.
    """
    moves = tuple(step for step in steps if isinstance(step, Switch))
    errors: list[PromoteError] = []

    def attempt(step: Step) -> str:
        assert isinstance(step, Switch)  # noqa: S101 (for the type; nothing else is in the group)
        try:
            return switch(run, step, step.revision)
        except (InterruptedBySignalError, LockedError):
            raise
        except PromoteError as error:
            errors.append(error)
            return f"not written: {error.summary}"

    carry_out(run, moves, steps, attempt)
    switched_at = run.world.clock.now() if moves else None
    if errors:
        raise errors[0]
    _try_out(run)
    return Reached(switched_at)


def has_moved(run: Run) -> bool:
    """Say whether any pointer may name the version that a rollback goes back to, by its doing."""
    try:
        seen: Observation = run.observe()
    except PromoteError:
        return True  # nobody can tell, so nothing is put back
    return bool(switched_accounts(run.plan, seen))


def hold_what_was_left(run: Run) -> None:
    """Record that what the targets left is held; what is on record already is left out.

    Once every pointer is switched: what is held is not kept warm, and that counts from then on.
    """
    state, request = run.journal.state(), run.plan.request
    for version in sorted(_left(state.opened(run.promotion)) - {request.version}):
        known = state.held.get((version, request.environment))
        if known is None or known.promotion != run.promotion:
            run.record(
                VersionHeld(
                    at=run.world.clock.now(),
                    by=run.caller.arn,
                    promotion=run.promotion,
                    version=version,
                    environment=request.environment,
                    reason=request.reason,
                )
            )


def _left(begun: Unfinished | None) -> set[str]:
    """Return the versions that the targets named, by every plan that the rollback ever had."""
    named = begun.named if begun is not None else ()
    return {each for each in named if parse_version_arn(each) is not None}


def _try_out(run: Run) -> None:
    """Use the version in every target as its applications do; warn of what does not work."""
    real = replace(run, environment=run.topology.environment(run.environment.name))

    def one(account: str) -> Tried | None:
        try:
            return try_out(real, account)
        except (InterruptedBySignalError, LockedError):
            raise
        except PromoteError as error:
            real.warn(f"{_place(real, account)} could not be tried: {error}")
            return None

    tried = side_by_side(one, tuple(target.account for target in run.plan.targets))
    for each in tried:
        if each is not None and not each.passed:
            real.warn(f"{_place(real, each.account)} is back, but failed: {each.reason}.")
    if all(each is not None for each in tried):
        _record(real, tuple(each for each in tried if each is not None))


def _place(run: Run, account: str) -> str:
    return f"{run.environment.name}/{account}"


def _record(run: Run, tried: tuple[Tried, ...]) -> None:
    measured = [each.accuracy for each in tried if each.accuracy is not None]
    run.record(
        VerificationDone(
            at=run.world.clock.now(),
            by=run.caller.arn,
            version=run.plan.request.version,
            environment=run.environment.name,
            passed=all(each.passed for each in tried),
            accounts=tuple(each.account for each in tried),
            accuracy=min(measured, default=None),
            promotion=run.promotion,
        )
    )
