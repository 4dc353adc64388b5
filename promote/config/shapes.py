"""The shapes that a key's value can have, for the table of keys to be written in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from promote.config.kinds import Kind, Text


@dataclass(frozen=True, slots=True)
class Section:
    """A mapping of known keys."""

    keys: tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class Named:
    """A mapping whose keys are names that the user chooses; at least one."""

    names: Text
    section: Section


@dataclass(frozen=True, slots=True)
class Listed:
    """A list; `alone` lets a single value stand for a list of one."""

    item: Kind | Section
    least: int = 0
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Either:
    """A list, or a mapping of known keys in its place."""

    listed: Listed
    section: Section


Shape: TypeAlias = Kind | Section | Named | Listed | Either
Default: TypeAlias = str | int | float | tuple[()] | None


@dataclass(frozen=True, slots=True)
class Key:
    """One key.

    Args:
        shape: The type of its value; None for a key that is refused.
        later: What brings a key that is not built yet.
        nullable: Whether ``null`` may be given, to undo a default. A section that it may be given
            for is there or not: without any of its keys it is not the same as no section.
    """

    name: str
    shape: Shape | None
    meaning: str
    default: Default = None
    required: bool = False
    nullable: bool = False
    later: str = ""
