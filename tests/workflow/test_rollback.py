"""The way back, in the world in memory: warm and cold, beside other promotions, and gone wrong."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from promote.core import planfile
from promote.core.events import Warned
from promote.core.gates import Verdict
from promote.core.held import VersionHeld
from promote.core.plan import Drain, Grant, Plan, Start, Switch
from promote.core.record import Direction, PromotionEnded, VerificationDone
from promote.core.result import Outcome
from promote.core.topology import Granularity, Target
from promote.core.version import Status
from promote.core.waves import WaveSize
from promote.errors import (
    AccessDeniedError,
    FailedError,
    ImageError,
    InterruptedBySignalError,
    LockedError,
    NeedsAttentionError,
    NotFoundError,
    PlanFileError,
    PromoteError,
    RefusedError,
    UnfinishedError,
)
from promote.workflow.journal import Journal
from tests.builders import (
    PROD,
    PROMOTER,
    QA,
    a_grant,
    a_topology,
    a_trained_version,
    prod,
    qa,
    version_arn,
)
from tests.fake_world import CrashError, FakeWorld
from tests.workflow.promoting import Promoting
from tests.workflow.test_promotion import PROD_ROLE, QA_ROLE, V1, V2

DAY = timedelta(days=1)
V3 = version_arn("v3")


def released(fake: FakeWorld, *versions: str, wait: timedelta = timedelta(hours=2)) -> FakeWorld:
    """Release versions to qa and prod, one after the other; `calls` begins there."""
    for version in versions:
        for to in ("qa", "prod"):
            Promoting(fake).release(version, to=to, wait=wait)
    fake.calls.clear()
    return fake


@functools.cache
def _everywhere(*, warm: bool) -> FakeWorld:
    keep = DAY if warm else timedelta(0)
    fake = FakeWorld(a_topology(qa(keep_warm=keep), prod(keep_warm=keep)))
    released(fake, "v2", wait=timedelta(0) if warm else timedelta(hours=2))
    fake.pass_time(3600)
    assert fake.status("v1") is (Status.RUNNING if warm else Status.STOPPED)
    return fake


def a_warm_world() -> FakeWorld:
    """Build a world in which v2 has replaced v1 everywhere, an hour ago, and v1 is kept warm."""
    return _everywhere(warm=True).copy()


def a_cold_world() -> FakeWorld:
    """Build a world in which v2 has replaced v1 everywhere, and v1 is revoked and stopped."""
    return _everywhere(warm=False).copy()


@pytest.fixture
def warm() -> Iterator[FakeWorld]:
    world = a_warm_world()
    yield world
    assert not world.breaches


@pytest.fixture
def cold() -> Iterator[FakeWorld]:
    world = a_cold_world()
    yield world
    assert not world.breaches


def written(fake: FakeWorld) -> list[str]:
    """Return what was written, the ledger aside."""
    return [each for each in fake.operations(writes=True) if not each.startswith("store.")]


def named(fake: FakeWorld, accounts: tuple[str, ...] = PROD) -> list[str | None]:
    return [fake.pointer(t).value for t in fake.targets if t.account in accounts]


def warnings(promoter: Promoting) -> list[str]:
    return [each.message for each in promoter.events if isinstance(each, Warned)]


def target_in(fake: FakeWorld, account: str) -> Target:
    return next(each for each in fake.targets if each.account == account)


def half_switched(fake: FakeWorld, version: str = "v2") -> FakeWorld:
    """Let a release to prod be killed after the first of its two pointers was written."""
    fake.crash("pointer.write", after=True)
    with pytest.raises(CrashError):
        Promoting(fake).release(version, to="prod")
    fake.revive(seconds=200)
    fake.calls.clear()
    return fake


class TestAWarmRollback:
    def test_is_one_pointer_write_for_each_target(self, warm: FakeWorld) -> None:
        result = Promoting(warm).rollback(wait=timedelta(0))
        assert (result.result, result.rollback) == (Outcome.PROMOTED, True)
        assert (result.version, result.previous) == (V1, V2)
        assert written(warm) == ["pointer.write"] * 2
        assert named(warm) == [V1, V1]
        assert not warm.breaches

    def test_lets_what_it_left_drain_and_then_go_however_long_others_are_kept(
        self, warm: FakeWorld
    ) -> None:
        began = warm.time
        Promoting(warm).rollback(of="qa")
        Promoting(warm).rollback()
        assert warm.time - began < timedelta(minutes=10)
        assert warm.document(PROD_ROLE) == a_grant("v1")
        assert warm.status("v2") is Status.STOPPED
        assert not warm.breaches

    def test_is_finished_by_retire_when_it_does_not_wait(self, warm: FakeWorld) -> None:
        Promoting(warm).rollback(of="qa", wait=timedelta(0))
        result = Promoting(warm).rollback(wait=timedelta(0))
        assert [each.step for each in result.left] == ["revoke"]
        warm.pass_time(301)
        Promoting(warm).retire("tools", wait=timedelta(0))
        assert warm.document(PROD_ROLE) == a_grant("v1")
        assert warm.status("v2") is Status.STOPPED

    def test_writes_no_policy_that_allows_more_than_it_needs(self, warm: FakeWorld) -> None:
        warm.write_policy(PROD_ROLE, a_grant("v0", "v1", "v2"))
        warm.pass_time(60)
        plan = Promoting(warm).plan_rollback("tools", environment="prod")
        assert not [step for step in plan.steps if isinstance(step, Grant | Start)]
        Promoting(warm).apply(plan)
        assert warm.document(PROD_ROLE) == a_grant("v1")

    def test_goes_back_although_it_is_less_accurate_than_asked_for_and_warns(
        self, warm: FakeWorld
    ) -> None:
        warm.poor.add(V1)
        promoter = Promoting(warm)
        assert promoter.rollback().result is Outcome.PROMOTED
        assert named(warm) == [V1, V1]
        assert any(f"prod/{PROD[0]} is back, but failed" in each for each in warnings(promoter))
        known = warm.ledger().verification(V1, "prod")
        assert known is not None
        assert not known.passed

    def test_needs_no_images_to_go_back(self, warm: FakeWorld) -> None:
        warm.fail("images.load", ImageError("Gone", "No such folder."), times=99)
        promoter = Promoting(warm)
        assert promoter.rollback().result is Outcome.PROMOTED
        assert any("failed: Gone" in each for each in warnings(promoter))

    def test_waits_for_no_wave_and_no_bake(self) -> None:
        slow = prod(after=(), keep_warm=DAY, bake=timedelta(hours=1))
        fake = FakeWorld(a_topology(slow))
        Promoting(fake).release(to="prod")
        plan = Promoting(fake).plan_rollback("tools", environment="prod")
        assert {step.wave for step in plan.steps if isinstance(step, Switch)} == {1}
        assert [step.keep_warm for step in plan.steps if isinstance(step, Drain)] == [0.0]
        assert "bake" not in {step.step for step in plan.steps}

    def test_asked_for_again_changes_nothing_and_says_how_to_go_further(
        self, warm: FakeWorld
    ) -> None:
        Promoting(warm).rollback()
        before = dict(warm.end_state())
        promoter = Promoting(warm)
        assert promoter.rollback().result is Outcome.UNCHANGED
        assert warm.end_state() == before
        assert any("prod is back to v1 already" in each for each in warnings(promoter))


@pytest.mark.parametrize(
    ("settings", "policies"),
    [
        ({"access_role": "{model}-{environment}-{account}"}, 2),
        ({"granularity": Granularity.PROJECT}, 0),
        ({"waves": (WaveSize(1), WaveSize(100, is_percentage=True)), "max_failures": 1}, 1),
    ],
    ids=["a role for each account", "a whole project", "waves"],
)
def test_is_as_short_however_prod_is_configured(settings: dict[str, Any], policies: int) -> None:
    fake = FakeWorld(a_topology(prod(after=(), keep_warm=DAY, **settings)))
    Promoting(fake).release(to="prod", wait=timedelta(0))
    fake.pass_time(3600)
    fake.calls.clear()
    assert Promoting(fake).rollback().result is Outcome.PROMOTED
    up_to_the_switch = ["pointer.write"] * 2
    assert written(fake) == [*up_to_the_switch, *["iam.put"] * policies, "model.stop"]
    assert not fake.breaches


class TestAColdRollback:
    def test_starts_grants_and_proves_before_it_switches(self, cold: FakeWorld) -> None:
        assert Promoting(cold).rollback().result is Outcome.PROMOTED
        up = ["model.start", "iam.put", "pointer.write", "pointer.write"]
        assert written(cold)[: len(up)] == up
        assert named(cold) == [V1, V1]
        assert cold.document(PROD_ROLE) == a_grant("v1")
        assert cold.status("v2") is Status.RUNNING  # qa names it

    def test_stops_what_nobody_uses_any_more(self, cold: FakeWorld) -> None:
        Promoting(cold).rollback(of="qa")
        Promoting(cold).rollback()
        assert cold.status("v2") is Status.STOPPED
        assert cold.status("v1") is Status.RUNNING

    def test_goes_to_any_version_that_was_ever_named(self, fake: FakeWorld) -> None:
        fake.versions[V3] = a_trained_version("v3")
        released(fake, "v2", "v3")
        assert Promoting(fake).rollback("v1").result is Outcome.PROMOTED
        assert named(fake) == [V1, V1]
        assert fake.ledger().held.keys() == {(V3, "prod")}

    def test_that_does_not_come_up_leaves_everything_as_it_was(self, cold: FakeWorld) -> None:
        cold.failing.add(V1)
        with pytest.raises(FailedError, match="did not start") as caught:
            Promoting(cold).rollback()
        assert "No pointer was changed" in caught.value.detail
        assert named(cold) == [V2, V2]
        assert cold.document(PROD_ROLE) == a_grant("v2")
        assert not cold.ledger().held
        assert not cold.ledger().open

    def test_that_cannot_be_proved_is_put_back(self, cold: FakeWorld) -> None:
        cold.fail("sts.enter", AccessDeniedError("No"), nth=3)
        with pytest.raises(AccessDeniedError):
            Promoting(cold).rollback()
        assert cold.document(PROD_ROLE) == a_grant("v2")
        assert cold.status("v1") is Status.STOPPED


class TestARollbackThatFailsOnTheWay:
    def test_stands_once_a_pointer_is_switched(self, warm: FakeWorld) -> None:
        warm.fail("pointer.write", AccessDeniedError("No", "Not today."), on=PROD[1])
        with pytest.raises(NeedsAttentionError, match="rollback is not finished") as caught:
            Promoting(warm).rollback()
        assert "Not today." in caught.value.detail
        assert "promote resume tools" in caught.value.remedy
        assert named(warm) == [V1, V2]
        assert Promoting(warm).resume("tools").result is Outcome.PROMOTED
        assert named(warm) == [V1, V1]
        assert warm.ledger().held.keys() == {(V2, "prod")}
        assert not warm.breaches

    def test_switches_every_target_that_can_be(self, warm: FakeWorld) -> None:
        warm.fail("pointer.write", AccessDeniedError("No"), on=PROD[0])
        with pytest.raises(NeedsAttentionError):
            Promoting(warm).rollback()
        assert named(warm) == [V2, V1]

    def test_is_asked_for_again_and_goes_on(self, warm: FakeWorld) -> None:
        warm.fail("pointer.write", AccessDeniedError("No"), on=PROD[1])
        with pytest.raises(NeedsAttentionError):
            Promoting(warm).rollback()
        assert Promoting(warm).rollback().result is Outcome.PROMOTED
        assert warm.ledger().held.keys() == {(V2, "prod")}

    def test_never_overwrites_what_somebody_else_wrote(self, warm: FakeWorld) -> None:
        there = target_in(warm, PROD[1])
        warm.at("pointer.write", lambda: warm.point(there, V3), on=PROD[0])
        with pytest.raises(NeedsAttentionError, match="rollback is not finished"):
            Promoting(warm).rollback()
        assert named(warm) == [V1, V3]

    def test_that_switched_nothing_is_put_back(self, warm: FakeWorld) -> None:
        warm.fail("pointer.write", AccessDeniedError("No"), times=2)
        with pytest.raises(AccessDeniedError):
            Promoting(warm).rollback()
        assert named(warm) == [V2, V2]
        assert not warm.ledger().open

    def test_stays_where_it_is_when_nobody_can_look(self, warm: FakeWorld) -> None:
        warm.fail("pointer.write", AccessDeniedError("No"), on=PROD[1])
        warm.at("pointer.write", lambda: warm.fail("iam.read", AccessDeniedError("No"), times=99))
        with pytest.raises(NeedsAttentionError, match="rollback is not finished"):
            Promoting(warm).rollback()
        assert named(warm) == [V1, V2]

    def test_can_be_aborted_while_there_is_a_way(self, warm: FakeWorld) -> None:
        warm.fail("pointer.write", AccessDeniedError("No"), on=PROD[1])
        with pytest.raises(NeedsAttentionError):
            Promoting(warm).rollback()
        assert Promoting(warm).abort("tools").result is Outcome.ROLLED_BACK
        assert named(warm) == [V2, V2]
        assert not warm.ledger().held
        assert not warm.breaches
        # The version before is a way back as before.
        assert Promoting(warm).rollback().result is Outcome.PROMOTED
        assert named(warm) == [V1, V1]

    def test_is_not_aborted_once_the_version_that_it_left_is_gone(self, warm: FakeWorld) -> None:
        Promoting(warm).rollback(of="qa")
        warm.fail("model.stop", AccessDeniedError("No"))
        with pytest.raises(NeedsAttentionError):
            Promoting(warm).rollback()
        with pytest.raises(RefusedError, match="Too late") as caught:
            Promoting(warm).abort("tools")
        assert "promote rollback tools VERSION --environment prod" in caught.value.remedy


class TestAHeldVersion:
    def test_is_on_record_with_who_and_why(self, warm: FakeWorld) -> None:
        Promoting(warm).rollback(reason="wrong answers")
        held = warm.ledger().held[V2, "prod"]
        assert (held.version, held.environment, held.reason) == (V2, "prod", "wrong answers")
        kinds = [type(each) for each in warm.records()]
        assert kinds.index(VersionHeld) < len(kinds) - 1
        assert kinds[-1] is PromotionEnded

    def test_is_so_as_soon_as_every_pointer_is_switched(self, warm: FakeWorld) -> None:
        seen: list[bool] = []
        warm.at("iam.put", lambda: seen.append((V2, "prod") in warm.ledger().held))
        Promoting(warm).rollback()
        assert seen == [True]

    def test_is_released_there_again_only_with_a_reason(self, warm: FakeWorld) -> None:
        Promoting(warm).rollback(reason="wrong answers")
        plan = Promoting(warm).plan("tools", "v2", to="prod")
        (gate,) = (each for each in plan.gates if each.gate == "held")
        assert gate.verdict is Verdict.FAIL
        assert "wrong answers" in gate.measured
        with pytest.raises(RefusedError, match="Promotion refused") as caught:
            Promoting(warm).apply(plan)
        assert "promote release tools v2 --to prod --reason TEXT" in caught.value.remedy
        again = Promoting(warm).plan("tools", "v2", to="prod", reason="they were right")
        assert Promoting(warm).apply(again).result is Outcome.PROMOTED
        assert not warm.ledger().held

    @pytest.mark.parametrize("reason", ["", "  "])
    def test_takes_nothing_for_no_reason(self, warm: FakeWorld, reason: str) -> None:
        Promoting(warm).rollback()
        plan = Promoting(warm).plan("tools", "v2", to="prod", reason=reason)
        assert Verdict.FAIL in {each.verdict for each in plan.gates}

    def test_does_not_go_on_to_a_later_environment_without_one(self, fake: FakeWorld) -> None:
        Promoting(fake).release(to="qa")
        Promoting(fake).rollback(of="qa")
        plan = Promoting(fake).plan("tools", "v2", to="prod")
        assert [(each.gate, each.verdict) for each in plan.gates] == [
            ("verified", Verdict.PASS),
            ("held", Verdict.FAIL),
        ]

    def test_is_free_again_once_it_is_gone_back_to(self, warm: FakeWorld) -> None:
        Promoting(warm).rollback()
        Promoting(warm).rollback("v2")
        assert warm.ledger().held.keys() == {(V1, "prod")}
        assert named(warm) == [V2, V2]

    def test_is_held_once_however_often_the_rollback_is_killed(self, warm: FakeWorld) -> None:
        records = len(warm.records())
        """The last but one record of it holds the version, and the last one ends it."""
        for nth in (4, 1):
            warm.crash("store.create", nth=nth, after=True)
            with pytest.raises(CrashError):
                Promoting(warm).rollback(wait=timedelta(0))
            warm.revive(seconds=200)
        Promoting(warm).rollback()
        kinds = [type(each) for each in warm.records()[records:]]
        assert kinds.count(VersionHeld) == 1
        assert kinds[-1] is PromotionEnded

    def test_is_shown_by_status(self, warm: FakeWorld) -> None:
        Promoting(warm).rollback(reason="wrong answers")
        promoter = Promoting(warm)
        held = warm.ledger().held[V2, "prod"]
        assert held.by == promoter.caller().arn


class TestGoingBackToWhatWasAskedForByName:
    def warned(self, promoter: Promoting) -> list[str]:
        return [each.message for each in promoter.events if isinstance(each, Warned)]

    def test_warns_of_what_failed_there_before(self, warm: FakeWorld) -> None:
        failed = VerificationDone(
            at=warm.time,
            by=PROMOTER,
            version=V1,
            environment="prod",
            passed=False,
            accounts=PROD,
            accuracy=0.5,
        )
        Journal(warm.ports().store, "tools").append(failed)
        promoter = Promoting(warm)
        promoter.plan_rollback("tools", "v1", environment="prod")
        (said,) = self.warned(promoter)
        assert said.startswith("v1 is no version that a rollback of prod picks by itself")
        assert "its last verification in prod failed" in said

    def test_is_silent_about_what_did_well(self, warm: FakeWorld) -> None:
        promoter = Promoting(warm)
        promoter.plan_rollback("tools", "v1", environment="prod")
        assert self.warned(promoter) == []


class TestWrongUse:
    def test_of_an_unknown_version(self, warm: FakeWorld) -> None:
        with pytest.raises(NotFoundError, match="No such version"):
            Promoting(warm).rollback("v9")

    def test_of_a_version_that_was_never_there(self, warm: FakeWorld) -> None:
        warm.versions[V3] = a_trained_version("v3")
        with pytest.raises(RefusedError, match="Nothing to go back to") as caught:
            Promoting(warm).rollback("v3")
        assert "they named v2, v1" in caught.value.detail
        assert "promote release tools v3 --to prod" in caught.value.remedy

    def test_where_nothing_was_before(self, fake: FakeWorld) -> None:
        with pytest.raises(NotFoundError, match="Nothing to go back to"):
            Promoting(fake).rollback()

    def test_where_no_pointer_exists(self, fresh: FakeWorld) -> None:
        with pytest.raises(NotFoundError, match="Nothing to go back to"):
            Promoting(fresh).rollback()

    def test_where_the_targets_came_from_different_versions(self, fake: FakeWorld) -> None:
        fake.versions[V3] = a_trained_version("v3")
        fake.proven |= {(PROD[0], V3)}
        fake.become("v3", Status.RUNNING)
        fake.write_policy(PROD_ROLE, a_grant("v1", "v3"))
        fake.pass_time(60)
        fake.point(target_in(fake, PROD[0]), V3)
        fake.topology = replace(
            fake.topology,
            ml=replace(fake.topology.ml, quotas=replace(fake.topology.ml.quotas, running=3)),
        )
        Promoting(fake).release(to="qa")
        Promoting(fake).release(to="prod")
        with pytest.raises(RefusedError, match="do not agree") as caught:
            Promoting(fake).rollback()
        assert f"prod/{PROD[0]}  v3" in caught.value.detail
        assert f"prod/{PROD[1]}  v1" in caught.value.detail
        assert "promote rollback tools VERSION --environment prod" in caught.value.remedy
        assert Promoting(fake).rollback("v1").result is Outcome.PROMOTED
        assert not fake.breaches

    def test_over_rubbish_unless_that_is_taken_over(self, warm: FakeWorld) -> None:
        warm.point(target_in(warm, PROD[0]), "rubbish")
        with pytest.raises(RefusedError, match="A pointer holds no version") as caught:
            Promoting(warm).rollback("v1")
        assert "promote rollback tools v1 --environment prod --adopt" in caught.value.remedy
        plan = Promoting(warm).plan_rollback("tools", "v1", environment="prod", adopt=True)
        assert Promoting(warm).apply(plan).result is Outcome.PROMOTED

    def test_of_a_version_that_is_gone_passes_over_it(self, fake: FakeWorld) -> None:
        fake.versions[V3] = a_trained_version("v3")
        released(fake, "v2", "v3")
        fake.versions.pop(V2)
        promoter = Promoting(fake)
        assert promoter.rollback().version == V1
        assert any("v2 is passed over: tools does not have it" in e for e in warnings(promoter))


class TestAPromotionToAnotherEnvironmentThatIsOpen:
    """It never stops a rollback, and is there still afterwards, to be finished or put back."""

    @pytest.fixture
    def half(self, in_qa: FakeWorld) -> FakeWorld:
        return half_switched(in_qa)

    @pytest.mark.parametrize("end", ["resume", "abort"])
    def test_is_ended_either_way_after_the_rollback(self, half: FakeWorld, end: str) -> None:
        assert Promoting(half).rollback(of="qa").result is Outcome.PROMOTED
        assert named(half, (QA,)) == [V1]
        assert half.document(QA_ROLE) == a_grant("v1")
        assert half.status("v2") is Status.RUNNING
        (begun,) = half.ledger().open
        assert begun.plan.request.environment == "prod"
        if end == "resume":
            assert Promoting(half).resume("tools").result is Outcome.PROMOTED
            assert named(half) == [V2, V2]
        else:
            assert Promoting(half).abort("tools").result is Outcome.ROLLED_BACK
            assert named(half) == [V1, V1]
            assert half.status("v2") is Status.STOPPED
        assert not half.ledger().open
        assert not half.breaches

    def test_keeps_its_version_running_before_anything_names_it(self, fake: FakeWorld) -> None:
        fake.versions[V3] = a_trained_version("v3")
        fake.topology = replace(
            fake.topology,
            ml=replace(fake.topology.ml, quotas=replace(fake.topology.ml.quotas, running=3)),
        )
        released(fake, "v2")
        Promoting(fake).release("v3", to="qa")
        fake.crash("iam.put")
        with pytest.raises(CrashError):
            Promoting(fake).release("v3", to="prod")
        fake.revive(seconds=200)
        Promoting(fake).rollback(of="qa")
        assert fake.status("v3") is Status.RUNNING
        assert Promoting(fake).resume("tools").result is Outcome.PROMOTED
        assert named(fake) == [V3, V3]

    def test_may_be_chosen_among_several(self, half: FakeWorld) -> None:
        half.crash("pointer.write", after=True)
        with pytest.raises(CrashError):
            Promoting(half).rollback(of="qa")
        half.revive(seconds=200)
        state = half.ledger()
        assert [each.plan.request.environment for each in state.open] == ["prod", "qa"]
        aborted = Promoting(half).abort("tools", environment="prod")
        assert (aborted.environment, aborted.result) == ("prod", Outcome.ROLLED_BACK)
        assert Promoting(half).resume("tools").environment == "qa"
        assert not half.ledger().open
        with pytest.raises(NotFoundError, match="Nothing is unfinished"):
            Promoting(half).resume("tools", environment="qa")

    def test_of_which_one_is_gone_on_with_by_the_same_command(self, half: FakeWorld) -> None:
        half.crash("pointer.write", after=True)
        with pytest.raises(CrashError):
            Promoting(half).rollback(of="qa")
        half.revive(seconds=200)
        assert Promoting(half).release(to="prod").result is Outcome.PROMOTED
        assert Promoting(half).rollback(of="qa").result is Outcome.PROMOTED
        assert not half.ledger().open
        assert not half.breaches

    def test_stands_in_the_way_of_other_promotions_with_every_command_that_ends_it(
        self, half: FakeWorld
    ) -> None:
        half.crash("pointer.write", after=True)
        with pytest.raises(CrashError):
            Promoting(half).rollback(of="qa")
        half.revive(seconds=200)
        with pytest.raises(UnfinishedError) as caught:
            Promoting(half).plan("tools", "v1", to="prod")
        assert "of v2 to prod" in caught.value.detail
        assert "the rollback of qa to v1" in caught.value.detail
        lines = [line.strip() for line in caught.value.remedy.splitlines() if line[:4] == "    "]
        assert lines == [
            "promote resume tools --environment prod",
            "promote abort tools --environment prod",
            "promote resume tools",
            "promote abort tools",
            "promote lock show tools",
        ]

    def test_is_no_drift_and_keeps_retire_away(self, half: FakeWorld) -> None:
        half.crash("pointer.write", after=True)
        with pytest.raises(CrashError):
            Promoting(half).rollback(of="qa")
        half.revive(seconds=200)
        (retired,) = Promoting(half).retire("tools", wait=timedelta(0))
        (said,) = retired.skipped
        begun = "The promotion of v2 to prod and the one of v1 to qa are unfinished"
        assert said == f"{begun}: promote resume tools"

    def test_forbids_to_stop_its_version(self, fake: FakeWorld) -> None:
        Promoting(fake).release(to="qa")
        fake.crash("iam.put")
        with pytest.raises(CrashError):
            Promoting(fake).release(to="prod")
        fake.revive(seconds=200)
        Promoting(fake).rollback(of="qa")
        with pytest.raises(RefusedError, match="in use") as caught:
            Promoting(fake).stop_version("tools", "v2")
        assert "the unfinished promotion" in caught.value.detail


class TestAPromotionToTheSameEnvironmentThatIsOpen:
    @pytest.fixture
    def half(self, in_qa: FakeWorld) -> FakeWorld:
        return half_switched(in_qa)

    @pytest.mark.parametrize("version", [None, "v1", V1])
    def test_is_put_back_by_going_back(self, half: FakeWorld, version: str | None) -> None:
        begun = Promoting(half).abort_instead("tools", version, environment="prod")
        assert begun is not None
        assert Promoting(half).rollback(version).result is Outcome.ROLLED_BACK
        assert named(half) == [V1, V1]
        assert not half.ledger().held
        assert Promoting(half).rollback().result is Outcome.UNCHANGED

    def test_is_named_by_the_library_with_the_command(self, half: FakeWorld) -> None:
        with pytest.raises(UnfinishedError) as caught:
            Promoting(half).plan_rollback("tools", environment="prod")
        assert "To go back is to put it back:\n    promote abort tools" in caught.value.remedy

    def test_has_to_be_put_back_before_going_elsewhere(self, half: FakeWorld) -> None:
        half.versions[V3] = a_trained_version("v3")
        with pytest.raises(UnfinishedError) as caught:
            Promoting(half).rollback("v3")
        assert caught.value.remedy.endswith(
            "    promote abort tools\n    promote rollback tools v3 --environment prod"
        )
        assert Promoting(half).abort_instead("tools", "v3", environment="prod") is None

    def test_is_put_back_further_when_it_had_turned_already(self, half: FakeWorld) -> None:
        half.crash("pointer.write", after=True)
        with pytest.raises(CrashError):
            Promoting(half).abort("tools")
        half.revive(seconds=200)
        begun = half.ledger().open_in("prod")
        assert begun is not None
        assert begun.direction is Direction.ROLLING_BACK
        assert Promoting(half).rollback().result is Outcome.ROLLED_BACK

    def test_if_it_is_a_rollback_goes_on_and_to_no_other_version(self, warm: FakeWorld) -> None:
        warm.versions[V3] = a_trained_version("v3")
        warm.crash("pointer.write", after=True)
        with pytest.raises(CrashError):
            Promoting(warm).rollback()
        warm.revive(seconds=200)
        with pytest.raises(UnfinishedError, match="in the way"):
            Promoting(warm).rollback("v3")
        with pytest.raises(UnfinishedError, match="in the way"):
            Promoting(warm).release("v1", to="prod")
        assert Promoting(warm).rollback("v1").result is Outcome.PROMOTED


class TestAPlanOfARollback:
    def through_a_file(self, plan: Plan) -> Plan:
        return planfile.decode(planfile.encode(plan))

    def test_is_applied_from_its_file_alike(self, warm: FakeWorld) -> None:
        plan = self.through_a_file(Promoting(warm).plan_rollback("tools", environment="prod"))
        assert plan.request.rollback
        assert plan.gates == ()
        assert Promoting(warm).apply(plan).result is Outcome.PROMOTED
        assert warm.ledger().held.keys() == {(V2, "prod")}
        assert Promoting(warm).apply(plan).result is Outcome.UNCHANGED

    def test_cannot_be_made_of_a_promotion_to_pass_its_gates(self, fake: FakeWorld) -> None:
        plan = Promoting(fake).plan("tools", "v2", to="prod")
        forged = replace(plan, request=replace(plan.request, rollback=True), gates=())
        with pytest.raises((RefusedError, PlanFileError)):
            Promoting(fake).apply(forged)
        assert not written(fake)

    def test_goes_nowhere_that_no_pointer_ever_named(self, warm: FakeWorld) -> None:
        warm.versions[V3] = a_trained_version("v3")
        plan = Promoting(warm).plan("tools", "v3", to="prod")
        forged = replace(plan, request=replace(plan.request, rollback=True), gates=())
        with pytest.raises(RefusedError, match="Nothing to go back to"):
            Promoting(warm).apply(forged)
        assert not written(warm)

    def test_asks_for_nothing_that_a_rollback_does_not_do(self, warm: FakeWorld) -> None:
        plan = Promoting(warm).plan_rollback("tools", environment="prod")
        warmer = tuple(
            replace(step, keep_warm=60.0) if isinstance(step, Drain) else step
            for step in plan.steps
        )
        with pytest.raises(PlanFileError, match="does not fit"):
            Promoting(warm).apply(replace(plan, steps=warmer))


@pytest.mark.parametrize(
    "trouble",
    [LockedError("The lock was lost", "Somebody took it."), InterruptedBySignalError("Ctrl-C")],
)
def test_what_can_be_tried_again_is(warm: FakeWorld, trouble: PromoteError) -> None:
    warm.fail("pointer.write", trouble, on=PROD[1])
    with pytest.raises(type(trouble)):
        Promoting(warm).rollback()
    assert named(warm) == [V1, V2]
    assert Promoting(warm).resume("tools").result is Outcome.PROMOTED
