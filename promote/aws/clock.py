"""The time of this machine, and whether it is AWS's."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from promote.errors import CredentialsError

TOLERANCE = timedelta(seconds=30)
"""How far the clock may be off: more than a request takes, which lies between the two times.
AWS itself accepts signatures that are some minutes off."""

# Python's own monotonic clock stands still while a laptop sleeps (Linux: CLOCK_MONOTONIC, macOS:
# mach_absolute_time), so that a lease would seem young after it; these go on (clock_gettime(2)).
_CLOCK = getattr(time, "CLOCK_BOOTTIME", getattr(time, "CLOCK_MONOTONIC", None))


class SystemClock:
    """The real `promote.ports.Clock`; a signal handler that raises interrupts its sleep."""

    def now(self) -> datetime:
        """Return the wall-clock time, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds that never go back, and go on while the machine sleeps."""
        return time.monotonic() if _CLOCK is None else time.clock_gettime(_CLOCK)

    def sleep(self, seconds: float) -> None:
        """Wait for `seconds`; not at all if they are not positive."""
        time.sleep(max(0.0, seconds))


def expect_right(now: datetime, date: str | None) -> None:
    """Refuse to work by a clock that is far off.

    A drain and a lease are counted from moments that AWS or another machine wrote down, so a clock
    that is ahead would end them early.

    Args:
        now: The time of this machine.
        date: The `Date` header of an answer that has just come; None proves nothing.

    Raises:
        CredentialsError: The clock is off by more than `TOLERANCE`.
    """
    try:
        there = parsedate_to_datetime(date or "").astimezone(UTC)
    except ValueError:
        return
    if abs(now - there) > TOLERANCE:
        raise CredentialsError(
            "The clock is wrong",
            f"This machine says {now:%Y-%m-%d %H:%M:%S} UTC, but AWS {there:%Y-%m-%d %H:%M:%S} "
            f"UTC. At most {TOLERANCE.seconds} seconds between them are accepted, because drains "
            "are counted from what AWS wrote down.",
            "Set the clock of this machine, then run the same command again.",
        )
