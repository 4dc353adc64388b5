"""What a gate says: measured beside required, and a verdict that is more than yes or no."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime


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
class Override:
    """Somebody lifts a gate; see `promote.core.gates.override`."""

    gate: str
    reason: str
    by: str
    """The ARN of the caller who asked for it."""
    expires: datetime
    """In UTC; from then on it lifts nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateResult:
    """One gate's judgement: what was measured beside what is required."""

    gate: str
    moment: Moment
    verdict: Verdict
    measured: str
    required: str
    override: Override | None = None
    """Who lifts it although it does not pass."""

    @property
    def refuses(self) -> bool:
        """Whether it stands in the way: what is inconclusive never passes."""
        return self.verdict in {Verdict.FAIL, Verdict.INCONCLUSIVE} and self.override is None

    @property
    def lifted(self) -> bool:
        """Whether it would stand in the way, and somebody lifts it."""
        return self.verdict in {Verdict.FAIL, Verdict.INCONCLUSIVE} and self.override is not None

    @property
    def open(self) -> bool:
        """Whether it is still to be judged."""
        return self.verdict is Verdict.PENDING and self.override is None
