"""Kill a promotion at every write, and run the same command again (P3), under P1 throughout.

Between two writes nothing outside the process changes but the time, so what the world is right
after every write stands for what a crash anywhere leaves behind.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from datetime import timedelta

import pytest

from promote.core.result import Outcome
from promote.core.topology import Environment, Granularity
from promote.core.version import Status
from promote.errors import FailedError, NeedsAttentionError, RefusedError
from tests.builders import a_grant, a_topology, a_trained_version, prod, qa, version_arn
from tests.fake_world import CrashError, FakeWorld
from tests.workflow.promoting import LONG, Promoting
from tests.workflow.test_promotion import V2
from tests.workflow.test_switch import spoil_once_switched

LEASE_OVER = 200.0  # seconds

Prepare = Callable[[FakeWorld], None]


def goes_well(fake: FakeWorld) -> None:
    """Let nothing be in the way."""


def answers_badly(fake: FakeWorld) -> None:
    """Let the smoke test fail."""
    fake.poor.add(V2)


def never_starts(fake: FakeWorld) -> None:
    """Let the start end in FAILED."""
    fake.failing.add(V2)


def a_world(to: str, *, first: bool) -> FakeWorld:
    fake = FakeWorld(a_topology(), live=None if first else "v1")
    if first:
        fake.become("v1", Status.STOPPED)
    if to == "prod":
        Promoting(fake).release(to="qa")
    fake.calls.clear()
    return fake


def released(fake: FakeWorld, to: str) -> Mapping[str, object]:
    """Release v2 and return what came of it, well or badly."""
    with contextlib.suppress(FailedError):
        Promoting(fake).release(to=to)
    state = dict(fake.end_state())
    claims = state.pop("claims")
    assert isinstance(claims, dict)
    return {**state, "claimed": set(claims)}


def diverging(to: str, prepare: Prepare, *, first: bool) -> list[str]:
    """Release again from what each write leaves; tell where it does not end the same, or breaks P1.

    The lock of the killed process has to expire first, since its host cannot be asked about it.
    """
    fake = a_world(to, first=first)
    prepare(fake)
    left: list[tuple[str, FakeWorld]] = []
    fake.at("!", lambda: left.append((str(fake.calls[-1]), fake.copy())), times=99, after=True)
    expected = released(fake, to)
    assert not fake.breaches
    assert len(left) >= 7
    wrong = []
    for where, world in left:
        prepare(world)
        world.pass_time(LEASE_OVER)
        found = released(world, to)
        wrong += [f"{where}: {found}"] if found != expected else []
        wrong += [f"{where}: {breach}" for breach in world.breaches[:1]]
    return wrong


@pytest.mark.parametrize("first", [False, True], ids=["again", "first"])
@pytest.mark.parametrize("to", ["qa", "prod"])
class TestAfterACrashAnywhere:
    def test_the_same_command_finishes_the_promotion(self, to: str, *, first: bool) -> None:
        assert not diverging(to, goes_well, first=first)

    def test_the_same_command_puts_a_bad_version_back(self, to: str, *, first: bool) -> None:
        assert not diverging(to, spoil_once_switched, first=first)

    def test_the_same_command_refuses_what_answers_badly(self, to: str, *, first: bool) -> None:
        assert not diverging(to, answers_badly, first=first)


def test_the_same_command_fails_again_with_a_version_that_never_starts() -> None:
    assert not diverging("qa", never_starts, first=False)


@pytest.mark.parametrize("again", ["resume", "release", "rollback"])
def test_what_a_killed_run_had_stopped_is_claimed_no_longer(again: str) -> None:
    fake = FakeWorld(a_topology(), live=None)
    fake.become("v1", Status.STOPPED)
    Promoting(fake).release("v1")
    if again == "rollback":
        Promoting(fake).release("v2")
    fake.calls.clear()
    fake.crash("model.stop", after=True)
    with contextlib.suppress(CrashError):
        command(fake, again if again == "rollback" else "release")
    fake.revive(seconds=LEASE_OVER)
    command(fake, again)
    running = {arn for arn, found in fake.versions.items() if found.status is Status.RUNNING}
    assert set(fake.ledger().claims) == running
    assert len(running) == 1


def test_what_had_made_room_is_claimed_no_longer_when_the_rest_is_put_back() -> None:
    day = timedelta(days=1)
    fake = FakeWorld(a_topology(qa(keep_warm=day), prod(keep_warm=day)), live=None)
    fake.become("v1", Status.STOPPED)
    for version in ("v1", "v2"):
        Promoting(fake).release(version, wait=timedelta(0))
    fake.versions[version_arn("v3")] = a_trained_version("v3")
    fake.pass_time(3600)
    fake.crash("model.stop", after=True)
    with contextlib.suppress(CrashError):
        Promoting(fake).release("v3")
    fake.revive(seconds=LEASE_OVER)
    Promoting(fake).abort("tools", wait=LONG)
    assert fake.ledger().unfinished is None
    assert set(fake.ledger().claims) == {version_arn("v2")}


def command(fake: FakeWorld, verb: str) -> None:
    promoting = Promoting(fake)
    match verb:
        case "resume":
            promoting.resume("tools", wait=LONG)
        case "release":
            promoting.release("v2")
        case "rollback":
            promoting.rollback(of="qa")


class TestAVersionThatFailsOnceTheOldOneIsBeingRevoked:
    """There is no way back by then: what the old one's pointers name must stay allowed (P1)."""

    def left(self, *, revoked: int) -> FakeWorld:
        """Kill a release after so many revocations of two; let v2 answer badly from then on."""
        fake = FakeWorld(a_topology(qa(), self.prod_()))
        fake.crash("iam.put", nth=2 + revoked, after=True)
        with pytest.raises(CrashError):
            Promoting(fake).release(to="prod")
        fake.revive(seconds=LEASE_OVER)
        fake.poor.add(V2)
        assert not Promoting(fake).verify("tools", environment="prod").passed
        return fake

    def prod_(self, drain: timedelta = timedelta(minutes=5)) -> Environment:
        return prod(after=(), access_role="{model}-{environment}-{account}", drain=drain)

    @pytest.mark.parametrize("revoked", [1, 2])
    def test_stays_and_the_promotion_comes_to_its_end(self, revoked: int) -> None:
        fake = self.left(revoked=revoked)
        assert Promoting(fake).resume("tools", wait=LONG).result is Outcome.PROMOTED
        assert fake.ledger().unfinished is None
        assert not fake.breaches

    def test_stays_when_it_is_planned_anew(self) -> None:
        fake = self.left(revoked=1)
        fake.topology = a_topology(qa(), self.prod_(drain=timedelta(minutes=6)))
        with pytest.raises(NeedsAttentionError) as caught:
            Promoting(fake).release(to="prod")
        assert caught.value.summary == "The version is live, but the old one is not retired"
        assert {fake.pointer(t).value for t in fake.targets if t.environment == "prod"} == {V2}
        assert not fake.breaches
        with pytest.raises(RefusedError, match="Too late to abort"):
            Promoting(fake).abort("tools")


class TestAPromotionThatIsPlannedAnewAfterTheDrain:
    def test_still_has_its_way_back(self) -> None:
        fake = FakeWorld(a_topology(qa(drain=timedelta(seconds=30))))
        spoil_once_switched(fake)
        fake.crash("pointer.write", after=True)
        with pytest.raises(CrashError):
            Promoting(fake).release()
        fake.revive(seconds=LEASE_OVER)
        fake.poor.add(V2)
        fake.topology = a_topology(qa(drain=timedelta(seconds=31)))
        with pytest.raises(FailedError):
            Promoting(fake).release()
        assert {fake.pointer(target).value for target in fake.targets} == {version_arn("v1")}
        assert fake.document(fake.targets[0].access_role) == a_grant("v1")
        assert not fake.breaches


class TestAnAbortBeforeTheFirstGrant:
    def test_finds_no_fault_with_what_was_allowed_before_the_granularity_changed(self) -> None:
        fake = FakeWorld(a_topology(qa(granularity=Granularity.PROJECT)))
        fake.crash("iam.put")
        with pytest.raises(CrashError):
            Promoting(fake).release("v1")
        fake.revive(seconds=200)
        assert Promoting(fake).abort("tools").result is Outcome.FAILED
        assert fake.ledger().unfinished is None
