"""The gate `soak`: how long a version has been verified where it ran before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from promote.core.gates import wording
from promote.core.gates.result import GateResult, Moment, Verdict

if TYPE_CHECKING:
    from promote.core.record import LedgerState


def soak(
    version_arn: str, after: Sequence[str], length: timedelta, ledger: LedgerState, at: datetime
) -> GateResult:
    """Judge whether the version has been verified long enough in every earlier environment.

    The time counts from the first of the verifications that have passed since the last failed one:
    whoever verifies on a schedule does not begin anew. A failed one ends it at once.

    Args:
        version_arn: The version's ARN.
        after: The earlier environments. None of them is no evidence.
        length: How long.
        ledger: What was verified.
        at: Now.
    """
    found = [_one(version_arn, environment, length, ledger, at) for environment in after]
    verdict = Verdict.PASS if all(passed for passed, _ in found) else Verdict.FAIL
    return GateResult(
        gate="soak",
        moment=Moment.EVIDENCE,
        verdict=verdict if found else Verdict.INCONCLUSIVE,
        measured="; ".join(text for _, text in found)
        or "there is no earlier environment; name one with `after`",
        required=f"verified for {wording.span(length)} in {' and '.join(after) or 'another one'}",
    )


def _one(
    version_arn: str, environment: str, length: timedelta, ledger: LedgerState, at: datetime
) -> tuple[bool, str]:
    last = ledger.verification(version_arn, environment)
    if last is None:
        return False, f"never verified in {environment}"
    if not last.passed:
        return False, f"failed its verification in {environment} at {wording.moment(last.at)}"
    first = ledger.passing[version_arn, environment].at
    since = f"verified in {environment} since {wording.moment(first)}"
    if at < first:
        return False, f"{since}, which is not yet: the clocks differ"
    if at - first < length:
        due = wording.moment(_minute_after(first + length))
        return False, f"{since}, {wording.span(at - first)}; enough at {due}"
    # Not how long it is by now: the digest of a plan holds this, and is the same at any time.
    return True, f"{since}, long enough"


def _minute_after(at: datetime) -> datetime:
    """Round up to a minute, since that is what is shown."""
    rest = timedelta(seconds=at.second, microseconds=at.microsecond)
    return at if not rest else at - rest + timedelta(minutes=1)
