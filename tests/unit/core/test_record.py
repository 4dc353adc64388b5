"""What the records of the ledger add up to."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial

from promote.core.fold import fold
from promote.core.planfile import digest
from promote.core.record import (
    AccessChanged,
    ClaimClosed,
    ClaimOpened,
    Direction,
    LedgerState,
    PromotionEnded,
    PromotionStarted,
    Record,
    RollbackStarted,
    VerificationDone,
)
from promote.core.result import Outcome, Result
from tests.builders import NOW, PROMOTER, QA, a_plan, a_request, a_switch, version_arn

PLAN = a_plan()
V2 = version_arn("v2")


def started(promotion: str = "p1", **changes: str) -> PromotionStarted:
    plan = a_plan(request=a_request(**changes))
    return PromotionStarted(at=NOW, promotion=promotion, by=PROMOTER, plan=plan)


def turned(promotion: str = "p1") -> RollbackStarted:
    return RollbackStarted(at=NOW, promotion=promotion, reason="it failed", switched=(QA,))


def ended(promotion: str = "p1") -> PromotionEnded:
    result = Result(
        result=Outcome.PROMOTED, promotion=promotion, environment="prod", version=V2, previous=None
    )
    return PromotionEnded(at=NOW, promotion=promotion, digest=digest(PLAN), result=result)


def claimed(version: str = "v2", promotion: str = "p1") -> ClaimOpened:
    return ClaimOpened(at=NOW, promotion=promotion, version=version_arn(version))


def closed(version: str = "v2") -> ClaimClosed:
    return ClaimClosed(at=NOW, promotion="p2", version=version_arn(version))


def verified(
    *,
    passed: bool,
    minutes: int = 0,
    promotion: str | None = None,
    environment: str = "qa",
    accounts: tuple[str, ...] = (QA,),
) -> VerificationDone:
    return VerificationDone(
        at=NOW + timedelta(minutes=minutes),
        by=PROMOTER,
        version=V2,
        environment=environment,
        passed=passed,
        accounts=accounts,
        accuracy=None,
        promotion=promotion,
    )


def state(*records: Record) -> LedgerState:
    return fold(records)


class TestFold:
    def test_of_nothing_knows_nothing(self) -> None:
        assert state() == LedgerState()

    def test_keeps_a_promotion_unfinished_until_it_ends(self) -> None:
        found = state(started()).unfinished

        assert found is not None
        assert (found.promotion, found.plan, found.by) == ("p1", PLAN, PROMOTER)
        assert found.direction is Direction.FORWARD
        assert state(started(), ended()).unfinished is None

    def test_remembers_how_each_plan_ended_by_its_digest(self) -> None:
        assert state(started(), ended()).ended == {digest(PLAN): ended()}

    def test_turns_a_promotion_back_for_good(self) -> None:
        found = state(started(), turned(), claimed(), closed()).unfinished

        assert found is not None
        assert found.direction is Direction.ROLLING_BACK
        assert found.turned == turned()

    def test_turns_no_other_promotion_back(self) -> None:
        found = state(started("p2"), turned("p1")).unfinished

        assert found is not None
        assert found.direction is Direction.FORWARD
        assert state(turned()).unfinished is None

    def test_starts_the_next_promotion_forward(self) -> None:
        found = state(started(), turned(), ended(), started("p2")).unfinished

        assert found is not None
        assert (found.promotion, found.direction) == ("p2", Direction.FORWARD)

    def test_knows_that_a_promotion_has_passed_by_its_own_verification_alone(self) -> None:
        begun = started()
        there = partial(
            verified, environment="prod", accounts=tuple(t.account for t in begun.plan.targets)
        )
        own = there(passed=True, promotion="p1")
        others = (
            there(passed=True),
            there(passed=False, promotion="p1"),
            there(passed=True, promotion="p2"),
            verified(passed=True, promotion="p1"),
        )
        retires = replace(begun, plan=replace(begun.plan, steps=()))
        switches = replace(begun, plan=replace(begun.plan, steps=(a_switch(),)))
        cases = (((own,), True), (others, False), ((own, switches), False), ((own, retires), True))
        for records, passed in cases:
            found = state(begun, *records).unfinished
            assert found is not None
            assert found.passed is passed

    def test_keeps_a_claim_until_it_is_closed_by_whichever_promotion(self) -> None:
        assert state(claimed("v1"), claimed()).claims == {version_arn("v1"): "p1", V2: "p1"}
        assert state(claimed("v1"), claimed(), closed()).claims == {version_arn("v1"): "p1"}

    def test_closes_a_claim_that_was_never_opened_without_a_word(self) -> None:
        assert state(closed()).claims == {}

    def test_keeps_the_last_verification_of_a_version_in_an_environment(self) -> None:
        found = state(verified(passed=False), verified(passed=True, minutes=1))

        last = found.verification(V2, "qa")
        assert last is not None
        assert last.passed
        assert found.verification(V2, "prod") is None
        assert found.verification(version_arn("v1"), "qa") is None

    def test_adds_nothing_up_from_a_single_change_of_access(self) -> None:
        change = AccessChanged(at=NOW, by=PROMOTER, environment="qa", version=V2, granted=True)

        assert state(change) == LedgerState()

    def test_never_changes_a_state_that_it_gave_before(self) -> None:
        first = state(claimed())
        fold([claimed(), closed(), ended()])

        assert first.claims == {V2: "p1"}
