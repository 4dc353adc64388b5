"""How windows and freezes are written, and what is said of those that are not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promote.core.gates.calendar import DAY, Freeze, Window
from promote.core.gates.grammar import parse_freeze, parse_window
from tests.unit.core.gates.laws import quick

WHOLE_DAY = ((0, DAY),)
ALL_DAYS = (0, 1, 2, 3, 4, 5, 6)
ZONES = ("UTC", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe", "Etc/GMT-3")

ADD_ZONE = "end with one, such as Europe/Berlin or UTC"
UNKNOWN = "the time zone {!r} is not in the IANA database"
MEANT = "did you mean {!r}?"
NO_DAY = "is not one of mon tue wed thu fri sat sun"
NO_HOURS = "are not from 00:00 to 24:00; write them like 09:00-16:00"
NO_DATE = "is no date or time; write it like 2026-12-20 or 2026-12-20T18:00"
BACKWARDS = "ends before it begins; write the earlier moment first"
JOIN = "is one word too many; expected dates and a time zone, and a time joined to its date by T"

minutes = st.integers(0, DAY - 1)
ranges = st.tuples(minutes, st.integers(0, DAY)).filter(lambda pair: pair[0] != pair[1])
windows = st.builds(
    Window,
    days=st.sets(st.integers(0, 6), min_size=1).map(sorted).map(tuple),
    hours=st.lists(ranges, min_size=1, max_size=3).map(tuple),
    zone=st.sampled_from(ZONES),
)
bounds = st.dates(date(2020, 1, 1), date(2037, 1, 1)) | st.datetimes(
    datetime.fromisoformat("2020-01-01"), datetime.fromisoformat("2037-01-01")
).map(lambda at: at.replace(second=0, microsecond=0))


def complaint(parse: Callable[[str], object], text: str) -> str | None:
    """Return what is said of a text that cannot be read."""
    try:
        parse(text)
    except ValueError as error:
        return str(error)
    return None


class TestWindow:
    @pytest.mark.parametrize(
        ("text", "days", "hours"),
        [
            ("mon-thu 09:00-16:00 Europe/Berlin", (0, 1, 2, 3), ((540, 960),)),
            ("09:00-16:00 Europe/Berlin", ALL_DAYS, ((540, 960),)),
            ("sat Europe/Berlin", (5,), WHOLE_DAY),
            ("mon,wed Europe/Berlin", (0, 2), WHOLE_DAY),
            ("mon, wed ,fri-sun Europe/Berlin", (0, 2, 4, 5, 6), WHOLE_DAY),
            ("fri-mon 22:00-02:00 Europe/Berlin", (0, 4, 5, 6), ((1320, 120),)),
            ("Mon-Tue 08:00-12:00,13:00-24:00 Europe/Berlin",
             (0, 1), ((480, 720), (780, 1440))),
            ("  tue   00:00-24:00  Europe/Berlin ", (1,), WHOLE_DAY),
        ],
    )  # fmt: skip
    def test_is_read(
        self, text: str, days: tuple[int, ...], hours: tuple[tuple[int, int], ...]
    ) -> None:
        assert parse_window(text) == Window(days=days, hours=hours, zone="Europe/Berlin")

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("", "a window is empty; write one like mon-thu 09:00-16:00 Europe/Berlin"),
            ("mon-thu 09:00-16:00", f"names no time zone; {ADD_ZONE}"),
            ("mon,WED", f"names no time zone; {ADD_ZONE}"),
            ("UTC", "names neither days nor hours; write mon-fri UTC for whole days"),
            ("mon Europe/Berln",
             f"{UNKNOWN.format('Europe/Berln')}; {MEANT.format('Europe/Berlin')}"),
            ("monday 09:00-10:00 UTC", f"the day 'monday' {NO_DAY}; {MEANT.format('mon')}"),
            ("weekend UTC", f"the day 'weekend' {NO_DAY}"),
            ("mon- UTC", f"the day '' {NO_DAY}"),
            ("mon 9-16 UTC", f"the hours '9-16' {NO_HOURS}"),
            ("mon 09:00-16:60 UTC", f"the hours '09:00-16:60' {NO_HOURS}"),
            ("mon 09:00-16:00,,10:00-11:00 UTC", f"the hours '' {NO_HOURS}"),
            ("mon 09:00-16:00, UTC",
             "a comma joins '09:00-16:00' and the time zone 'UTC'; write a space"),
            ("mon 09:00-09:00 UTC",
             "the hours '09:00-09:00' are none; write 00:00-24:00 for the whole day"),
            ("mon 24:00-02:00 UTC",
             "the hours '24:00-02:00' begin at 24:00; write 00:00 of the next day"),
            ("09:00-16:00 mon UTC",
             "'mon' is one word too many; expected days, then hours, then a time zone"),
        ],
    )  # fmt: skip
    def test_that_is_none_is_explained(self, text: str, message: str) -> None:
        assert complaint(parse_window, text) == f"{text!r}: {message}"

    @pytest.mark.parametrize(
        "zone", ["localtime", "posixrules", "posix/UTC", "Europe", "../UTC", "/etc/passwd", "a\0b"]
    )
    def test_takes_no_file_for_a_zone(self, zone: str) -> None:
        with pytest.raises(ValueError, match="is not in the IANA database"):
            parse_window(f"mon {zone}")

    def test_shows_little_of_a_long_text(self) -> None:
        with pytest.raises(ValueError, match="…': names") as raised:
            parse_window("mon," * 1000 + "mon")
        assert len(str(raised.value)) < 200

    @pytest.mark.parametrize(
        ("text", "written"),
        [
            ("MON,tue 09:00-10:00 UTC", "mon,tue 09:00-10:00 UTC"),
            ("mon,tue,wed UTC", "mon-wed 00:00-24:00 UTC"),
            ("mon,wed,fri UTC", "mon,wed,fri 00:00-24:00 UTC"),
            ("sat-sun 22:30-02:05 UTC", "sat,sun 22:30-02:05 UTC"),
            ("sun UTC", "sun 00:00-24:00 UTC"),
            ("00:00-24:00 UTC", "mon-sun 00:00-24:00 UTC"),
        ],
    )
    def test_is_written_shortly(self, text: str, written: str) -> None:
        assert str(parse_window(text)) == written

    @quick
    @given(windows)
    def test_reads_back_what_it_writes(self, window: Window) -> None:
        assert parse_window(str(window)) == window

    @quick
    @given(st.text(alphabet="montue-,:0123456789 UTC/", max_size=30))
    def test_is_read_or_explained(self, text: str) -> None:
        said = complaint(parse_window, text)
        if said is None:
            assert parse_window(str(parse_window(text))) == parse_window(text)
        else:
            assert said.startswith(repr(text))


class TestFreeze:
    @pytest.mark.parametrize(
        ("text", "first", "last"),
        [
            ("2026-12-20..2027-01-04 UTC", date(2026, 12, 20), date(2027, 1, 4)),
            ("2026-12-24 UTC", date(2026, 12, 24), date(2026, 12, 24)),
            ("2026-12-24T18:00..2026-12-27 UTC",
             datetime.fromisoformat("2026-12-24T18:00"), date(2026, 12, 27)),
            ("2026-12-24..2026-12-27T06:30 UTC",
             date(2026, 12, 24), datetime.fromisoformat("2026-12-27T06:30")),
        ],
    )  # fmt: skip
    def test_is_read(self, text: str, first: date, last: date) -> None:
        freeze = parse_freeze(text)
        assert freeze == Freeze(first=first, last=last, zone="UTC")
        assert (type(freeze.first), type(freeze.last)) == (type(first), type(last))

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            (" ", "a freeze is empty; write one like 2026-12-20..2027-01-04 Europe/Berlin"),
            ("2026-12-20..2027-01-04", f"names no time zone; {ADD_ZONE}"),
            ("2027-01-04..2026-12-20 UTC", BACKWARDS),
            ("2026-12-24T18:00 UTC", BACKWARDS),
            ("2026-02-30 UTC", f"'2026-02-30' {NO_DATE}"),
            ("24.12.2026 UTC", f"'24.12.2026' {NO_DATE}"),
            ("2026-12-24.. UTC", f"'' {NO_DATE}"),
            ("2026-12-24T18:00+01:00 UTC", f"'2026-12-24T18:00+01:00' {NO_DATE}"),
            ("2026-12-24 18:00 UTC", f"'18:00' {JOIN}"),
            ("2026-12-24 Mars/Base",
             f"{UNKNOWN.format('Mars/Base')}; write one such as Europe/Berlin or UTC"),
        ],
    )  # fmt: skip
    def test_that_is_none_is_explained(self, text: str, message: str) -> None:
        assert complaint(parse_freeze, text) == f"{text!r}: {message}"

    @pytest.mark.parametrize("last", ["9999-12-31", "0001-01-01"])
    def test_reaches_to_the_ends_of_the_calendar_or_says_so(self, last: str) -> None:
        with pytest.raises(ValueError, match="years from 1900 to 2999"):
            parse_freeze(f"{last} Asia/Tokyo")

    @quick
    @given(bounds, bounds, st.sampled_from(ZONES))
    def test_reads_back_what_it_writes(self, first: date, last: date, zone: str) -> None:
        freeze = Freeze(first=first, last=last, zone=zone)
        if freeze.begins < freeze.ends:
            assert parse_freeze(str(freeze)) == freeze
