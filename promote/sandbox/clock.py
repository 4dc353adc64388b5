"""Tell the sandbox's time: the wall clock, or one that a test moves by hand."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """The time in seconds since the epoch, and the way to let some pass."""

    def now(self) -> float:
        """Return the present time."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let `seconds` pass."""
        ...


class WallClock:
    """Real time."""

    def now(self) -> float:
        """Return the wall clock's time."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Block for `seconds`."""
        time.sleep(seconds)


class HandClock:
    """Time that stands still until `advance` is called."""

    def __init__(self, start: float = 1_800_000_000.0) -> None:
        self._now = start
        self._lock = threading.Lock()

    def now(self) -> float:
        """Return the time that was last set."""
        return self._now

    def sleep(self, seconds: float) -> None:
        """Move the clock instead of blocking."""
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Move the clock forward."""
        with self._lock:
            self._now += seconds


def iso(moment: float) -> str:
    """Write a moment as ISO 8601 in UTC, with milliseconds."""
    text = datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
