"""How gates write numbers, times and names."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promote.core.gates import wording
from tests.unit.core.gates.laws import quick


class TestScore:
    def test_has_three_digits(self) -> None:
        assert wording.score(0.87149) == "0.871"
        assert wording.score(1.0, 0.8) == "1.000"

    def test_has_more_where_three_would_hide_a_shortfall(self) -> None:
        assert wording.score(0.79996, 0.8) == "0.79996"
        assert wording.score(0.8, 0.8) == "0.800"

    @quick
    @given(st.floats(0, 1), st.floats(0, 1))
    def test_lies_on_the_same_side_as_what_it_shows(self, value: float, required: float) -> None:
        shown = float(wording.score(value, required))
        if abs(value - required) > 1e-15:
            assert (shown < required) == (value < required)


class TestPoints:
    @pytest.mark.parametrize(
        ("share", "text"),
        [(0.05, "5.0"), (0.0501, "5.1"), (0.0, "0.0"), (-0.021, "-2.1"), (1 / 12, "8.4")],
    )
    def test_are_rounded_away_from_zero(self, share: float, text: str) -> None:
        assert wording.points(share) == text


class TestSpan:
    @pytest.mark.parametrize(
        ("length", "text"),
        [
            (timedelta(0), "0s"),
            (timedelta(seconds=-5), "0s"),
            (timedelta(seconds=45.9), "45s"),
            (timedelta(minutes=5), "5m"),
            (timedelta(hours=3, minutes=12, seconds=59), "3h 12m"),
            (timedelta(days=1), "1d"),
            (timedelta(days=2, minutes=5), "2d"),
        ],
    )
    def test_has_two_units_at_most(self, length: timedelta, text: str) -> None:
        assert wording.span(length) == text


def test_a_moment_is_in_utc() -> None:
    berlin = timezone(timedelta(hours=1))
    assert wording.moment(datetime(2026, 3, 2, 0, 30, tzinfo=berlin)) == "2026-03-01 23:30 UTC"


def test_one_is_counted_in_the_singular() -> None:
    assert wording.counted(1, "image") == "1 image"
    assert wording.counted(0, "image") == "0 images"


def test_names_are_quoted_so_that_a_space_is_seen() -> None:
    assert wording.quoted(["saw ", "axe"]) == "'saw ', 'axe'"
