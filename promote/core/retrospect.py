"""Look back at every promotion on record and every value of a pointer: what broke a promise then.

Pure, a part of `promote.core.audit`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from promote.arn import short_version
from promote.core.chain import Chain
from promote.core.dossier import Dossier, dossier, promotions_in
from promote.core.fold import after
from promote.core.gates.result import Verdict
from promote.core.hands import set_by_hand
from promote.core.observation import Observation, PointerValue
from promote.core.record import LedgerState, PromotionStarted
from promote.core.result import Outcome
from promote.core.status import Finding
from promote.core.topology import Target, Topology

SKEW = timedelta(minutes=1)
"""How far the clock of a pointer's store and ours may be apart."""

_SLACK = timedelta(seconds=1)
"""A step's begin is the wall clock's, its length the monotonic one's: the sum may be off."""


@dataclass(frozen=True)
class Past:
    """The promotions of one model, and what its pointers held."""

    topology: Topology
    observation: Observation
    chain: Chain

    @property
    def model(self) -> str:
        """The model's name."""
        return self.observation.model

    @cached_property
    def promotions(self) -> tuple[Dossier, ...]:
        """Every promotion on record, oldest first."""
        links = self.chain.links
        return tuple(dossier(each, links, self.model) for each in promotions_in(links))

    @cached_property
    def targets(self) -> tuple[Target, ...]:
        """The targets of the model, in every environment."""
        return self.topology.all_targets(self.model)

    @property
    def said_of_pointers(self) -> str:
        """What to say when `by_hand` finds nothing."""
        count = sum(len(self.observation.pointers[target].history) for target in self.targets)
        return f"{count} values of {len(self.targets)} pointers, none set by hand since the records"

    @property
    def said_of_promotions(self) -> str:
        """What to say when `unproven` finds nothing."""
        return f"{len(self.promotions)} promotions, each proven before it switched"

    @property
    def said_of_gates(self) -> str:
        """What to say when `ungated` finds nothing."""
        count = sum(len(each.gates) for each in self.promotions)
        return f"{count} judgements on record, all passed"

    def by_hand(self) -> Iterator[Finding]:
        """Yield every value of a pointer that no promotion on record put there (P1)."""
        for target in self.targets:
            state = self.observation.pointers[target]
            now_told = set_by_hand(self.observation, target) is not None  # as drift, with remedies
            for value in state.history:
                current = value is state.history[-1]
                if not (current and now_told) and not self._explained(target, value):
                    yield self._by_hand(target, value)

    def _explained(self, target: Target, value: PointerValue) -> bool:
        own = [each for each in self.promotions if self._is_of(each, target)]
        if not own or value.changed_at < own[0].begun - SKEW:
            return True  # before the records of this target began
        return any(
            value.value in _values(each, target)
            and each.begun - SKEW <= value.changed_at <= self._end(each) + SKEW
            for each in own
        )

    def _is_of(self, promotion: Dossier, target: Target) -> bool:
        accounts = {each.account for each in promotion.targets}
        return promotion.environment == target.environment and target.account in accounts

    def _end(self, promotion: Dossier) -> datetime:
        return promotion.ended or self.observation.at

    def _by_hand(self, target: Target, value: PointerValue) -> Finding:
        by = f" by {value.changed_by}" if value.changed_by else ""
        return Finding(
            ok=False,
            subject=f"{self.model} P1 pointers",
            detail=f"{target}: {target.pointer.name} was set to {short_version(value.value)} at "
            f"{moment_of(value.changed_at)}{by} (revision {value.revision}), but no promotion on "
            "record did that: nothing had proven it there before.",
            remedy="Find out who may write the pointer beside promote (PutParameter in "
            "CloudTrail), and take that right away.",
        )

    def unproven(self) -> Iterator[Finding]:
        """Yield every promotion that was not verified, or switched too early (P1)."""
        for each in self.promotions:
            passed = any(one.passed for one in each.verifications)
            if each.result is Outcome.PROMOTED and not each.rollback and not passed:
                yield self._of_promotion(
                    each, "P1 proof", "went through, but no passed verification is on record"
                )
            proofs = {
                step.of: step.began + timedelta(seconds=step.seconds)
                for step in each.steps
                if step.step == "prove" and step.seconds is not None
            }
            for step in each.steps:
                proven = proofs.get(step.of, step.began)
                if step.step == "switch" and step.began + _SLACK < proven:
                    yield self._of_promotion(
                        each, "P1 proof", f"switched {step.of} before it was proven there"
                    )

    def ungated(self) -> Iterator[Finding]:
        """Yield every promotion that was begun although a gate had not passed (P5)."""
        for link in self.chain.links:
            record = link.record
            if not isinstance(record, PromotionStarted) or record.plan.request.rollback:
                continue
            begun = next(e for e in self.promotions if e.promotion == record.promotion)
            for gate in record.gates:
                if gate.verdict is not Verdict.PASS:
                    what = f"was begun although the gate {gate.gate} said {gate.verdict.value}"
                    told = f"{what}: {gate.measured}; required {gate.required}"
                    yield self._of_promotion(begun, "P5 gates", told)

    def _of_promotion(self, promotion: Dossier, promise: str, what: str) -> Finding:
        version = short_version(promotion.version)
        return Finding(
            ok=False,
            subject=f"{self.model} {promise}",
            detail=f"{promotion.promotion} ({version} to {promotion.environment}, by "
            f"{promotion.who.caller}) {what}.",
            remedy="Look at its record:\n"
            f"    promote history {self.model} --promotion {promotion.promotion}",
        )

    def brought_held(self) -> Iterator[Finding]:
        """Yield every promotion of a held version that gave no reason (P7)."""
        state = LedgerState()
        for link in self.chain.links:
            record = link.record
            if isinstance(record, PromotionStarted):
                request = record.plan.request
                key = (request.version, request.environment)
                if key in state.held and not request.rollback and request.reason is None:
                    begun = next(e for e in self.promotions if e.promotion == record.promotion)
                    what = "brought a version that was held there, and gave no reason"
                    yield self._of_promotion(begun, "P7 holds", what)
            state = after(state, record)


def _values(promotion: Dossier, target: Target) -> set[str | None]:
    """Return what a promotion may have written: the version, and, back, what was there."""
    before = {each.before for each in promotion.targets if each.account == target.account}
    return before | {promotion.version}


def moment_of(at: datetime) -> str:
    """Write a moment to the second, in UTC."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
