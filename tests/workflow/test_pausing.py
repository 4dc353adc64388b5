"""A promotion that goes as far as a wave, waits, and goes on with a later run."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from promote.core.observation import Json
from promote.core.paused import PromotionPaused
from promote.core.plan import Plan
from promote.core.planfile import decode, encode
from promote.core.record import PromotionEnded, PromotionStarted, VerificationDone
from promote.core.result import Outcome, Result
from promote.core.status import Finding
from promote.core.topology import Topology
from promote.core.version import Status
from promote.core.waves import WaveSize
from promote.errors import (
    FailedError,
    InputError,
    NeedsAttentionError,
    StalePlanError,
    TryAgainError,
    UnfinishedError,
)
from promote.report import text
from promote.report.junit import promotion as junit
from tests.builders import version_arn
from tests.fake_world import CrashError, FakeWorld
from tests.workflow.promoting import LONG
from tests.workflow.promoting import Promoting as _Promoting
from tests.workflow.test_waves import LEASE_OVER, live_in_qa, named
from tests.workflow.wave_world import ACCOUNTS, V2, fail_in, in_waves

V1 = version_arn("v1")
DAY = 86_400.0
THREE = (WaveSize(1), WaveSize(2), WaveSize(100, is_percentage=True))


class Promoting(_Promoting):
    """Compares no trust policies, for nothing renders them here."""

    def _trusts(self) -> dict[str, Json]:
        return {}


def with_v2_in_qa(topology: Topology) -> FakeWorld:
    """Build the world of `live_in_qa`, in which v2 runs with as many units as it should."""
    fake = live_in_qa(topology)
    fake.versions[V2] = replace(fake.versions[V2], min_units=1)
    return fake


@pytest.fixture
def fake() -> FakeWorld:
    """Give a world in which v2 is live in qa, and prod has three accounts in three waves."""
    return with_v2_in_qa(in_waves(*THREE))


def saved(fake: FakeWorld) -> Plan:
    """Make a plan that comes back from its file, as that of a build does."""
    return decode(encode(Promoting(fake).make(to="prod")))


def as_far_as(fake: FakeWorld, plan: Plan, wave: int | None, wait: timedelta = LONG) -> Result:
    """Apply a plan in a process of its own."""
    return Promoting(fake).apply(plan, wave=wave, wait=wait)


def end_of(fake: FakeWorld) -> Mapping[str, object]:
    """Return the end state, without the ids of promotions."""
    state = dict(fake.end_state())
    claims = state.pop("claims")
    assert isinstance(claims, dict)
    return {**state, "claimed": set(claims)}


def released_in_one_go() -> FakeWorld:
    fake = with_v2_in_qa(in_waves(*THREE))
    Promoting(fake).release(to="prod")
    return fake


class TestAPromotionThatGoesAsFarAsAWave:
    def test_switches_verifies_and_bakes_it_and_says_what_is_left(self, fake: FakeWorld) -> None:
        result = as_far_as(fake, saved(fake), 1)
        assert (result.result, result.wave, result.waves) == (Outcome.UNDER_WAY, 1, 3)
        assert [(each.step, each.wave) for each in result.left] == [("switch", 2), ("switch", 3)]
        assert named(fake) == ["v2", "v1", "v1"]
        told = text.result(result)
        assert "Under way: wave 1 of 3 of prod uses v2" in told
        assert told.endswith("Next:\n    promote apply plan.json --wave 2\n")

    def test_leaves_the_lock_free_and_nothing_revoked_or_stopped(self, fake: FakeWorld) -> None:
        as_far_as(fake, saved(fake), 2)
        assert Promoting(fake).lock("tools") is None
        assert fake.versions[V1].status is Status.RUNNING
        assert "roles.remove" not in fake.operations(writes=True)
        fake.pass_time(DAY)
        (retired,) = Promoting(fake).retire()
        assert not retired.done
        assert "which waits after wave 2, is unfinished" in retired.skipped[0]
        assert named(fake) == ["v2", "v2", "v1"]

    def test_goes_on_wave_by_wave_to_the_end_of_one_in_one_go(self, fake: FakeWorld) -> None:
        plan = saved(fake)
        for wave in (1, 2):
            assert as_far_as(fake, plan, wave).result is Outcome.UNDER_WAY
            fake.pass_time(DAY)
        assert as_far_as(fake, plan, 3).result is Outcome.PROMOTED
        assert not fake.breaches
        assert end_of(fake) == end_of(released_in_one_go())

    def test_goes_to_the_end_without_a_wave_or_with_the_last(self, fake: FakeWorld) -> None:
        plan = saved(fake)
        as_far_as(fake, plan, 1)
        assert as_far_as(fake, plan, None).result is Outcome.PROMOTED
        assert named(fake) == ["v2"] * 3
        assert as_far_as(fake, plan, 3).result is Outcome.UNCHANGED

    def test_is_unchanged_so_far_when_it_is_asked_again(self, fake: FakeWorld) -> None:
        plan = saved(fake)
        as_far_as(fake, plan, 2)
        fake.calls.clear()
        for wave in (1, 2):
            result = as_far_as(fake, plan, wave)
            assert (result.result, result.wave) == (Outcome.UNCHANGED, 2)
            assert [each.wave for each in result.left] == [3]
        assert "pointer.write" not in fake.operations(writes=True)
        assert "Nothing to do so far: waves 1 to 2 of 3" in text.result(result)

    def test_verifies_earlier_waves_before_it_switches_the_next(self, fake: FakeWorld) -> None:
        plan = saved(fake)
        as_far_as(fake, plan, 1)
        fake.poor.add(f"{ACCOUNTS[0]}/{V2}")
        with pytest.raises(FailedError):
            as_far_as(fake, plan, 2)
        assert named(fake) == ["v1"] * 3

    def test_records_its_verification_only_at_the_end(self, fake: FakeWorld) -> None:
        plan = saved(fake)
        as_far_as(fake, plan, 1)
        done = [e for e in fake.records() if isinstance(e, VerificationDone)]
        assert {each.environment for each in done} == {"qa"}

    def test_refuses_a_wave_that_there_never_is(self, fake: FakeWorld) -> None:
        with pytest.raises(InputError, match="reached in 3 waves"):
            as_far_as(fake, saved(fake), 4)
        with pytest.raises(InputError):
            as_far_as(fake, saved(fake), 0)

    def test_takes_a_wave_that_only_larger_environments_have_for_empty(self) -> None:
        fake = with_v2_in_qa(in_waves(*THREE, accounts=2))
        plan = saved(fake)
        assert as_far_as(fake, plan, 1).result is Outcome.UNDER_WAY
        assert as_far_as(fake, plan, 2).result is Outcome.PROMOTED
        assert as_far_as(fake, plan, 3).result is Outcome.UNCHANGED

    def test_leaves_an_ended_promotion_alone_whose_wave_is_empty_and_that_drains(self) -> None:
        fake = with_v2_in_qa(in_waves(*THREE, accounts=2, bake=timedelta(0)))
        plan = saved(fake)
        as_far_as(fake, plan, 1)
        ended = as_far_as(fake, plan, 2, timedelta(0))
        assert ended.left
        records = len(fake.records())
        assert as_far_as(fake, plan, 3, timedelta(0)).left == ended.left
        assert len(fake.records()) == records

    def test_ends_well_with_any_wave_of_a_plan_that_changes_nothing(self, fake: FakeWorld) -> None:
        as_far_as(fake, saved(fake), None)
        plan = saved(fake)
        assert not plan.steps
        assert as_far_as(fake, plan, 7).result is Outcome.UNCHANGED

    def test_waits_although_a_target_failed_that_may_and_tries_it_again(self) -> None:
        fake = with_v2_in_qa(in_waves(WaveSize(2), accounts=3, max_failures=1))
        fail_in(fake, ACCOUNTS[0])
        plan = saved(fake)
        result = as_far_as(fake, plan, 1)
        assert [each.wave for each in result.left] == [1, 2]
        assert named(fake) == ["v1", "v2", "v1"]
        fake.poor.clear()
        assert as_far_as(fake, plan, 2).result is Outcome.PROMOTED
        assert named(fake) == ["v2"] * 3
        assert not [each for each in Promoting(fake).audit() if not each.ok]

    def test_still_needs_attention_at_its_end_for_what_failed(self) -> None:
        fake = with_v2_in_qa(in_waves(WaveSize(2), accounts=3, max_failures=1))
        fail_in(fake, ACCOUNTS[0])
        plan = saved(fake)
        as_far_as(fake, plan, 1)
        with pytest.raises(NeedsAttentionError, match=ACCOUNTS[0]):
            as_far_as(fake, plan, 2)


class TestWhatElseIsDoneMeanwhile:
    def test_is_refused_for_another_version_of_the_model(self, fake: FakeWorld) -> None:
        as_far_as(fake, saved(fake), 1)
        with pytest.raises(UnfinishedError):
            Promoting(fake).release("v1", to="qa")

    def test_a_failed_wave_puts_everything_back(self, fake: FakeWorld) -> None:
        plan = saved(fake)
        as_far_as(fake, plan, 1)
        fake.pass_time(DAY)
        fail_in(fake, ACCOUNTS[1])
        with pytest.raises(FailedError):
            as_far_as(fake, plan, 2)
        assert named(fake) == ["v1"] * 3
        assert fake.ledger().unfinished is None
        assert not fake.breaches

    def test_resume_goes_to_the_end(self, fake: FakeWorld) -> None:
        as_far_as(fake, saved(fake), 1)
        assert Promoting(fake).resume("tools", wait=LONG).result is Outcome.PROMOTED

    def test_resume_goes_as_far_as_a_wave(self, fake: FakeWorld) -> None:
        as_far_as(fake, saved(fake), 1)
        assert Promoting(fake).resume("tools", wave=2).wave == 2

    def test_abort_puts_it_back(self, fake: FakeWorld) -> None:
        as_far_as(fake, saved(fake), 1)
        assert Promoting(fake).abort("tools", wait=LONG).result is Outcome.ROLLED_BACK
        assert named(fake) == ["v1"] * 3

    def test_a_rollback_puts_it_back(self, fake: FakeWorld) -> None:
        as_far_as(fake, saved(fake), 2)
        assert Promoting(fake).rollback().result is Outcome.ROLLED_BACK
        assert named(fake) == ["v1"] * 3

    def test_a_pointer_set_by_hand_makes_the_plan_stale(self, fake: FakeWorld) -> None:
        plan = saved(fake)
        as_far_as(fake, plan, 1)
        (target,) = (each for each in fake.targets if each.account == ACCOUNTS[0])
        fake.point(target, version_arn("v9"))
        with pytest.raises(StalePlanError):
            as_far_as(fake, plan, 1)

    def test_a_run_that_is_cut_short_names_the_command_that_goes_as_far(
        self, fake: FakeWorld
    ) -> None:
        plan = saved(fake)
        fake.at("sts.enter", raising(TryAgainError("Throttled", "By IAM.", "")), nth=9, times=999)
        with pytest.raises(TryAgainError) as raised:
            as_far_as(fake, plan, 1)
        assert raised.value.remedy.endswith("promote resume tools --wave 1")


class TestAVerificationBetweenTwoWaves:
    def test_tries_the_new_version_where_it_is_reached(self, fake: FakeWorld) -> None:
        as_far_as(fake, saved(fake), 2)
        done = Promoting(fake).verify("tools", environment="prod")
        assert (done.version, done.passed, done.accounts) == (V2, True, ACCOUNTS[:2])

    def test_that_passes_is_none_of_the_whole_environment(self, fake: FakeWorld) -> None:
        plan = saved(fake)
        as_far_as(fake, plan, 1)
        Promoting(fake).verify("tools", environment="prod")
        assert fake.ledger().verification(V2, "prod") is None
        assert as_far_as(fake, plan, 2).result is Outcome.UNDER_WAY
        Promoting(fake).verify("tools", environment="prod")
        assert as_far_as(fake, plan, 3).result is Outcome.PROMOTED
        found = fake.ledger().verification(V2, "prod")
        assert found is not None
        assert found.accounts == ACCOUNTS[:3]
        assert not breaches(fake)

    def test_that_fails_is_on_record(self, fake: FakeWorld) -> None:
        as_far_as(fake, saved(fake), 1)
        fake.poor.add(f"{ACCOUNTS[0]}/{V2}")
        assert not Promoting(fake).verify("tools", environment="prod").passed
        found = fake.ledger().verification(V2, "prod")
        assert found is not None
        assert not found.passed


def raising(error: Exception) -> Callable[[], None]:
    def action() -> None:
        raise error

    return action


class TestThePauseOnRecord:
    def test_is_shown_by_status_as_no_crash(self, fake: FakeWorld) -> None:
        as_far_as(fake, saved(fake), 1)
        (status,) = Promoting(fake).status()
        (begun,) = status.open
        assert (begun.waits_after, begun.waves) == (1, 3)
        assert "It waits after wave 1 of 3" in " ".join(text.status([status]).split())
        assert not status.environments[1].drift

    def test_is_not_shown_once_a_later_run_was_cut_short(self, fake: FakeWorld) -> None:
        plan = saved(fake)
        as_far_as(fake, plan, 1)
        fake.crash("pointer.write")
        with pytest.raises(CrashError):
            as_far_as(fake, plan, 2)
        fake.revive(seconds=LEASE_OVER)
        assert Promoting(fake).status()[0].open[0].waits_after is None

    def test_is_no_breach_for_an_audit(self, fake: FakeWorld) -> None:
        as_far_as(fake, saved(fake), 1)
        assert not breaches(fake)
        told = [each.detail for each in Promoting(fake).audit() if each.subject == "tools P3 P4"]
        assert "waits after wave 1 of prod" in told[0]

    def test_keeps_the_steps_of_every_run(self, fake: FakeWorld) -> None:
        plan = saved(fake)
        for wave in (1, 2, 3):
            as_far_as(fake, plan, wave)
        assert not breaches(fake)
        (begun,) = [e for e in fake.records() if isinstance(e, PromotionStarted)][1:]
        found = Promoting(fake).promotion("tools", begun.promotion)
        assert [each.of for each in found.steps if each.step == "switch"] == list(ACCOUNTS[:3])
        acts = ["begun", "paused", "resumed", "paused", "resumed", "ended"]
        assert [each.act for each in found.acts] == acts
        assert "reached wave 1" in text.history(fake.records())

    def test_is_told_in_the_history_while_it_waits(self, fake: FakeWorld) -> None:
        as_far_as(fake, saved(fake), 2)
        assert "waits after wave 2" in text.history(fake.records())

    def test_passes_in_a_junit_report(self, fake: FakeWorld) -> None:
        plan = saved(fake)
        promoter = Promoting(fake)
        result = promoter.apply(plan, wave=1, wait=LONG)
        assert 'failures="0"' in junit(plan, promoter.events, result)


def breaches(fake: FakeWorld) -> list[Finding]:
    return [each for each in Promoting(fake).audit() if not each.ok]


def through(fake: FakeWorld, plan: Plan, *, begin: int = 1) -> None:
    """Apply a plan stage by stage until one fails, as a pipeline does."""
    with contextlib.suppress(FailedError):
        for wave in range(begin, 3):
            as_far_as(fake, plan, wave)


@pytest.mark.parametrize("bad", [False, True], ids=["well", "badly"])
def test_killed_at_any_write_of_any_stage_it_ends_the_same(*, bad: bool) -> None:
    fake = with_v2_in_qa(in_waves(accounts=2))
    if bad:
        fail_in(fake, ACCOUNTS[1])
    plan = saved(fake)
    left: list[tuple[int, FakeWorld]] = []

    def keep() -> None:
        paused = sum(isinstance(each, PromotionPaused) for each in fake.records())
        left.append((paused + 1, fake.copy()))

    fake.at("!", keep, times=99, after=True)
    through(fake, plan)
    assert len(left) > 15
    for nth, (wave, world) in enumerate(left):
        if bad:
            fail_in(world, ACCOUNTS[1])
        world.pass_time(LEASE_OVER)
        with contextlib.suppress(StalePlanError):  # it was put back, and that was all
            through(world, plan, begin=wave)
        assert end_of(world) == end_of(fake), nth
        assert not world.breaches, nth
        assert world.ledger().unfinished is None, nth


def test_every_pause_follows_lawfully(fake: FakeWorld) -> None:
    plan = saved(fake)
    as_far_as(fake, plan, 1)
    as_far_as(fake, plan, 1)
    as_far_as(fake, plan, 2)
    records = fake.records()
    assert [e.wave for e in records if isinstance(e, PromotionPaused)] == [1, 2]
    assert Promoting(fake).verify_history("tools").ok
    as_far_as(fake, plan, None)
    assert isinstance(fake.records()[-1], PromotionEnded)
