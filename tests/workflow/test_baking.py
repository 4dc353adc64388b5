from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from promote.core.events import RollingBack, StepDone, Waiting, Warned
from promote.core.gates.requirements import Requirements
from promote.core.plan import Bake, Plan
from promote.core.planfile import digest
from promote.core.record import PromotionEnded, RollbackStarted, VerificationDone
from promote.core.result import Outcome
from promote.core.waves import WaveSize
from promote.errors import (
    AccessDeniedError,
    CredentialsError,
    FailedError,
    LockedError,
    ThrottledError,
    TryAgainError,
)
from tests.builders import a_grant
from tests.fake_world import CrashError, FakeWorld
from tests.workflow.promoting import Promoting
from tests.workflow.test_promotion import PROD_ROLE
from tests.workflow.test_waves import LEASE_OVER, live_in_qa, named
from tests.workflow.wave_world import ACCOUNTS, BAKE, in_waves

FIRST, SECOND, THIRD = ACCOUNTS[:3]
LOOK = "alarm.states"
DENIED = AccessDeniedError("Access denied", "promote-reader was denied DescribeAlarms.")
SLOW = ThrottledError("AWS asks us to slow down", "DescribeAlarms was throttled.")


def watched(*sizes: WaveSize, bake: timedelta = BAKE, rings: bool = False) -> FakeWorld:
    """Build a world with v2 live in qa and an alarm in each account of prod, all OK.

    With `rings` one is in ALARM as soon as a pointer is written.
    """
    topology = in_waves(*sizes, bake=bake)
    qa, prod = topology.environments
    prod = replace(prod, gates=Requirements(alarms=("errors-{account}",)))
    fake = live_in_qa(replace(topology, environments=(qa, prod)))
    fake.alarms = {(each, f"errors-{each}"): "OK" for each in ACCOUNTS[:3]}
    if rings:
        fake.at("pointer.write", lambda: become(fake, FIRST, "ALARM"), after=True)
    return fake


def become(fake: FakeWorld, account: str, state: str) -> None:
    fake.alarms[account, f"errors-{account}"] = state


def at_look(fake: FakeWorld, nth: int, account: str, state: str) -> None:
    """Let an alarm be in a state from the nth look on; the gate looks twice, before the bake."""
    fake.at(LOOK, lambda: become(fake, account, state), nth=nth, on=account)


def looks(fake: FakeWorld, account: str = FIRST) -> int:
    return sum(each.operation == LOOK and account in each.resource for each in fake.calls)


def bakes(promoter: Promoting) -> list[str]:
    done = [each for each in promoter.events if isinstance(each, StepDone)]
    return [each.detail for each in done if isinstance(each.step, Bake)]


def passed(fake: FakeWorld) -> list[bool]:
    records = (each for each in fake.records() if isinstance(each, VerificationDone))
    return [each.passed for each in records if each.environment == "prod"]


def lifting(promoter: Promoting, length: timedelta) -> Plan:
    """Plan v2 for prod, whatever its alarms say."""
    lifts = ("alarm",)
    return promoter.plan(
        "tools", "v2", to="prod", reason="a flood", overrides=lifts, expires=length
    )


class TestAQuietBake:
    def test_is_watched_all_the_time_and_tells_what_it_saw(self) -> None:
        fake = watched()
        promoter = Promoting(fake)
        assert promoter.release(to="prod").result is Outcome.PROMOTED
        told = ", ".join(f"errors-{each} in {each} OK" for each in ACCOUNTS[:3])
        assert bakes(promoter) == [f"left alone long enough; {told}"] * 2
        assert 2 * 60 <= looks(fake) < 2 * 64
        assert looks(fake) == looks(fake, THIRD)
        waits = [e.status for e in promoter.events if isinstance(e, Waiting) and "bake" in e.what]
        assert all(each.endswith(f"; {told}") for each in waits)
        assert not [each for each in promoter.events if isinstance(each, Warned)]

    def test_looks_once_more_after_the_last_wave_before_it_is_recorded(self) -> None:
        fake = watched()
        Promoting(fake).release(to="prod")
        last = max(n for n, each in enumerate(fake.calls) if each.operation == LOOK)
        after = [each.operation for each in fake.calls[last:]]
        assert "sts.enter" not in after[: after.index("store.create")]

    def test_of_no_time_is_not_watched(self) -> None:
        fake = watched(bake=timedelta(0), rings=True)
        assert Promoting(fake).release(to="prod").result is Outcome.PROMOTED
        assert looks(fake) == 2  # the gate itself, for the plan and before the first write

    def test_counts_many_alarms(self) -> None:
        fake = watched()
        qa, prod = fake.topology.environments
        prod = replace(prod, gates=Requirements(alarms=("errors-{account}", "slow-{account}")))
        fake.topology = replace(fake.topology, environments=(qa, prod))
        fake.alarms |= {(each, f"slow-{each}"): "OK" for each in ACCOUNTS[:3]}
        promoter = Promoting(fake)
        promoter.release(to="prod")
        assert bakes(promoter) == ["left alone long enough; 6 alarms OK"] * 2


class TestAnAlarmThatRings:
    def test_puts_every_pointer_back_and_keeps_the_old_version_granted(self) -> None:
        fake = watched()
        at_look(fake, 5, SECOND, "ALARM")
        promoter = Promoting(fake)
        with pytest.raises(FailedError) as caught:
            promoter.release(to="prod")
        error = caught.value
        assert (error.exit_code, error.summary) == (9, "An alarm rang")
        line = f"errors-{SECOND} in {SECOND} is in ALARM; required: OK"
        assert f"In the bake of wave 1 of prod:\n  {line}\n" in error.detail
        assert "Every pointer is back" in error.detail
        assert "promote release tools v2 --to prod" in error.remedy
        assert named(fake) == ["v1"] * 3
        assert fake.document(PROD_ROLE) == a_grant("v1")
        assert not fake.breaches  # P1: v1 was granted, v2 throughout the drain as well

    def test_is_on_record_as_the_reason(self) -> None:
        fake = watched()
        at_look(fake, 5, SECOND, "ALARM")
        promoter = Promoting(fake)
        with pytest.raises(FailedError):
            promoter.release(to="prod")
        (turned,) = (each for each in fake.records() if isinstance(each, RollbackStarted))
        (told,) = (each for each in promoter.events if isinstance(each, RollingBack))
        assert turned.reason == told.reason
        assert turned.reason.startswith("An alarm rang. In the bake of wave 1 of prod:")
        assert f"errors-{SECOND} in {SECOND} is in ALARM" in turned.reason
        (ended,) = (
            each for each in fake.records()
            if isinstance(each, PromotionEnded) and each.result.environment == "prod"
        )  # fmt: skip
        assert ended.result.result is Outcome.ROLLED_BACK
        assert True not in passed(fake)

    def test_in_the_second_of_three_waves_puts_both_back(self) -> None:
        fake = watched(WaveSize(1), WaveSize(2), WaveSize(100, is_percentage=True))
        at_look(fake, 70, THIRD, "ALARM")
        with pytest.raises(FailedError) as caught:
            Promoting(fake).release(to="prod")
        assert "In the bake of wave 2 of prod" in caught.value.detail
        lengths = [len(fake.pointer(t).history) for t in fake.targets if t.environment == "prod"]
        assert lengths == [3, 3, 1]
        assert named(fake) == ["v1"] * 3
        assert not fake.breaches

    def test_after_the_last_wave_is_in_time(self) -> None:
        quiet, fake = watched(), watched()
        Promoting(quiet).release(to="prod")
        at_look(fake, looks(quiet), FIRST, "ALARM")
        with pytest.raises(FailedError) as caught:
            Promoting(fake).release(to="prod")
        assert "After the last wave of prod" in caught.value.detail
        assert named(fake) == ["v1"] * 3
        assert True not in passed(fake)

    def test_is_heard_although_another_account_cannot_be_read(self) -> None:
        fake = watched()
        fake.fail(LOOK, DENIED, nth=3, times=99, on=FIRST)
        at_look(fake, 5, SECOND, "ALARM")
        with pytest.raises(FailedError):
            Promoting(fake).release(to="prod")
        assert named(fake) == ["v1"] * 3

    def test_does_not_stop_a_rollback(self) -> None:
        fake = watched()
        Promoting(fake).release(to="prod")
        become(fake, FIRST, "ALARM")
        fake.calls.clear()
        result = Promoting(fake).rollback("v1", of="prod", reason="it rings")
        assert result.result is Outcome.PROMOTED
        assert looks(fake) == 0


class TestAnAlarmThatCannotTell:
    @pytest.mark.parametrize("state", ["INSUFFICIENT_DATA", "NEW_STATE"])
    def test_has_until_the_end_of_the_bake(self, state: str) -> None:
        fake = watched()
        at_look(fake, 5, FIRST, state)
        at_look(fake, 50, FIRST, "OK")
        promoter = Promoting(fake)
        assert promoter.release(to="prod").result is Outcome.PROMOTED
        warned = [each.message for each in promoter.events if isinstance(each, Warned)]
        assert len(warned) == 2
        assert state in warned[0]
        assert warned[0].endswith("(before: OK).")
        assert warned[1].endswith(f"is OK (before: {state}).")

    def test_then_leaves_everything_where_it_is(self) -> None:
        fake = watched()
        at_look(fake, 5, FIRST, "INSUFFICIENT_DATA")
        with pytest.raises(TryAgainError) as caught:
            Promoting(fake).release(to="prod")
        error = caught.value
        assert (error.exit_code, error.summary) == (75, "An alarm cannot tell")
        assert f"After the bake of wave 1 of prod:\n  errors-{FIRST} in {FIRST} has" in error.detail
        assert "required: OK" in error.detail
        assert "promote resume tools" in error.remedy
        assert "promote abort tools" in error.remedy
        assert named(fake) == ["v2", "v1", "v1"]
        assert not [each for each in fake.records() if isinstance(each, RollbackStarted)]

    def test_is_looked_at_again_at_once_by_resume_which_finishes(self) -> None:
        fake = watched()
        at_look(fake, 5, FIRST, "INSUFFICIENT_DATA")
        with pytest.raises(TryAgainError):
            Promoting(fake).release(to="prod")
        with pytest.raises(TryAgainError):
            Promoting(fake).resume("tools")
        become(fake, FIRST, "OK")
        began = fake.seconds
        result = Promoting(fake).resume("tools", wait=timedelta(0))
        assert result.result is Outcome.PROMOTED
        assert named(fake) == ["v2"] * 3
        assert fake.seconds - began < BAKE.total_seconds() + 60  # the bake of wave 2 alone
        assert not fake.breaches

    def test_and_rings_after_that_puts_everything_back(self) -> None:
        fake = watched()
        at_look(fake, 5, FIRST, "INSUFFICIENT_DATA")
        with pytest.raises(TryAgainError):
            Promoting(fake).release(to="prod")
        become(fake, FIRST, "ALARM")
        with pytest.raises(FailedError):
            Promoting(fake).resume("tools")
        assert named(fake) == ["v1"] * 3
        assert not fake.breaches

    def test_is_looked_at_again_although_somebody_verified_the_version_meanwhile(self) -> None:
        fake = watched()
        at_look(fake, 100, SECOND, "INSUFFICIENT_DATA")
        with pytest.raises(TryAgainError):
            Promoting(fake).release(to="prod")
        assert named(fake) == ["v2"] * 3
        Promoting(fake).verify("tools", environment="prod")
        become(fake, SECOND, "ALARM")
        with pytest.raises(FailedError) as caught:
            Promoting(fake).resume("tools")
        assert caught.value.summary == "An alarm rang"
        assert named(fake) == ["v1"] * 3
        assert not fake.breaches

    def test_can_be_aborted(self) -> None:
        fake = watched()
        at_look(fake, 5, FIRST, "INSUFFICIENT_DATA")
        with pytest.raises(TryAgainError):
            Promoting(fake).release(to="prod")
        before = looks(fake)
        result = Promoting(fake).abort("tools", wait=timedelta(hours=2))
        assert result.result is Outcome.ROLLED_BACK
        assert (named(fake), looks(fake)) == (["v1"] * 3, before)

    def test_because_it_was_deleted_is_told_so(self) -> None:
        fake = watched()
        fake.at(LOOK, lambda: fake.alarms.pop((SECOND, f"errors-{SECOND}")), nth=5, on=SECOND)
        with pytest.raises(TryAgainError) as caught:
            Promoting(fake).release(to="prod")
        assert f"errors-{SECOND} in {SECOND} does not exist" in caught.value.detail

    @pytest.mark.parametrize("error", [DENIED, SLOW])
    def test_because_it_cannot_be_read_is_told_why_after_the_bake(self, error: Exception) -> None:
        fake = watched()
        fake.fail(LOOK, error, nth=5, times=10_000, on=FIRST)
        promoter = Promoting(fake)
        with pytest.raises(TryAgainError) as caught:
            promoter.release(to="prod")
        told = f"errors-{FIRST} in {FIRST} could not be read: {error}".rstrip(".")
        assert f"{told}; required: OK" in caught.value.detail
        assert len([each for each in promoter.events if isinstance(each, Warned)]) == 1
        assert named(fake) == ["v2", "v1", "v1"]

    @pytest.mark.parametrize("error", [DENIED, SLOW])
    def test_for_a_while_is_no_matter(self, error: Exception) -> None:
        fake = watched()
        fake.fail(LOOK, error, nth=5, times=7, on=FIRST)
        assert Promoting(fake).release(to="prod").result is Outcome.PROMOTED

    @pytest.mark.parametrize(
        "error", [CredentialsError("Gone", "They have expired."), LockedError("Lost", "Taken.")]
    )
    def test_because_the_promoter_itself_cannot_go_on_ends_the_run(self, error: Exception) -> None:
        fake = watched()
        fake.fail(LOOK, error, nth=5, on=FIRST)
        with pytest.raises(type(error)):
            Promoting(fake).release(to="prod")
        assert named(fake) == ["v2", "v1", "v1"]


class TestARunThatWasKilledInTheBake:
    def killed(self, fake: FakeWorld, *, at: int = 5) -> None:
        fake.at(LOOK, lambda: fake.crash("*"), nth=at, on=THIRD)
        with pytest.raises(CrashError):
            Promoting(fake).release(to="prod")
        assert named(fake) == ["v2", "v1", "v1"]

    def test_looks_again_until_the_same_end(self) -> None:
        fake = watched()
        self.killed(fake)
        fake.revive(seconds=LEASE_OVER)
        at_look(fake, 3, FIRST, "ALARM")
        with pytest.raises(FailedError) as caught:
            Promoting(fake).resume("tools")
        assert "In the bake of wave 1 of prod" in caught.value.detail
        assert named(fake) == ["v1"] * 3
        assert not fake.breaches

    def test_and_comes_back_after_its_end_looks_before_the_next_wave(self) -> None:
        fake = watched()
        self.killed(fake)
        fake.revive(seconds=3600)
        become(fake, SECOND, "ALARM")
        fake.calls.clear()
        with pytest.raises(FailedError) as caught:
            Promoting(fake).resume("tools")
        assert "After the bake of wave 1 of prod" in caught.value.detail
        assert looks(fake) == 1
        lengths = [len(fake.pointer(t).history) for t in fake.targets if t.environment == "prod"]
        assert lengths == [3, 1, 1]

    def test_goes_on_when_all_is_quiet(self) -> None:
        fake = watched()
        self.killed(fake)
        fake.revive(seconds=3600)
        assert Promoting(fake).resume("tools").result is Outcome.PROMOTED
        assert named(fake) == ["v2"] * 3
        assert passed(fake) == [True]
        assert not fake.breaches


class TestALiftedGate:
    def test_is_not_looked_at(self) -> None:
        fake = watched(rings=True)
        promoter = Promoting(fake)
        plan = lifting(promoter, timedelta(hours=4))
        fake.calls.clear()
        assert promoter.apply(plan, wait=timedelta(hours=2)).result is Outcome.PROMOTED
        assert bakes(promoter) == ["left alone long enough; the gate alarm is lifted"] * 2
        assert looks(fake) == 1  # the gate itself, which is judged for the record

    def test_counts_again_from_when_its_override_expires(self) -> None:
        fake = watched(rings=True)
        promoter = Promoting(fake)
        plan = lifting(promoter, timedelta(minutes=5))
        began = fake.time
        with pytest.raises(FailedError) as caught:
            promoter.apply(plan, wait=timedelta(hours=2))
        assert "In the bake of wave 1 of prod" in caught.value.detail
        (turned,) = (each for each in fake.records() if isinstance(each, RollbackStarted))
        assert timedelta(minutes=5) <= turned.at - began < timedelta(minutes=6)
        assert named(fake) == ["v1"] * 3
        assert digest(plan)
