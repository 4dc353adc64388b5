"""Run every proof of reliability and print what each tried: `python -m tests.reliability`.

Ends 1 if anything does not hold, and says what.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from tests.reliability import crashes, rivals, search
from tests.reliability.mutants import report as kill_mutants
from tests.reliability.scenarios import LEASE_OVER, scenario, scenarios
from tests.reliability.seeds import MUTANTS

FORKED_EVERY = 17  # every so many crash points are tried in a fork, too
CHANCES = 60
SHOWN = 10  # of what does not hold

Task = tuple[Callable[[str], "Proof"], str]


@dataclass(frozen=True, slots=True)
class Proof:
    """What came of one proof."""

    name: str
    tried: str
    seconds: float
    wrong: tuple[str, ...]


def crash(name: str) -> Proof:
    """Crash a scenario everywhere, once and twice."""
    began, found = time.perf_counter(), scenario(name)
    points = crashes.points(found)
    once = crashes.once(found, points)
    forked = crashes.forked(found, points[::FORKED_EVERY])
    twice, worlds = crashes.twice(found)
    tried = (
        f"{once.tried} crash points, {forked.tried} in forks, "
        f"{twice.tried} pairs ({worlds} different worlds)"
    )
    wrong = (*once.wrong, *forked.wrong, *twice.wrong)
    return Proof(f"crash: {name}", tried, time.perf_counter() - began, wrong)


def rival(name: str) -> Proof:
    """Let a second promoter through at every call of the first, at once and after a freeze."""
    began = time.perf_counter()
    duel = next(each for each in rivals.duels() if each.name == name)
    at_once = rivals.schedules(duel)
    frozen = rivals.schedules(duel, frozen=LEASE_OVER)
    chances = rivals.chances(duel, count=CHANCES)
    everything = (*at_once, *frozen, *chances)
    wrong = [each for schedule in everything for each in rivals.problems(duel, schedule)]
    tried = (
        f"{len(everything)} schedules ({len(at_once)} at once, {len(frozen)} frozen, "
        f"{len(chances)} seeded)"
    )
    return Proof(f"rivals: {name}", tried, time.perf_counter() - began, tuple(wrong))


def modelled(_name: str) -> Proof:
    """Search the model of the order."""
    rows = search.report()
    states = sum(int(str(row.get("states", 0))) for row in rows)
    return _summed("model of the order", f"{states} states", rows)


def mutated(_name: str) -> Proof:
    """Seed every mutant of the product."""
    rows = kill_mutants(MUTANTS)
    return _summed("mutants of the product", f"{len(rows)} mutants", rows)


def _summed(name: str, tried: str, rows: list[dict[str, object]]) -> Proof:
    wrong = tuple(f"{row['scenario']}: {row['breach']}" for row in rows if row["breach"])
    return Proof(name, tried, sum(float(str(row["seconds"])) for row in rows), wrong)


def tasks() -> Iterator[Task]:
    """Yield every proof."""
    yield mutated, ""
    yield modelled, ""
    yield from ((crash, each.name) for each in scenarios())
    yield from ((rival, each.name) for each in rivals.duels())


def main() -> int:
    """Prove everything on all processors; return the exit code."""
    began, wrong = time.perf_counter(), list[str]()
    with ProcessPoolExecutor(max_workers=os.cpu_count()) as pool:
        for future in [pool.submit(work, name) for work, name in tasks()]:
            proof = future.result()
            wrong += proof.wrong
            verdict = "holds" if not proof.wrong else f"{len(proof.wrong)} WRONG"
            line = f"{proof.name:<32} {verdict:<9} {proof.seconds:6.1f} s  {proof.tried}\n"
            sys.stdout.write(line)
            sys.stdout.flush()
    sys.stdout.write(f"All in {time.perf_counter() - began:.0f} s.\n")
    sys.stdout.writelines(f"{each}\n" for each in wrong[:SHOWN])
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
