"""The gate `verified`, which `after` implies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promote.core.gates.result import GateResult, Moment, Verdict

if TYPE_CHECKING:
    from promote.core.record import LedgerState


def verified(version_arn: str, environment: str, ledger: LedgerState) -> GateResult:
    """Judge `after`: the version's last verification in the earlier environment passed."""
    found = ledger.verification(version_arn, environment)
    if found is None:
        verdict, measured = Verdict.FAIL, "never verified there"
    else:
        word = "passed" if found.passed else "failed"
        verdict = Verdict.PASS if found.passed else Verdict.FAIL
        measured = f"verification {word} at {found.at.isoformat(timespec='seconds')}"
    return GateResult(
        gate="verified",
        moment=Moment.EVIDENCE,
        verdict=verdict,
        measured=measured,
        required=f"a passed verification in {environment}",
    )
