"""Calls keep their pace, and a write is repeated only where that is safe."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promote.aws.throttling import ATTEMPTS, BUDGET, Bucket, Pace, Traffic
from promote.errors import LostResponseError, ThrottledError, TryAgainError


class HandClock:
    """A clock that moves only when somebody sleeps, or by hand."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


class Replies:
    """A request that raises what it is given, one after the other, then answers."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.sent = 0

    def __call__(self, client: str) -> str:
        assert client == "client"
        self.sent += 1
        if self.errors:
            raise self.errors.pop(0)
        return "done"


def at_once() -> str:
    """Prepare a request without any delay."""
    return "client"


class TestCancelling:
    def test_ends_the_repetition_of_a_write_within_a_slice(self) -> None:
        clock, cancelled = HandClock(), threading.Event()
        denied = Replies(*[ThrottledError("Slow down")] * ATTEMPTS)

        def send(client: str) -> str:
            cancelled.set()
            return denied(client)

        with pytest.raises(ThrottledError):
            Traffic(clock, cancelled=cancelled).write(at_once, send)
        assert (denied.sent, clock.seconds) == (1, 0.0)


class TestPace:
    @given(st.integers(1, 20), st.lists(st.floats(0, 3), max_size=60))
    def test_no_second_ever_holds_more_calls_than_allowed(
        self, calls: int, pauses: list[float]
    ) -> None:
        clock = HandClock()
        pace = Pace(calls, clock)
        times = []
        for pause in pauses:
            clock.sleep(pause)
            pace.take()
            times.append(clock.seconds)
        for first, beyond in zip(times, times[calls:], strict=False):
            assert beyond - first > 1.0

    def test_a_burst_up_to_the_quota_does_not_wait(self) -> None:
        clock = HandClock()
        pace = Pace(5, clock)
        for _ in range(5):
            pace.take()
        assert clock.seconds == 0


class TestBucket:
    @given(st.integers(1, 9), st.integers(1, 9), st.lists(st.floats(0, 3), max_size=60))
    def test_no_time_ever_holds_more_calls_than_its_rate_and_one_burst(
        self, calls: int, burst: int, pauses: list[float]
    ) -> None:
        clock = HandClock()
        bucket = Bucket(calls, burst, clock)
        times = []
        for pause in pauses:
            clock.sleep(pause)
            bucket.take()
            times.append(clock.seconds)
        for i, first in enumerate(times):
            for j, last in enumerate(times[i:], 1):
                assert j <= burst + calls * (last - first) + 1e-6

    def test_a_burst_does_not_wait_and_is_earned_again(self) -> None:
        clock = HandClock()
        bucket = Bucket(5, 8, clock)
        for _ in range(8):
            bucket.take()
        assert clock.seconds == 0
        bucket.take()
        assert 0.2 < clock.seconds < 0.22
        clock.sleep(10)
        for _ in range(8):
            bucket.take()
        assert clock.seconds < 10.3


class TestTraffic:
    def test_accounts_and_apis_have_paces_of_their_own(self) -> None:
        clock = HandClock()
        traffic = Traffic(clock)
        for account in ("111111111111", "222222222222"):
            for api in ("rekognition:StartProjectVersion", "rekognition:StopProjectVersion"):
                for _ in range(5):
                    traffic.take(account, api)
        assert clock.seconds == 0
        traffic.take("111111111111", "rekognition:StartProjectVersion")
        assert clock.seconds > 1

    def test_an_api_may_be_slower_than_its_service(self) -> None:
        clock = HandClock()
        traffic = Traffic(clock)
        for _ in range(8):
            traffic.take("999999999999", "organizations:ListParents")
        assert clock.seconds == 0
        for _ in range(4):
            traffic.take("999999999999", "organizations:AttachPolicy")
        assert clock.seconds > 0.5

    def test_a_service_without_a_pace_passes(self) -> None:
        clock = HandClock()
        traffic = Traffic(clock)
        for _ in range(1000):
            traffic.take("111111111111", "ssm:GetParameter")
        assert clock.seconds == 0


class TestWrite:
    def test_a_throttled_write_is_sent_again_after_growing_pauses(self) -> None:
        clock = HandClock()
        send = Replies(ThrottledError("Slow"), ThrottledError("Slow"))
        assert Traffic(clock, jitter=lambda: 1.0).write(at_once, send) == "done"
        assert send.sent == 3
        assert clock.seconds == 1 + 2

    def test_gives_up_after_so_many_attempts(self) -> None:
        send = Replies(*[ThrottledError("Slow")] * 10)
        with pytest.raises(ThrottledError):
            Traffic(HandClock()).write(at_once, send)
        assert send.sent == ATTEMPTS

    def test_a_write_whose_answer_was_lost_is_not_sent_again(self) -> None:
        send = Replies(LostResponseError("Lost"))
        with pytest.raises(LostResponseError):
            Traffic(HandClock()).write(at_once, send)
        assert send.sent == 1

    def test_one_that_may_be_carried_out_twice_is(self) -> None:
        send = Replies(LostResponseError("Lost"))
        assert Traffic(HandClock()).write(at_once, send, again=(LostResponseError,)) == "done"

    def test_a_process_that_was_frozen_does_not_send_again(self) -> None:
        clock = HandClock()

        def frozen(_client: str) -> str:
            clock.sleep(BUDGET + 1)
            sent.append(1)
            raise LostResponseError("Lost")

        sent: list[int] = []
        with pytest.raises(LostResponseError):
            Traffic(clock).write(at_once, frozen, again=(LostResponseError,))
        assert len(sent) == 1

    def test_what_took_too_long_to_prepare_is_not_sent_at_all(self) -> None:
        clock = HandClock()

        def slow() -> str:
            clock.sleep(BUDGET + 1)
            return "client"

        send = Replies()
        with pytest.raises(TryAgainError) as raised:
            Traffic(clock).write(slow, send)
        assert send.sent == 0
        assert raised.value.summary == "A request was not sent, because it came too late"
