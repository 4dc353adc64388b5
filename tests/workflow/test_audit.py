"""`promote audit` holds the promises against the records and the world, and names each breach."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from promote.core import reviews
from promote.core.gates.approval import person
from promote.core.gates.requirements import Requirements
from promote.core.gates.result import GateResult, Moment, Verdict
from promote.core.observation import Json
from promote.core.record import ClaimOpened, PromotionStarted
from promote.core.result import Outcome
from promote.core.status import Finding
from promote.core.topology import Target
from promote.ports import Caller
from promote.workflow.journal import Journal
from tests.builders import NOW, PROMOTER, a_plan, a_request, a_topology, prod, qa, version_arn
from tests.fake_world import FakeWorld
from tests.workflow.promoting import Promoting as _Promoting
from tests.workflow.test_approvals import ALICE, BOB, by


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


class TestApprovalsOnRecord:
    """They are judged once more, from what people said."""

    @pytest.fixture
    def approved(self, fake: FakeWorld) -> Promoting:
        """Give a promoter whose promotion to qa was approved by Bob, as qa asks."""
        fake.topology = a_topology(replace(qa(), gates=Requirements(approval=1)), prod())
        plan = by(fake, ALICE).make()
        by(fake, BOB).approve(plan)
        fake.pass_time(600)
        by(fake, ALICE).apply(plan)
        return Promoting(fake)

    def test_that_are_borne_out_are_counted(self, approved: Promoting) -> None:
        assert of_gates(approved) == ()
        (found,) = [each for each in approved.audit() if "P5" in each.subject]
        assert "1 of approvals, as the reviews say" in found.detail

    def test_that_are_gone_are_a_breach(self, fake: FakeWorld, approved: Promoting) -> None:
        for key in [key for key in fake.objects if "/approvals/" in key]:
            del fake.objects[key]
        (found,) = of_gates(approved)
        assert "was begun as 1 of 1; approved by" in found.detail
        assert "nobody has approved it" in found.detail
        assert "promote history tools --promotion" in found.remedy

    def test_that_were_written_after_the_begin_are_a_breach(
        self, fake: FakeWorld, approved: Promoting
    ) -> None:
        fake.pass_time(600)
        rewrite(fake, at=fake.time)
        late, gone = of_gates(approved)
        assert f"and only {BOB.arn} approved its plan 2026-03-02" in late.detail
        assert "nobody has approved it" in gone.detail

    def test_by_who_asked_count_for_nothing(self, fake: FakeWorld, approved: Promoting) -> None:
        rewrite(fake, by=ALICE)
        (found,) = of_gates(approved)
        assert f"the approval of {person(ALICE.arn)} does not count: asked for it" in found.detail

    def test_turned_into_a_rejection_are_a_breach(
        self, fake: FakeWorld, approved: Promoting
    ) -> None:
        rewrite(fake, approved=False)
        (found,) = of_gates(approved)
        assert f"rejected by {BOB.arn}" in found.detail

    def test_that_nobody_can_read_are_a_breach_of_their_own(
        self, fake: FakeWorld, approved: Promoting
    ) -> None:
        rewrite(fake, digest="0" * 64)
        illegible, gone = sorted(
            of_gates(approved), key=lambda each: "approvals/" not in each.detail
        )
        assert "among the reviews of another" in illegible.detail
        assert "nobody has approved it" in gone.detail

    def test_of_a_plan_that_was_begun_twice_may_have_been_said_twice(
        self, fake: FakeWorld, approved: Promoting
    ) -> None:
        (first,) = [e for e in fake.records() if isinstance(e, PromotionStarted)]
        fake.pass_time(600)
        rewrite(fake, at=fake.time)
        again = replace(first, promotion="p-9", at=fake.time + timedelta(minutes=10))
        Journal(approved.world.store, "tools").append(again)
        assert of_gates(approved) == ()

    def test_that_nobody_asked_for_although_a_reviewer_was_told_so_are_a_breach(
        self, fake: FakeWorld, approved: Promoting
    ) -> None:
        (first,) = [e for e in fake.records() if isinstance(e, PromotionStarted)]
        bare = replace(first, promotion="p-9", at=fake.time, gates=())
        Journal(approved.world.store, "tools").append(bare)
        found = [each.detail for each in of_gates(approved)]
        assert any(UNJUDGED in e for e in found)
        assert any(
            f"without the gate approval, although {BOB.arn} approved its plan" in e for e in found
        )

    def test_that_nobody_asks_for_where_nothing_changes_are_not_missed(
        self, fake: FakeWorld, approved: Promoting
    ) -> None:
        (first,) = [e for e in fake.records() if isinstance(e, PromotionStarted)]
        idle = replace(first.plan, changes=0, steps=())
        begun = replace(first, promotion="p-9", at=fake.time, gates=(), plan=idle)
        Journal(approved.world.store, "tools").append(begun)
        assert of_gates(approved) == ()

    def test_that_nobody_asked_for_because_the_plan_says_that_it_changes_nothing_are_a_breach(
        self, fake: FakeWorld, approved: Promoting
    ) -> None:
        (first,) = [e for e in fake.records() if isinstance(e, PromotionStarted)]
        forged = replace(first.plan, changes=0)
        begun = replace(first, promotion="p-9", at=fake.time, gates=(), plan=forged)
        Journal(approved.world.store, "tools").append(begun)
        assert any(UNJUDGED in each.detail for each in of_gates(approved))


UNJUDGED = "begun without judging approval, which its plan asks for"


def of_gates(promoter: Promoting) -> tuple[Finding, ...]:
    return tuple(each for each in breaches(promoter) if "P5" in each.subject)


def rewrite(fake: FakeWorld, *, by: Caller = BOB, **changes: object) -> None:
    """Let somebody with the bucket at hand change the one review that is there."""
    (key,) = [key for key in fake.objects if "/approvals/" in key]
    content = fake.objects.pop(key).content
    found = reviews.decode(key, content)
    assert found is not None
    changed = replace(found, review=replace(found.review, by=by.arn, **changes))  # type: ignore[arg-type]
    name = reviews.key("tools", found.review.digest, reviews.author(by.arn, by.user_id))
    fake.ports().store.create(name, reviews.encode(changed))
