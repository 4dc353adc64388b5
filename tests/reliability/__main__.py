"""Run every proof of reliability and print what each tried: `python -m tests.reliability`.

Ends 1 if anything does not hold, and says what. With ``--readme`` the counts go into the README.
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor

from tests.artifacts.readme import README
from tests.reliability import crashes, faults, killed, machine, rivals, search
from tests.reliability.mutants import report as kill_mutants
from tests.reliability.scenarios import LEASE_OVER, SEED, scenario, scenarios
from tests.reliability.seeds import MUTANTS
from tests.reliability.table import Proof, table, written

FORKED_EVERY = 29  # every so many crash points are tried in a fork, too
WHOLE = frozenset(
    {
        "release",
        "first release",
        "release to prod",
        "put back",
        "release in waves",
        "a wave with a failed target within max_failures",
        "rollback while warm",
        "abort",
        "makes room",
        "retire what is due",
    }
)
"""Where the process ends before and after every single call, and in pairs."""
THINNED = 3
"""In the other scenarios, which are like those, it ends at one in so many points, once."""
FROZEN_EVERY = 3  # at one in so many calls, the owner freezes there until its lease is over
CHANCES = 30
FAULTS_DRAWN = 150
"""Of each scenario's thousand or more."""
WALKS = 90
SHOWN = 10  # of what does not hold

Task = tuple[Callable[[str], Proof], str]


def crash(name: str) -> Proof:
    """Crash a scenario everywhere, once and twice, or here and there if it is like another."""
    began, found = time.perf_counter(), scenario(name)
    whole = name in WHOLE
    points = crashes.points(found)[:: 1 if whole else THINNED]
    once = crashes.once(found, points)
    forked = crashes.forked(found, points[::FORKED_EVERY])
    twice, worlds = crashes.twice(found) if whole else (crashes.Swept(0, ()), 0)
    return Proof(
        name=f"crash: {name}",
        counts={
            "scenarios": 1,
            "crash points": once.tried,
            "in forks": forked.tried,
            "pairs": twice.tried,
            "different worlds": worlds,
        },
        seconds=time.perf_counter() - began,
        wrong=(*once.wrong, *forked.wrong, *twice.wrong),
    )


def rival(name: str) -> Proof:
    """Let a second promoter through at every call of the first, at once and after a freeze."""
    began = time.perf_counter()
    duel = next(each for each in rivals.duels() if each.name == name)
    at_once = rivals.schedules(duel)
    frozen = rivals.schedules(duel, frozen=LEASE_OVER)[::FROZEN_EVERY]
    chances = rivals.chances(duel, count=CHANCES)
    everything = (*at_once, *frozen, *chances)
    wrong = tuple(each for schedule in everything for each in rivals.problems(duel, schedule))
    return Proof(
        name=f"rivals: {name}",
        counts={
            "duels": 1,
            "schedules": len(everything),
            "with a frozen owner": len(frozen),
            "seeded": len(chances),
        },
        seconds=time.perf_counter() - began,
        wrong=wrong,
    )


def faulty(name: str) -> Proof:
    """Let calls of a scenario go wrong in every way, drawn from all that there are."""
    began = time.perf_counter()
    found = next(each for each in faults.swept() if each.name == name)
    everything = faults.everything(found)
    dice = random.Random(f"{SEED} {name}")  # noqa: S311 (nothing secret)
    drawn = dice.sample(everything, min(FAULTS_DRAWN, len(everything)))
    swept = faults.sweep(found, drawn)
    return Proof(
        name=f"faults: {name}",
        counts={"faults": swept.tried, "drawn from": len(everything)},
        seconds=time.perf_counter() - began,
        wrong=swept.wrong,
    )


def modelled(_name: str) -> Proof:
    """Search the model of the order."""
    rows = search.report()
    states = sum(int(str(row.get("states", 0))) for row in rows)
    return _summed(
        "model of the order", {"states": states, "rules broken": len(search.RULES)}, rows
    )


def mutated(_name: str) -> Proof:
    """Seed every mutant of the product."""
    rows = kill_mutants(MUTANTS)
    return _summed("mutants of the product", {"mutants": len(rows)}, rows)


def walked(_name: str) -> Proof:
    """Take random walks through everything that operators do."""
    return _summed("random operations", {"walks": WALKS}, machine.report(walks=WALKS))


def kill(_name: str) -> Proof:
    """Kill the installed command, for real."""
    return killed.proof()


def _summed(name: str, counts: dict[str, int], rows: list[dict[str, object]]) -> Proof:
    wrong = tuple(f"{row['scenario']}: {row['breach']}" for row in rows if row["breach"])
    seconds = sum(float(str(row["seconds"])) for row in rows)
    return Proof(name=name, counts=counts, seconds=seconds, wrong=wrong)


def tasks() -> Iterator[Task]:
    """Yield every proof, the long ones first."""
    yield from ((rival, each.name) for each in rivals.duels())
    yield kill, ""
    yield modelled, ""
    yield from ((crash, each.name) for each in scenarios())
    yield from ((faulty, each.name) for each in faults.swept())
    yield walked, ""
    yield mutated, ""


def main(arguments: list[str]) -> int:
    """Prove everything on all processors; return the exit code."""
    began, proofs = time.perf_counter(), list[Proof]()
    with ProcessPoolExecutor(max_workers=os.cpu_count()) as pool:
        for future in [pool.submit(work, name) for work, name in tasks()]:
            proofs.append(future.result())
            sys.stdout.write(f"{proofs[-1]}\n")
            sys.stdout.flush()
    sys.stdout.write(f"\n{table(proofs)}\nAll in {time.perf_counter() - began:.0f} s.\n")
    wrong = [each for proof in proofs for each in proof.wrong]
    sys.stdout.writelines(f"{each}\n" for each in wrong[:SHOWN])
    if "--readme" in arguments and not wrong:
        README.write_text(written(README.read_text("utf-8"), proofs), "utf-8")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
