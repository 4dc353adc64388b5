from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from promote.aws.clock import SystemClock, expect_right
from promote.errors import CredentialsError

DATE = "Mon, 02 Mar 2026 14:00:00 GMT"
NOW = datetime(2026, 3, 2, 14, tzinfo=UTC)


class TestExpectRight:
    @pytest.mark.parametrize("seconds", [-29, 0, 21])
    def test_accepts_what_a_request_may_take(self, seconds: int) -> None:
        expect_right(NOW + timedelta(seconds=seconds), DATE)

    @pytest.mark.parametrize("seconds", [-3600, -31, 31, 240])
    def test_refuses_a_clock_that_would_cut_a_drain_short(self, seconds: int) -> None:
        with pytest.raises(CredentialsError, match="The clock is wrong") as raised:
            expect_right(NOW + timedelta(seconds=seconds), DATE)
        assert "AWS 2026-03-02 14:00:00 UTC" in raised.value.detail

    @pytest.mark.parametrize("date", [None, "", "yesterday"])
    def test_is_told_nothing_by_an_answer_without_a_time(self, date: str | None) -> None:
        expect_right(NOW, date)


class TestTheMonotonicClock:
    @pytest.mark.skipif(not hasattr(time, "CLOCK_BOOTTIME"), reason="needs Linux")
    def test_goes_on_while_the_machine_sleeps(self) -> None:
        began = time.clock_gettime(time.CLOCK_BOOTTIME)
        assert began <= SystemClock().monotonic() <= time.clock_gettime(time.CLOCK_BOOTTIME)
