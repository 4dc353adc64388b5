"""Judge approvals once more: what a promotion claims of them, held against the reviews themselves.

Pure, a part of `promote.core.audit`. Each author has one object for each plan, so whoever reviewed
a plan that was begun twice, before each time, is on record with the last word alone: what may have
been written over is counted as said, and never reported.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from promote.core.audited import SKEW, moment_of
from promote.core.chain import Linked
from promote.core.executions import requesters_in
from promote.core.gates.approval import Review, approval, people_in
from promote.core.gates.result import GateResult, Verdict
from promote.core.record import PromotionStarted
from promote.core.reviews import Reviewed


@dataclass(frozen=True, slots=True)
class Said:
    """What the ledger keeps of all that people said of the plans of a model."""

    reviewed: tuple[Reviewed, ...] = ()
    illegible: tuple[str, ...] = ()
    """The objects that are not what their names say, each as a sentence."""


@dataclass(frozen=True, slots=True)
class Begin:
    """A promotion that took a plan, and what of that is not borne out."""

    promotion: str
    what: str
    """Follows the promotion's name."""


@dataclass(frozen=True)
class Approvals:
    """The begins of a model's promotions and what people said of their plans."""

    links: Sequence[Linked]
    said: Said = field(default_factory=Said)

    def not_borne_out(self) -> Iterator[Begin]:
        """Yield every begin whose approvals the reviews do not show, and every later review."""
        for link, begun in self._begins():
            gate = next((each for each in begun.gates if each.gate == "approval"), None)
            reviews = [e for e in self.said.reviewed if e.review.digest == link.plan]
            if gate is not None:
                found = self._wrong(link, begun, gate, [each.review for each in reviews])
            else:
                found = _not_asked(begun, reviews)
            for what in found:
                yield Begin(begun.promotion, what)

    def count(self) -> int:
        """Return how many begins claim that they were approved."""
        gates = (gate for _, begun in self._begins() for gate in begun.gates)
        return sum(each.gate == "approval" and each.verdict is Verdict.PASS for each in gates)

    def heard(self) -> Iterator[Begin]:
        """Yield what the records took from executions of pipelines, which the ledger cannot show.

        CodePipeline keeps it for twelve months ("ListActionExecutions", API reference).
        """
        for _, begun in self._begins():
            for each in begun.heard.reviews if begun.heard else ():
                yield Begin(begun.promotion, f"{_told(each)} in {each.source}")

    def _begins(self) -> Iterator[tuple[Linked, PromotionStarted]]:
        for link in self.links:
            record = link.record
            if isinstance(record, PromotionStarted) and not record.plan.request.rollback:
                yield link, record

    def _wrong(
        self, link: Linked, begun: PromotionStarted, gate: GateResult, said: list[Review]
    ) -> Iterator[str]:
        late = [each for each in said if each.at > begun.at + SKEW]
        later = [e.record.at for e in self.links if e.plan == link.plan and e.record.at > begun.at]
        stray = [each for each in late if not any(each.at <= at + SKEW for at in later)]
        for each in stray:
            yield f"was begun {moment_of(begun.at)}, and only {_told(each)}"
        people = people_in(gate)
        if gate.verdict is not Verdict.PASS or people is None:
            return
        heard = begun.heard.reviews if begun.heard else ()
        counted = [*(each for each in said if each not in stray), *heard]
        asked = requesters_in(begun.plan.request, begun.heard)
        now = approval(people, link.plan, counted, asked)
        if now.verdict is not Verdict.PASS:
            yield f"was begun as {gate.measured}, but the reviews on record say {now.measured}"


def _not_asked(begun: PromotionStarted, reviews: list[Reviewed]) -> Iterator[str]:
    """Yield that nobody was asked, although a reviewer's promote.yaml had wanted approvals.

    Who reviews a plan and who applies it are held to the same promote.yaml, by the plan's own fact.
    """
    asked = [each for each in reviews if each.people and each.review.at <= begun.at + SKEW]
    if asked:
        first = asked[0]
        yield (
            f"was begun without the gate approval, although {_told(first.review)}, when "
            f"{first.people} had to"
        )


def _told(review: Review) -> str:
    verb = "approved" if review.approved else "rejected"
    return f"{review.by} {verb} its plan {moment_of(review.at)}"
