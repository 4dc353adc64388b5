"""The gates `cost` and `quota`: what it takes that the old and the new version run together.

What is counted is what promote.yaml asks for: bake, drain and keep_warm. How long a start, the
proofs and a stop take is for AWS to say, and not counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from promote.core.gates import wording
from promote.core.gates.result import GateResult, Moment, Verdict

_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """What runs on top of what would have run anyway, and for how long."""

    units: int
    """Inference units; with autoscaling, the most there can be."""
    length: timedelta
    """How long, at the longest."""
    price: float
    """US dollars per inference unit and hour."""

    @property
    def unit_hours(self) -> float:
        """Inference units times hours, which is what is billed."""
        return self.units * (self.length / _HOUR)

    @property
    def cost(self) -> float:
        """US dollars."""
        return self.unit_hours * self.price

    def __str__(self) -> str:
        """Say how many units run for how long."""
        units = wording.counted(self.units, "inference unit")
        return f"{units} for {wording.span(self.length)} of bake, drain and keep_warm"


def cost(limit: float, overlap: Overlap | None) -> GateResult:
    """Judge the money that the overlap takes; None is an overlap that nobody can tell."""
    if overlap is None:
        return _unknown("cost", f"at most ${limit:,.2f}")
    price = f"{overlap} at ${overlap.price:,.2f} per unit-hour"
    return GateResult(
        gate="cost",
        moment=Moment.EVIDENCE,
        verdict=Verdict.PASS if overlap.cost <= limit else Verdict.FAIL,
        measured=f"${_amount(overlap.cost, limit)}: {price}",
        required=f"at most ${limit:,.2f}",
    )


def quota(limit: float, overlap: Overlap | None) -> GateResult:
    """Judge the unit-hours that the overlap takes; None is an overlap that nobody can tell."""
    if overlap is None:
        return _unknown("quota", f"at most {limit:g} unit-hours")
    return GateResult(
        gate="quota",
        moment=Moment.EVIDENCE,
        verdict=Verdict.PASS if overlap.unit_hours <= limit else Verdict.FAIL,
        measured=f"{_amount(overlap.unit_hours, limit)} unit-hours: {overlap}",
        required=f"at most {limit:g} unit-hours",
    )


def _amount(value: float, limit: float) -> str:
    """Write an amount with cents, and more where they would hide that it is above the limit."""
    digits = 2
    while value > limit and float(f"{value:.{digits}f}") <= limit and digits < 12:  # noqa: PLR2004 (a float has no more)
        digits += 1
    return f"{value:,.{digits}f}"


def _unknown(gate: str, required: str) -> GateResult:
    return GateResult(
        gate=gate,
        moment=Moment.EVIDENCE,
        verdict=Verdict.INCONCLUSIVE,
        measured="the overlap of the old and the new version is not known",
        required=required,
    )
