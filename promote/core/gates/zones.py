"""Local time and instants: what a wall clock shows, and when it shows it.

A wall clock skips an hour in spring, repeats one in autumn, and some change at midnight, by half an
hour, or by a whole day. Wall times are naive, instants are aware.
"""

from __future__ import annotations

import difflib
import zoneinfo
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

# Files beside the zones that mean something else on every machine, or nothing.
_NO_PLACE = {"localtime", "posixrules", "Factory"}
_OTHER_FORMS = ("posix/", "right/")


def known_zone(name: str) -> str:
    """Return the name of a time zone of the IANA database as it is.

    Raises:
        ValueError: There is none of that name.
    """
    if name not in _NO_PLACE and not name.startswith(_OTHER_FORMS):
        try:
            ZoneInfo(name)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            pass
        else:
            return name
    close = difflib.get_close_matches(name, zoneinfo.available_timezones(), n=1)
    hint = f"did you mean {close[0]!r}?" if close else "write one such as Europe/Berlin or UTC"
    raise ValueError(f"the time zone {name!r} is not in the IANA database; {hint}")


def wall(at: datetime, zone: str) -> datetime:
    """Return what a clock in a zone shows at an instant, without a zone."""
    return at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def first_shown(clock: datetime, zone: str) -> datetime:
    """Return the first instant, in UTC, at which a clock shows a wall time or has skipped it."""
    instants = _both(clock, zone)
    if wall(instants[0], zone) == clock.replace(fold=0):
        return instants[0]
    change = clock_change(min(instants), max(instants), zone)
    return instants[0] if change is None else change


def last_shown(clock: datetime, zone: str) -> datetime:
    """Return the last instant, in UTC, at which a clock shows a wall time or has skipped it."""
    latest = max(_both(clock, zone))
    return latest if wall(latest, zone) == clock else first_shown(clock, zone)


def clock_change(low: datetime, high: datetime, zone: str) -> datetime | None:
    """Return the instant between two at which the clock is changed, or None.

    They must lie so close together that it is changed at most once between them.
    """
    place = ZoneInfo(zone)
    before = low.astimezone(place).utcoffset()
    if high.astimezone(place).utcoffset() == before:
        return None
    first, last = 0, int((high - low).total_seconds())
    while last - first > 1:
        middle = (first + last) // 2
        if (low + timedelta(seconds=middle)).astimezone(place).utcoffset() == before:
            first = middle
        else:
            last = middle
    return low + timedelta(seconds=last)


def shown(at: datetime, zone: str) -> str:
    """Write an instant in local time: ``Fri 2026-03-06 17:12+01:00 Europe/Berlin``."""
    local = at.astimezone(ZoneInfo(zone))
    day = DAYS[local.weekday()].title()
    return f"{day} {local.isoformat(sep=' ', timespec='minutes')} {zone}"


def _both(clock: datetime, zone: str) -> tuple[datetime, datetime]:
    """Return both instants of a repeated wall time; otherwise they are the same, or in a gap."""
    place = ZoneInfo(zone)
    first, second = (clock.replace(tzinfo=place, fold=fold).astimezone(UTC) for fold in (0, 1))
    return first, second
