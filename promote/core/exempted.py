"""The gates that were lifted, as the records tell: an auditor sees every one of them.

That somebody lifted a gate is no breach: it was asked for in the plan that people approved, with a
reason and for a while. It is one where nobody could have lifted it. Pure, a part of
`promote.core.audit`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from promote.arn import short_version
from promote.core.audited import SKEW, Audited, moment_of
from promote.core.chain import Chain
from promote.core.gates.override import LONGEST, STANDING, told
from promote.core.gates.result import GateResult, Override
from promote.core.judged import GateJudged
from promote.core.plan import Plan
from promote.core.record import PromotionStarted
from promote.core.status import Finding

_PREPARING = timedelta(minutes=15)
"""A promotion is recorded once all is looked at before its first write: so long after its gates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lifted:
    """One judgement that was lifted."""

    at: datetime
    promotion: str
    plan: Plan
    gate: GateResult
    override: Override

    @property
    def what(self) -> str:
        request = self.plan.request
        where = f"{short_version(request.version)} to {request.environment}"
        gate = f"{self.gate.gate} said {self.gate.verdict.value}"
        measured = f"{self.gate.measured}; required: {self.gate.required}"
        return f"{self.promotion} ({where}) went on although {gate} ({measured})"

    def wrong(self) -> Iterator[str]:
        """Yield why it could not be lifted so."""
        override, made = self.override, self.plan.made.at
        if override.gate in STANDING or override.gate != self.gate.gate:
            yield f"nobody can lift it with the override of {override.gate}"
        if override not in self.plan.request.overrides:
            yield "its plan asks for no such override"
        if self.at - _PREPARING >= override.expires:
            yield f"the override had expired at {moment_of(override.expires)}"
        if override.expires > made + LONGEST + SKEW:
            yield f"the override lasts more than {LONGEST.days} days"
        if not override.reason.strip():
            yield "nobody said why"


@dataclass(frozen=True)
class Exemptions(Audited):
    """Every gate that was lifted for a promotion of one model."""

    chain: Chain

    def unlawful(self) -> Iterator[Finding]:
        """Yield every gate that was lifted as nobody can lift it (P5)."""
        for each in self._lifted():
            for why in each.wrong():
                yield self.breach(
                    "P5 gates",
                    f"{each.what}, and {why}.",
                    "Look at its record:\n"
                    f"    promote history {self.model} --promotion {each.promotion}",
                )

    def shown(self) -> Iterator[Finding]:
        """Yield every gate that was lifted as it may be: to be seen, and no breach."""
        for each in self._lifted():
            if not any(each.wrong()):
                detail = f"{each.what}; {told(each.override)}"
                yield Finding(ok=True, subject=f"{self.model} P5 gates", detail=detail)

    def _lifted(self) -> Iterator[_Lifted]:
        plans: dict[str, Plan] = {}
        for link in self.chain.links:
            record = link.record
            gates: tuple[GateResult, ...] = ()
            if isinstance(record, PromotionStarted):
                plans[record.promotion] = record.plan
                gates = record.gates
            elif isinstance(record, GateJudged) and record.promotion in plans:
                gates = (record.gate,)
            else:
                continue
            for gate in gates:
                if gate.lifted and gate.override is not None:
                    yield _Lifted(
                        at=record.at,
                        promotion=record.promotion,
                        plan=plans[record.promotion],
                        gate=gate,
                        override=gate.override,
                    )
