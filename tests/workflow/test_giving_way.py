from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from promote.core.events import Event, Waiting
from promote.core.record import Direction
from promote.core.result import Outcome
from promote.core.status import ModelLock
from promote.core.topology import LEASE, Target
from promote.errors import LockedError, NotFoundError, ThrottledError
from promote.report import text
from promote.workflow.asking import ask
from promote.workflow.lease import MARGIN, lock_holder
from tests.builders import PROD, a_grant, a_topology, prod, qa
from tests.fake_world import CrashError, FakeWorld
from tests.workflow.promoting import Promoting
from tests.workflow.test_lock import KEY, held
from tests.workflow.test_promotion import PROD_ROLE, V1

YIELD = "tools/yield.json"
WRITES = ["model.start", "iam.put", "pointer.write"]


def asked(fake: FakeWorld) -> None:
    """Ask whoever holds the lock to give way."""
    store = fake.ports().store
    holder = lock_holder(store, "tools")
    assert holder is not None
    ask(store, "tools", holder, by="arn:aws:iam::1:role/carol", operation="abort tools")


def written(fake: FakeWorld) -> list[str]:
    return [each for each in fake.operations(writes=True) if not each.startswith("store.")]


class TestAnOwnerThatIsAsked:
    @pytest.mark.parametrize("before", ["iam.policy", "pointer.current", "model.invoke"])
    def test_gives_the_lock_back_before_its_next_write(self, fake: FakeWorld, before: str) -> None:
        so_far: list[list[str]] = []

        def rival() -> None:
            asked(fake)
            so_far.append(written(fake))

        fake.at(before, rival)
        with pytest.raises(LockedError, match="lock was given up") as caught:
            Promoting(fake).release()
        assert "role/carol" in caught.value.detail
        assert [written(fake)] == so_far
        assert KEY not in fake.objects
        unfinished = fake.ledger().unfinished
        assert unfinished is not None
        assert unfinished.direction is Direction.FORWARD

    def test_is_put_back_by_who_asked(self, fake: FakeWorld, qa_target: Target) -> None:
        fake.at("pointer.write", lambda: asked(fake))
        with pytest.raises(LockedError):
            Promoting(fake).release()
        aborted = Promoting(fake).abort("tools")
        assert aborted.result is Outcome.ROLLED_BACK
        assert fake.pointer(qa_target).value == V1
        assert fake.ledger().unfinished is None

    def test_can_be_gone_on_with_as_well(self, fake: FakeWorld) -> None:
        fake.at("iam.policy", lambda: asked(fake))
        with pytest.raises(LockedError):
            Promoting(fake).release()
        assert Promoting(fake).release().result is Outcome.PROMOTED

    def test_is_no_later_owner(self, fake: FakeWorld) -> None:
        held(fake)
        asked(fake)
        del fake.objects[KEY]
        assert Promoting(fake).release().result is Outcome.PROMOTED

    def test_goes_on_when_the_ledger_does_not_say_what_is_asked(self, fake: FakeWorld) -> None:
        fake.fail("store.read", ThrottledError("Slow down"), on=YIELD, nth=3)
        assert Promoting(fake).release().result is Outcome.PROMOTED


WAITS = ["v2 to run", "to be allowed on v2", "to bake", "to drain", "to be denied v1", "v1 to stop"]


class TestAWait:
    """Whoever is asked while it waits says so, whatever it waits for."""

    def waiting(self, fake: FakeWorld, what: str, act: Callable[[], object]) -> Promoting:
        """Return a promoter during whose first wait for something `act` happens."""

        def listen(event: Event) -> None:
            if isinstance(event, Waiting) and event.what.endswith(what) and not done:
                done.append(event.what)
                act()

        done: list[str] = []
        return Promoting(fake, on_event=listen)

    @pytest.mark.parametrize("what", WAITS)
    def test_ends_saying_to_whom_it_gave_way_and_for_what(self, what: str) -> None:
        fake = FakeWorld(a_topology(qa(), prod(bake=timedelta(minutes=1))))
        to = "qa" if what == "v2 to run" else "prod"
        if to == "prod":
            Promoting(fake).release(to="qa")
        promoter = self.waiting(fake, what, lambda: asked(fake))
        with pytest.raises(LockedError, match="lock was given up") as caught:
            promoter.release(to=to)
        assert "gave way to arn:aws:iam::1:role/carol (abort tools)" in caught.value.detail

    @pytest.mark.parametrize("before", ["pointer.current", "iam.policy"])
    def test_finds_no_fault_with_what_the_next_owner_does(
        self, in_qa: FakeWorld, before: str
    ) -> None:
        """The lock is taken by hand, and its new owner is at work before we look again."""
        target = next(each for each in in_qa.targets if each.account == PROD[0])

        def rival() -> None:
            somebody = Promoting(in_qa)
            found = somebody.lock("tools")
            assert found is not None
            assert somebody.release_lock(found)
            if before == "pointer.current":
                in_qa.point(target, V1)
            else:
                in_qa.write_policy(PROD_ROLE, a_grant("v1", "v2", "v3"))

        promoter = self.waiting(in_qa, "to drain", lambda: in_qa.at(before, rival))
        with pytest.raises(LockedError) as caught:
            promoter.release(to="prod")
        assert "(lock release tools)" in caught.value.detail
        assert "Found last: A" in caught.value.detail


class TestAnAbort:
    @pytest.fixture
    def stuck(self, fake: FakeWorld) -> FakeWorld:
        """Leave a promotion whose process is on another machine: nobody sees whether it lives."""
        fake.crash("pointer.write", after=True)
        with pytest.raises(CrashError):
            Promoting(fake).release()
        fake.revive(seconds=1)
        fake.objects.pop(KEY, None)
        held(fake)
        return fake

    def test_goes_on_once_the_owner_gave_way(self, stuck: FakeWorld) -> None:
        began, taken = stuck.seconds, list[float]()
        stuck.at("store.create", lambda: stuck.objects.pop(KEY), on=YIELD)
        stuck.at("store.create", lambda: taken.append(stuck.seconds - began), on=KEY)
        assert Promoting(stuck).abort("tools").result is Outcome.ROLLED_BACK
        assert len(taken) == 1
        assert taken[0] < 3

    def test_takes_over_from_an_owner_that_is_dead(self, stuck: FakeWorld) -> None:
        assert Promoting(stuck).abort("tools").result is Outcome.ROLLED_BACK

    def test_waits_no_longer_than_a_lease(self, stuck: FakeWorld) -> None:
        del stuck.objects[KEY]
        held(stuck, expires=stuck.time + timedelta(days=1))
        began, promoter = stuck.seconds, Promoting(stuck)
        with pytest.raises(LockedError, match="Another promotion is running"):
            promoter.abort("tools")
        waited = [each for each in promoter.events if isinstance(each, Waiting)]
        assert {each.what for each in waited} == {"the owner of the lock to give way"}
        assert stuck.seconds - began <= (LEASE + MARGIN).total_seconds() + 2
        assert not written(stuck)

    def test_of_nothing_asks_nobody(self, fake: FakeWorld) -> None:
        held(fake)
        with pytest.raises(NotFoundError):
            Promoting(fake).abort("tools")
        assert YIELD not in fake.objects


class TestALockThatIsReleasedByHand:
    def test_is_shown_and_then_free(self, fake: FakeWorld) -> None:
        holder = held(fake)
        promoter = Promoting(fake)
        found = promoter.lock("tools")
        assert found is not None
        assert (found.holder, found.live) == (holder, True)
        assert promoter.release_lock(found)
        assert promoter.lock("tools") is None
        assert promoter.release().result is Outcome.PROMOTED

    def test_is_shown_as_abandoned_after_lease_and_margin(self, fake: FakeWorld) -> None:
        held(fake)
        fake.pass_time((LEASE + MARGIN).total_seconds() + 1)
        found = Promoting(fake).lock("tools")
        assert found is not None
        assert not found.live

    @pytest.mark.parametrize("before", ["iam.policy", "pointer.current"])
    def test_stops_a_live_owner_before_its_next_write(self, fake: FakeWorld, before: str) -> None:
        so_far: list[list[str]] = []

        def release() -> None:
            somebody = Promoting(fake)
            found = somebody.lock("tools")
            assert found is not None
            assert somebody.release_lock(found)
            held(fake)  # and another one has it at once
            so_far.append(written(fake))

        fake.at(before, release)
        with pytest.raises(LockedError):
            Promoting(fake).release()
        assert [written(fake)] == so_far
        assert KEY in fake.objects

    def test_of_another_holder_than_was_shown_stays(self, fake: FakeWorld) -> None:
        held(fake)
        promoter = Promoting(fake)
        found = promoter.lock("tools")
        assert found is not None
        del fake.objects[KEY]
        assert not promoter.release_lock(found)
        held(fake, fence=8)
        assert not promoter.release_lock(found)
        assert KEY in fake.objects

    def test_that_is_renewed_meanwhile_is_released_all_the_same(self, fake: FakeWorld) -> None:
        held(fake)
        promoter = Promoting(fake)
        found = promoter.lock("tools")
        assert found is not None

        def renewed() -> None:
            del fake.objects[KEY]
            held(fake, expires=fake.time + 2 * LEASE)

        fake.at("store.delete", renewed)
        assert promoter.release_lock(found)
        assert KEY not in fake.objects


class TestALongerLease:
    @pytest.fixture
    def patient(self) -> FakeWorld:
        return FakeWorld(a_topology(lease=timedelta(minutes=10)))

    def test_outlives_a_silence_that_the_default_does_not(self, patient: FakeWorld) -> None:
        patient.at("iam.policy", lambda: patient.pass_time(500))
        assert Promoting(patient).release().result is Outcome.PROMOTED

    def test_is_lost_a_margin_before_it_is_over(self, patient: FakeWorld) -> None:
        patient.at("iam.policy", lambda: patient.pass_time(560))
        with pytest.raises(LockedError, match="lock was lost"):
            Promoting(patient).release()

    def test_is_renewed_after_a_third_of_it(self, patient: FakeWorld) -> None:
        Promoting(patient).release()
        assert "store.replace" not in patient.operations()  # it took less than 200 s
        found = FakeWorld(a_topology())
        Promoting(found).release()
        assert "store.replace" in found.operations()

    def test_is_written_into_the_lock_and_shown(self, patient: FakeWorld) -> None:
        seen: list[ModelLock | None] = []
        patient.at("model.start", lambda: seen.append(Promoting(patient).lock("tools")))
        Promoting(patient).release()
        (lock,) = seen
        assert lock is not None
        assert lock.holder.expires - lock.holder.since == timedelta(minutes=10)
        assert "its lease of 10m" in text.lock(lock, "tools")
