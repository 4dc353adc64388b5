"""Search the model of `tests.reliability.model` through, and every mutant of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter

from tests.reliability.model import ALIEN, NEW, RIVAL, Asked, Model, State

RULES = (
    "switch first",
    "trust one success",
    "grant it alone",
    "revoke before the drain",
    "end before the revocation",
    "undo without a drain",
    "forget what was before",
    "forget the direction",
    "forget the claim",
    "stop without counting",
    "stop what is not ours",
    "skip the lock",
    "write with a lost lease",
    "begin beside another",
)
"""The rules of the order; a mutant of the model breaks one of them."""

SCENARIOS = {
    "one operator": (Asked(0, NEW),),
    "the same command twice": (Asked(0, NEW), Asked(0, NEW)),
    "rivals for one environment": (Asked(0, NEW), Asked(0, RIVAL)),
    "rivals for two environments": (Asked(0, NEW), Asked(1, RIVAL)),
    "one version, two environments": (Asked(0, NEW), Asked(1, NEW)),
}


@dataclass(frozen=True, slots=True)
class Found:
    """What a search came to: how many states, how long it took, and the first breach."""

    states: int
    seconds: float
    breach: str


def wrong(state: State) -> str:
    """Say which promise a state breaks; "" if none."""
    unfinished = state.unfinished
    for place, pointer in enumerate(state.pointers):
        used, known = pointer | state.young[place], state.policies[place]
        if used & ~state.running:
            return "P1: what is used does not run"
        if used & ~state.proven[place]:
            return "P1: what is used was never proven"
        if any(used & ~each for each in known):
            return "P1: what is used is not allowed in every replica"
        if unfinished is None and known[-1] != pointer:
            return "P2: at rest something else is allowed than what is named"
        under_way = unfinished is not None and unfinished.asked.environment == place
        most = used | (unfinished.asked.version | unfinished.old if unfinished and under_way else 0)
        if known[-1] & ~most:
            return "P2: more is allowed than what is used or under way"
    return ""


def unsettled(state: State) -> str:
    """Say what is left in a state in which nothing moves any more; "" if all is as it should be."""
    if state.unfinished is not None or state.lock is not None:
        return "P3: it stays unfinished or locked"
    used = 0
    for pointer in state.pointers:
        used |= pointer
    leaked = state.running & ~used & ~ALIEN
    return "P3: a version runs for nobody" if leaked or state.claims & ~state.running else ""


def search(model: Model, *, most: int = 2_000_000) -> Found:
    """Visit every reachable state, breadth first; stop at the first breach.

    In the end an orderly standstill must be within reach of every state: nothing turns for ever.
    """
    began = perf_counter()
    first = model.initial()
    before: dict[State, list[State]] = {first: []}
    todo, settled = deque([first]), list[State]()

    def found(breach: str) -> Found:
        return Found(len(before), perf_counter() - began, breach)

    while todo:
        state = todo.popleft()
        moves = 0
        for following, broken in model.successors(state):
            moves += 1
            known = following in before
            if breach := broken or ("" if known else wrong(following)):
                return found(breach)
            before.setdefault(following, []).append(state)
            if not known:
                todo.append(following)
        if not moves:
            settled.append(state)
            if breach := unsettled(state):
                return found(breach)
        assert len(before) <= most, "the model has more states than the search is meant for"
    stuck = len(before) - len(_leading_to(settled, before))
    return found(f"P3: {stuck} states lead to no end" if stuck else "")


def _leading_to(ends: list[State], before: Mapping[State, list[State]]) -> set[State]:
    reached, todo = set(ends), list(ends)
    while todo:
        for state in before[todo.pop()]:
            if state not in reached:
                reached.add(state)
                todo.append(state)
    return reached


def killed_by(rule: str) -> tuple[str, Found] | None:
    """Return the first scenario in which breaking a rule shows, and what shows; None if none."""
    for name, asked in SCENARIOS.items():
        found = search(Model(asked, broken=frozenset({rule})))
        if found.breach:
            return name, found
    return None


def report(*, crashes: int = 3, pauses: int = 2, environments: int = 3) -> list[dict[str, object]]:
    """Search every scenario as deep as asked, then every mutant; one row each, for a table."""
    rows: list[dict[str, object]] = []
    for name, asked in SCENARIOS.items():
        model = Model(asked, environments=environments, crashes=crashes, pauses=pauses)
        found = search(model)
        rows.append(
            {
                "scenario": f"model: {name}",
                "states": found.states,
                "seconds": round(found.seconds, 2),
                "breach": found.breach,
            }
        )
    for rule in RULES:
        killed = killed_by(rule)
        where, found = killed or ("", Found(0, 0.0, ""))
        rows.append(
            {
                "scenario": f"mutant of the model: {rule}",
                "killer": f"{found.breach} ({where})" if killed else "",
                "states": found.states,
                "seconds": round(found.seconds, 2),
                "breach": "" if killed else "it survives",
            }
        )
    return rows
