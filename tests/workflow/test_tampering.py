"""One byte changed, anywhere that counts: what notices it, and what it says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from promote.core.codec import to_json
from promote.core.condense import RULE
from promote.core.gates.requirements import Requirements
from promote.core.plan import Plan
from promote.core.planfile import decode, digest, encode
from promote.core.record import PromotionStarted, RollbackStarted
from promote.core.result import Outcome
from promote.errors import NeedsAttentionError, PlanFileError, PromoteError, RefusedError
from promote.workflow.links import link_of
from tests.builders import QA, a_topology, prod, qa
from tests.fake_ports import Stored
from tests.fake_signer import KEY, public_pem
from tests.fake_world import CrashError, FakeWorld
from tests.workflow.promoting import Promoting
from tests.workflow.test_approvals import ALICE, BOB, by

CHECKPOINT = "tools/checkpoint.json"
SEALED = '"kind":"sealed"'


def a_world() -> FakeWorld:
    """Build one whose ends are signed, whose qa asks for an approval; v2 went through there."""
    asks = replace(qa(), gates=Requirements(approval=1))
    fake = FakeWorld(replace(a_topology(asks, prod()), signing_key=KEY))
    plan = by(fake, ALICE).make()
    by(fake, BOB).approve(plan)
    by(fake, ALICE).apply(plan)
    return fake


@pytest.fixture
def done() -> FakeWorld:
    return a_world()


@pytest.fixture
def under_way() -> FakeWorld:
    """Give the same world in which a promotion to prod was killed right before its switch."""
    fake = a_world()
    fake.crash("pointer.write")
    with pytest.raises(CrashError):
        by(fake, ALICE).release(to="prod")
    fake.revive(seconds=300)
    return fake


def records(fake: FakeWorld) -> list[str]:
    return sorted(key for key in fake.objects if "/records/" in key)


def flip(fake: FakeWorld, key: str, what: bytes) -> None:
    """Change the last byte of some text in an object."""
    content = fake.objects[key].content
    place = content.index(what) + len(what) - 1
    changed = bytearray(content)
    changed[place] ^= 1
    fake.objects[key] = Stored(content=bytes(changed), tag="changed")


def verify(fake: FakeWorld) -> tuple[str, str]:
    """Return which object the check of the records names, and what it found; nothing if whole."""
    found = Promoting(fake).verify_history("tools", [public_pem()]).broken
    return ("", "") if found is None else (found.record, found.found)


class TestARecord:
    """The check names each; who applies meets those that the state is read from."""

    def test_of_long_ago_is_named_by_the_check(self, done: FakeWorld) -> None:
        assert verify(done) == ("", "")
        flip(done, records(done)[0], b"v2")
        assert verify(done)[0] == records(done)[0]

    def test_that_was_the_last_when_a_promotion_ended_stops_everything(
        self, done: FakeWorld
    ) -> None:
        end = records(done)[-2]
        flip(done, end, b"promoted")
        assert verify(done)[0] == end
        with pytest.raises(NeedsAttentionError) as raised:
            by(done, ALICE).release(to="prod")
        assert CHECKPOINT in raised.value.detail or end in raised.value.detail
        assert "backup" in raised.value.remedy

    @pytest.mark.parametrize("number", [-1, -2, -3])
    def test_of_what_is_unfinished_stops_everything(
        self, under_way: FakeWorld, number: int
    ) -> None:
        key = records(under_way)[number]
        flip(under_way, key, b'"at":"2026')
        assert verify(under_way)[0] == key
        for use in (by(under_way, ALICE).resume, by(under_way, ALICE).abort):
            with pytest.raises(NeedsAttentionError) as raised:
                use("tools")
            assert key in raised.value.detail
            assert "backup" in raised.value.remedy

    def test_of_another_history_does_not_follow(self, done: FakeWorld) -> None:
        """It has its number and its own digest; what it names before it is not there."""
        other = a_world()
        first, second, *_ = records(done)
        other.objects[first] = done.objects[first]
        assert verify(other)[0] == second

    def test_of_another_number_is_named(self, done: FakeWorld) -> None:
        first, second, *_ = records(done)
        done.objects = {first: done.objects[first], second: done.objects[first]}
        record, found = verify(done)
        assert (record, found) == (second, "an entry of number 1")

    def test_that_is_the_newest_is_held_against_its_own_digest(self, done: FakeWorld) -> None:
        key = records(done)[-1]
        flip(done, key, b'"at":"2026')
        assert verify(done)[0] == key
        with pytest.raises(NeedsAttentionError, match="not what its own digest says") as raised:
            link_of(key, done.objects[key].content)
        assert key in raised.value.detail


class TestASignature:
    def test_is_a_record_like_any_other(self, done: FakeWorld) -> None:
        key = records(done)[-1]
        assert SEALED.encode() in done.objects[key].content
        flip(done, key, b'"signature":"M')
        assert verify(done)[0] == key
        with pytest.raises(NeedsAttentionError, match="own digest") as raised:
            by(done, ALICE).release(to="prod")
        assert key in raised.value.detail


class TestTheCheckpoint:
    @pytest.mark.parametrize(
        "what", [f'"rule":{RULE}'.encode(), b'"own', b'"own":"', b"v2", b'"number":', b"qa"]
    )
    def test_is_named_by_the_check_and_believed_by_nobody(
        self, done: FakeWorld, what: bytes
    ) -> None:
        whole = done.ledger()
        flip(done, CHECKPOINT, what)
        assert verify(done)[0] == CHECKPOINT
        promoter = by(done, ALICE)
        assert to_json(done.ledger().settled) == to_json(whole.settled)
        assert promoter.release(to="prod").result is Outcome.PROMOTED
        said = " ".join(str(event) for event in promoter.events)
        assert f"{CHECKPOINT} is not as it was written" in said
        assert verify(done) == ("", "")


class TestAReview:
    @pytest.mark.parametrize("what", [b'"at":"2', b'"people":1', b"user/team/bob", b'"reason":n'])
    def test_counts_for_nothing_and_is_named(self, what: bytes) -> None:
        fake = FakeWorld(a_topology(replace(qa(), gates=Requirements(approval=1)), prod()))
        plan = by(fake, ALICE).make()
        by(fake, BOB).approve(plan)
        (key,) = [key for key in fake.objects if "/approvals/" in key]
        flip(fake, key, what)
        promoter = by(fake, ALICE)
        with pytest.raises(PromoteError) as raised:
            promoter.apply(plan)
        said = " ".join(str(event) for event in promoter.events) + raised.value.detail
        assert "/approvals/" in said or "nobody has approved it" in said
        assert "promote approve plan.json" in raised.value.remedy
        assert not fake.records()

    def test_is_of_the_plan_that_it_lies_with(self) -> None:
        fake = FakeWorld(a_topology(replace(qa(), gates=Requirements(approval=1)), prod()))
        approved = by(fake, ALICE).plan("tools", "v2", to="qa", reason="approved")
        other = by(fake, ALICE).plan("tools", "v2", to="qa", reason="another")
        by(fake, BOB).approve(approved)
        (key,) = [key for key in fake.objects if "/approvals/" in key]
        moved = key.replace(digest(approved), digest(other))
        fake.objects[moved] = fake.objects.pop(key)
        with pytest.raises(NeedsAttentionError, match="reviews of another") as raised:
            by(fake, ALICE).apply(other)
        assert moved in raised.value.detail


class TestThePlan:
    def test_is_refused_whatever_was_changed_under_its_digest(self, done: FakeWorld) -> None:
        content = encode(by(done, ALICE).make(to="prod"))
        for what in (b'"version":"', b'"revision":', b'"undo":', b"prod", b'"seconds":'):
            place = content.index(what) + len(what)
            changed = content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
            with pytest.raises(PlanFileError) as raised:
                decode(changed)
            assert raised.value.remedy

    def test_of_another_digest_was_approved_by_nobody(self, fake: FakeWorld) -> None:
        fake.topology = a_topology(replace(qa(), gates=Requirements(approval=1)), prod())
        plan = by(fake, ALICE).make()
        by(fake, BOB).approve(plan)
        forged = replace(plan, request=replace(plan.request, reason="another"))
        with pytest.raises(RefusedError, match="nobody has approved it"):
            by(fake, ALICE).apply(forged)


class TestTheNewestRecords:
    """A run that ends and leaves something unfinished pins them; one that is killed cannot."""

    def stopped(self, fake: FakeWorld) -> Plan:
        """Let a promotion to qa end with everything switched but nothing put back."""
        plan = by(fake, ALICE).make(to="qa")
        fake.blind.add(QA)
        fake.fail("pointer.write", RefusedError("No"), nth=2)
        with pytest.raises(PromoteError):
            by(fake, ALICE).apply(plan)
        assert fake.ledger().open
        return plan

    @pytest.mark.parametrize("how", ["resume", "abort"])
    def test_are_missed_where_they_were_removed(self, fake: FakeWorld, how: str) -> None:
        self.stopped(fake)
        last = records(fake)[-1]
        del fake.objects[last]
        use: Callable[[str], object] = getattr(by(fake, ALICE), how)
        with pytest.raises(NeedsAttentionError) as raised:
            use("tools")
        assert CHECKPOINT in raised.value.detail
        assert verify(fake)[0] == CHECKPOINT

    def test_are_the_ones_that_say_which_way_it_goes(self, fake: FakeWorld) -> None:
        plan = self.stopped(fake)
        kinds = [type(each) for each in fake.records()]
        assert kinds.index(PromotionStarted) < kinds.index(RollbackStarted)
        fake.blind.clear()
        with pytest.raises(PromoteError, match="put back"):
            by(fake, ALICE).apply(plan)
        assert not fake.ledger().open

    def test_cost_nothing_where_a_promotion_ends_well(self, fake: FakeWorld) -> None:
        Promoting(fake).release()
        pins = [call for call in fake.calls if call.resource == CHECKPOINT and call.writes]
        assert len(pins) == 1
