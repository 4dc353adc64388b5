"""End a command anywhere, run it again, and hold the end to that of an undisturbed run (P3).

A process ends before or after a call of a port, reads too: as an exception that runs through the
product's own clean-up, or for real, by `os._exit` in a fork, where nothing is cleaned up. `twice`
ends the second attempt as well. P1 and P6 are held by the world after every single call.
"""

from __future__ import annotations

import itertools
import json
import os
import pickle
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.fake_world import CrashError, FakeWorld
from tests.reliability.scenarios import Ending, Scenario

_KILLED, _OUTLIVED = 137, 3  # how a fork exits

Point = tuple[int, bool]
"""The number of a call, from 1, and whether the process ends after its effect."""


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep did and found."""

    tried: int
    wrong: tuple[str, ...]
    """What did not end as it should: the scenario, the crash that leads there, the difference."""


def undisturbed(scenario: Scenario) -> tuple[Ending, int]:
    """Run a scenario without a crash; return its ending and how many calls it made."""
    fake = scenario.world()
    ending = scenario.run(fake)
    expected = scenario.ends_in and scenario.ends_in.__name__
    assert ending.error == expected, f"{scenario.name} ended in {ending.error}"
    assert not fake.breaches, fake.breaches
    return ending, len(fake.calls)


def points(scenario: Scenario) -> tuple[Point, ...]:
    """Return every point at which an undisturbed run of a scenario can end."""
    _, calls = undisturbed(scenario)
    return tuple(itertools.product(range(1, calls + 1), (False, True)))


def once(scenario: Scenario, chosen: Iterable[Point]) -> Swept:
    """Crash at each point, as an exception, and run the same command again."""
    return _sweep(scenario, chosen, _crashed)


def forked(scenario: Scenario, chosen: Iterable[Point]) -> Swept:
    """Crash at each point in a process of its own, by `os._exit`, and run the command again."""
    return _sweep(scenario, chosen, _exited)


def twice(scenario: Scenario) -> tuple[Swept, int]:
    """Crash after every write, and again after every write of the second attempt.

    Nothing outside the process changes at a read, so that the writes stand for every pair. Where
    two pairs leave the same world, the time aside, one is gone on with.

    Returns:
        What came of them, and how many different worlds they were.
    """
    expected, _ = undisturbed(scenario)
    wrong: list[str] = []
    pairs, seen = 0, set()
    for first, left in _after_writes(scenario, scenario.world(), resumed=False):
        for second, world in _after_writes(scenario, left, resumed=True):
            pairs += 1
            mark = fingerprint(world)
            if mark not in seen:
                seen.add(mark)
                where = f"crash after {first}, then after {second}"
                wrong += _problems(scenario, world, expected, where)
    return Swept(pairs, tuple(wrong)), len(seen)


def fingerprint(fake: FakeWorld) -> str:
    """Return what a world is, but not when: equal for worlds that a command cannot tell apart."""
    records = [type(each).__name__ for each in fake.records()]
    pointers = {str(where): [each.value for each in past] for where, past in fake.pointers.items()}
    state = {**fake.end_state(), "unfinished": bool(fake.ledger().unfinished)}
    return json.dumps([records, pointers, state, sorted(fake.poor)], default=str, sort_keys=True)


def _sweep(
    scenario: Scenario,
    chosen: Iterable[Point],
    crash: Callable[[Scenario, Point], FakeWorld | None],
) -> Swept:
    expected, _ = undisturbed(scenario)
    wrong: list[str] = []
    tried = 0
    for point in chosen:
        number, after = point
        left = crash(scenario, point)
        if left is not None:
            tried += 1
            where = f"crash {'after' if after else 'before'} call {number}"
            wrong += _problems(scenario, left, expected, where)
    return Swept(tried, tuple(wrong))


def _crashed(scenario: Scenario, point: Point) -> FakeWorld | None:
    """Return what the crash leaves; None after a call that was refused: it had no effect."""
    fake = scenario.world()
    number, after = point
    fake.crash(nth=number, after=after)
    try:
        scenario.run(fake)
    except CrashError:
        return fake
    assert after, f"{scenario.name} outlived its crash before call {number}"
    return None


def _exited(scenario: Scenario, point: Point) -> FakeWorld | None:
    number, after = point
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:  # pragma: no cover (nothing measured outlives os._exit)
        fake = scenario.world()
        fake.at("*", lambda: _bequeath(fake, writing), nth=number, after=after)
        scenario.run(fake)
        os._exit(_OUTLIVED)
    os.close(writing)
    with os.fdopen(reading, "rb") as left:
        content = left.read()
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    if after and code == _OUTLIVED:
        return None
    assert code == _KILLED, f"{scenario.name} was to end at call {number}; its fork ended {code}"
    return _inherited(scenario, pickle.loads(content))  # noqa: S301 (written by our own fork)


def _bequeath(fake: FakeWorld, pipe: int) -> None:
    """Write the world out and end the process at once: no handler, no clean-up, no thread."""
    kept = {key: value for key, value in vars(fake.copy()).items() if key in _KEPT}
    with os.fdopen(pipe, "wb") as out:
        out.write(pickle.dumps((kept, fake.breaches)))
    os._exit(_KILLED)


_KEPT = {
    "seconds", "versions", "becoming", "failing", "poor", "pointers", "left_at", "proven", "roles",
    "objects", "alarms",
}  # fmt: skip


def _inherited(scenario: Scenario, left: tuple[Mapping[str, Any], list[str]]) -> FakeWorld:
    fake = scenario.world().copy()
    kept, breaches = left
    vars(fake).update(kept)
    fake.breaches += breaches
    return fake


def _after_writes(
    scenario: Scenario, fake: FakeWorld, *, resumed: bool
) -> Iterator[tuple[str, FakeWorld]]:
    """Run a scenario's command to its end; yield a copy of the world after each write."""
    left: list[tuple[str, FakeWorld]] = []
    if resumed:
        fake = fake.copy()
        fake.revive(seconds=200)
        scenario.trouble(fake)

    def keep() -> None:
        call = fake.calls[-1]
        left.append((f"call {len(fake.calls)} ({call.operation} {call.resource})", fake.copy()))

    fake.at("!", keep, times=10_000, after=True)
    scenario.run(fake)
    yield from left


def _problems(scenario: Scenario, left: FakeWorld, expected: Ending, where: str) -> list[str]:
    """Run the command again on what a crash left; say what did not end as it should."""
    before = {key: stored.content for key, stored in left.objects.items() if "/records/" in key}
    found = scenario.again(left)
    lost = [k for k, content in before.items() if left.objects[k].content != content]
    wrong = [f"ended in {found.error}"] if found.error != expected.error else []
    wrong += [
        f"{key} is {found.state[key]}, not {value}"
        for key, value in expected.state.items()
        if found.state[key] != value
    ]
    wrong += [f"lost the record {key}" for key in lost] + left.breaches[:1]
    return [f"{scenario.name}, {where}: {each}" for each in wrong]
