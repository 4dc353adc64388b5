from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest

from promote.core.result import Outcome
from promote.errors import NeedsAttentionError, StalePlanError
from tests.fake_world import CrashError, FakeWorld
from tests.workflow.promoting import Promoting
from tests.workflow.test_waves import LEASE_OVER, live_in_qa, named
from tests.workflow.wave_world import ACCOUNTS, BAKE, in_waves

LONG = timedelta(hours=2)


def half_switched() -> FakeWorld:
    """Build what a crash leaves after the first of three accounts was switched."""
    fake = live_in_qa(in_waves())
    fake.crash("pointer.write", after=True)
    with suppress(CrashError):
        Promoting(fake).release(to="prod")
    fake.revive(seconds=LEASE_OVER)
    return fake


class TestAnAccountThatJoined:
    def test_makes_a_plan_stale_which_says_so_by_account(self) -> None:
        fake = live_in_qa(in_waves())
        three, fake.topology = fake.topology, in_waves(accounts=2)
        plan = Promoting(fake).make(to="prod")
        fake.topology = three
        with pytest.raises(StalePlanError) as caught:
            Promoting(fake).apply(plan)
        assert f"{ACCOUNTS[2]} has joined prod" in caught.value.detail
        assert named(fake) == ["v1"] * 3

    def test_is_taken_in_by_a_new_plan_of_an_unfinished_promotion(self) -> None:
        fake = live_in_qa(in_waves())
        three, fake.topology = fake.topology, in_waves(accounts=2)
        fake.crash("pointer.write", after=True)
        with suppress(CrashError):
            Promoting(fake).release(to="prod")
        fake.revive(seconds=LEASE_OVER)
        fake.topology = three
        with pytest.raises(StalePlanError, match="stale"):
            Promoting(fake).resume("tools")
        assert Promoting(fake).release(to="prod").result is Outcome.PROMOTED
        assert named(fake) == ["v2"] * 3
        assert not fake.breaches

    def test_keeps_no_promotion_from_being_put_back(self) -> None:
        fake = live_in_qa(in_waves())
        three, fake.topology = fake.topology, in_waves(accounts=2)
        fake.crash("pointer.write", after=True)
        with suppress(CrashError):
            Promoting(fake).release(to="prod")
        fake.revive(seconds=LEASE_OVER)
        fake.topology = three
        assert Promoting(fake).abort("tools", wait=LONG).result is Outcome.ROLLED_BACK
        assert named(fake) == ["v1"] * 3
        assert not fake.breaches


class TestAnAccountThatLeft:
    def test_makes_a_plan_stale_which_says_so_by_account(self) -> None:
        fake = live_in_qa(in_waves())
        plan = Promoting(fake).make(to="prod")
        fake.topology = in_waves(accounts=2)
        with pytest.raises(StalePlanError) as caught:
            Promoting(fake).apply(plan)
        assert f"{ACCOUNTS[2]} has left it" in caught.value.detail
        assert "is  no target of promote.yaml" in caught.value.detail

    @pytest.mark.parametrize("way", ["resume", "release", "plan", "abort"])
    def test_is_needed_until_its_promotion_has_ended(self, way: str) -> None:
        fake = half_switched()
        whole, fake.topology = fake.topology, in_waves(accounts=2)
        promoter = Promoting(fake)
        ways: dict[str, Callable[[], object]] = {
            "resume": lambda: promoter.resume("tools"),
            "release": lambda: promoter.release(to="prod"),
            "plan": lambda: promoter.make(to="prod"),
            "abort": lambda: promoter.abort("tools"),
        }
        before = len(fake.operations(writes=True))
        with pytest.raises(NeedsAttentionError) as caught:
            ways[way]()
        assert ACCOUNTS[2] in caught.value.detail
        assert "promote resume tools" in caught.value.remedy
        assert "promote abort tools" in caught.value.remedy
        assert not {"pointer.write", "iam.put"} & set(fake.operations(writes=True)[before:])
        fake.topology = whole
        assert Promoting(fake).resume("tools", wait=LONG + BAKE).result is Outcome.PROMOTED
        assert not fake.breaches

    def test_is_needed_by_a_promotion_that_turned_back_too(self) -> None:
        fake = half_switched()
        fake.crash("pointer.write")
        with suppress(CrashError):
            Promoting(fake).abort("tools")
        fake.revive(seconds=LEASE_OVER)
        whole, fake.topology = fake.topology, in_waves(accounts=2)
        with pytest.raises(NeedsAttentionError, match="has left"):
            Promoting(fake).resume("tools")
        fake.topology = whole
        Promoting(fake).abort("tools", wait=LONG)
        assert named(fake) == ["v1"] * 3
