"""What the reliability tests do to the world in memory: a world, what is wrong with it, a command.

A scenario is one thing that an operator asks for. It can be run undisturbed, ended anywhere, and
asked for again; how it ended is compared by `Ending`. All of it is deterministic: the jitter is
seeded, and what runs side by side runs one after the other here (see `one_thread`).
"""

from __future__ import annotations

import functools
import importlib
import json
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from promote.core.gates.golden import GoldenRule
from promote.core.gates.requirements import Requirements
from promote.core.record import Unfinished
from promote.core.topology import Topology
from promote.core.version import Status
from promote.errors import (
    FailedError,
    NeedsAttentionError,
    NotFoundError,
    PromoteError,
    UnfinishedError,
)
from tests.builders import a_topology, a_trained_version, prod, qa, version_arn
from tests.fake_world import CrashError, FakeWorld
from tests.workflow.promoting import LONG, Promoting
from tests.workflow.wave_world import ACCOUNTS, in_waves

V1, V2 = version_arn("v1"), version_arn("v2")
LEASE_OVER = 200.0  # seconds: more than a lease and its margin
SEED = 20260302

Act = Callable[[FakeWorld], object]


@dataclass(frozen=True, slots=True)
class Ending:
    """How a command ended: the class of its error, and everything that it may have changed."""

    error: str | None
    """None when it went well."""
    state: Mapping[str, object]
    """`FakeWorld.end_state`, with the claimed versions instead of the claims' ids."""


def nothing(_fake: FakeWorld) -> None:
    """Let nothing be in the way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One command in one world."""

    name: str
    begin: Callable[[], FakeWorld]
    """Builds the world right before the command, without the trouble."""
    command: Act
    """What the operator runs, and runs again after a crash; lets its errors out."""
    trouble: Act = nothing
    """What goes wrong in the world; applied again after `FakeWorld.revive` or `copy`."""
    ends_in: type[PromoteError] | None = None
    """The error that an undisturbed run ends in, or None when it ends well."""

    def world(self) -> FakeWorld:
        """Build the world, its trouble included, with no call made yet."""
        fake = begun(self.begin)
        self.trouble(fake)
        return fake

    def run(self, fake: FakeWorld) -> Ending:
        """Run the command to its end, well or badly; a crash is let out."""
        random.seed(SEED)
        error = None
        with one_thread():
            try:
                self.command(fake)
            except PromoteError as caught:
                error = type(caught).__name__
        return Ending(error, settled(fake))

    def again(self, fake: FakeWorld, *, seconds: float = LEASE_OVER) -> Ending:
        """Run the same command in a new process on what a crash left, once its lease is over."""
        fake.revive(seconds=seconds)
        self.trouble(fake)
        return self.run(fake)


@contextmanager
def one_thread() -> Iterator[None]:
    """Let what runs side by side run one after the other, so that call n is always the same."""
    module = importlib.import_module("promote.workflow.side_by_side")
    before = vars(module)["THREADS"]
    vars(module)["THREADS"] = 1
    try:
        yield
    finally:
        vars(module)["THREADS"] = before


def settled(fake: FakeWorld) -> Mapping[str, object]:
    """Return what must be the same however a command got here; an expired lock holds nobody up."""
    state = dict(fake.end_state())
    lock = fake.objects.get("tools/lock.json")
    if lock is not None:
        state["lock"] = fake.time < datetime.fromisoformat(json.loads(lock.content)["expires"])
    if isinstance(begun := state["unfinished"], Unfinished):
        asked, failed = begun.plan.request, sorted({each.account for each in begun.failed})
        state["unfinished"] = (asked.version, asked.environment, begun.direction, failed)
    claims = state.pop("claims")
    assert isinstance(claims, dict)
    return {**state, "claimed": sorted(claims)}


def scenarios() -> tuple[Scenario, ...]:
    """Return every scenario, the plain ones first."""
    return (*_promotions(), *_failures(), *_waves(), *_rollbacks(), *_others())


def scenario(name: str) -> Scenario:
    """Return one scenario by its name."""
    return next(each for each in scenarios() if each.name == name)


def _promotions() -> tuple[Scenario, ...]:
    return (
        Scenario(name="release", begin=live, command=release("qa")),
        Scenario(name="first release", begin=unused, command=release("qa")),
        Scenario(name="release to prod", begin=live_in_qa, command=release("prod")),
        Scenario(name="first release to prod", begin=first_in_qa, command=release("prod")),
        Scenario(name="qa, then prod", begin=live, command=release_to_both),
        Scenario(name="release by golden images", begin=golden, command=release("qa")),
    )


def _failures() -> tuple[Scenario, ...]:
    return (
        _failing("put back", live, "qa", spoil_once_switched),
        _failing("first release put back", unused, "qa", spoil_once_switched),
        _failing("put back in prod", live_in_qa, "prod", spoil_once_switched),
        _failing("bad answers", live, "qa", answer_badly),
        _failing("never starts", live, "qa", never_start),
    )


def _failing(name: str, begin: Callable[[], FakeWorld], to: str, trouble: Act) -> Scenario:
    return Scenario(
        name=name, begin=begin, command=release(to), trouble=trouble, ends_in=FailedError
    )


def _waves() -> tuple[Scenario, ...]:
    """Return promotions to three accounts in two waves that bake, one target at most may fail."""
    return (
        Scenario(name="release in waves", begin=before_waves, command=release("prod")),
        Scenario(
            name="a wave with a failed target within max_failures",
            begin=before_waves,
            command=release("prod"),
            trouble=lambda fake: fake.blind.add(ACCOUNTS[0]),
            ends_in=NeedsAttentionError,
        ),
        _failing(
            "a wave beyond max_failures",
            before_waves,
            "prod",
            lambda fake: fake.blind.update(ACCOUNTS[1:]),
        ),
        Scenario(name="release stage by stage", begin=before_waves, command=in_stages),
        Scenario(name="a watched bake", begin=watched, command=release("prod")),
        _failing("an alarm in the second bake", watched, "prod", ring_at_the_second_wave),
    )


def _rollbacks() -> tuple[Scenario, ...]:
    return (
        Scenario(name="rollback while warm", begin=warm_everywhere, command=rollback("prod")),
        Scenario(
            name="rollback to a stopped version", begin=live_everywhere, command=rollback("prod")
        ),
        Scenario(
            name="rollback to a version that never starts",
            begin=live_everywhere,
            command=rollback("prod"),
            trouble=lambda fake: fake.failing.add(V1),
            ends_in=FailedError,
        ),
        Scenario(
            name="rollback with another promotion open",
            begin=half_switched,
            command=rollback("qa"),
        ),
        Scenario(
            name="rollback of what is half switched", begin=half_switched, command=rollback("prod")
        ),
    )


def _others() -> tuple[Scenario, ...]:
    return (
        Scenario(name="abort", begin=half_switched, command=abort),
        Scenario(name="drained later", begin=live, command=release_in_two_visits),
        Scenario(
            name="makes room",
            begin=warm_past_its_drain,
            command=release("qa", version="v3", wait=timedelta(0)),
        ),
        Scenario(
            name="makes room, then fails",
            begin=warm_past_its_drain,
            command=release("qa", version="v3"),
            trouble=lambda fake: fake.poor.add(version_arn("v3")),
            ends_in=FailedError,
        ),
        Scenario(name="retire what is due", begin=due_everywhere, command=retire),
    )


def live(topology: Topology | None = None) -> FakeWorld:
    """Build the world in which v1 is live everywhere and v2 is trained."""
    return FakeWorld(topology or a_topology())


def golden() -> FakeWorld:
    """Build the world in which v1 is live everywhere, and qa compares v2 with it on two images."""
    rule = GoldenRule(images="labelled/", max_regression=0.9)
    return live(a_topology(qa(gates=Requirements(golden=rule)), prod()))


def unused(topology: Topology | None = None) -> FakeWorld:
    """Build a world in which nothing is live yet: no pointer, no grant, nothing runs."""
    fake = FakeWorld(topology or a_topology(), live=None)
    fake.become("v1", Status.STOPPED)
    return fake


def warm_past_its_drain() -> FakeWorld:
    """Build the world in which v2 has replaced v1, which is kept warm, and both slots are taken."""
    day = timedelta(days=1)
    return _replaced(FakeWorld(a_topology(qa(keep_warm=day), prod(keep_warm=day))))


def due_everywhere() -> FakeWorld:
    """Build the world in which v2 has replaced v1 everywhere, and v1 is to be retired."""
    return _replaced(live())


def _replaced(fake: FakeWorld) -> FakeWorld:
    for to in ("qa", "prod"):
        with one_thread():
            release(to, wait=timedelta(0))(fake)
    fake.versions[version_arn("v3")] = a_trained_version("v3")
    fake.pass_time(3600)
    return fake


def live_in_qa() -> FakeWorld:
    """Build the world in which v2 is live in qa, and v1 still in prod."""
    return _released_to_qa(live())


def before_waves() -> FakeWorld:
    """Build the world in which v2 is live in qa, and v1 in the three accounts of prod."""
    return _released_to_qa(live(in_waves(max_failures=1, bake=timedelta(seconds=20))))


def watched() -> FakeWorld:
    """Build the same world with an alarm in each account of prod that its gates ask about."""
    topology = in_waves(bake=timedelta(seconds=20))
    first, prod_ = topology.environments
    prod_ = replace(prod_, gates=Requirements(alarms=("errors",)))
    fake = _released_to_qa(live(replace(topology, environments=(first, prod_))))
    fake.alarms = {(account, "errors"): "OK" for account in ACCOUNTS[:3]}
    return fake


def first_in_qa() -> FakeWorld:
    """Build a world in which v2 is live in qa, and nothing is in prod."""
    return _released_to_qa(unused())


def live_everywhere() -> FakeWorld:
    """Build the world in which v2 is live everywhere, and v1 is revoked and stopped."""
    fake = live_in_qa()
    with one_thread():
        release("prod")(fake)
    return fake


def ungated() -> FakeWorld:
    """Build the world in which v2 is live everywhere, and prod comes after nothing."""
    fake = FakeWorld(a_topology(qa(), prod(after=())))
    with one_thread():
        for to in ("qa", "prod"):
            release(to)(fake)
    return fake


def warm_everywhere() -> FakeWorld:
    """Build the world in which v2 is live everywhere, and v1 is kept warm."""
    day = timedelta(days=1)
    fake = FakeWorld(a_topology(qa(keep_warm=day), prod(keep_warm=day)))
    with one_thread():
        for to in ("qa", "prod"):
            release(to, wait=timedelta(0))(fake)
    fake.pass_time(3600)
    return fake


def half_switched() -> FakeWorld:
    """Build what a crash leaves after the first of two accounts of prod was switched to v2."""
    fake = live_in_qa()
    fake.crash("pointer.write", after=True)
    with one_thread(), suppress(CrashError):
        release("prod")(fake)
    fake.revive(seconds=LEASE_OVER)
    return fake


def release(to: str, *, version: str = "v2", wait: timedelta = LONG) -> Act:
    """Return the command that releases a version to an environment."""
    return lambda fake: Promoting(fake).release(version, to=to, wait=wait)


def in_stages(fake: FakeWorld) -> None:
    """Bring v2 to prod as the stages of a pipeline do: one plan, a run for each wave."""
    plan = Promoting(fake).make(to="prod")
    for wave in (1, 2):
        Promoting(fake).apply(plan, wave=wave, wait=LONG)


def rollback(of: str) -> Act:
    """Return the command that takes an environment back to the version before."""
    return lambda fake: Promoting(fake).rollback(of=of)


def release_to_both(fake: FakeWorld) -> None:
    """Release to qa, then to prod; first finish what is left unfinished, as the refusal says."""
    for to in ("qa", "prod"):
        try:
            release(to)(fake)
        except UnfinishedError:
            Promoting(fake).resume("tools", wait=LONG)
            release(to)(fake)


def retire(fake: FakeWorld) -> None:
    """Retire what is due by now."""
    Promoting(fake).retire(wait=timedelta(0))


def abort(fake: FakeWorld) -> None:
    """Put the unfinished promotion back, if there still is one."""
    with suppress(NotFoundError):
        Promoting(fake).abort("tools", reason="on second thoughts", wait=LONG)


def release_in_two_visits(fake: FakeWorld) -> None:
    """Release without waiting for the drain, and again once it is over."""
    release("qa", wait=timedelta(0))(fake)
    fake.pass_time(600)
    release("qa")(fake)


def spoil_once_switched(fake: FakeWorld) -> None:
    """Let v2 answer well until the first pointer names it, and badly from then on."""
    for operation in ("pointer.write", "pointer.create"):
        fake.at(operation, lambda: fake.poor.add(V2), after=True)


def ring_at_the_second_wave(fake: FakeWorld) -> None:
    """Let the alarm of the last account ring whenever its pointer names v2."""
    (target,) = (each for each in fake.targets if each.account == ACCOUNTS[2])

    def follow() -> None:
        state = "ALARM" if fake.pointer(target).value == V2 else "OK"
        fake.alarms[target.account, "errors"] = state

    fake.at("pointer.write", follow, times=1000, after=True, on=target.account)


def answer_badly(fake: FakeWorld) -> None:
    """Let v2 recognise nothing."""
    fake.poor.add(V2)


def never_start(fake: FakeWorld) -> None:
    """Let the start of v2 end in FAILED."""
    fake.failing.add(V2)


def begun(begin: Callable[[], FakeWorld]) -> FakeWorld:
    """Build a world, as a copy of the one that was built first."""
    return _built(begin).copy()


@functools.cache
def _built(begin: Callable[[], FakeWorld]) -> FakeWorld:
    return begin()


def _released_to_qa(fake: FakeWorld) -> FakeWorld:
    with one_thread():
        release("qa")(fake)
    return fake
