"""Seeded mutants of the product: its own order and checks, each broken in one place.

A mutant is one change of one function's source, made in this process alone: the code of the
function is swapped and swapped back, so that whoever holds the function runs the mutant. Each has
a killer, a test of this suite by name, which passes on the product as it is and must fail on the
mutant.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import random
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from time import perf_counter
from types import CodeType, FunctionType
from typing import Any

from tests.builders import PROD, QA, a_topology
from tests.fake_world import FakeWorld
from tests.workflow.promoting import Promoting

PROMOTION = "tests.workflow.test_promotion"
SWITCH = "tests.workflow.test_switch"
START = "tests.workflow.test_start"
PROVE = "tests.workflow.test_prove"
RETIRE = "tests.workflow.test_retire"
LOCK = "tests.workflow.test_lock"
KILLERS = "tests.reliability.test_killers"
SINGLE = "tests.workflow.test_single_steps"
WAVES = "tests.workflow.test_waves"
ROOM = "tests.workflow.test_room"
RETIRING = "tests.workflow.test_retiring"
GIVING_WAY = "tests.workflow.test_giving_way"
ROLLBACK = "tests.workflow.test_rollback"
SEALING = "tests.workflow.test_sealing"
TAMPERING = "tests.workflow.test_tampering"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One change of the product, and the test that must notice it."""

    name: str
    function: str
    """``module:function`` or ``module:Class.method``."""
    before: str
    """What its source says once."""
    after: str
    """What the mutant says instead."""
    killer: str
    """``module::Class::test``."""
    given: Mapping[str, Any] = field(default_factory=dict)
    """The parameters of a parametrised killer."""


class StaleMutantError(Exception):
    """The product no longer says what a mutant changes; the mutant must be written anew."""


@contextlib.contextmanager
def seeded(mutant: Mutant) -> Iterator[None]:
    """Let the product be the mutant while the body runs."""
    function = _function(mutant.function)
    original = function.__code__
    function.__code__ = _mutated(mutant, function)
    try:
        yield
    finally:
        function.__code__ = original


def _function(path: str) -> FunctionType:
    module, _, qualified = path.partition(":")
    found: Any = importlib.import_module(module)
    for name in qualified.split("."):
        found = inspect.getattr_static(found, name)
    if isinstance(found, cached_property):
        found = found.func
    found = getattr(found, "__wrapped__", found)
    assert isinstance(found, FunctionType), path
    return found


def _mutated(mutant: Mutant, function: FunctionType) -> CodeType:
    source = textwrap.dedent(inspect.getsource(function))
    if source.count(mutant.before) != 1:
        msg = f"{mutant.function} says {mutant.before!r} {source.count(mutant.before)} times"
        raise StaleMutantError(msg)
    changed = compile(source.replace(mutant.before, mutant.after), mutant.function, "exec")
    return next(
        code
        for code in changed.co_consts
        if isinstance(code, CodeType) and code.co_name == function.__name__
    )


def killed(mutant: Mutant) -> str | None:
    """Return how the killer noticed the mutant; None if it did not."""
    with seeded(mutant):
        return complaint(mutant)


def complaint(mutant: Mutant) -> str | None:
    """Run a mutant's killer once, in this process; return what it complains about, or None."""
    random.seed(20260302)
    module, *path = mutant.killer.split("::")
    test: Any = importlib.import_module(module)
    for name in path:
        test = getattr(test() if inspect.isclass(test) else test, name)
    try:
        given = _Given(mutant.given)
        test(**{name: given.get(name) for name in inspect.signature(test).parameters})
        given.hold()
    except (Exception, _outcomes()) as error:  # noqa: BLE001 (any failure kills)
        text = str(error).strip() or type(error).__name__
        return f"{type(error).__name__}: {text.splitlines()[0]}"
    return None


def _outcomes() -> type[BaseException]:
    """Return what pytest raises when `pytest.raises` sees nothing: no subclass of Exception."""
    outcomes = importlib.import_module("_pytest.outcomes")
    failed: type[BaseException] = outcomes.OutcomeException
    return failed


class _Given:
    """What the tests of `tests/workflow` are given by their fixtures."""

    def __init__(self, known: Mapping[str, Any]) -> None:
        self._known = dict(known)
        self._worlds: list[FakeWorld] = []

    def get(self, name: str) -> Any:
        """Return a fixture's value, made once."""
        if name not in self._known:
            self._known[name] = _FIXTURES[name](self)
        return self._known[name]

    def world(self, *, live: str | None = "v1") -> FakeWorld:
        """Make a world whose promises are held in the end."""
        self._worlds.append(FakeWorld(a_topology(), live=live))
        return self._worlds[-1]

    def keep(self, world: FakeWorld) -> FakeWorld:
        """Hold the promises of a world that was made elsewhere, too."""
        self._worlds.append(world)
        return world

    def hold(self) -> None:
        """Hold P1 and P6 to have held in every world."""
        breaches = [breach for world in self._worlds for breach in world.breaches]
        assert not breaches, breaches[0]


def _in_qa(given: _Given) -> FakeWorld:
    fake: FakeWorld = given.get("fake")
    Promoting(fake).release(to="qa")
    fake.calls.clear()
    return fake


def _targets(given: _Given, accounts: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(each for each in given.get("fake").targets if each.account in accounts)


_FIXTURES: Mapping[str, Callable[[_Given], Any]] = {
    "fake": lambda given: given.world(),
    "fresh": lambda given: given.world(live=None),
    "in_qa": _in_qa,
    "qa_target": lambda given: _targets(given, (QA,))[0],
    "prod_targets": lambda given: _targets(given, tuple(PROD)),
    "warm": lambda given: given.keep(importlib.import_module(ROLLBACK).a_warm_world()),
    "cold": lambda given: given.keep(importlib.import_module(ROLLBACK).a_cold_world()),
    "signing": lambda given: given.keep(importlib.import_module(SEALING).a_signing_world()),
    "done": lambda given: given.keep(importlib.import_module(TAMPERING).a_world()),
}


def report(mutants: tuple[Mutant, ...]) -> list[dict[str, object]]:
    """Seed every mutant; one row each, for a table."""
    rows: list[dict[str, object]] = []
    for mutant in mutants:
        began = perf_counter()
        how = killed(mutant)
        rows.append(
            {
                "scenario": f"mutant: {mutant.name}",
                "killer": mutant.killer if how else "",
                "seconds": round(perf_counter() - began, 2),
                "breach": "" if how else "it survives",
            }
        )
    return rows
