"""How windows and freezes are written: ``mon-thu 09:00-16:00 Europe/Berlin``.

::

    window  =  [days] [hours] zone            days, hours or both
    days    =  day or day-day, comma between  mon tue wed thu fri sat sun; fri-mon goes over Sunday
    hours   =  HH:MM-HH:MM, comma between     to 24:00; 22:00-02:00 goes over midnight
    freeze  =  moment..moment zone            or one moment: a single day
    moment  =  YYYY-MM-DD or YYYY-MM-DDTHH:MM
    zone    =  a name of the IANA database: Europe/Berlin, UTC

Errors are `ValueError` with a message that names the place, what was found there, what is expected
and what to write.
"""

from __future__ import annotations

import re
from datetime import date, datetime

from promote.core.gates.calendar import DAY, Freeze, Window
from promote.core.gates.zones import DAYS, known_zone

_TIME = "(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00"
_HOURS = re.compile(f"({_TIME})-({_TIME})")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2})?", re.ASCII)
_NO_ZONE = re.compile(
    rf"[0-9:,\-]+|(?:{'|'.join(DAYS)})(?:[,\-](?:{'|'.join(DAYS)}))*", re.IGNORECASE
)
_ZONE_FIX = "end with one, such as Europe/Berlin or UTC"
_YEARS = range(1900, 3000)
_LONG = 60


def parse_window(text: str) -> Window:
    """Read a window.

    Raises:
        ValueError: It is not written as the grammar says.
    """
    try:
        return _window(re.sub(r"\s*,\s*", ",", text).split())
    except ValueError as error:
        raise ValueError(f"{_shown(text)}: {error}") from None


def parse_freeze(text: str) -> Freeze:
    """Read a freeze.

    Raises:
        ValueError: It is not written as the grammar says, or it ends before it begins.
    """
    try:
        return _freeze(text.split())
    except ValueError as error:
        raise ValueError(f"{_shown(text)}: {error}") from None


def _window(words: list[str]) -> Window:
    if not words:
        raise ValueError("a window is empty; write one like mon-thu 09:00-16:00 Europe/Berlin")
    *rest, zone = words
    if _NO_ZONE.fullmatch(zone):
        raise ValueError(f"names no time zone; {_ZONE_FIX}")
    joined, comma, name = zone.rpartition(",")
    if comma:
        raise ValueError(f"a comma joins {joined!r} and the time zone {name!r}; write a space")
    known_zone(zone)
    if not rest:
        raise ValueError(f"names neither days nor hours; write mon-fri {zone} for whole days")
    days = rest.pop(0) if rest[0][:1].isalpha() else None
    hours = rest.pop(0) if rest else None
    if rest:
        raise ValueError(
            f"{' '.join(rest)!r} is one word too many; expected days, then hours, then a time zone"
        )
    window = Window(zone=zone)
    return Window(
        days=window.days if days is None else _days(days),
        hours=window.hours if hours is None else _hours(hours),
        zone=zone,
    )


def _days(word: str) -> tuple[int, ...]:
    """Read ``mon-thu,sat``."""
    found: set[int] = set()
    for part in word.lower().split(","):
        first, dash, last = part.partition("-")
        start = _day(first)
        end = _day(last) if dash else start
        found.update(day % 7 for day in range(start, end + (7 if end < start else 0) + 1))
    return tuple(sorted(found))


def _day(name: str) -> int:
    if name not in DAYS:
        hint = f"; did you mean {name[:3]!r}?" if name[:3] in DAYS else ""
        raise ValueError(f"the day {name!r} is not one of {' '.join(DAYS)}{hint}")
    return DAYS.index(name)


def _hours(word: str) -> tuple[tuple[int, int], ...]:
    """Read ``09:00-12:00,13:00-16:00``."""
    return tuple(_range(part) for part in word.split(","))


def _range(text: str) -> tuple[int, int]:
    match = _HOURS.fullmatch(text)
    if match is None:
        raise ValueError(
            f"the hours {text!r} are not from 00:00 to 24:00; write them like 09:00-16:00"
        )
    start, end = (int(time[:2]) * 60 + int(time[3:]) for time in match.groups())
    if start == DAY:
        raise ValueError(f"the hours {text!r} begin at 24:00; write 00:00 of the next day")
    if start == end:
        raise ValueError(f"the hours {text!r} are none; write 00:00-24:00 for the whole day")
    return start, end


def _freeze(words: list[str]) -> Freeze:
    if not words:
        raise ValueError("a freeze is empty; write one like 2026-12-20..2027-01-04 Europe/Berlin")
    stretch, *rest = words
    if not rest:
        raise ValueError(f"names no time zone; {_ZONE_FIX}")
    if len(rest) > 1:
        raise ValueError(
            f"{' '.join(rest[:-1])!r} is one word too many; expected dates and a time zone, and a "
            "time joined to its date by T"
        )
    zone = known_zone(rest[0])
    first, dots, last = stretch.partition("..")
    freeze = Freeze(first=_moment(first), last=_moment(last if dots else first), zone=zone)
    if freeze.ends <= freeze.begins:
        raise ValueError("ends before it begins; write the earlier moment first")
    return freeze


def _moment(text: str) -> date:
    """Read a date, or a wall time."""
    kind = datetime if "T" in text else date
    if _MOMENT.fullmatch(text):
        try:
            found = kind.fromisoformat(text)
        except ValueError:
            pass
        else:
            if found.year not in _YEARS:
                raise ValueError(f"{text!r} is not in the years from 1900 to 2999")
            return found
    raise ValueError(f"{text!r} is no date or time; write it like 2026-12-20 or 2026-12-20T18:00")


def _shown(text: str) -> str:
    return repr(text if len(text) <= _LONG else text[:_LONG] + "…")
