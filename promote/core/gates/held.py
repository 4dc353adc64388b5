"""The gate `held`: what a rollback left is not released there again without a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promote.core.gates.result import GateResult, Moment, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from promote.core.record import LedgerState
    from promote.core.topology import Environment


def held(
    version_arn: str, environment: Environment, ledger: LedgerState, *, reason: str | None
) -> Iterator[GateResult]:
    """Judge a version that is held in an environment, or in one that comes before it.

    Args:
        version_arn: The version.
        environment: Where it is to go.
        ledger: What was held.
        reason: Why it is to go there all the same; None or nothing but space is none.
    """
    for name in (environment.name, *environment.after):
        found = ledger.held.get((version_arn, name))
        if found is not None:
            at = found.at.isoformat(timespec="seconds")
            why = "no reason given" if found.reason is None else found.reason
            yield GateResult(
                gate="held",
                moment=Moment.EVIDENCE,
                verdict=Verdict.PASS if reason and reason.strip() else Verdict.FAIL,
                measured=f"rolled back from in {name} at {at} by {found.by}: {why}",
                required="a reason, by --reason",
            )
