"""`promote audit` holds the promises against the records and the world, and names each breach."""

from __future__ import annotations

from datetime import timedelta

import pytest

from promote.core.gates.result import GateResult, Moment, Verdict
from promote.core.observation import Json
from promote.core.record import ClaimOpened, PromotionStarted
from promote.core.result import Outcome
from promote.core.status import Finding
from promote.core.topology import Target
from promote.workflow.journal import Journal
from tests.builders import NOW, PROMOTER, a_plan, a_request, version_arn
from tests.fake_world import FakeWorld
from tests.workflow.promoting import Promoting as _Promoting


class Promoting(_Promoting):
    """Compares no trust policies, for nothing renders them here."""

    def _trusts(self) -> dict[str, Json]:
        return {}


V1, V2 = version_arn("v1"), version_arn("v2")


@pytest.fixture
def promoter(fake: FakeWorld) -> Promoting:
    """Give a promoter who has brought v2 to qa and prod."""
    found = Promoting(fake)
    for place in ("qa", "prod"):
        assert found.release(to=place).result is Outcome.PROMOTED
    return found


def breaches(promoter: Promoting) -> tuple[Finding, ...]:
    return tuple(each for each in promoter.audit("tools") if not each.ok)


class TestAWorldWithoutABreach:
    def test_says_what_was_checked(self, promoter: Promoting) -> None:
        promoter.release("v1", to="qa")
        promoter.rollback("v1", of="prod")
        found = promoter.audit()
        assert [each for each in found if not each.ok] == []
        subjects = " ".join(each.subject for each in found)
        for promise in ("records", "P1", "P2", "P3", "P5", "P6", "P7"):
            assert promise in subjects

    def test_may_have_been_rolled_back(self, promoter: Promoting) -> None:
        promoter.rollback(of="prod")
        promoter.release("v1", to="qa")
        assert breaches(promoter) == ()


class TestABreach:
    def test_is_a_pointer_that_was_set_by_hand_and_back(
        self, fake: FakeWorld, promoter: Promoting, qa_target: Target
    ) -> None:
        fake.breaches.clear()
        fake.pass_time(3600)
        fake.point(qa_target, V1)
        fake.pass_time(5)
        fake.point(qa_target, V2)
        fake.pass_time(7200)
        fake.breaches.clear()
        (found, *_) = [e for e in breaches(promoter) if "P1 pointers" in e.subject]
        assert "set to v1" in found.detail
        assert "no promotion on record" in found.detail

    def test_is_a_pointer_that_names_another_version_now(
        self, fake: FakeWorld, promoter: Promoting, qa_target: Target
    ) -> None:
        fake.pass_time(3600)
        fake.point(qa_target, V1)
        found = breaches(promoter)
        fake.breaches.clear()
        assert any("set by hand" in each.detail and each.remedy for each in found)

    def test_is_a_claim_of_what_somebody_else_stopped(self, promoter: Promoting) -> None:
        claim = ClaimOpened(at=NOW, promotion="p-9", version=V1)
        Journal(promoter.world.store, "tools").append(claim)
        assert any("somebody else stopped it" in each.detail for each in breaches(promoter))

    def test_is_a_promotion_that_nobody_finishes(self, promoter: Promoting) -> None:
        gate = GateResult(
            gate="approval",
            moment=Moment.MOMENT,
            verdict=Verdict.FAIL,
            measured="0 of 1",
            required="1",
        )
        plan = a_plan(request=a_request(version=V1, environment="qa"))
        begun = PromotionStarted(
            at=NOW + timedelta(hours=1), promotion="p-9", by=PROMOTER, plan=plan, gates=(gate,)
        )
        Journal(promoter.world.store, "tools").append(begun)
        found = breaches(promoter)
        assert any("promote resume tools --environment qa" in each.remedy for each in found)
        assert any("gate approval said fail" in each.detail for each in found)

    def test_is_a_changed_record_and_then_nothing_else_is_said(self, promoter: Promoting) -> None:
        store = promoter.world.store
        key = store.keys("tools/records/")[0]
        there = store.read(key)
        assert there is not None
        store.replace(key, there.content.replace(b"alice", b"mallo"), there.tag)
        (found,) = breaches(promoter)
        assert key in found.detail
        assert "--verify" in found.remedy
