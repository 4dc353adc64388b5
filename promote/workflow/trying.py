"""Try the version that a promotion brings in one target, as the applications there would."""

from __future__ import annotations

from dataclasses import dataclass

from promote.core.plan import Plan
from promote.errors import FailedError, PromoteError
from promote.workflow.endings import RESUMABLE
from promote.workflow.run import Run
from promote.workflow.smoke import SmokeResult, names_another, read_as_consumer, smoke_test


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What came of trying one target."""

    account: str
    passed: bool
    reason: str = ""
    """Why it did not pass: measured beside required, or what went wrong."""
    accuracy: float | None = None
    error: PromoteError | None = None
    """What went wrong, unless it only recognised too little."""


def try_out(run: Run, account: str) -> Tried:
    """Read the pointer of a target, take its role, classify.

    Raises:
        TryAgainError: It cannot be told now.
        CredentialsError: The promoter's own credentials are gone, which tells nothing of a target.
    """
    seen = reads_it(run, account)
    return attempt(run, account) if seen.passed else seen


def reads_it(run: Run, account: str) -> Tried:
    """Read the pointer of a target as an application does: does it name the new version?

    Raises:
        PromoteError: As `try_out`.
    """
    target, version = run.target(account), run.plan.request.version
    try:
        found = read_as_consumer(run, target)
    except RESUMABLE:
        raise
    except PromoteError as error:
        return _went_wrong(account, error)
    if found == version:
        return Tried(account=account, passed=True)
    return _went_wrong(account, names_another(target, found, version))


def attempt(run: Run, account: str, *, patience: float | None = None) -> Tried:
    """Classify the images through a target's role.

    Args:
        run: The promotion.
        account: Where.
        patience: As that of `smoke_test`.

    Raises:
        PromoteError: As `try_out`.
    """
    try:
        result = smoke_test(run, run.target(account), run.plan.request.version, patience=patience)
    except RESUMABLE:
        raise
    except PromoteError as error:
        return _went_wrong(account, error)
    return Tried(
        account=account, passed=result.passed, reason=_measured(result), accuracy=result.accuracy
    )


def too_many(plan: Plan, tried: tuple[Tried, ...], failed: int) -> PromoteError:
    """Return the error for more failed targets than `max_failures`: of what went wrong first."""
    request = plan.request
    lines = [f"  {request.environment}/{each.account}  {each.reason}" for each in tried]
    detail = f"Used through the pointers, {request.version} failed:\n" + "\n".join(lines)
    if len(plan.targets) > 1:
        detail += (
            f"\n{failed} of {len(plan.targets)} targets have failed; max_failures is "
            f"{plan.max_failures}."
        )
    for each in tried:
        if each.error is not None:
            each.error.detail = detail if len(tried) > 1 else each.error.detail
            return each.error
    return FailedError(
        "The verification failed",
        detail,
        "The wrong answers are above; train a better version or mend smoke.images.",
    )


def _went_wrong(account: str, error: PromoteError) -> Tried:
    reason = " ".join(f"{error.summary}. {error.detail}".split())
    return Tried(account=account, passed=False, reason=reason, error=error)


def _measured(result: SmokeResult) -> str:
    if result.passed or result.accuracy is None:
        return ""
    return f"recognised {result.accuracy:.3f} of the images; {result.required:.3f} required"
