"""Windows and freezes in local time: days of 23, 24 and 25 hours, half-hour and southern zones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promote.core.gates import GateResult, Moment, Verdict
from promote.core.gates.calendar import Window, freeze, next_opening, window
from promote.core.gates.grammar import parse_freeze, parse_window
from promote.core.gates.zones import wall
from tests.unit.core.gates.laws import quick
from tests.unit.core.gates.test_grammar import windows

MINUTE = timedelta(minutes=1)
WORKDAYS = "mon-thu 09:00-16:00 Europe/Berlin"


def at(text: str) -> datetime:
    """Read an instant: UTC, unless it has an offset."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def open_minutes(text: str, start: str, hours: int) -> int:
    """Count the minutes from a moment on in which a window is open."""
    found, first = parse_window(text), at(start)
    return sum(found.covers(first + minute * MINUTE) for minute in range(hours * 60))


class TestCovers:
    @pytest.mark.parametrize(
        ("moment", "is_open"),
        [
            ("2026-03-02T09:00+01:00", True),  # a Monday, to the minute
            ("2026-03-02T08:59:59+01:00", False),
            ("2026-03-02T15:59:59+01:00", True),
            ("2026-03-02T16:00+01:00", False),
            ("2026-03-05T12:00+01:00", True),  # Thursday
            ("2026-03-06T12:00+01:00", False),  # Friday
            ("2026-07-06T09:00+02:00", True),  # in summer an hour earlier by UTC
            ("2026-07-06T08:30+01:00", True),
            ("2026-07-06T16:00+02:00", False),
        ],
    )
    def test_tells_local_days_and_hours(self, moment: str, is_open: bool) -> None:  # noqa: FBT001
        assert parse_window(WORKDAYS).covers(at(moment)) is is_open

    @pytest.mark.parametrize(
        ("moment", "is_open"),
        [
            ("2026-03-06T21:59", False),
            ("2026-03-06T22:00", True),  # Friday night
            ("2026-03-07T01:59", True),  # which ends on Saturday
            ("2026-03-07T02:00", False),
            ("2026-03-06T01:00", False),  # no Thursday night
            ("2026-03-07T22:00", False),  # no Saturday night
        ],
    )
    def test_counts_a_night_to_the_day_on_which_it_begins(
        self,
        moment: str,
        is_open: bool,  # noqa: FBT001
    ) -> None:
        assert parse_window("fri 22:00-02:00 UTC").covers(at(moment)) is is_open

    def test_joins_hours_of_one_window(self) -> None:
        lunch = parse_window("mon 08:00-12:00,13:00-17:00 UTC")
        assert [lunch.covers(at(f"2026-03-02T{hour:02}:30")) for hour in (7, 8, 12, 13, 17)] == [
            False, True, False, True, False,
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("text", "day", "minutes"),
        [
            # Berlin: 2026-03-29 has 23 hours, 2026-10-25 has 25; the clock changes at 01:00 UTC.
            ("sun Europe/Berlin", "2026-03-28T23:00", 23 * 60),
            ("sun Europe/Berlin", "2026-10-24T22:00", 25 * 60),
            ("sun 00:00-06:00 Europe/Berlin", "2026-03-28T23:00", 5 * 60),
            ("sun 00:00-06:00 Europe/Berlin", "2026-10-24T22:00", 7 * 60),
            ("sun 02:00-03:00 Europe/Berlin", "2026-03-28T23:00", 0),
            ("sun 02:00-03:00 Europe/Berlin", "2026-10-24T22:00", 120),
            ("sun 02:15-02:45 Europe/Berlin", "2026-10-24T22:00", 60),
            ("sun 02:30-04:00 Europe/Berlin", "2026-03-28T23:00", 60),
            ("sat 22:00-04:00 Europe/Berlin", "2026-03-28T12:00", 5 * 60),
            ("sat 22:00-04:00 Europe/Berlin", "2026-10-24T12:00", 7 * 60),
            # New York: 2026-03-08 and 2026-11-01.
            ("sun America/New_York", "2026-03-08T05:00", 23 * 60),
            ("sun America/New_York", "2026-11-01T04:00", 25 * 60),
            # The south: Sydney ends summer on 2026-04-05 and begins it on 2026-10-04.
            ("sun Australia/Sydney", "2026-04-04T13:00", 25 * 60),
            ("sun Australia/Sydney", "2026-10-03T14:00", 23 * 60),
            # Lord Howe changes by half an hour.
            ("sun Australia/Lord_Howe", "2026-04-04T13:00", 24 * 60 + 30),
            ("sun Australia/Lord_Howe", "2026-10-03T13:30", 23 * 60 + 30),
            # Half and quarter hours from UTC, without summer time.
            ("mon 09:00-10:00 Asia/Kolkata", "2026-03-02T03:30", 60),
            ("mon 09:00-10:00 Asia/Kathmandu", "2026-03-02T03:15", 60),
            ("mon 09:00-10:00 Asia/Kathmandu", "2026-03-02T04:15", 0),
            # Havana puts the clock back from 01:00 to 00:00, forward from 00:00 to 01:00.
            ("sun Cuba", "2026-11-01T04:00", 25 * 60),
            ("sun 00:00-01:00 Cuba", "2026-11-01T04:00", 120),
            ("sun 00:00-01:00 Cuba", "2026-03-08T04:00", 0),
        ],
    )
    def test_is_open_for_as_long_as_the_clock_says(self, text: str, day: str, minutes: int) -> None:
        assert open_minutes(text, day, 26) == minutes


class TestOpens:
    @pytest.mark.parametrize(
        ("text", "moment", "opening"),
        [
            (WORKDAYS, "2026-03-02T07:00", "2026-03-02T08:00"),
            (WORKDAYS, "2026-03-02T12:00", "2026-03-02T12:00"),  # open already
            (WORKDAYS, "2026-03-05T15:00", "2026-03-09T08:00"),  # Thursday's end to Monday
            (WORKDAYS, "2026-03-27T12:00", "2026-03-30T07:00"),  # summer time began meanwhile
            (WORKDAYS, "2026-10-23T12:00", "2026-10-26T08:00"),  # and ended
            ("fri 22:00-02:00 UTC", "2026-03-07T03:00", "2026-03-13T22:00"),
            ("fri 22:00-02:00 UTC", "2026-03-07T01:00", "2026-03-07T01:00"),
            # 02:30 is skipped: it opens when the clock jumps over it, at 01:00 UTC.
            ("sun 02:30-04:00 Europe/Berlin", "2026-03-28T12:00", "2026-03-29T01:00"),
            # All of it is skipped, so it opens a week later.
            ("sun 02:15-02:45 Europe/Berlin", "2026-03-28T12:00", "2026-04-05T00:15"),
            # Twice in one night: at 00:15 UTC, and an hour later.
            ("sun 02:15-02:45 Europe/Berlin", "2026-10-25T00:00", "2026-10-25T00:15"),
            ("sun 02:15-02:45 Europe/Berlin", "2026-10-25T00:45", "2026-10-25T01:15"),
            # The clock is put back into the window.
            ("sun 01:00-02:30 Europe/Berlin", "2026-10-25T00:30", "2026-10-25T01:00"),
            ("mon 09:00-10:00 Asia/Kolkata", "2026-03-01T00:00", "2026-03-02T03:30"),
            ("sun 02:00-02:30 Australia/Lord_Howe", "2026-10-03T12:00", "2026-10-10T15:00"),
            ("mon Pacific/Kiritimati", "2026-03-01T09:00", "2026-03-01T10:00"),
        ],
    )
    def test_is_the_first_moment_at_which_the_clock_shows_it(
        self, text: str, moment: str, opening: str
    ) -> None:
        assert parse_window(text).opens(at(moment)) == at(opening)

    @quick
    @given(windows, st.integers(0, 60 * 24 * 400))
    def test_is_open_then_and_not_a_moment_before(self, found: Window, minutes: int) -> None:
        moment = at("2026-01-01T00:00") + minutes * MINUTE
        opening = found.opens(moment)
        assert opening is not None
        assert found.covers(opening)
        assert opening >= moment
        if opening > moment:
            assert not found.covers(opening - timedelta(seconds=1))
            samples = (moment + part * (opening - moment) / 50 for part in range(50))
            assert not any(found.covers(sample) for sample in samples)


class TestFreeze:
    @pytest.mark.parametrize(
        ("text", "begins", "ends"),
        [
            ("2026-12-20..2027-01-04 Europe/Berlin", "2026-12-19T23:00", "2027-01-04T23:00"),
            ("2026-12-24 Asia/Kolkata", "2026-12-23T18:30", "2026-12-24T18:30"),
            ("2026-03-29 Europe/Berlin", "2026-03-28T23:00", "2026-03-29T22:00"),  # 23 hours
            ("2026-10-25 Europe/Berlin", "2026-10-24T22:00", "2026-10-25T23:00"),  # 25 hours
            ("2026-10-04 Australia/Lord_Howe", "2026-10-03T13:30", "2026-10-04T13:00"),
            ("2026-12-24T18:00..2026-12-27T06:00 Europe/Berlin",
             "2026-12-24T17:00", "2026-12-27T05:00"),
            # A time that comes twice: from the first time to the last.
            ("2026-10-25T02:30..2026-10-25T04:00 Europe/Berlin",
             "2026-10-25T00:30", "2026-10-25T03:00"),
            ("2026-10-25T01:00..2026-10-25T02:30 Europe/Berlin",
             "2026-10-24T23:00", "2026-10-25T01:30"),
            # A time that never comes: from, or to, the jump.
            ("2026-03-29T02:30..2026-03-29T04:00 Europe/Berlin",
             "2026-03-29T01:00", "2026-03-29T02:00"),
            ("2026-03-29T01:00..2026-03-29T02:30 Europe/Berlin",
             "2026-03-29T00:00", "2026-03-29T01:00"),
            # Midnight comes twice, and never, in Havana; dates are inclusive all the same.
            ("2026-11-01 Cuba", "2026-11-01T04:00", "2026-11-02T05:00"),
            ("2026-10-31 Cuba", "2026-10-31T04:00", "2026-11-01T04:00"),
            ("2026-03-08 Cuba", "2026-03-08T05:00", "2026-03-09T04:00"),
            ("2026-03-07 Cuba", "2026-03-07T05:00", "2026-03-08T05:00"),
            # Samoa went without 2011-12-30.
            ("2011-12-29 Pacific/Apia", "2011-12-29T10:00", "2011-12-30T10:00"),
            ("2011-12-29..2011-12-30 Pacific/Apia", "2011-12-29T10:00", "2011-12-30T10:00"),
        ],
    )  # fmt: skip
    def test_is_one_stretch_of_time(self, text: str, begins: str, ends: str) -> None:
        found = parse_freeze(text)
        assert (found.begins, found.ends) == (at(begins), at(ends))
        assert found.covers(found.begins)
        assert found.covers(found.ends - timedelta(seconds=1))
        assert not found.covers(found.begins - timedelta(seconds=1))
        assert not found.covers(found.ends)

    @quick
    @given(
        st.sampled_from(["Europe/Berlin", "Cuba", "Australia/Lord_Howe", "America/St_Johns"]),
        st.dates(datetime(2026, 1, 1).date(), datetime(2026, 12, 30).date()),  # noqa: DTZ001
        st.integers(-60 * 30, 60 * 30),
    )
    def test_of_a_day_covers_what_the_clock_says_is_that_day(
        self, zone: str, day: datetime, minutes: int
    ) -> None:
        found = parse_freeze(f"{day.isoformat()} {zone}")
        moment = found.begins + minutes * MINUTE
        assert found.covers(moment) == (wall(moment, zone).date() == day)


class TestNextOpening:
    @pytest.mark.parametrize(
        ("written", "frozen", "moment", "opening"),
        [
            ([WORKDAYS], [], "2026-12-18T12:00", "2026-12-21T08:00"),
            ([WORKDAYS], ["2026-12-20..2027-01-04 Europe/Berlin"],
             "2026-12-18T12:00", "2027-01-05T08:00"),
            ([], ["2026-12-20..2027-01-04 Europe/Berlin"], "2026-12-24T12:00", "2027-01-04T23:00"),
            ([], [], "2026-12-24T12:00", "2026-12-24T12:00"),
            # One freeze after another, and one that ends within a window.
            ([WORKDAYS], ["2026-12-20..2026-12-31 UTC", "2027-01-01..2027-01-05T10:00 UTC"],
             "2026-12-22T12:00", "2027-01-05T10:00"),
            # The first of two windows.
            ([WORKDAYS, "sat 10:00-11:00 UTC"], [], "2026-12-18T12:00", "2026-12-19T10:00"),
        ],
    )  # fmt: skip
    def test_is_in_a_window_and_in_no_freeze(
        self, written: list[str], frozen: list[str], moment: str, opening: str
    ) -> None:
        found = next_opening(
            [parse_window(each) for each in written],
            [parse_freeze(each) for each in frozen],
            at(moment),
        )
        assert found == at(opening)

    def test_is_none_when_no_window_ever_opens(self) -> None:
        never = Window(days=(), zone="UTC")
        assert next_opening([never], [], at("2026-03-02T00:00")) is None
        assert "no window opens within two weeks" in judged(never).measured


def judged(
    *found: Window, moment: str = "2026-03-06T16:12", frozen: tuple[str, ...] = ()
) -> GateResult:
    return window(found, [parse_freeze(each) for each in frozen], at(moment))


class TestWindowGate:
    def test_passes_in_a_window_and_shows_local_time(self) -> None:
        result = judged(parse_window(WORKDAYS), moment="2026-03-05T10:00")

        assert (result.gate, result.moment, result.verdict) == (
            "window",
            Moment.MOMENT,
            Verdict.PASS,
        )
        assert result.measured == "Thu 2026-03-05 11:00+01:00 Europe/Berlin, open"
        assert result.required == "within mon-thu 09:00-16:00 Europe/Berlin"

    def test_fails_outside_and_says_when_the_next_one_opens(self) -> None:
        result = judged(parse_window(WORKDAYS), parse_window("sun 03:00-04:00 Asia/Kolkata"))

        assert result.verdict is Verdict.FAIL
        assert result.measured == (
            "Fri 2026-03-06 17:12+01:00 Europe/Berlin, closed; the next window opens "
            "Sun 2026-03-08 03:00+05:30 Asia/Kolkata, in 1d 5h"
        )
        assert result.required == (
            "within mon-thu 09:00-16:00 Europe/Berlin or sun 03:00-04:00 Asia/Kolkata"
        )

    def test_names_no_opening_that_is_frozen(self) -> None:
        result = judged(parse_window(WORKDAYS), frozen=("2026-03-01..2026-03-10 UTC",))

        assert "opens Wed 2026-03-11 09:00+01:00 Europe/Berlin, in 4d 15h" in result.measured


class TestFreezeGate:
    def test_passes_outside(self) -> None:
        result = freeze([], [parse_freeze("2026-12-20..2027-01-04 UTC")], at("2026-12-19T12:00"))

        assert (result.gate, result.moment, result.verdict) == (
            "freeze",
            Moment.MOMENT,
            Verdict.PASS,
        )
        assert result.measured == "Sat 2026-12-19 12:00+00:00 UTC, not frozen"
        assert result.required == "outside 2026-12-20..2027-01-04 UTC"

    def test_fails_inside_and_says_until_when(self) -> None:
        frozen = [parse_freeze("2026-12-20..2027-01-04 Europe/Berlin")]
        result = freeze([], frozen, at("2026-12-24T12:00"))

        assert result.verdict is Verdict.FAIL
        assert result.measured == (
            "Thu 2026-12-24 13:00+01:00 Europe/Berlin, frozen by 2026-12-20..2027-01-04 "
            "Europe/Berlin; free again Tue 2027-01-05 00:00+01:00 Europe/Berlin, in 11d 11h"
        )

    def test_says_when_a_window_opens_after_it(self) -> None:
        frozen = [parse_freeze("2026-12-20..2027-01-04 UTC"), parse_freeze("2026-12-24 UTC")]
        result = freeze([parse_window(WORKDAYS)], frozen, at("2026-12-24T12:00"))

        assert "frozen by 2026-12-20..2027-01-04 UTC and 2026-12-24..2026-12-24 UTC" in (
            result.measured
        )
        assert "the next window opens Tue 2027-01-05 09:00+01:00 Europe/Berlin" in result.measured
