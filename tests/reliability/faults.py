"""Let one call of a command go wrong in every way, and hold its end to what is promised.

Every fault is what the adapters raise for it (`promote.aws.codes`). It strikes once or from a call
on. The command must end in an error that promises something (or not notice), P1 and P6 must hold
after every call, nothing may start twice, and the same command without the fault must converge.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from promote import errors
from tests.fake_world import Call, FakeWorld
from tests.reliability.scenarios import V2, Ending, Scenario, scenario

_RUNS = 3
"""How often a command is run again at most: to put back, to promote, to see nothing to do."""
_FOR_GOOD = 1_000_000

PROMISED = frozenset({4, 5, 6, 7, 8, 9, 11, 75})
"""How a command may end that met a fault (DESIGN: 2 is for the user's input, 1 is a bug)."""
_AS_BEFORE = frozenset({4, 5, 6, 7, 9})
_RESUMED = frozenset({"CredentialsError"})  # without credentials nothing can be put back


@dataclass(frozen=True, slots=True)
class Fault:
    """One way in which a call goes wrong."""

    name: str
    error: type[errors.PromoteError]
    after: bool = False
    """The call had its effect, and its answer was lost."""
    writes: bool | None = None
    """Whether it only happens to writes, or only to reads; None for both."""

    def fits(self, call: Call) -> bool:
        """Say whether the call can go wrong so."""
        return self.writes is None or self.writes is call.writes

    def strike(self, fake: FakeWorld, strike: Strike) -> None:
        """Let a call fail."""
        error = self.error(self.name, f"The {self.name} of the sweep.")
        times = _FOR_GOOD if strike.for_good else 1
        operation = strike.call.operation if strike.for_good else "*"
        nth = strike.of_its_kind if strike.for_good else strike.number
        fake.fail(operation, error, nth=nth, times=times, after=self.after)


FAULTS = (
    Fault("throttle", errors.ThrottledError),
    Fault("lost request", errors.LostResponseError, writes=True),
    Fault("lost answer", errors.LostResponseError, after=True, writes=True),
    Fault("error of the service", errors.TryAgainError, writes=False),
    Fault("denial", errors.AccessDeniedError),
    Fault("explicit denial", errors.ExplicitDenyError),
    Fault("expired credential", errors.CredentialsError),
    Fault("missing thing", errors.NotFoundError),
    Fault("deadline", errors.DeadlineError),
)


_UNSEEN = dict.fromkeys(("abort", "drained later"), (errors.NotFoundError,))
"""Faults that a scenario's command takes for its own end: there is nothing to finish."""


@dataclass(frozen=True, slots=True)
class Strike:
    """Where a fault strikes."""

    number: int
    """The number of the call in the command, from 1."""
    of_its_kind: int
    """Its number among the calls of its operation."""
    call: Call
    for_good: bool
    """Whether every later call of the operation fails, too."""

    def __str__(self) -> str:
        """Say where, for a report."""
        often = "from" if self.for_good else "at"
        return f"{often} call {self.number}, {self.call.operation}"


@dataclass(frozen=True, slots=True)
class Faulted:
    """What a sweep of faults did and found."""

    tried: int
    wrong: tuple[str, ...]


_WAVE = "a wave with a failed target within max_failures"


def swept() -> tuple[Scenario, ...]:
    """Return the scenarios of the sweep: ways forward, ways back and what a crash left."""
    spoiled = replace(scenario("put back"), trouble=_spoil_for_good)
    names = ("release", "first release", "bad answers", "abort", _WAVE)
    return (*(scenario(name) for name in names), spoiled)


def _spoil_for_good(fake: FakeWorld) -> None:
    """Let v2 answer badly from the first switch that has its effect, whichever call that is."""
    fake.at("pointer.write", lambda: fake.poor.add(V2), times=_FOR_GOOD, after=True)


def everything(chosen: Scenario) -> tuple[tuple[Fault, Strike], ...]:
    """Return every fault at every place of a scenario."""
    places = tuple(strikes(chosen))
    return tuple((fault, place) for fault in FAULTS for place in places if fault.fits(place.call))


def strikes(chosen: Scenario) -> Iterator[Strike]:
    """Yield every place at which a fault can strike an undisturbed run."""
    fake = chosen.world()
    chosen.run(fake)
    seen: dict[str, int] = {}
    for number, call in enumerate(fake.calls, start=1):
        seen[call.operation] = seen.get(call.operation, 0) + 1
        for for_good in (False, True):
            yield Strike(number, seen[call.operation], call, for_good)


def sweep(of: Scenario, chosen: Iterable[tuple[Fault, Strike]]) -> Faulted:
    """Let each fault strike a run of its own."""
    unseen = _UNSEEN.get(of.name, ())
    wanted = of.run(of.world())
    wrong: list[str] = []
    tried = 0
    for fault, strike in chosen:
        if fault.fits(strike.call) and fault.error not in unseen:
            tried += 1
            where = f"{of.name}: {fault.name} {strike}: "
            wrong += [where + each for each in _struck(of, fault, strike, wanted)]
    return Faulted(tried, tuple(wrong))


def _struck(of: Scenario, fault: Fault, strike: Strike, wanted: Ending) -> Iterator[str]:
    fake = of.world()
    before = _live(fake)
    starts: list[int] = []
    fake.at("model.start", lambda: starts.append(1), times=_FOR_GOOD, after=True, on=V2)
    fault.strike(fake, strike)
    ended = of.run(fake)
    yield from _unpromised(ended, wanted, before=before, now=_live(fake))
    if len(starts) > 1:
        yield f"v2 was started {len(starts)} times"
    last = ended
    for _ in range(_RUNS):
        last = _without_lock(of.again(fake), strike)
        if last == _without_lock(wanted, strike):
            break
    else:
        yield f"ended in {ended.error}; again in {last.error} with {_difference(last, wanted)}"
    yield from fake.breaches


def _without_lock(ending: Ending, strike: Strike) -> Ending:
    """Leave a lock out that could not be given back: it expires, and the next owner takes it."""
    if strike.call.operation != "store.delete":
        return ending
    return Ending(ending.error, {**ending.state, "lock": False})


def _unpromised(ended: Ending, wanted: Ending, *, before: object, now: object) -> Iterator[str]:
    if ended.error is None:
        if wanted.error is None and _pointers(ended) != _pointers(wanted):
            yield "it reports success, and the pointers are not as promised"
        return
    code = getattr(errors, ended.error).exit_code
    if code not in PROMISED:
        yield f"it ended in {ended.error} ({code})"
    as_before = code in _AS_BEFORE and ended.error not in _RESUMED
    if as_before and wanted.error is None and before != now:
        yield f"it ended in {ended.error} ({code}), and pointers moved from {before} to {now}"


def _pointers(ending: Ending) -> object:
    return ending.state["pointers"]


def _live(fake: FakeWorld) -> dict[str, str | None]:
    return {str(target): fake.pointer(target).value for target in fake.targets}


def _difference(one: Ending, other: Ending) -> str:
    parts = [
        f"{key}: {one.state[key]!r} instead of {other.state[key]!r}"
        for key in other.state
        if one.state[key] != other.state[key]
    ]
    return "; ".join(parts) or "the same state"
