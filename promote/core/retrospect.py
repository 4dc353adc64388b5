"""Look back at every promotion on record and every value of a pointer: what broke a promise then.

Pure, a part of `promote.core.audit`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

from promote.arn import short_version
from promote.core.approved import Approvals, Said
from promote.core.audited import SKEW, Audited, moment_of
from promote.core.chain import Chain
from promote.core.dossier import Dossier, dossier, promotions_in
from promote.core.fold import after
from promote.core.gates.result import Moment, Verdict
from promote.core.hands import set_by_hand
from promote.core.judged import GateJudged
from promote.core.observation import PointerValue
from promote.core.planner import writes
from promote.core.record import LedgerState, PromotionStarted
from promote.core.result import Outcome
from promote.core.status import Finding
from promote.core.topology import Target

_SLACK = timedelta(seconds=1)
"""A step's begin is the wall clock's, its length the monotonic one's: the sum may be off."""


@dataclass(frozen=True)
class Past(Audited):
    """The promotions of one model, and what its pointers held."""

    chain: Chain
    said: Said = field(default_factory=Said)

    @cached_property
    def promotions(self) -> tuple[Dossier, ...]:
        """Every promotion on record, oldest first."""
        links = self.chain.links
        return tuple(dossier(each, links, self.model) for each in promotions_in(links))

    @cached_property
    def approvals(self) -> Approvals:
        """What the promotions claim of approvals, and the reviews."""
        return Approvals(self.chain.links, self.said)

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
        """What to say when `ungated` and `unapproved` find nothing."""
        gates = [gate for each in self.promotions for gate in each.gates]
        short = sum(gate.verdict is not Verdict.PASS for gate in gates)
        heeded = f"{short} of them not passed, but lifted or heeded" if short else "all passed"
        approved = self.approvals.count()
        borne_out = f", {approved} of approvals, as the reviews say" if approved else ""
        return f"{len(gates)} judgements on record, {heeded}{borne_out}"

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
        return self.breach(
            "P1 pointers",
            f"{target}: {target.pointer.name} was set to {short_version(value.value)} at "
            f"{moment_of(value.changed_at)}{by} (revision {value.revision}), but no promotion on "
            "record did that: nothing had proven it there before.",
            "Find out who may write the pointer beside promote (PutParameter in "
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
            proofs = {  # the first of each: what failed is proven once more by a later run
                step.of: step.began + timedelta(seconds=step.seconds)
                for step in reversed(each.steps)
                if step.step == "prove" and step.seconds is not None
            }
            for step in each.steps:
                proven = proofs.get(step.of, step.began)
                if step.step == "switch" and step.began + _SLACK < proven:
                    yield self._of_promotion(
                        each, "P1 proof", f"switched {step.of} before it was proven there"
                    )

    def ungated(self) -> Iterator[Finding]:
        """Yield every promotion that was begun or went on although a gate had not passed (P5)."""
        for link in self.chain.links:
            record = link.record
            if not isinstance(record, PromotionStarted) or record.plan.request.rollback:
                continue
            begun = next(e for e in self.promotions if e.promotion == record.promotion)
            for gate in record.gates:
                if gate.refuses:
                    what = f"was begun although the gate {gate.gate} said {gate.verdict.value}"
                    told = f"{what}: {gate.measured}; required {gate.required}"
                    yield self._of_promotion(begun, "P5 gates", told)
            judged = {gate.gate for gate in record.gates}
            kept = bool(record.gates or record.policies)  # or it is of the time before they were
            if not any(map(writes, record.plan.steps)):
                judged.add("approval")  # nobody is asked about what changes nothing
            for gate in record.plan.gates if kept else ():
                if gate.gate not in judged:
                    what = f"was begun without judging {gate.gate}, which its plan asks for"
                    yield self._of_promotion(begun, "P5 gates", what)

        records = [link.record for link in self.chain.links]
        on_the_way = [each for each in records if isinstance(each, GateJudged)]
        for each in self.promotions:
            if not each.rollback and self._has_switched(each):
                own = [one for one in on_the_way if one.promotion == each.promotion]
                ignored = _ignored(each, own)
                yield from (self._of_promotion(each, "P5 gates", what) for what in ignored)

    def _has_switched(self, promotion: Dossier) -> bool:
        if promotion.result is Outcome.PROMOTED:
            return any(each.before != promotion.version for each in promotion.targets)
        if promotion.turned is not None:
            return bool(promotion.turned.switched)
        return any(
            value.value == promotion.version and value.changed_at >= promotion.begun - SKEW
            for target in self.targets
            if self._is_of(promotion, target)
            for value in self.observation.pointers[target].history
        )

    def unapproved(self) -> Iterator[Finding]:
        """Yield every promotion whose approvals the reviews in the ledger do not bear out (P5)."""
        for each in self.approvals.not_borne_out():
            begun = next(e for e in self.promotions if e.promotion == each.promotion)
            yield self._of_promotion(begun, "P5 gates", each.what)
        for why in self.said.illegible:
            yield self.breach(
                "P5 gates",
                why,
                "Find out who wrote the object; it counts for nothing as it is. Restore it from a "
                "backup, or move it away if it is no review.",
            )

    def heard(self) -> Iterator[Finding]:
        """Yield every approval that a record took from a pipeline: to be seen, and no breach."""
        for each in self.approvals.heard():
            detail = f"{each.promotion}: {each.what}, as its own record says"
            yield Finding(ok=True, subject=f"{self.model} P5 gates", detail=detail)

    def _of_promotion(self, promotion: Dossier, promise: str, what: str) -> Finding:
        version = short_version(promotion.version)
        return self.breach(
            promise,
            f"{promotion.promotion} ({version} to {promotion.environment}, by "
            f"{promotion.who.caller}) {what}.",
            "Look at its record:\n"
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


def _ignored(promotion: Dossier, judged: Sequence[GateJudged]) -> Iterator[str]:
    """Say which gates, judged between the proofs and the switch, a promotion did not heed.

    Args:
        promotion: The promotion.
        judged: How its gates were judged by all of its plans: what an earlier one had switched by
            its own judgement is put back if a later one refuses it.
    """
    passed = {each.gate.gate for each in judged if not each.gate.refuses}
    heeded = passed if promotion.result is not Outcome.PROMOTED else set()
    for gate in promotion.gates:
        if gate.moment is Moment.GOLDEN and gate.verdict is Verdict.PENDING:
            yield f"switched a pointer, but no judgement of the gate {gate.gate} is on record"
        elif gate.moment is Moment.GOLDEN and gate.refuses and gate.gate not in heeded:
            said = f"{gate.verdict.value}: {gate.measured}; required {gate.required}"
            yield f"switched a pointer although the gate {gate.gate} said {said}"
    firsts = {(each.gate.gate, each.against): each.at for each in reversed(judged)}
    last = max(firsts.values(), default=promotion.begun)
    for step in promotion.steps:
        if step.step == "switch" and step.began + _SLACK < last:
            yield f"switched {step.of} before every gate was judged"


def _values(promotion: Dossier, target: Target) -> set[str | None]:
    """Return what a promotion may have written: the version, and, back, what was there."""
    before = {each.before for each in promotion.targets if each.account == target.account}
    return before | {promotion.version}
