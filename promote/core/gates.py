"""Gates: what stands between a version and an environment, judged on evidence.

A gate's judgement is a value; only the command's boundary turns a refusal into an error. Verdicts
are three-valued plus pending: an inconclusive gate never passes.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from promote.core.record import LedgerState
    from promote.core.topology import Environment


class Verdict(enum.Enum):
    """What a gate says."""

    PASS = "pass"  # noqa: S105 (a verdict, not a password)
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    PENDING = "pending"


class Moment(enum.Enum):
    """When a gate is judged: with the plan, at the start of apply, or before the switch."""

    EVIDENCE = "evidence"
    MOMENT = "moment"
    GOLDEN = "golden"


@dataclass(frozen=True, slots=True, kw_only=True)
class GateResult:
    """One gate's judgement: what was measured beside what is required."""

    gate: str
    moment: Moment
    verdict: Verdict
    measured: str
    required: str


def judge(
    version_arn: str, environment: Environment, ledger: LedgerState
) -> tuple[GateResult, ...]:
    """Judge every evidence gate of `environment` for a version, in the order of the file."""
    return tuple(_verified(version_arn, before, ledger) for before in environment.after)


def _verified(version_arn: str, environment: str, ledger: LedgerState) -> GateResult:
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
