"""Lift a gate for once: a hotfix that cannot wait, said aloud and for a while only.

An override is part of what is asked for, hence under the digest of the plan: whoever approves a
plan sees it. So the gate `approval` itself cannot be lifted, nor can `held`, which takes a reason
and no more. What a lifted gate measured is shown and kept all the same.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

from promote.core.gates import wording
from promote.core.gates.result import GateResult, Override, Verdict
from promote.errors import InputError

if TYPE_CHECKING:
    from promote.core.topology import Environment

STANDING: Mapping[str, str] = MappingProxyType(
    {
        "approval": "people approve a plan together with what it lifts",
        "held": "a reason passes it, by --reason",
    }
)
"""The gates that nobody lifts, and why."""

USUAL = timedelta(hours=4)
"""How long an override lasts unless somebody says so."""

LONGEST = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Lifting:
    """What somebody asks to be lifted for once."""

    gates: tuple[str, ...] = ()
    """In order, each once."""
    length: timedelta = USUAL

    def overrides(self, reason: str | None, by: str, at: datetime) -> tuple[Override, ...]:
        """Return the overrides that a plan made now asks for.

        Args:
            reason: Why.
            by: The ARN of the caller who asks.
            at: Now, in UTC; they expire on a whole second.
        """
        expires = (at + self.length).replace(microsecond=0)
        return tuple(
            Override(gate=each, reason=reason or "", by=by, expires=expires) for each in self.gates
        )


NOTHING = Lifting()
"""What most promotions lift."""


def gates_of(environment: Environment) -> tuple[str, ...]:
    """Return the names of all gates that may be judged for an environment, in their order."""
    asked = environment.gates
    found = {
        "verified": bool(environment.after),
        "held": True,
        "f1": asked.f1 is not None,
        "precision": asked.precision is not None,
        "recall": asked.recall is not None,
        "label_f1": asked.label_f1 is not None,
        "labels": asked.labels is not None,
        "golden": asked.golden is not None,
        "soak": asked.soak is not None,
        "cost": asked.cost is not None,
        "quota": asked.unit_hours is not None,
        "window": bool(asked.windows),
        "freeze": bool(asked.freezes),
        "alarm": bool(asked.alarms),
        "approval": asked.approval is not None,
    }
    return tuple(name for name, is_there in found.items() if is_there)


def liftable(environment: Environment) -> tuple[str, ...]:
    """Return the names of the gates of an environment that an override can lift."""
    return tuple(each for each in gates_of(environment) if each not in STANDING)


def lifting(
    environment: Environment, gates: Iterable[str], *, reason: str | None, length: timedelta
) -> Lifting:
    """Check what is to be lifted.

    Args:
        environment: Where to.
        gates: The names of gates; the order and how often each is named do not matter.
        reason: Why.
        length: How long from now on.

    Raises:
        InputError: It has no such gate, or nobody lifts it; no reason is given; it is for too long.
    """
    names = tuple(sorted(set(gates)))
    if not names:
        return Lifting()
    for name in names:
        _expect_liftable(name, environment)
    if reason is None or not reason.strip():
        raise InputError(
            "An override needs a reason",
            f"The gate {' and '.join(names)} is to be lifted, and nobody says why. The reason is "
            "kept in the plan, the records and the status.",
            "Add --reason TEXT.",
        )
    if not timedelta(seconds=1) <= length <= LONGEST:
        raise InputError(
            "An override does not last that long",
            f"It is to expire after {wording.span(length)}; it lasts from 1s to "
            f"{wording.span(LONGEST)}, counted from when the plan is made.",
            f"Give it as long as the hotfix takes, such as --expires {wording.span(USUAL)}.",
        )
    return Lifting(names, length)


def lifted(
    judged: Iterable[GateResult], overrides: Iterable[Override], at: datetime
) -> Iterator[GateResult]:
    """Yield judgements, those that do not pass with the override that lifts them.

    Args:
        judged: What the gates say.
        overrides: What was asked for.
        at: Now, in UTC; an override that has expired lifts nothing.
    """
    valid = _by_gate(each for each in overrides if at < each.expires)
    for each in judged:
        passes = each.verdict is Verdict.PASS
        yield each if passes else replace(each, override=valid.get(each.gate))


def announced(judged: Iterable[GateResult], overrides: Iterable[Override]) -> Iterator[GateResult]:
    """Yield judgements, those that are still to be made with the override that would lift them."""
    asked = _by_gate(overrides)
    for each in judged:
        pending = each.verdict is Verdict.PENDING
        yield replace(each, override=asked.get(each.gate)) if pending else each


def told(override: Override) -> str:
    """Say who lifts a gate, for how long and why."""
    until = wording.moment(override.expires)
    return f"lifted by {override.by} until {until}, because: {override.reason}"


def _by_gate(overrides: Iterable[Override]) -> dict[str, Override]:
    return {each.gate: each for each in overrides if each.gate not in STANDING}


def _expect_liftable(name: str, environment: Environment) -> None:
    names = liftable(environment)
    has = f"What can be lifted there: {', '.join(names)}." if names else "None can be lifted there."
    if name in STANDING:
        raise InputError(
            "This gate cannot be lifted", f"Nobody lifts {name}: {STANDING[name]}.", _without(name)
        )
    if name not in names:
        near = difflib.get_close_matches(name, names, n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise InputError(
            "No such gate", f"{environment.name} has no gate {name!r}.{hint} {has}", _without(name)
        )


def _without(name: str) -> str:
    return (
        f"Leave --override {name} out, or name another one. To see what each environment asks "
        "for:\n    promote config show"
    )
