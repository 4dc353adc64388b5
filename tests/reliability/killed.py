"""Kill the installed `promote` by SIGKILL, look, and mend what it left: P3 and P7 for real.

    python -m tests.reliability.killed --count 50 --seed 7

Processes, HTTP and a ledger on disk are real; applications call without a pause meanwhile. Each
kill is drawn from a seed: which call of which command, before or after it is heard or a while
later, and what somebody runs next. All of them happen side by side, each in its own organisation.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from promote.sandbox.images import write_golden
from promote.sandbox.seed import PROD_1, PROD_2, default_world
from promote.sandbox.server import Sandbox
from tests.functional.applications import Applications
from tests.functional.killer import Killer, Moment, Point, killing
from tests.functional.lanes import Ground, Lane, lanes
from tests.reliability.mending import (
    AT_ONCE,
    IN_WAVES,
    THEN,
    WAY_BACK,
    Ends,
    Journey,
    WrongError,
    begin,
    expect,
    run,
)
from tests.reliability.scenarios import SEED
from tests.reliability.table import Proof

JOURNEYS = (AT_ONCE, IN_WAVES, AT_ONCE, WAY_BACK, AT_ONCE)
"""What is killed, in turn."""
WRITES = 6
"""Start, a policy, two pointers, a policy, stop."""
MOST_CALLS = (25, 5, 20, 2, 16, 20, 2)
"""About how many calls follow each write, the first of them the beginning."""
TTL = 1.0  # seconds; with a request it must not come to the drain's two
PAUSE = 0.4
SIDE_BY_SIDE = 10

_KILLED = -9
_TWICE = 0.3


@dataclass(frozen=True, slots=True)
class Case:
    """One command that is killed, and what is done then."""

    number: int
    journey: Journey
    point: Point
    then: str
    """What somebody runs next: a name of `THEN`."""
    again: Point | None = None
    """Where that is killed, too; then it is run once more."""

    def __str__(self) -> str:
        """Name it, so that it can be found again by its seed and number."""
        twice = f", killed {self.again}" if self.again else ""
        return f"{self.number}: {self.journey.name} killed {self.point}, then {self.then}{twice}"


@dataclass(frozen=True, slots=True)
class Swept:
    """What came of some cases."""

    kills: int
    """How many processes were killed."""
    requests: int
    """What the applications asked."""
    wrong: tuple[str, ...]
    """What is not as it should be, requests that failed among it."""


def cases(seed: int, count: int, *, twice: float) -> tuple[Case, ...]:
    """Draw kills: every part of each journey in its turn, and every way of mending in its turn.

    Args:
        seed: What everything is drawn from.
        count: How many.
        twice: The share of those in which the mending is killed as well.
    """
    dice = random.Random(f"{SEED} {seed}")  # noqa: S311 (nothing secret)
    then = list(THEN)
    found = []
    for number in range(count):
        if number % len(then) == 0:
            dice.shuffle(then)
        journey = JOURNEYS[number % len(JOURNEYS)]
        point = _drawn(dice, number % (WRITES + 1))
        again = _drawn(dice, dice.randrange(WRITES)) if dice.random() < twice else None
        found.append(Case(number, journey, point, then[number % len(then)], again))
    return tuple(found)


def _drawn(dice: random.Random, writes: int) -> Point:
    # Nothing comes late enough after the last write.
    moment = dice.choice(tuple(Moment) if writes < WRITES else (Moment.BEFORE, Moment.AFTER))
    seconds = round(dice.uniform(0, 0.5), 2) if moment is Moment.LATER else 0.0
    return Point(writes, dice.randrange(MOST_CALLS[writes]), moment, seconds)


def sweep(chosen: Sequence[Case], ground: Ground) -> Swept:
    """Play cases side by side, and beside them each of their journeys undisturbed."""
    journeys = tuple({case.journey.command: case.journey for case in chosen}.values())
    played = (*journeys, *(case.journey for case in chosen))
    made = lanes(ground, [each.more for each in played])
    image = next(ground.golden.rglob("*.png")).read_bytes()
    with killing() as killer, ThreadPoolExecutor(len(made)) as pool:
        calm = zip(made, journeys, strict=False)
        ends = {each.command: pool.submit(_calm, lane, each) for lane, each in calm}

        def one(lane: Lane, case: Case) -> Swept:
            account = (PROD_1, PROD_2)[case.number % 2]
            clients = {f"{case}, in {account}": lane.application(account, ttl=TTL)}
            with Applications(clients, image, pause=PAUSE) as applications:
                kills, wrong = _play(lane, killer, case, ends[case.journey.command])
            return Swept(kills, applications.requests, (*wrong, *applications.failures))

        return _together(pool.map(one, made[len(journeys) :], chosen))


def _calm(lane: Lane, journey: Journey) -> Ends:
    """Go a journey undisturbed."""
    begin(lane, journey)
    before = lane.ending()
    run(lane, 0, *journey.command)
    return Ends(journey, before, lane.ending())


def _play(
    lane: Lane, killer: Killer, case: Case, ends: Future[Ends]
) -> tuple[int, tuple[str, ...]]:
    """Kill, look, mend; return the number of kills, and what is not as P3 and P7 say."""
    where, kills = "", 0
    try:
        scene = begin(lane, case.journey)
        code, where, said = _killed(lane, killer, case.point, case.journey.command)
        kills += code == _KILLED
        expect(code in {_KILLED, 0}, said)
        scene.look()
        if case.again is not None:
            code, _, _ = _killed(lane, killer, case.again, scene.command(case.then))
            kills += code == _KILLED
        scene.hold(scene.mend(case.then), ends.result())
    except WrongError as error:
        return kills, (f"{case} (at {where}): {error}",)
    return kills, ()


def _killed(
    lane: Lane, killer: Killer, point: Point, arguments: Sequence[str]
) -> tuple[int, str, str]:
    """Kill a command; return its exit code, the call at which it was, and what it had said."""
    name = f"lane-{lane.number}"
    watch = killer.watch(name, point)
    process = lane.begin(name, *arguments)
    said = watch.over(process)
    return process.returncode, watch.where, said


def _together(swept: Iterable[Swept]) -> Swept:
    found = tuple(swept)
    return Swept(
        kills=sum(each.kills for each in found),
        requests=sum(each.requests for each in found),
        wrong=tuple(text for each in found for text in each.wrong),
    )


def proof(count: int = SIDE_BY_SIDE, seed: int = 0, *, twice: float = 0) -> Proof:
    """Kill so many commands, `twice` a share of them, in a sandbox of its own."""
    from botocore.session import Session

    began, session = time.perf_counter(), Session()
    parts: list[Swept] = []
    with tempfile.TemporaryDirectory() as kept, Sandbox(default_world()) as sandbox:
        golden = Path(kept, "golden")
        write_golden(golden, per_label=1)
        drawn = cases(seed, count, twice=twice)
        for start in range(0, count, SIDE_BY_SIDE):
            place = Path(kept, f"from-{start}")
            place.mkdir()
            ground = Ground(place, golden, sandbox, session)
            parts.append(sweep(drawn[start : start + SIDE_BY_SIDE], ground))
    swept = _together(parts)
    return Proof(
        name="killed",
        counts={"processes killed": swept.kills, "requests meanwhile": swept.requests},
        seconds=time.perf_counter() - began,
        wrong=swept.wrong,
    )


def main() -> int:
    """Kill as often as asked and print the counts; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=50, help="how many commands")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    found = proof(asked.count, asked.seed, twice=_TWICE)
    sys.stdout.write(f"{found}\n")
    sys.stdout.writelines(f"{each}\n" for each in found.wrong)
    return 1 if found.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
