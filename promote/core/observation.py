"""What the world looked like at one moment: frozen data, read once, decided upon at will.

The cloud is the truth. Only what it cannot tell (who promotes what, claims, verifications) comes
from the ledger, as the state folded in `promote.core.record`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from promote.core.record import LedgerState
from promote.core.topology import Target
from promote.core.version import ModelVersion

Json = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class PointerValue:
    """One value that a pointer holds or held."""

    value: str
    revision: int
    """The store's own counter of writes, 1 for the first."""
    changed_at: datetime
    """When the pointer took this value, by the store's clock, in UTC."""
    changed_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PointerState:
    """A pointer with its history, oldest first; an empty history means that it does not exist."""

    history: tuple[PointerValue, ...] = ()

    @property
    def current(self) -> PointerValue | None:
        """The value it holds now, or None when it does not exist."""
        return self.history[-1] if self.history else None

    @property
    def value(self) -> str | None:
        """The text it holds now, or None when it does not exist."""
        return self.history[-1].value if self.history else None

    @property
    def revision(self) -> int:
        """The number of the last write, 0 when it does not exist."""
        return self.history[-1].revision if self.history else 0

    @property
    def before(self) -> str | None:
        """The text that it held before what it holds now, or None when it never held another."""
        others = (each.value for each in reversed(self.history) if each.value != self.value)
        return next(others, None)

    def left_behind(self) -> Iterator[tuple[str, datetime]]:
        """Yield each value that it named before, with the moment of the last change away from it.

        The present value is never among them.
        """
        left: dict[str, datetime] = {}
        for earlier, later in zip(self.history, self.history[1:], strict=False):
            if earlier.value != later.value:
                left[earlier.value] = later.changed_at
        left.pop(self.value or "", None)
        yield from left.items()

    def covered(self, now: datetime, drain: timedelta) -> tuple[str, ...]:
        """Return what a consumer may still use: the present value and those left within `drain`."""
        recent = tuple(value for value, at in self.left_behind() if at + drain > now)
        return ((self.value,) if self.value is not None else ()) + recent


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRoleState:
    """An access role with every policy on it."""

    arn: str
    trust: Json
    inline: Mapping[str, Json] = field(default_factory=dict)
    """Inline policies by name."""
    attached: Mapping[str, Json] = field(default_factory=dict)
    """Managed policies by ARN, each in its default version."""

    def policy(self, name: str) -> Json | None:
        """Return the inline policy called `name`, or None."""
        return self.inline.get(name)

    def others(self, name: str) -> Mapping[str, Json]:
        """Return every inline and attached policy but the inline one called `name`."""
        rest = {key: value for key, value in self.inline.items() if key != name}
        return {**rest, **self.attached}


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """All that a plan for one model rests on."""

    at: datetime
    """In UTC; every rule about time reads this clock and no other."""
    model: str
    project_arn: str
    versions: tuple[ModelVersion, ...]
    """All versions of the model's project."""
    occupants: tuple[ModelVersion, ...]
    """Every version of the account and Region that holds a running slot, whatever its project."""
    pointers: Mapping[Target, PointerState]
    """For every target of the model in every environment."""
    roles: Mapping[str, AccessRoleState]
    """Access roles by ARN, of every environment; one that does not exist is left out."""
    ledger: LedgerState = field(default_factory=LedgerState)
    unread: Mapping[Target, str] = field(default_factory=dict)
    """Targets that could not be read and did not have to be, and why: any version may be in use
    there. Their pointers are here as if they did not exist."""

    def version(self, arn: str) -> ModelVersion | None:
        """Return the version with this ARN, or None if the project has no such version."""
        return next((v for v in self.versions if v.arn == arn), None)
