from __future__ import annotations

import itertools
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from promote.errors import (
    AccessDeniedError,
    DeadlineError,
    InterruptedBySignalError,
    LostResponseError,
    ThrottledError,
)
from promote.workflow.side_by_side import side_by_side
from promote.workflow.wait import Pace, pause, poll
from tests.builders import NOW


@dataclass
class Time:
    """A clock that moves when somebody sleeps."""

    seconds: float = 0.0
    slept: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds


def looks(*answers: int | Exception) -> Callable[[], int]:
    """Return a look at the world that sees these one after the other, then the last for ever."""
    rest = list(answers)

    def look() -> int:
        answer = rest.pop(0) if len(rest) > 1 else rest[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    return look


class TestPolling:
    def test_does_not_wait_for_what_is_so_already(self) -> None:
        clock = Time()
        assert poll(looks(1), bool, pace=Pace(clock=clock, deadline=9), what="it") == 1
        assert clock.slept == []

    def test_ends_on_a_clock_that_rounds_its_last_moment_away(self) -> None:
        random.seed(451)  # the pauses then end one unit in the last place before the deadline
        clock, asked = Time(seconds=4040.449554242498), itertools.count()
        with pytest.raises(DeadlineError):
            poll(
                lambda: next(asked) > 300,
                bool,
                pace=Pace(clock=clock, deadline=60),
                what="it",
            )

    def test_looks_again_after_an_answer_that_may_change(self) -> None:
        clock = Time()
        look = looks(ThrottledError("Slow"), LostResponseError("Lost"), 0, 1)
        assert poll(look, bool, pace=Pace(clock=clock, deadline=99), what="it") == 1
        assert clock.seconds >= 3

    def test_lets_every_other_error_through_at_once(self) -> None:
        clock = Time()
        with pytest.raises(AccessDeniedError):
            poll(looks(AccessDeniedError("No")), bool, pace=Pace(clock=clock, deadline=9), what="")
        assert clock.slept == []

    def test_lets_a_deadline_within_a_look_through(self) -> None:
        with pytest.raises(DeadlineError, match="inner"):
            poll(looks(DeadlineError("inner")), bool, pace=Pace(clock=Time(), deadline=9), what="")

    def test_ends_at_the_deadline_with_a_last_look(self) -> None:
        clock = Time()
        seen: list[float] = []

        def look() -> bool:
            seen.append(clock.seconds)
            return False

        with pytest.raises(DeadlineError) as caught:
            poll(look, bool, pace=Pace(clock=clock, deadline=60), what="rain")
        assert seen[-1] == pytest.approx(60)
        assert "Waited 60 s for rain. Seen last: False" in caught.value.detail

    def test_tells_what_an_error_said_last(self) -> None:
        look = looks(LostResponseError("Lost", "no answer from eu-west-9"))
        with pytest.raises(DeadlineError) as caught:
            poll(look, bool, pace=Pace(clock=Time(), deadline=5), what="it")
        assert "no answer from eu-west-9" in caught.value.detail

    def test_never_waits_longer_than_it_may(self) -> None:
        clock = Time()
        seen: list[float] = []

        def look() -> bool:
            seen.append(clock.seconds)
            return False

        pace = Pace(clock=clock, deadline=100, shortest=1, longest=8)
        with pytest.raises(DeadlineError):
            poll(look, bool, pace=pace, what="it")
        apart = [later - earlier for earlier, later in pairwise(seen)]
        assert all(0.999 <= each <= 8.001 for each in apart[:-1])

    def test_beats_and_tells_before_every_pause(self) -> None:
        beats: list[str] = []
        told: list[int | None] = []
        pace = Pace(clock=Time(), deadline=60, heartbeat=lambda: beats.append("beat"))

        def tell(seen: int | None, _elapsed: float) -> None:
            told.append(seen)

        look = looks(0, ThrottledError("Slow"), 7)
        poll(look, lambda seen: seen == 7, pace=pace, what="it", notify=tell)
        assert (len(beats), told) == (2, [0, None])

    def test_with_no_time_at_all_looks_once(self) -> None:
        clock = Time()
        with pytest.raises(DeadlineError):
            poll(looks(0), bool, pace=Pace(clock=clock, deadline=0), what="it")
        assert clock.slept == []


class TestPausing:
    def test_sleeps_in_slices(self) -> None:
        clock = Time()
        pause(Pace(clock=clock, deadline=0), 1.75)
        assert clock.slept == [0.5, 0.5, 0.5, 0.25]

    def test_ends_when_cancelled(self) -> None:
        pace = Pace(clock=Time(), deadline=0)
        pace.cancelled.set()
        with pytest.raises(InterruptedBySignalError, match="Cancelled"):
            pause(pace, 1)


class TestSideBySide:
    def test_returns_results_in_the_order_of_the_items(self) -> None:
        assert side_by_side(lambda each: each * 2, range(20)) == tuple(range(0, 40, 2))

    def test_of_nothing_is_nothing(self) -> None:
        assert side_by_side(str, ()) == ()

    def test_does_all_at_the_same_time(self) -> None:
        meeting = threading.Barrier(3, timeout=5)
        assert len(side_by_side(lambda _each: meeting.wait(), range(3))) == 3

    def test_cancels_the_others_waits_when_one_fails(self) -> None:
        cancelled = threading.Event()
        waiting = threading.Event()
        outcomes: list[bool] = []

        def work(each: int) -> None:
            if each == 0:
                waiting.wait(5)
                raise AccessDeniedError("No")
            waiting.set()
            outcomes.append(cancelled.wait(5))

        with pytest.raises(AccessDeniedError):
            side_by_side(work, range(2), cancelled=cancelled)
        assert outcomes == [True]

    def test_raises_the_failure_and_not_what_its_cancellation_did_to_others(self) -> None:
        cancelled = threading.Event()

        def work(each: int) -> None:
            if each == 1:
                raise AccessDeniedError("No")
            cancelled.wait(5)
            raise InterruptedBySignalError("Cancelled")

        with pytest.raises(AccessDeniedError):
            side_by_side(work, range(2), cancelled=cancelled)

    def test_begins_nothing_new_once_one_has_failed(self) -> None:
        begun: list[int] = []
        cancelled = threading.Event()

        def work(each: int) -> None:
            begun.append(each)
            if each == 0:
                raise AccessDeniedError("No")
            cancelled.wait(5)

        with pytest.raises(AccessDeniedError):
            side_by_side(work, range(100), cancelled=cancelled)
        assert len(begun) < 30

    def test_that_fails_within_another_is_told_and_not_that_the_rest_was_cancelled(self) -> None:
        cancelled, ended = threading.Event(), threading.Event()

        def inner(item: int) -> None:
            if item == 0:
                raise ThrottledError("Slow down")
            ended.wait(5)  # so that the one that is cancelled is done before this is told
            ended.clear()
            ended.wait(0.1)

        def outer(item: int) -> None:
            if item == 1:
                side_by_side(inner, range(2), cancelled=cancelled)
            cancelled.wait(5)
            ended.set()
            raise InterruptedBySignalError("Cancelled")

        with pytest.raises(ThrottledError):
            side_by_side(outer, range(2), cancelled=cancelled)
