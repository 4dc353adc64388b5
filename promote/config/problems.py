"""Problems of a configuration: each with its place, all of them reported at once."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field

_SHOWN = 60


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in the file; line and column are counted from 1, columns in characters."""

    line: int
    column: int


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong, where it is wrong."""

    position: Position
    message: str


@dataclass(slots=True)
class Problems:
    """Collect what is wrong, so that one run tells everything."""

    found: set[Problem] = field(default_factory=set)

    def note(self, position: Position, message: str) -> None:
        """Add one problem; the same one twice counts once."""
        self.found.add(Problem(position, message))

    def located(self, file: str) -> tuple[str, ...]:
        """Write every problem as ``file:line:column: message``, in the order of the file."""
        return tuple(
            f"{file}:{each.position.line}:{each.position.column}: {each.message}"
            for each in sorted(self.found)
        )


def shown(text: str) -> str:
    """Quote what was found for a message: escaped, and cut when it is long."""
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "…")


def suggestion(text: str, known: Iterable[str]) -> str:
    """Return ``; did you mean 'x'?`` for the known word that `text` is most like, or nothing."""
    # difflib is quadratic: what is much longer than any word of ours is no misspelling of one.
    close = difflib.get_close_matches(text[:_SHOWN], list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
