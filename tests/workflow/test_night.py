"""What a tired engineer meets at night: going back after waves, and the commands that are named."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest

from promote.core.version import Status
from promote.errors import (
    FailedError,
    NeedsAttentionError,
    PromoteError,
    QuotaError,
    RefusedError,
    StalePlanError,
    TryAgainError,
)
from tests.builders import PROD, a_grant, a_trained_version, version_arn
from tests.fake_world import CrashError, FakeWorld
from tests.workflow.promoting import Promoting
from tests.workflow.test_promotion import PROD_ROLE
from tests.workflow.test_rollback import (
    V3,
    a_warm_world,
    half_switched,
    released,
    target_in,
    warnings,
    written,
)
from tests.workflow.wave_world import ACCOUNTS, V2, fail_in, in_waves

V1 = version_arn("v1")


def live_everywhere(max_failures: int = 0) -> FakeWorld:
    fake = FakeWorld(in_waves(max_failures=max_failures))
    fake.versions[V3] = a_trained_version("v3")
    return released(fake, "v3")


def commands(error: PromoteError) -> list[str]:
    return [line.strip() for line in error.remedy.splitlines() if line[:4] == "    "]


class TestGoingBackAfterAPromotionThatOnlyReachedItsFirstWave:
    def test_changes_nothing_since_it_is_back(self) -> None:
        fake = live_everywhere()
        Promoting(fake).release(to="qa")
        fail_in(fake, ACCOUNTS[0])
        with pytest.raises(FailedError):
            Promoting(fake).release(to="prod")
        promoter = Promoting(fake)
        assert promoter.rollback().version == V3
        assert any("back to v3 already" in each for each in warnings(promoter))
        assert not fake.breaches

    def test_changes_nothing_either_where_a_rollback_moved_only_some_of_the_targets(self) -> None:
        fake = live_everywhere()
        fake.pass_time(60)
        fake.become("v1", Status.RUNNING)
        fake.write_policy(PROD_ROLE, a_grant("v1", "v3"))
        fake.proven |= {(ACCOUNTS[0], V1)}
        fake.point(target_in(fake, ACCOUNTS[0]), V1)
        assert Promoting(fake).rollback("v3").version == V3
        assert Promoting(fake).rollback().version == V3


class TestAReleaseAfterARollback:
    def test_keeps_what_it_leaves_warm_for_the_next_way_back(self) -> None:
        fake = a_warm_world()
        fake.versions[V3] = a_trained_version("v3")
        Promoting(fake).rollback(of="qa")
        Promoting(fake).rollback()
        for to in ("qa", "prod"):
            Promoting(fake).release("v3", to=to, wait=timedelta(minutes=10))
        assert fake.status("v1") is Status.RUNNING
        fake.pass_time(3600)
        fake.calls.clear()
        assert Promoting(fake).rollback(wait=timedelta(0)).version == V1
        assert written(fake) == ["pointer.write"] * 2
        assert not fake.breaches


class TestAbort:
    def test_never_lets_a_pointer_name_a_version_that_was_deleted(self, fake: FakeWorld) -> None:
        released(fake)
        Promoting(fake).release(to="qa")
        half_switched(fake)
        fake.versions.pop(V1)
        with pytest.raises(RefusedError, match="Too late to abort"):
            Promoting(fake).abort("tools")


class TestTheCommandThatAnErrorNames:
    """When it is the only one that helps, it has to be the right one."""

    def test_goes_on_with_a_rollback_and_not_with_a_release(self, fake: FakeWorld) -> None:
        released(fake, "v2")
        stray = partial(fake.point, target_in(fake, PROD[1]), V2)
        fake.at("store.create", stray, nth=5)  # while it drains
        with pytest.raises(NeedsAttentionError, match="changed meanwhile") as caught:
            Promoting(fake).rollback()
        assert commands(caught.value) == ["promote rollback tools v1 --environment prod"]

    def test_plans_a_rollback_again_and_not_a_promotion(self, fake: FakeWorld) -> None:
        released(fake, "v2")
        plan = Promoting(fake).plan_rollback("tools", environment="prod")
        edit = partial(fake.write_policy, PROD_ROLE, a_grant("v2", "v3"))
        fake.at("iam.policy", edit, on=PROD_ROLE)
        with pytest.raises(StalePlanError) as caught:
            Promoting(fake).apply(plan)
        command = "promote rollback tools v1 --environment prod --out plan.json"
        assert commands(caught.value) == [command]

    def test_frees_the_slot_that_an_unfinished_promotion_elsewhere_takes(
        self, fake: FakeWorld
    ) -> None:
        released(fake, "v2")
        fake.versions[V3] = a_trained_version("v3")
        fake.crash("pointer.write")
        with pytest.raises(CrashError):
            Promoting(fake).release("v3", to="qa")
        fake.revive(seconds=200)
        with pytest.raises(QuotaError) as caught:
            Promoting(fake).rollback()
        assert commands(caught.value)[-1] == "promote abort tools --environment qa"
        Promoting(fake).abort("tools", environment="qa")
        assert Promoting(fake).rollback().version == V1

    @pytest.mark.parametrize("end", ["resume", "abort"])
    def test_names_the_environment_when_another_promotion_was_begun_later(
        self, fake: FakeWorld, end: str
    ) -> None:
        released(fake, "v2")
        fake.versions[V3] = a_trained_version("v3")
        Promoting(fake).release("v3", to="qa")
        half_switched(fake, "v3")
        fake.crash("pointer.write", after=True)
        with pytest.raises(CrashError):
            Promoting(fake).rollback(of="qa")
        fake.revive(seconds=200)
        fake.fail("pointer.write", TryAgainError("Throttled", "Too much.", "Wait."), times=99)
        go_on = getattr(Promoting(fake), end)
        with pytest.raises(TryAgainError) as caught:
            go_on("tools", environment="prod")
        assert "promote resume tools --environment prod" in commands(caught.value)
