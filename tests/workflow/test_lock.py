from __future__ import annotations

import json
import socket
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest

from promote.core.codec import canonical, to_json
from promote.core.events import PromotionBegun
from promote.core.record import PromotionStarted
from promote.core.result import Outcome
from promote.core.status import LockHolder
from promote.core.topology import LEASE, Target
from promote.errors import (
    LockedError,
    NeedsAttentionError,
    NotFoundError,
    StalePlanError,
    TryAgainError,
    UnfinishedError,
)
from promote.ports import Clock, Stored
from promote.workflow.lease import MARGIN, acquire, lock_holder
from promote.workflow.machine import this_machine
from tests.builders import NOW, a_topology, a_trained_version, prod, qa, version_arn
from tests.fake_world import CrashError, FakeWorld
from tests.workflow.promoting import Promoting
from tests.workflow.test_promotion import V1, V2

KEY = "tools/lock.json"
DEAD = 2**22 + 1
"""Above the largest process id of Linux."""


@dataclass(frozen=True)
class Ahead:
    """A clock that is ahead of another."""

    clock: Clock
    by: timedelta

    def now(self) -> datetime:
        return self.clock.now() + self.by

    def monotonic(self) -> float:
        return self.clock.monotonic()

    def sleep(self, seconds: float) -> None:
        self.clock.sleep(seconds)


def writes(fake: FakeWorld) -> list[str]:
    return [each for each in fake.operations(writes=True) if not each.startswith("store")]


def held(fake: FakeWorld, **changes: object) -> LockHolder:
    """Let somebody on another machine hold the lock."""
    holder = LockHolder(
        owner="arn:aws:iam::1:role/bob",
        host="elsewhere",
        pid=4711,
        operation="release v9 to prod",
        since=NOW,
        expires=fake.time + LEASE,
        fence=7,
    )
    holder = replace(holder, **changes)  # type: ignore[arg-type]
    fake.ports().store.create(KEY, canonical(to_json(holder)))
    fake.calls.clear()
    return holder


class TestTheLock:
    def test_of_somebody_else_is_respected(self, fake: FakeWorld) -> None:
        held(fake)
        with pytest.raises(LockedError) as caught:
            Promoting(fake).release()
        for part in ("bob", "release v9 to prod", "4711", "elsewhere", "14:02:00"):
            assert part in caught.value.detail
        assert not fake.operations(writes=True)

    def test_is_not_taken_over_before_the_margin_has_passed(self, fake: FakeWorld) -> None:
        held(fake)
        fake.pass_time((LEASE + MARGIN).total_seconds() - 1)
        with pytest.raises(LockedError):
            Promoting(fake).release()

    def test_is_taken_over_once_it_has_expired(self, fake: FakeWorld) -> None:
        held(fake)
        fake.pass_time((LEASE + MARGIN).total_seconds() + 1)
        assert Promoting(fake).release().result is Outcome.PROMOTED

    @pytest.mark.skipif(
        not this_machine(), reason="needs a system that tells its process ids apart"
    )
    def test_of_a_dead_process_of_this_machine_is_taken_over_at_once(self, fake: FakeWorld) -> None:
        world = fake.ports()
        mine = acquire(world.store, world.clock, model="tools", owner="me", operation="x").holder
        del fake.objects[KEY]
        held(fake, machine=mine.machine, pid=DEAD)
        assert Promoting(fake).release().result is Outcome.PROMOTED

    @pytest.mark.parametrize("machine", ["", "boot-of-another/pid:[4026532501]"])
    def test_of_a_process_that_cannot_be_seen_from_here_is_respected(
        self, fake: FakeWorld, machine: str
    ) -> None:
        # Two containers may share a host name and have every process id but one.
        held(fake, host=socket.gethostname(), machine=machine, pid=DEAD)
        with pytest.raises(LockedError):
            Promoting(fake).release()

    def test_written_by_a_newer_version_of_promote_is_respected(self, fake: FakeWorld) -> None:
        newer = {**json.loads(canonical(to_json(held(fake)))), "reason": "of tomorrow"}
        content = canonical(newer)
        fake.objects[KEY] = Stored(content=content, tag="newer")
        with pytest.raises(LockedError, match="Another promotion is running") as caught:
            Promoting(fake).release()
        assert "bob" in caught.value.detail
        fake.pass_time((LEASE + MARGIN).total_seconds() + 1)
        assert Promoting(fake).release().result is Outcome.PROMOTED

    @pytest.mark.parametrize("content", [b"{}", b'{"fence":"seven"}', b"[]"])
    def test_that_says_something_else_than_we_can_read_is_nobodys_to_take(
        self, fake: FakeWorld, content: bytes
    ) -> None:
        fake.objects[KEY] = Stored(content=content, tag="tag")
        with pytest.raises(NeedsAttentionError, match="cannot be read") as caught:
            Promoting(fake).release()
        assert "lock.json" in caught.value.detail
        assert not fake.operations(writes=True)

    def test_counts_its_holders(self, fake: FakeWorld) -> None:
        held(fake, expires=NOW - timedelta(hours=1))
        world = fake.ports()
        lease = acquire(world.store, world.clock, model="tools", owner="me", operation="x")
        assert lease.holder.fence == 8

    def test_that_is_half_written_belongs_to_nobody(self, fake: FakeWorld) -> None:
        fake.ports().store.create(KEY, b'{"owner"')
        assert Promoting(fake).release().result is Outcome.PROMOTED

    def test_is_won_by_one_of_two_that_come_at_once(self, fake: FakeWorld) -> None:
        fake.at("store.create", lambda: held(fake))
        with pytest.raises(LockedError):
            Promoting(fake).release()
        holder = lock_holder(fake.ports().store, "tools")
        assert holder is not None
        assert holder.fence == 7

    def test_is_renewed_through_a_long_drain(self, in_qa: FakeWorld) -> None:
        Promoting(in_qa).release(to="prod")
        assert in_qa.operations().count("store.replace") >= 5

    def test_is_given_back_whatever_happens(self, fake: FakeWorld) -> None:
        fake.poor.add(V2)
        with pytest.raises(Exception, match="smoke test failed"):
            Promoting(fake).release()
        assert KEY not in fake.objects

    def test_that_cannot_be_given_back_changes_no_result(self, fake: FakeWorld) -> None:
        fake.fail("store.delete", TryAgainError("No answer"))
        assert Promoting(fake).release().result is Outcome.PROMOTED

    def test_of_another_is_not_given_back(self, fake: FakeWorld) -> None:
        world = fake.ports()
        lease = acquire(world.store, world.clock, model="tools", owner="me", operation="x")
        del fake.objects[KEY]
        held(fake)
        lease.release()
        assert KEY in fake.objects


class TestALostLease:
    @pytest.mark.parametrize("operation", ["iam.policy", "pointer.current"])
    def test_stops_a_process_that_was_frozen_before_its_next_write(
        self, fake: FakeWorld, operation: str
    ) -> None:
        fake.at(operation, lambda: fake.pass_time(80))  # longer than a lease less its margin
        with pytest.raises(LockedError, match="lock was lost"):
            Promoting(fake).release()
        last = [each for each in fake.operations(writes=True) if not each.startswith("store")][-1]
        assert last == {"iam.policy": "model.start", "pointer.current": "iam.put"}[operation]

    def test_is_noticed_when_somebody_took_it_over(self, fake: FakeWorld) -> None:
        def steal() -> None:
            del fake.objects[KEY]
            held(fake)
            fake.pass_time(25)

        fake.at("iam.policy", steal)
        with pytest.raises(LockedError, match="taken it over"):
            Promoting(fake).release()
        assert "iam.put" not in fake.operations()
        assert KEY in fake.objects

    @pytest.mark.parametrize("before", ["iam.policy", "pointer.current"])
    def test_is_noticed_before_the_next_write_whatever_the_clocks_say(
        self, fake: FakeWorld, before: str
    ) -> None:
        # The taker's clock is three minutes ahead, or ours stood still while the machine slept.
        so_far: list[list[str]] = []

        def take(owner: str) -> None:
            world = fake.ports()
            ahead = Ahead(world.clock, timedelta(minutes=3) * len(so_far or [1]))
            acquire(world.store, ahead, model="tools", owner=owner, operation="release v3")

        def rivals() -> None:
            take("second")
            so_far.append(writes(fake))
            so_far.append(writes(fake))
            take("third")

        fake.at(before, rivals)
        with pytest.raises(LockedError) as caught:
            Promoting(fake).release()
        assert writes(fake) == so_far[0]
        assert "third" in caught.value.detail
        holder = lock_holder(fake.ports().store, "tools")
        assert holder is not None
        assert (holder.owner, holder.fence) == ("third", 3)

    def test_turns_nothing_back_and_the_same_command_goes_on(self, fake: FakeWorld) -> None:
        fake.at("iam.policy", lambda: fake.pass_time(80))
        with pytest.raises(LockedError):
            Promoting(fake).release()
        unfinished = fake.ledger().unfinished
        assert unfinished is not None
        assert unfinished.turned is None
        assert Promoting(fake).release().promotion == unfinished.promotion


class TestAnUnfinishedPromotion:
    def killed(self, fake: FakeWorld, operation: str = "pointer.write") -> str:
        fake.crash(operation)
        with pytest.raises(CrashError):
            Promoting(fake).release()
        fake.revive(seconds=200)
        unfinished = fake.ledger().unfinished
        assert unfinished is not None
        return unfinished.promotion

    def test_of_another_version_is_in_the_way(self, fake: FakeWorld) -> None:
        promotion = self.killed(fake)
        arn = version_arn("v3")
        fake.versions[arn] = a_trained_version("v3")
        with pytest.raises(UnfinishedError) as caught:
            Promoting(fake).release("v3")
        assert promotion in caught.value.detail
        assert "promote abort tools" in caught.value.remedy

    def test_to_another_environment_is_in_the_way(self, fake: FakeWorld) -> None:
        self.killed(fake)
        with pytest.raises(UnfinishedError):
            Promoting(fake).release("v1", to="prod")

    def test_found_only_under_the_lock_is_in_the_way_as_well(self, in_qa: FakeWorld) -> None:
        plan = Promoting(in_qa).make("v2", to="prod")
        in_qa.crash("iam.put")
        with pytest.raises(CrashError):
            Promoting(in_qa).release("v1", to="qa")
        in_qa.revive(seconds=200)
        with pytest.raises(UnfinishedError):
            Promoting(in_qa).apply(plan)

    @pytest.mark.parametrize("operation", ["model.start", "iam.put", "pointer.write"])
    def test_of_the_same_version_goes_on_under_its_id(
        self, fake: FakeWorld, operation: str
    ) -> None:
        promotion = self.killed(fake, operation)
        promoter = Promoting(fake)
        assert promoter.release().promotion == promotion
        begun = [each for each in promoter.events if isinstance(each, PromotionBegun)]
        assert [each.resumed for each in begun] == [True]
        started = [each for each in fake.records() if isinstance(each, PromotionStarted)]
        assert len(started) == 1

    def test_is_finished_by_its_saved_plan_applied_again(self, fake: FakeWorld) -> None:
        plan = Promoting(fake).make()
        fake.crash("pointer.write", after=True)
        with pytest.raises(CrashError):
            Promoting(fake).apply(plan)
        fake.revive(seconds=200)
        assert Promoting(fake).apply(plan).result is Outcome.PROMOTED

    def test_is_not_finished_after_somebody_went_back_by_hand(
        self, fake: FakeWorld, qa_target: Target
    ) -> None:
        plan = Promoting(fake).make()
        fake.crash("pointer.write", after=True)
        with pytest.raises(CrashError):
            Promoting(fake).apply(plan)
        fake.revive(seconds=200)
        fake.point(qa_target, V1)
        with pytest.raises(StalePlanError) as caught:
            Promoting(fake).apply(plan)
        assert f"3 {V1}" in caught.value.detail

    def test_is_closed_even_when_all_is_done_and_the_configuration_changed(
        self, fake: FakeWorld
    ) -> None:
        fake.crash("store.create", nth=5)  # the record of the end
        with pytest.raises(CrashError):
            Promoting(fake).release()
        fake.revive(seconds=200)
        assert fake.ledger().unfinished is not None
        fake.topology = a_topology(qa(drain=timedelta(seconds=31)), prod())
        assert Promoting(fake).release().result is Outcome.UNCHANGED
        assert fake.ledger().unfinished is None

    def test_resumes_by_resume_too(self, fake: FakeWorld) -> None:
        promotion = self.killed(fake)
        assert Promoting(fake).resume("tools").promotion == promotion
        with pytest.raises(NotFoundError, match="Nothing is unfinished"):
            Promoting(fake).resume("tools")
        with pytest.raises(NotFoundError, match="Nothing is unfinished"):
            Promoting(fake).abort("tools")


class TestAPromoterThatFailed:
    def test_waits_again_at_the_next_attempt(self, fake: FakeWorld) -> None:
        promoter = Promoting(fake)
        promoter.world.cancelled.set()  # as a part that fails leaves it
        assert promoter.release().result is Outcome.PROMOTED
