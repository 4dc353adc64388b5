"""The gates `window` and `freeze`: when something may be promoted, in local time.

A window is read as a person with a wall clock in that zone would: it is open whenever the clock
shows a time in it. So one from 02:00 to 02:30 is open twice in the night in which the clock is put
back, and not at all in the one in which it is put forward; on a day of 23 or 25 hours it is open
for as long as the clock says. A window over midnight belongs to the day on which it begins.

A freeze is one stretch of time: from the first moment at which the clock shows its beginning to the
last at which it shows its end. Its dates are inclusive, its times exclude the end.

Both are for promotions; nothing here is ever asked for a rollback.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from promote.core.gates import wording, zones
from promote.core.gates.result import GateResult, Moment, Verdict

DAY = 24 * 60  # minutes
_HALF_DAY = timedelta(hours=12)
# A window that only opens in an hour that is skipped next week opens the week after.
_DAYS_AHEAD = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Hours of some days of the week, in a time zone."""

    days: tuple[int, ...] = tuple(range(7))
    """The days on which it begins: 0 is Monday, in order."""
    hours: tuple[tuple[int, int], ...] = ((0, DAY),)
    """Minutes of the day, without the last one; an end before its beginning is on the next day."""
    zone: str

    def __str__(self) -> str:
        """Write it as it is written in promote.yaml."""
        hours = ",".join(f"{_clock(start)}-{_clock(end)}" for start, end in self.hours)
        return f"{_week(self.days)} {hours} {self.zone}"

    def covers(self, at: datetime) -> bool:
        """Say whether the window is open at an instant."""
        clock = zones.wall(at, self.zone)
        minute, today = clock.hour * 60 + clock.minute, clock.weekday()
        yesterday = (today - 1) % 7
        for start, end in self.hours:
            late = minute < end if start < end else True
            if today in self.days and minute >= start and late:
                return True
            if start > end and yesterday in self.days and minute < end:
                return True
        return False

    def opens(self, at: datetime) -> datetime | None:
        """Return the first instant from `at` on at which it is open, in UTC.

        None when it does not open within two weeks: its hours are skipped by the clock.
        """
        if self.covers(at):
            return at.astimezone(UTC)
        found = (moment for moment in self._edges(at) if moment > at and self.covers(moment))
        return min(found, default=None)

    def _edges(self, at: datetime) -> Iterator[datetime]:
        """Yield every instant near `at` at which the window may open."""
        today = zones.wall(at, self.zone).date()
        for ahead in range(-1, _DAYS_AHEAD):
            midnight = datetime.combine(today + timedelta(days=ahead), time())
            for start, _ in self.hours:
                clock = midnight + timedelta(minutes=start)
                yield zones.first_shown(clock, self.zone)
                yield zones.last_shown(clock, self.zone)
            noon = zones.first_shown(midnight + _HALF_DAY, self.zone)
            change = zones.clock_change(noon, noon + 2 * _HALF_DAY, self.zone)
            if change is not None:
                yield change


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze:
    """A stretch of time in which nothing is promoted, in a time zone."""

    first: date
    """Its first day, or the wall time at which it begins."""
    last: date
    """Its last day, which is frozen to its end, or the wall time at which it ends."""
    zone: str

    def __str__(self) -> str:
        """Write it as it is written in promote.yaml."""
        return f"{_written(self.first)}..{_written(self.last)} {self.zone}"

    @property
    def begins(self) -> datetime:
        """The first instant that is frozen, in UTC."""
        clock = self.first
        if not isinstance(clock, datetime):
            clock = datetime.combine(clock, time())
        return zones.first_shown(clock, self.zone)

    @property
    def ends(self) -> datetime:
        """The first instant that is not frozen any more, in UTC."""
        if isinstance(self.last, datetime):
            return zones.last_shown(self.last, self.zone)
        return zones.first_shown(datetime.combine(self.last + timedelta(days=1), time()), self.zone)

    def covers(self, at: datetime) -> bool:
        """Say whether an instant is frozen."""
        return self.begins <= at < self.ends


def window(windows: Sequence[Window], freezes: Sequence[Freeze], at: datetime) -> GateResult:
    """Judge whether any window is open; the freezes only tell when the next one really opens.

    Args:
        windows: At least one.
        freezes: Every freeze of the environment.
        at: Now.
    """
    is_open = next((each for each in windows if each.covers(at)), None)
    if is_open is not None:
        measured = f"{zones.shown(at, is_open.zone)}, open"
    else:
        measured = f"{zones.shown(at, windows[0].zone)}, closed; {_next(windows, freezes, at)}"
    return GateResult(
        gate="window",
        moment=Moment.MOMENT,
        verdict=Verdict.FAIL if is_open is None else Verdict.PASS,
        measured=measured,
        required="within " + " or ".join(str(each) for each in windows),
    )


def freeze(windows: Sequence[Window], freezes: Sequence[Freeze], at: datetime) -> GateResult:
    """Judge whether nothing is frozen; the windows only tell when the next one really opens.

    Args:
        windows: Every window of the environment; none is no limit.
        freezes: At least one.
        at: Now.
    """
    holding = [each for each in freezes if each.covers(at)]
    local = zones.shown(at, (holding or freezes)[0].zone)
    if holding:
        names = " and ".join(str(each) for each in holding)
        measured = f"{local}, frozen by {names}; {_next(windows, freezes, at)}"
    else:
        measured = f"{local}, not frozen"
    return GateResult(
        gate="freeze",
        moment=Moment.MOMENT,
        verdict=Verdict.FAIL if holding else Verdict.PASS,
        measured=measured,
        required="outside " + ", ".join(str(each) for each in freezes),
    )


def next_opening(
    windows: Sequence[Window], freezes: Sequence[Freeze], at: datetime
) -> datetime | None:
    """Return the first instant from `at` on that is in a window and in no freeze, in UTC.

    None when no window opens within two weeks of the end of a freeze.
    """
    moment = at.astimezone(UTC)
    while True:
        if windows:
            openings = [each.opens(moment) for each in windows]
            opening = min((each for each in openings if each is not None), default=None)
            if opening is None:
                return None
            moment = opening
        holding = [each.ends for each in freezes if each.covers(moment)]
        if not holding:
            return moment
        moment = max(holding)


def _next(windows: Sequence[Window], freezes: Sequence[Freeze], at: datetime) -> str:
    opening = next_opening(windows, freezes, at)
    if opening is None:
        return "no window opens within two weeks"
    opened = next((each for each in windows if each.covers(opening)), None)
    zone = (opened or freezes[0]).zone
    what = "the next window opens" if windows else "free again"
    return f"{what} {zones.shown(opening, zone)}, in {wording.span(opening - at)}"


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _week(days: tuple[int, ...]) -> str:
    names = [zones.DAYS[day] for day in days]
    unbroken = len(days) > 2 and days == tuple(range(days[0], days[-1] + 1))  # noqa: PLR2004 (two days are a list)
    return f"{names[0]}-{names[-1]}" if unbroken else ",".join(names)


def _written(bound: date) -> str:
    if isinstance(bound, datetime):
        return bound.isoformat(timespec="minutes")
    return bound.isoformat()
