from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest

from promote.core.events import StepDone, Waiting
from promote.core.plan import Bake, Switch
from promote.core.record import PromotionEnded, TargetFailed, VerificationDone
from promote.core.result import Outcome
from promote.core.topology import Topology
from promote.core.version import Status
from promote.core.waves import WaveSize
from promote.errors import (
    FailedError,
    NeedsAttentionError,
    PointerChangedError,
    StalePlanError,
)
from tests.builders import a_grant, version_arn
from tests.fake_world import CrashError, FakeWorld
from tests.workflow.promoting import Promoting
from tests.workflow.test_promotion import PROD_ROLE
from tests.workflow.wave_world import ACCOUNTS, BAKE, V2, fail_in, in_waves

V1 = version_arn("v1")
LEASE_OVER = 200.0


def live_in_qa(topology: Topology) -> FakeWorld:
    """Build a world in which v2 is live in qa, and prod is next."""
    fake = FakeWorld(topology)
    Promoting(fake).release(to="qa")
    fake.calls.clear()
    return fake


def named(fake: FakeWorld) -> list[str | None]:
    return [
        value.rsplit("/", 2)[-2] if value else None
        for target in fake.targets
        if target.environment == "prod"
        for value in [fake.pointer(target).value]
    ]


def switched_at(fake: FakeWorld, account: str) -> float:
    (target,) = (each for each in fake.targets if each.account == account)
    changed = next(e for e in fake.pointer(target).history if e.value == V2)
    return changed.changed_at.timestamp()


def verifications(fake: FakeWorld) -> list[VerificationDone]:
    records = (each for each in fake.records() if isinstance(each, VerificationDone))
    return [each for each in records if each.environment == "prod"]


class TestAPromotionInWaves:
    def test_switches_one_wave_after_the_other_with_a_bake_between(self) -> None:
        fake = live_in_qa(in_waves())
        assert Promoting(fake).release(to="prod").result is Outcome.PROMOTED
        first, second, third = (switched_at(fake, each) for each in ACCOUNTS[:3])
        assert second - first >= BAKE.total_seconds()
        assert third - second < 10
        assert named(fake) == ["v2"] * 3
        assert not fake.breaches

    def test_keeps_the_order_of_the_file_for_four_accounts_in_three_waves(self) -> None:
        half, everyone = WaveSize(50, is_percentage=True), WaveSize(100, is_percentage=True)
        fake = live_in_qa(in_waves(WaveSize(1), half, everyone, accounts=4))
        Promoting(fake).release(to="prod")
        times = [switched_at(fake, each) for each in ACCOUNTS]
        waited = [later - earlier >= BAKE.total_seconds() for earlier, later in pairwise(times)]
        assert waited == [True, True, False]

    def test_verifies_each_wave_before_and_after_its_bake(self) -> None:
        fake = live_in_qa(in_waves())
        fake.calls.clear()
        Promoting(fake).release(to="prod")
        calls = [(c.operation, c.resource) for c in fake.calls]
        switched = [calls.index(("pointer.write", f"prod/{each}")) for each in ACCOUNTS[:2]]
        between = calls[switched[0] : switched[1]]
        assert between.count(("sts.enter", f"prod/{ACCOUNTS[0]}")) == 2
        assert not [
            each for each in between if each[1] == f"prod/{ACCOUNTS[1]}" and "enter" in each[0]
        ]

    def test_bakes_and_drains_after_the_last_wave(self) -> None:
        fake = live_in_qa(in_waves())
        promoter = Promoting(fake)
        promoter.release(to="prod")
        done = [each.step.step for each in promoter.events if isinstance(each, StepDone)]
        assert done == [
            *["grant"], *["prove"] * 3,
            "switch", "bake", "switch", "switch", "bake", "drain", "revoke", "stop",
        ]  # fmt: skip
        waits = [each.what for each in promoter.events if isinstance(each, Waiting)]
        assert "wave 1 of prod to bake" in waits

    def test_is_no_shorter_for_a_short_wait(self) -> None:
        fake = live_in_qa(in_waves(bake=timedelta(minutes=4)))
        result = Promoting(fake).release(to="prod", wait=timedelta(0))
        assert named(fake) == ["v2"] * 3
        assert {each.step for each in result.left} == {"revoke", "stop"}

    def test_records_one_verification_of_all_targets_at_its_end(self) -> None:
        fake = live_in_qa(in_waves())
        Promoting(fake).release(to="prod")
        (done,) = verifications(fake)
        assert (done.passed, done.accounts, done.accuracy) == (True, ACCOUNTS[:3], 1.0)

    def test_is_planned_with_waves_of_all_targets_also_after_a_crash(self) -> None:
        fake = live_in_qa(in_waves(WaveSize(1), WaveSize(2), WaveSize(100, is_percentage=True)))
        fake.crash("pointer.write", nth=2)
        with pytest.raises(CrashError):
            Promoting(fake).release(to="prod")
        fake.revive(seconds=LEASE_OVER)
        plan = Promoting(fake).make(to="prod")
        assert [each.wave for each in plan.targets] == [1, 2, 3]
        steps = [each for each in plan.steps if isinstance(each, Switch | Bake)]
        assert [(each.step, each.wave) for each in steps] == [
            (step, wave) for wave in (1, 2, 3) for step in ("switch", "bake")
        ]


class TestABakeThatWasKilled:
    def test_does_not_begin_anew(self) -> None:
        fake = live_in_qa(in_waves())
        fake.at("pointer.write", lambda: fake.crash("store.read", nth=30), after=True)
        with pytest.raises(CrashError):
            Promoting(fake).release(to="prod")
        assert named(fake) == ["v2", "v1", "v1"]
        fake.revive(seconds=LEASE_OVER)
        Promoting(fake).resume("tools")
        first, second = (switched_at(fake, each) for each in ACCOUNTS[:2])
        assert BAKE.total_seconds() <= second - first < BAKE.total_seconds() + 20

    def test_is_over_when_it_is_resumed_late_and_the_wave_is_verified_once(self) -> None:
        fake = live_in_qa(in_waves())
        fake.crash("pointer.write", after=True)
        with pytest.raises(CrashError):
            Promoting(fake).release(to="prod")
        fake.revive(seconds=3600)
        fake.calls.clear()
        Promoting(fake).resume("tools")
        calls = [(c.operation, c.resource) for c in fake.calls]
        second = calls.index(("pointer.write", f"prod/{ACCOUNTS[1]}"))
        proofs = calls.index(("pointer.current", f"prod/{ACCOUNTS[0]}"))
        before = calls[proofs:second]
        assert before.count(("sts.enter", f"prod/{ACCOUNTS[0]}")) == 1

    def test_never_lets_the_next_wave_go_when_the_first_was_not_verified(self) -> None:
        fake = live_in_qa(in_waves(bake=timedelta(0)))
        fake.crash("pointer.write", after=True)
        with pytest.raises(CrashError):
            Promoting(fake).release(to="prod")
        fake.revive(seconds=LEASE_OVER)
        fake.poor.add(f"{ACCOUNTS[0]}/{V2}")
        with pytest.raises(FailedError):
            Promoting(fake).resume("tools")
        assert named(fake) == ["v1"] * 3
        assert "pointer.write" in fake.operations()
        assert all(
            len(fake.pointer(each).history) == 1
            for each in fake.targets
            if each.account in ACCOUNTS[1:3]
        )


class TestATargetThatFailsWithinMaxFailures:
    def test_goes_back_at_once_and_the_rest_goes_on(self) -> None:
        fake = live_in_qa(in_waves(max_failures=1))
        fail_in(fake, ACCOUNTS[0])
        with pytest.raises(NeedsAttentionError) as caught:
            Promoting(fake).release(to="prod")
        assert named(fake) == ["v1", "v2", "v2"]
        assert f"prod/{ACCOUNTS[0]}  recognised 0.000 of the images; 0.900 required" in (
            caught.value.detail
        )
        assert "2 of 3 targets" in caught.value.detail
        assert "promote resume tools" in caught.value.remedy
        assert "promote abort tools" in caught.value.remedy
        assert not fake.breaches

    def test_keeps_everything_granted_and_running(self) -> None:
        fake = live_in_qa(in_waves(max_failures=1))
        fail_in(fake, ACCOUNTS[1])
        with pytest.raises(NeedsAttentionError):
            Promoting(fake).release(to="prod")
        assert fake.document(PROD_ROLE) == a_grant("v1", "v2")
        assert (fake.status("v1"), fake.status("v2")) == (Status.RUNNING, Status.RUNNING)
        assert fake.ledger().unfinished is not None

    def test_is_on_record_before_its_pointer_goes_back(self) -> None:
        fake = live_in_qa(in_waves(max_failures=1))
        fail_in(fake, ACCOUNTS[0])
        fake.crash("pointer.write", nth=2)
        with pytest.raises(CrashError):
            Promoting(fake).release(to="prod")
        (record,) = (each for each in fake.records() if isinstance(each, TargetFailed))
        assert record.account == ACCOUNTS[0]
        assert named(fake) == ["v2", "v1", "v1"]

    def test_is_no_pass_of_the_environment(self) -> None:
        fake = live_in_qa(in_waves(max_failures=1))
        fail_in(fake, ACCOUNTS[0])
        with pytest.raises(NeedsAttentionError):
            Promoting(fake).release(to="prod")
        assert [each.passed for each in verifications(fake)] == [False]
        assert verifications(fake)[0].accounts == (ACCOUNTS[0],)

    def test_is_tried_again_by_resume_which_then_retires(self) -> None:
        fake = live_in_qa(in_waves(max_failures=1))
        fail_in(fake, ACCOUNTS[0])
        with pytest.raises(NeedsAttentionError):
            Promoting(fake).release(to="prod")
        fake.poor.clear()
        result = Promoting(fake).resume("tools", wait=timedelta(hours=2))
        assert result.result is Outcome.PROMOTED
        assert named(fake) == ["v2"] * 3
        assert fake.document(PROD_ROLE) == a_grant("v2")
        assert fake.status("v1") is Status.STOPPED
        assert [each.passed for each in verifications(fake)] == [False, True]
        assert not fake.breaches

    def test_that_fails_again_before_its_switch_keeps_the_rest_where_it_is(self) -> None:
        fake = live_in_qa(in_waves(max_failures=1))
        fail_in(fake, ACCOUNTS[0])
        with pytest.raises(NeedsAttentionError):
            Promoting(fake).release(to="prod")
        for _ in range(2):
            with pytest.raises(NeedsAttentionError) as caught:
                Promoting(fake).release(to="prod")
            assert f"prod/{ACCOUNTS[0]}  recognised 0.000" in caught.value.detail
        assert named(fake) == ["v1", "v2", "v2"]
        assert not fake.breaches

    def test_can_be_put_back_with_all_others(self) -> None:
        fake = live_in_qa(in_waves(max_failures=1))
        fail_in(fake, ACCOUNTS[0])
        with pytest.raises(NeedsAttentionError):
            Promoting(fake).release(to="prod")
        result = Promoting(fake).abort("tools", wait=timedelta(hours=2))
        assert result.result is Outcome.ROLLED_BACK
        assert named(fake) == ["v1"] * 3
        assert fake.document(PROD_ROLE) == a_grant("v1")
        assert not fake.breaches

    def test_counts_for_good_so_that_another_one_is_too_many(self) -> None:
        fake = live_in_qa(in_waves(max_failures=1))
        fail_in(fake, ACCOUNTS[0])
        with pytest.raises(NeedsAttentionError):
            Promoting(fake).release(to="prod")
        fake.poor.clear()
        fake.poor.add(f"{ACCOUNTS[2]}/{V2}")
        with pytest.raises(FailedError) as caught:
            Promoting(fake).resume("tools", wait=timedelta(hours=2))
        assert "2 of 3 targets have failed; max_failures is 1." in caught.value.detail
        assert named(fake) == ["v1"] * 3
        assert not fake.breaches

    def test_is_deleted_again_when_it_did_not_exist_and_created_by_the_next_run(self) -> None:
        fake = FakeWorld(in_waves(max_failures=1), live=None)
        fake.become("v1", Status.STOPPED)
        Promoting(fake).release(to="qa")
        fail_in(fake, ACCOUNTS[0])
        with pytest.raises(NeedsAttentionError):
            Promoting(fake).release(to="prod")
        assert named(fake) == [None, "v2", "v2"]
        fake.poor.clear()
        assert Promoting(fake).resume("tools").result is Outcome.PROMOTED
        assert named(fake) == ["v2"] * 3
        assert not fake.breaches

    def test_drains_when_all_is_put_back_although_its_pointer_was_deleted(self) -> None:
        fake = FakeWorld(in_waves(max_failures=1, accounts=2), live=None)
        fake.become("v1", Status.STOPPED)
        Promoting(fake).release(to="qa")
        fail_in(fake, *ACCOUNTS[:2])
        with pytest.raises(FailedError):
            Promoting(fake).release(to="prod")
        assert named(fake) == [None, None]
        assert not fake.breaches

    def test_may_use_a_role_of_its_own(self) -> None:
        role = "{model}-{environment}-{account}"
        fake = live_in_qa(in_waves(max_failures=1, access_role=role))
        fail_in(fake, ACCOUNTS[0])
        with pytest.raises(NeedsAttentionError):
            Promoting(fake).release(to="prod")
        fake.poor.clear()
        assert Promoting(fake).resume("tools").result is Outcome.PROMOTED
        assert not fake.breaches


class TestMoreFailuresThanMaxFailures:
    @pytest.mark.parametrize("allowed", [0, 1])
    def test_put_every_pointer_back(self, allowed: int) -> None:
        fake = live_in_qa(in_waves(max_failures=allowed))
        fail_in(fake, *ACCOUNTS[1 : 2 + allowed])
        with pytest.raises(FailedError) as caught:
            Promoting(fake).release(to="prod")
        assert "Every pointer is back" in caught.value.detail
        assert named(fake) == ["v1"] * 3
        assert fake.document(PROD_ROLE) == a_grant("v1")
        ended = [each for each in fake.records() if isinstance(each, PromotionEnded)]
        assert ended[-1].result.result is Outcome.ROLLED_BACK
        assert not fake.breaches

    def test_never_reach_the_next_wave(self) -> None:
        fake = live_in_qa(in_waves())
        fail_in(fake, ACCOUNTS[0])
        with pytest.raises(FailedError):
            Promoting(fake).release(to="prod")
        lengths = [
            len(fake.pointer(each).history) for each in fake.targets if each.environment == "prod"
        ]
        assert lengths == [3, 1, 1]

    def test_are_noticed_during_the_bake(self) -> None:
        fake = live_in_qa(in_waves())
        mark = f"{ACCOUNTS[0]}/{V2}"
        spoil = {"at": 0.0}

        def later() -> None:
            spoil["at"] = fake.seconds + 300

        def maybe() -> None:
            if spoil["at"] and fake.seconds > spoil["at"]:
                fake.poor.add(mark)

        fake.at("pointer.write", later, after=True)
        fake.at("store.read", maybe, times=10_000)
        with pytest.raises(FailedError):
            Promoting(fake).release(to="prod")
        assert named(fake) == ["v1"] * 3

    def test_undo_at_once_when_a_pointer_cannot_be_written(self) -> None:
        fake = live_in_qa(in_waves(max_failures=2))
        fake.fail("pointer.write", FailedError("No", "no"), times=9, on=ACCOUNTS[1])
        with pytest.raises(FailedError):
            Promoting(fake).release(to="prod")
        assert named(fake) == ["v1"] * 3


class TestAPointerOfAFailedTarget:
    def failed(self) -> FakeWorld:
        fake = live_in_qa(in_waves(max_failures=1))
        fail_in(fake, ACCOUNTS[0])
        with pytest.raises(NeedsAttentionError):
            Promoting(fake).release(to="prod")
        fake.poor.clear()
        return fake

    def test_that_somebody_wrote_since_makes_the_promotion_stale(self) -> None:
        fake = self.failed()
        (target,) = (each for each in fake.targets if each.account == ACCOUNTS[0])
        fake.point(target, V2)
        fake.point(target, V1)
        with pytest.raises(StalePlanError, match="stale"):
            Promoting(fake).resume("tools")

    def test_of_a_target_that_did_not_fail_may_not_go_there_and_back(self) -> None:
        fake = self.failed()
        (target,) = (each for each in fake.targets if each.account == ACCOUNTS[1])
        fake.point(target, V1)
        with pytest.raises(StalePlanError, match="stale"):
            Promoting(fake).resume("tools")

    def test_is_written_only_in_the_revision_that_was_accepted(self) -> None:
        fake = self.failed()
        (target,) = (each for each in fake.targets if each.account == ACCOUNTS[0])

        def rival() -> None:
            fake.point(target, "arn:aws:rekognition:us-east-1:222222222222:project/x/version/y/1")

        fake.at("pointer.current", rival, on=ACCOUNTS[0])
        with pytest.raises(PointerChangedError, match="changed meanwhile"):
            Promoting(fake).resume("tools")
