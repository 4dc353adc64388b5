"""Let two promoters of one model run at once, and hold P4: their writes never interleave.

Each runs in a thread of its own, but only the one that holds the baton moves; it is handed over at
calls of a port, as a schedule says. So every schedule can be run again exactly.
"""

from __future__ import annotations

import itertools
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, cast

from promote.errors import PromoteError
from tests.fake_ports import Ports, World
from tests.fake_world import CrashError, FakeWorld
from tests.reliability.scenarios import (
    SEED,
    Act,
    abort,
    begun,
    half_switched,
    live,
    live_in_qa,
    one_thread,
    release,
    rollback,
    ungated,
)

PATIENCE = 20.0  # seconds of real time until a schedule counts as stuck
REFUSALS = {
    "LockedError",
    "UnfinishedError",
    "StalePlanError",
    "RefusedError",
    "NeedsAttentionError",
}
"""What a rival may end in: somebody else was there first, or changed what it was waiting for."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn: how many calls it lasts, and how long both are frozen after it."""

    calls: int
    frozen: float = 0.0
    """Seconds."""


Made = tuple[int, str, bool]
"""A call: by whom, what, and whether it writes."""
Schedule = tuple[Turn, ...]
"""The turns, the first promoter's and then in alternation; after them each runs to its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Duel:
    """Two commands in one world."""

    name: str
    begin: Callable[[], FakeWorld]
    commands: tuple[Act, Act]
    asks: bool = False
    """Whether the second asks the first to give way, and takes over once its lease is over."""


@dataclass(frozen=True, slots=True)
class Fought:
    """How a duel went."""

    fake: FakeWorld
    ends: tuple[str | None, str | None]
    """The class of the error of each, None when it went well."""
    writes: tuple[tuple[int, str], ...]
    """Every write that is not one of the ledger's: by whom, and what."""
    calls: tuple[int, int]
    log: tuple[Made, ...]


@dataclass
class _Baton:
    schedule: Schedule
    fake: FakeWorld
    turn: int = 0
    left: int = 0
    ended: set[int] = field(default_factory=set)
    moved: threading.Condition = field(default_factory=threading.Condition)

    def __post_init__(self) -> None:
        self.turns = iter(self.schedule)
        self._begin_turn()

    def take(self, seat: int) -> None:
        """Wait until it is this one's turn, and use up one call of it."""
        with self.moved:
            self._wait(seat)
            if self.left == 0 and 1 - seat not in self.ended:
                self.fake.pass_time(self.frozen)
                self._hand_over(seat)
                self._wait(seat)
            self.left -= 1

    def wait(self, seat: int) -> None:
        """Wait until it is this one's turn."""
        with self.moved:
            self._wait(seat)

    def leave(self, seat: int) -> None:
        """Let the other one run to its end."""
        with self.moved:
            self.ended.add(seat)
            self._hand_over(seat)

    def _wait(self, seat: int) -> None:
        if not self.moved.wait_for(lambda: self.turn == seat, timeout=PATIENCE):
            raise CrashError

    def _hand_over(self, seat: int) -> None:
        self.turn = 1 - seat
        self._begin_turn()
        self.moved.notify_all()

    def _begin_turn(self) -> None:
        turn = next(self.turns, Turn(10_000))
        self.left, self.frozen = turn.calls, turn.frozen


class _Seat:
    """The shared world as one of the two sees it: its calls wait for the baton."""

    def __init__(self, fake: FakeWorld, baton: _Baton, number: int, log: list[Made]) -> None:
        self._fake, self._baton, self._number, self._log = fake, baton, number, log

    def __getattr__(self, name: str) -> Any:
        return getattr(self._fake, name)

    def ports(self) -> World:
        return Ports(cast("FakeWorld", self)).world()

    @contextmanager
    def call(
        self, operation: str, resource: str, role: str | None = None, *, writes: bool = False
    ) -> Iterator[None]:
        if operation != "images.load":  # made within a lock of Python 3.11's cached_property
            self._baton.take(self._number)
            self._log.append((self._number, operation, writes))
        with self._fake.call(operation, resource, role, writes=writes):
            yield


def fight(duel: Duel, schedule: Schedule) -> Fought:
    """Run both commands by a schedule."""
    fake = begun(duel.begin)
    baton, log = _Baton(schedule, fake), list[Made]()
    ends: dict[int, str | None] = {}

    def run(number: int) -> None:
        seat = cast("FakeWorld", _Seat(fake, baton, number, log))
        ends[number] = "stuck"
        try:
            with suppress(CrashError):
                baton.wait(number)
                ends[number] = _ending(duel.commands[number], seat)
        finally:
            baton.leave(number)

    random.seed(SEED)
    threads = [threading.Thread(target=run, args=(number,)) for number in (0, 1)]
    with one_thread():
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    writes = tuple((by, op) for by, op, writes in log if writes and not op.startswith("store."))
    calls = tuple(sum(by == number for by, *_ in log) for number in (0, 1))
    return Fought(fake, (ends[0], ends[1]), writes, (calls[0], calls[1]), tuple(log))


def _ending(command: Act, fake: FakeWorld) -> str | None:
    try:
        command(fake)
    except PromoteError as error:
        return type(error).__name__
    return None


def duels() -> tuple[Duel, ...]:
    """Return every pair of commands that are let loose on each other."""
    return (
        Duel(name="the same twice", begin=live, commands=(release("qa"), release("qa"))),
        Duel(
            name="prod, and qa back",
            begin=live_in_qa,
            commands=(release("prod"), release("qa", version="v1")),
        ),
        Duel(
            name="resume, and abort",
            begin=half_switched,
            commands=(release("prod"), abort),
            asks=True,
        ),
        Duel(
            name="prod, and qa rolled back",
            begin=ungated,
            commands=(release("prod", version="v1"), rollback("qa")),
            asks=True,
        ),
        Duel(
            name="prod, and prod rolled back",
            begin=ungated,
            commands=(release("prod", version="v1"), rollback("prod")),
            asks=True,
        ),
    )


def schedules(duel: Duel, *, frozen: float = 0.0) -> tuple[Schedule, ...]:
    """Return a schedule for each call of the first at which the second is let through."""
    calls = fight(duel, ()).calls[0]
    return tuple((Turn(number, frozen),) for number in range(1, calls))


def chances(duel: Duel, *, count: int) -> tuple[Schedule, ...]:
    """Return seeded schedules of many short turns."""
    dice = random.Random(f"{SEED} {duel.name}")  # noqa: S311 (nothing secret)
    return tuple(
        tuple(Turn(dice.randint(1, 30)) for _ in range(dice.randint(2, 20))) for _ in range(count)
    )


def problems(duel: Duel, schedule: Schedule) -> list[str]:
    """Run a schedule; say what P1, P4 or the promised ends do not hold in.

    A process that is frozen right at a write has one request on the wire, which no lock can take
    back: it may land, alone, and is said. Whatever it then breaks is not held against the lock.
    """
    fought = fight(duel, schedule)
    where = f"{duel.name}, {schedule}"
    wrong = [
        f"{where}: promoter {number} ended in {end}"
        for number, end in enumerate(fought.ends)
        if end is not None and end not in REFUSALS
    ]
    wire = _landed_late(duel, fought, schedule)
    owners = [number for number, _ in fought.writes]
    turns = [owner for owner, _ in itertools.groupby(owners)]
    if len(turns) > 2 + wire:
        wrong.append(f"{where}: the writes interleave: {fought.writes}")
    if wire and fought.ends[0] is None:
        wrong.append(f"{where}: a write that came late was not said")
    return wrong + ([] if wire else [f"{where}: {each}" for each in fought.fake.breaches[:1]])


def _landed_late(duel: Duel, fought: Fought, schedule: Schedule) -> bool:
    """Say whether the first was frozen at a write, which landed after its lease was over.

    One that does not answer when it is asked to give way is waited for until then.
    """
    first = schedule[0]
    if not (first.frozen or duel.asks):
        return False
    held = [log for log in fought.log if log[0] == 0]
    if len(held) <= first.calls:
        return False
    _, operation, writes = held[first.calls]
    return writes and not operation.startswith("store.")
