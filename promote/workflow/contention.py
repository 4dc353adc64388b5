"""Try again what somebody else came before: a bounded number of turns, never for ever.

Between a look and a conditional write another process may write the same object; then the look is
repeated. Each turn that is lost is one that somebody else has won, so it ends by itself, unless
the store is broken.
"""

from __future__ import annotations

from dataclasses import dataclass

from promote.errors import TryAgainError

_MOST = 50


@dataclass(slots=True)
class Turns:
    """The turns that one conditional write takes."""

    what: str
    """The object that is written, for the error's text."""
    taken: int = 0

    def take(self) -> None:
        """Take the next turn.

        Raises:
            TryAgainError: Too many were lost.
        """
        if self.taken == _MOST:
            raise TryAgainError(
                "The ledger is busy",
                f"{self.what} was written by somebody else between our look and our write, {_MOST} "
                "times in a row.",
                "Run the same command again; it continues where this one stopped. If nobody else "
                "is at work, look at the ledger's storage.",
            )
        self.taken += 1
