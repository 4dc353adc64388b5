"""Versions that a rollback left, and promotions that are open beside each other."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from promote.core.coverage import drained_everywhere, holders, kept_versions
from promote.core.fold import fold
from promote.core.gates import Evidence, GateResult, Verdict, judge
from promote.core.held import VersionHeld
from promote.core.planfile import digest
from promote.core.record import (
    LedgerState,
    PromotionEnded,
    PromotionStarted,
    Record,
    RollbackStarted,
    TargetFailed,
)
from promote.core.result import Outcome, Result
from promote.core.status import summarise
from promote.core.topology import Environment, Target
from tests.builders import (
    NOW,
    PROD,
    PROMOTER,
    a_plan,
    a_pointer,
    a_request,
    a_topology,
    an_observation,
    prod,
    qa,
    version_arn,
)

V1, V2 = version_arn("v1"), version_arn("v2")
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def started(promotion: str, environment: str = "prod", version: str = V2) -> PromotionStarted:
    request = a_request(environment=environment, version=version)
    return PromotionStarted(at=NOW, promotion=promotion, by=PROMOTER, plan=a_plan(request=request))


def ended(
    promotion: str,
    result: Outcome = Outcome.PROMOTED,
    *,
    version: str = V1,
    rollback: bool = False,
    environment: str = "prod",
) -> PromotionEnded:
    end = Result(
        result=result,
        promotion=promotion,
        environment=environment,
        version=version,
        previous=None,
        rollback=rollback,
    )
    return PromotionEnded(at=NOW, promotion=promotion, digest=digest(a_plan()), result=end)


def held(version: str = V2, promotion: str = "back", at: datetime = NOW) -> VersionHeld:
    return VersionHeld(
        at=at,
        by=PROMOTER,
        promotion=promotion,
        version=version,
        environment="prod",
        reason="wrong answers",
    )


class TestWhatIsOpen:
    def test_may_be_several_and_the_last_one_begun_is_the_unfinished_one(self) -> None:
        found = fold([started("p-1"), started("p-2", "qa")])
        assert [each.promotion for each in found.open] == ["p-1", "p-2"]
        assert found.unfinished == found.opened("p-2") == found.open_in("qa")
        assert found.open_in("prod") == found.opened("p-1")

    def test_ends_by_its_id_and_not_by_its_place(self) -> None:
        found = fold([started("p-1"), started("p-2", "qa"), ended("p-1")])
        assert [each.promotion for each in found.open] == ["p-2"]
        assert fold([started("p-1"), ended("p-9")]).open == fold([started("p-1")]).open

    def test_turns_and_fails_by_its_id(self) -> None:
        back = RollbackStarted(at=NOW, promotion="p-1", reason="no", switched=())
        bad = TargetFailed(at=NOW, promotion="p-1", account=PROD[0], reason="no")
        first, second = fold([started("p-1"), started("p-2", "qa"), back, bad]).open
        assert (first.turned, first.failed) == (back, (bad,))
        assert (second.turned, second.failed) == (None, ())

    def test_keeps_its_place_when_it_is_planned_anew(self) -> None:
        found = fold([started("p-1"), started("p-2", "qa"), started("p-1", version=V1)])
        assert [each.promotion for each in found.open] == ["p-1", "p-2"]
        assert found.open[0].plan.request.version == V1


class TestWhatIsHeld:
    def test_stays_so_when_the_rollback_ends(self) -> None:
        assert fold([held(), ended("back", rollback=True)]).held == {(V2, "prod"): held()}

    def test_is_free_once_it_was_promoted_there(self) -> None:
        assert not fold([held(), ended("p-9", version=V2)]).held
        assert fold([held(), ended("p-9", version=V2, environment="qa")]).held

    @pytest.mark.parametrize("end", [Outcome.ROLLED_BACK, Outcome.FAILED])
    def test_was_not_after_all_when_the_rollback_is_put_back(self, end: Outcome) -> None:
        assert not fold([held(), ended("back", end, rollback=True)]).held
        assert fold([held(), ended("other", end)]).held

    def test_may_change_places_with_what_is_gone_back_to(self) -> None:
        records: list[Record] = [held(), ended("back", rollback=True), held(V1, "again")]
        found = fold([*records, ended("again", version=V2, rollback=True)])
        assert found.held.keys() == {(V1, "prod")}


class TestWhatWasPutBack:
    def test_is_a_version_whose_promotion_was_and_no_rollback(self) -> None:
        assert fold([ended("p", Outcome.ROLLED_BACK)]).put_back == {(V1, "prod")}
        assert not fold([ended("p", Outcome.ROLLED_BACK, rollback=True)]).put_back
        assert not fold([ended("p", Outcome.FAILED)]).put_back

    def test_is_so_no_more_once_it_went_through(self) -> None:
        assert not fold([ended("p", Outcome.ROLLED_BACK), ended("p-2")]).put_back


def judged(
    version: str, environment: Environment, reason: str | None = None
) -> tuple[GateResult, ...]:
    ledger = fold([held()])
    return judge(environment, Evidence(at=NOW, version=version, ledger=ledger, reason=reason))


class TestTheGate:
    def test_is_not_there_for_what_is_not_held(self) -> None:
        assert judged(V1, qa()) == ()
        assert judged(V2, qa()) == ()

    @pytest.mark.parametrize(
        ("reason", "verdict"), [(None, Verdict.FAIL), (" ", Verdict.FAIL), ("ok", Verdict.PASS)]
    )
    def test_wants_a_reason(self, reason: str | None, verdict: Verdict) -> None:
        (gate,) = judged(V2, prod(after=()), reason)
        assert (gate.gate, gate.verdict) == ("held", verdict)
        assert gate.measured == (
            f"rolled back from in prod at 2026-03-02T14:00:00+00:00 by {PROMOTER}: wrong answers"
        )

    def test_stands_before_every_environment_that_comes_after(self) -> None:
        (gate,) = judged(V2, qa(after=("prod",)))[1:]
        assert gate.verdict is Verdict.FAIL


class TestKeepWarm:
    """An hour ago prod went back from v2 to v1; before that, v1 had replaced v0."""

    TOPOLOGY = a_topology(qa(), prod(keep_warm=DAY))
    BACK = a_pointer("v0", "v1", "v2", "v1", apart=timedelta(minutes=1))

    def kept(self, ledger: LedgerState) -> set[str]:
        seen = an_observation(self.TOPOLOGY, pointers=dict.fromkeys(PROD, self.BACK), ledger=ledger)
        target = self._target()
        return set(kept_versions(target, self.TOPOLOGY.environment("prod"), seen))

    def _target(self) -> Target:
        return next(t for t in self.TOPOLOGY.all_targets("tools") if t.account == PROD[0])

    def test_keeps_nothing_once_what_was_left_is_held(self) -> None:
        assert self.kept(LedgerState()) == {V1, V2, version_arn("v0")}
        assert self.kept(fold([held()])) == {V1}

    def test_says_so_wherever_the_time_is_told(self) -> None:
        pointers = dict.fromkeys(PROD, self.BACK)
        seen = an_observation(self.TOPOLOGY, pointers=pointers, ledger=fold([held()]))
        assert drained_everywhere(V2, self.TOPOLOGY, seen) < NOW
        assert holders(V2, self.TOPOLOGY, seen, granted=False) == ()

    def test_begins_anew_with_the_next_release(self) -> None:
        pointer = a_pointer("v1", "v2", "v1", "v3", apart=timedelta(minutes=1))
        seen = an_observation(
            self.TOPOLOGY, pointers=dict.fromkeys(PROD, pointer), ledger=fold([held()])
        )
        kept = kept_versions(self._target(), self.TOPOLOGY.environment("prod"), seen)
        assert V1 in kept


class TestAnOpenPromotion:
    def test_holds_its_version_in_every_other_environment(self) -> None:
        seen = an_observation(a_topology(), ledger=fold([started("p-1")]))
        (said,) = holders(V2, a_topology(), seen)
        assert said == "the unfinished promotion p-1 brings it to prod"
        assert not holders(V2, a_topology(), seen, besides="prod")
        assert not holders(V2, a_topology(), seen, promotion="p-1")
        assert "p-1 may take prod back to it" in holders(V1, a_topology(), seen)[0]
        assert not [
            each for each in holders(V1, a_topology(), seen, promotion="p-1") if "p-1" in each
        ]

    def test_is_shown_beside_the_others_with_what_is_held(self) -> None:
        ledger = fold([held(), started("p-1"), started("p-2", "qa", V1)])
        status = summarise(a_topology(), an_observation(ledger=ledger))
        assert [(each.promotion, each.environment) for each in status.open] == [
            ("p-1", "prod"),
            ("p-2", "qa"),
        ]
        assert status.unfinished == status.open[-1]
        qa_status, prod_status = status.environments
        assert qa_status.held == ()
        assert [each.version for each in prod_status.held] == [V2]
