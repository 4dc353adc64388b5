"""What is left out of the records never changes what they add up to."""

from __future__ import annotations

import typing
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from promote.core.condense import condensed
from promote.core.fold import fold
from promote.core.gates import GateResult, Override, Verdict
from promote.core.planfile import digest
from promote.core.record import (
    AccessChanged,
    ClaimClosed,
    ClaimOpened,
    PromotionEnded,
    PromotionStarted,
    Record,
    VerificationDone,
)
from promote.core.result import Outcome, Result
from tests.builders import NOW, PROD, a_gate, a_plan, a_planned_target, a_request, version_arn

PROMOTIONS = ("p1", "p2", "p3")
VERSIONS = (version_arn("v1"), version_arn("v2"))
PLANS = {
    name: a_plan(
        request=a_request(version=VERSIONS[number % 2], environment=("prod", "qa")[number // 2]),
        targets=tuple(a_planned_target(account) for account in PROD[: 2 - number % 2]),
    )
    for number, name in enumerate(PROMOTIONS)
}
LIFTED = a_gate(
    verdict=Verdict.FAIL, override=Override(gate="verified", reason="x", by="x", expires=NOW)
)

NAMED: dict[str, st.SearchStrategy[typing.Any]] = {
    "at": st.integers(0, 9).map(lambda minutes: NOW + timedelta(minutes=minutes)),
    "promotion": st.sampled_from(PROMOTIONS),
    "version": st.sampled_from(VERSIONS),
    "environment": st.sampled_from(["qa", "prod"]),
    "account": st.sampled_from(PROD),
    "accounts": st.sampled_from([PROD[:1], PROD]),
    "passed": st.booleans(),
    "granted": st.booleans(),
    "accuracy": st.none(),
    "gate": st.sampled_from([a_gate(), LIFTED]),
}
"""What the fields of those names are; any other text is "x", any other list is empty."""


def started(promotion: str, gate: GateResult | None = None) -> PromotionStarted:
    gates = () if gate is None else (gate,)
    return PromotionStarted(at=NOW, promotion=promotion, by="x", plan=PLANS[promotion], gates=gates)


def ended(promotion: str, outcome: Outcome = Outcome.PROMOTED) -> PromotionEnded:
    plan = PLANS[promotion]
    result = Result(
        result=outcome,
        promotion=promotion,
        environment=plan.request.environment,
        version=plan.request.version,
        previous=None,
    )
    return PromotionEnded(at=NOW, promotion=promotion, digest=digest(plan), result=result)


def some(kind: type) -> st.SearchStrategy[Record]:
    """Return records of a kind: few promotions, versions and environments, that meet often."""
    if kind is PromotionStarted:
        return st.builds(started, NAMED["promotion"], st.sampled_from([None, a_gate(), LIFTED]))
    if kind is PromotionEnded:
        return st.builds(ended, NAMED["promotion"], st.sampled_from(Outcome))
    hints = {k: v for k, v in typing.get_type_hints(kind).items() if k != "kind"}
    unnamed = {k: st.just("x" if v in {str, str | None} else ()) for k, v in hints.items()}
    return st.builds(kind, **{**unnamed, **{k: v for k, v in NAMED.items() if k in hints}})


RECORDS = st.lists(st.one_of(*map(some, typing.get_args(Record))), max_size=14)


class TestCondensed:
    @settings(max_examples=200)
    @given(before=RECORDS, after=RECORDS)
    def test_adds_up_to_the_same_whatever_comes_after(
        self, before: list[Record], after: list[Record]
    ) -> None:
        kept = condensed(before)
        whole = fold([*before, *after])
        assert fold([*kept, *after]) == whole
        assert fold(condensed([*kept, *after])) == whole

    def test_leaves_out_the_plan_of_a_promotion_that_another_one_followed(self) -> None:
        once: list[Record] = [
            ClaimOpened(at=NOW, promotion="p2", version=VERSIONS[0]),
            ClaimClosed(at=NOW, promotion="p2", version=VERSIONS[0]),
            AccessChanged(at=NOW, by="x", environment="qa", version=VERSIONS[0], granted=True),
        ]
        kept = condensed([started("p2"), *once, ended("p2"), started("p1"), ended("p1")])
        assert kept == (ended("p2"), started("p1"), ended("p1"))

    def test_keeps_that_a_promotion_has_passed_among_others_that_passed(self) -> None:
        request = PLANS["p1"].request
        passes = [
            VerificationDone(
                at=NOW + timedelta(minutes=minutes),
                by="x",
                version=request.version,
                environment=request.environment,
                passed=True,
                accounts=PROD,
                accuracy=None,
                promotion=promotion,
            )
            for minutes, promotion in enumerate([None, "p1", None])
        ]
        records: list[Record] = [started("p1"), *passes]
        state = fold(condensed(records))
        assert state == fold(records)
        assert state.unfinished is not None
        assert state.unfinished.passed

    def test_keeps_what_was_lifted_for_a_version_that_came_through(self) -> None:
        first: list[Record] = [started("p2", LIFTED), ended("p2")]
        kept = condensed([*first, started("p1"), ended("p1")])
        assert kept == (*first, started("p1"), ended("p1"))
