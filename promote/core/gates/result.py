"""What a gate says: measured beside required, and a verdict that is more than yes or no."""

from __future__ import annotations

import enum
from dataclasses import dataclass


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
