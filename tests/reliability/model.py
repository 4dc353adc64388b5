"""The order of a promotion as a small model of its own, searched through state by state.

Nothing here imports the product: it is the order of work written down once more, with an
environment that is as hostile as it may be. Operators look, decide and act in separate moments,
are killed between any two of them or sleep through their lease, and are run again; replicas of IAM
learn late and one after the other; a verification may fail. Every reachable state is visited once.

What must hold (the promises of the product): P1 whatever a pointer names, or named within the
drain, runs, is proven and is allowed by every replica; P2 a role allows no more than is used or
under way, and at rest exactly what its pointer names; P3 when nothing moves any more, nothing is
unfinished, locked or leaked; P4 only the holder of the lock writes, and only for the promotion
that is unfinished; P6 nothing is stopped that is named, allowed, draining or not ours; P7 what has
turned back never goes forward.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

_T = TypeVar("_T")

OLD, NEW, RIVAL, ALIEN = 1, 2, 4, 8
VERSIONS = (OLD, NEW, RIVAL, ALIEN)
"""Bits of a set: what is live, two that operators promote, one that runs for somebody else."""


class Asked(NamedTuple):
    """What an operator runs: promote a version to an environment."""

    environment: int
    version: int


class Unfinished(NamedTuple):
    """The records of a promotion that was begun."""

    asked: Asked
    old: int
    verified: bool = False
    back: bool = False
    """Whether the ledger says that it turned back."""
    turned: bool = False
    """Whether it truly did; nobody in the model reads this."""


class Operator(NamedTuple):
    """A process: `out`side the lock, `in` it, on its way `back`, or `ended`."""

    phase: str = "out"
    intent: str = ""
    """What it has decided, and not done yet."""


class State(NamedTuple):
    """The world, the ledger and every operator."""

    pointers: tuple[int, ...]
    young: tuple[int, ...]
    """By environment, what its pointer has left within the drain."""
    policies: tuple[tuple[int, ...], ...]
    """By environment, every document that a replica may still go by; last the written one."""
    proven: tuple[int, ...]
    operators: tuple[Operator, ...]
    running: int = OLD | ALIEN
    starting: int = 0
    named: int = OLD
    claims: int = 0
    lock: tuple[int, bool] | None = None
    """Who holds it, and whether the lease is in time."""
    unfinished: Unfinished | None = None
    crashes: int = 1
    pauses: int = 1
    failures: int = 1


@dataclass(frozen=True, slots=True)
class Model:
    """Who promotes what where, and which rules of the order are broken."""

    asked: tuple[Asked, ...]
    environments: int = 2
    broken: frozenset[str] = field(default_factory=frozenset)
    crashes: int = 1
    pauses: int = 1

    def initial(self) -> State:
        """Return the world in which the old version is live everywhere."""
        count = self.environments
        return State(
            pointers=(OLD,) * count,
            young=(0,) * count,
            policies=((OLD,),) * count,
            proven=(OLD,) * count,
            operators=(Operator(),) * len(self.asked),
            crashes=self.crashes,
            pauses=self.pauses,
        )

    def successors(self, state: State) -> Iterator[tuple[State, str]]:
        """Yield every next state, and what the step that leads there breaks, or ""."""
        yield from _nature(state)
        for number in range(len(state.operators)):
            yield from self._operate(state, number)

    def _operate(self, state: State, number: int) -> Iterator[tuple[State, str]]:
        operator = state.operators[number]
        if operator.phase == "ended":
            return
        if operator.phase == "out":
            if state.lock is None or not state.lock[1] or "skip the lock" in self.broken:
                yield _set(state._replace(lock=(number, True)), number, Operator("in")), ""
            return
        if state.crashes:
            crashed = state._replace(crashes=state.crashes - 1)
            yield _set(crashed, number, Operator()), ""
        if operator.intent:
            yield from self._act(state, number, operator)
        elif intent := self._decide(state, self.asked[number], operator):
            yield _set(state, number, operator._replace(intent=intent)), ""

    def _decide(self, state: State, asked: Asked, operator: Operator) -> str:
        unfinished = state.unfinished
        if unfinished is None:
            done = state.pointers[asked.environment] == asked.version
            return "release" if done else "begin"
        if unfinished.asked != asked:
            return "begin" if "begin beside another" in self.broken else "release"
        if unfinished.back or operator.phase == "back":
            return self._backward(state, unfinished)
        return self._forward(state, unfinished)

    def _forward(self, state: State, unfinished: Unfinished) -> str:
        (place, new), written = unfinished.asked, state.policies[unfinished.asked.environment][-1]
        moved = state.pointers[place] == new
        if not state.running & new and not moved:
            return self._up(state, new)
        if not written & new:
            return "grant"
        if not moved:
            return self._across(state, place, new)
        if not unfinished.verified:
            return "verify"
        if state.young[place] & ~new and "revoke before the drain" not in self.broken:
            return ""
        if "end before the revocation" in self.broken:
            return "end"
        if written != new:
            return "revoke"
        denied = all(not each & ~new for each in state.policies[place])
        return (self._down(state, VERSIONS, new) or "end") if denied else ""

    def _up(self, state: State, new: int) -> str:
        if state.starting & new:
            return ""
        return "start" if state.claims & new or "forget the claim" in self.broken else "claim"

    def _across(self, state: State, place: int, new: int) -> str:
        if "switch first" in self.broken or state.proven[place] & new:
            return "switch"
        known = state.policies[place]
        enough = known[-1:] if "trust one success" in self.broken else known
        return "prove" if all(each & new for each in enough) else ""

    def _backward(self, state: State, unfinished: Unfinished) -> str:
        place, new = unfinished.asked
        if state.pointers[place] == new:
            return "put back"
        if state.young[place] & new and "undo without a drain" not in self.broken:
            return ""
        if state.policies[place][-1] & new:
            return "withdraw"
        if state.starting & state.claims & new:
            return ""
        return self._down(state, (new,), 0) or "end"

    def _down(self, state: State, versions: tuple[int, ...], kept: int) -> str:
        ours = state.claims | (state.named if kept else 0)
        if "stop what is not ours" in self.broken:
            ours = ~0
        for version in versions:
            counted = "stop without counting" not in self.broken
            free = not (counted and _holders(state, version))
            if version & state.running & ours and version != kept and free:
                return f"stop {version}"
        return ""

    def _act(self, state: State, number: int, operator: Operator) -> Iterator[tuple[State, str]]:
        holds = state.lock == (number, True)
        if not holds and not self.broken & {"skip the lock", "write with a lost lease"}:
            yield _set(state, number, Operator()), ""
            return
        asked, intent = self.asked[number], operator.intent
        done = _set(state, number, operator._replace(intent=""))
        if intent == "release":
            lock = None if holds else state.lock
            yield _set(done._replace(lock=lock), number, Operator("ended")), ""
            return
        breach = "" if holds else f"P4: {intent} without the lock"
        unfinished = state.unfinished
        if intent == "begin":
            breach = breach or ("P4: begun beside another" if unfinished else "")
            place, _new = asked
            begun = Unfinished(asked, state.pointers[place])
            # What an earlier promotion has proven says nothing about a grant that is yet to come.
            proven = state.proven[place] & (state.pointers[place] | state.young[place])
            known = done._replace(proven=_at(done.proven, place, proven))
            yield known._replace(unfinished=begun), breach
        elif unfinished is None or unfinished.asked != asked:
            yield done, breach or f"P4: {intent} for a promotion that is not the unfinished one"
        elif intent == "verify":
            yield done._replace(unfinished=unfinished._replace(verified=True)), breach
            if state.failures:
                failed = done._replace(failures=state.failures - 1)
                yield _set(failed, number, operator._replace(intent="turn")), breach
        else:
            breach = breach or _forbidden(state, unfinished, intent)
            yield self._write(done, number, unfinished, intent), breach

    def _write(self, done: State, number: int, unfinished: Unfinished, intent: str) -> State:
        (place, new), old = unfinished.asked, unfinished.old
        used = done.pointers[place] | done.young[place]
        if intent == "claim":
            return done._replace(claims=done.claims | new)
        if intent == "start":
            return done._replace(starting=done.starting | (new & ~done.running))
        if intent == "grant":
            return _policy(done, place, new if "grant it alone" in self.broken else used | new)
        if intent == "prove":
            return done._replace(proven=_at(done.proven, place, done.proven[place] | new))
        if intent == "switch":
            return _point(done, place, new)
        if intent == "put back":
            forgot = "forget what was before" in self.broken
            return _point(done, place, done.pointers[place] if forgot else old)
        if intent == "turn":
            recorded = "forget the direction" not in self.broken
            turned = unfinished._replace(back=recorded, turned=True)
            return _set(done._replace(unfinished=turned), number, Operator("back"))
        if intent in {"revoke", "withdraw"}:
            return _policy(done, place, new if intent == "revoke" else used & ~new)
        if intent == "end":
            return _set(done._replace(unfinished=None), number, Operator("in", "release"))
        version = int(intent.removeprefix("stop "))
        return done._replace(running=done.running & ~version, claims=done.claims & ~version)


def _nature(state: State) -> Iterator[tuple[State, str]]:
    """Let time pass in one place: a start ends, a replica learns, a drain or a lease runs out."""
    if state.starting:
        yield state._replace(running=state.running | state.starting, starting=0), ""
    for place, known in enumerate(state.policies):
        if len(known) > 1:
            yield state._replace(policies=_at(state.policies, place, known[1:])), ""
        if state.young[place]:
            yield state._replace(young=_at(state.young, place, 0)), ""
    if state.lock is not None and state.lock[1]:
        owner = state.lock[0]
        expired = state._replace(lock=(owner, False))
        if state.operators[owner].phase == "out":
            yield expired, ""
        elif state.pauses:
            yield expired._replace(pauses=state.pauses - 1), ""


def _forbidden(state: State, unfinished: Unfinished, intent: str) -> str:
    if intent == "switch" and unfinished.turned:
        return "P7: forward again after it had turned back"
    if intent.startswith("stop "):
        version = int(intent.removeprefix("stop "))
        if _holders(state, version):
            return "P6: stopped while it is named, allowed or draining"
        if not version & (state.named | state.claims):
            return "P6: stopped although it is not ours"
    return ""


def _holders(state: State, version: int) -> bool:
    written = (known[-1] for known in state.policies)
    return any(version & each for each in (*state.pointers, *state.young, *written))


def _set(state: State, number: int, operator: Operator) -> State:
    return state._replace(operators=_at(state.operators, number, operator))


def _at(values: tuple[_T, ...], place: int, value: _T) -> tuple[_T, ...]:
    return (*values[:place], value, *values[place + 1 :])


def _policy(state: State, place: int, document: int) -> State:
    return state._replace(policies=_at(state.policies, place, (*state.policies[place], document)))


def _point(state: State, place: int, version: int) -> State:
    left = state.pointers[place]
    young = (state.young[place] | left) & ~version
    return state._replace(
        pointers=_at(state.pointers, place, version),
        young=_at(state.young, place, young),
        named=state.named | version,
    )
