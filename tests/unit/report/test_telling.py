from __future__ import annotations

import json as standard_json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promote.core.events import (
    Event,
    GoldenJudged,
    IdentityShown,
    PromotionBegun,
    RollingBack,
    SmokeTested,
    StepDone,
    StepStarted,
    Waiting,
    Warned,
)
from promote.core.gates import Verdict
from promote.report import json, text
from tests.builders import (
    NOW,
    PROD,
    PROMOTER,
    a_gate,
    a_stop,
    a_switch,
    every_step,
    version_arn,
)

IDENTITY = IdentityShown(at=NOW, caller=PROMOTER, account="111111111111", region="us-east-1")
WAITING = Waiting(at=NOW, what="v2 to run", status="STARTING", elapsed=12.3, deadline=1800.0)
FAILED_TEST = SmokeTested(
    at=NOW,
    environment="prod",
    account=PROD[0],
    version=version_arn("v2"),
    correct=8,
    images=10,
    accuracy=0.8,
    required=0.9,
    wrong=("a.png: expected hammer, got wrench (71%)", "b.png: expected pliers, got nothing"),
)
PASSED_TEST = SmokeTested(
    at=NOW,
    environment="prod",
    account=PROD[0],
    version=version_arn("v2"),
    correct=1,
    images=1,
    accuracy=1.0,
    required=0.9,
    wrong=(),
)
GOLDEN = GoldenJudged(
    at=NOW,
    environment="prod",
    account=PROD[0],
    version=version_arn("v2"),
    against=version_arn("v1"),
    gate=a_gate(
        gate="golden", verdict=Verdict.FAIL, measured="12 lost", required="not shown to be worse"
    ),
)


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (IDENTITY, f"acting as {PROMOTER} in account 111111111111, Region us-east-1"),
        (
            PromotionBegun(at=NOW, promotion="p-1", resumed=False, steps=9),
            "promotion p-1 begins: 9 steps to do",
        ),
        (
            PromotionBegun(at=NOW, promotion="p-1", resumed=True, steps=1),
            "promotion p-1 resumes: 1 step to do",
        ),
        (
            StepStarted(at=NOW, number=5, step=a_switch()),
            "step 5 switch: in 444444444444, let /models/tools/version-arn name v2 instead of v1",
        ),
        (
            StepDone(at=NOW, number=9, step=a_stop(), detail="v1 is STOPPED", seconds=95.2),
            "step 9 stop: done in 1m 35s: v1 is STOPPED",
        ),
        (
            StepDone(at=NOW, number=9, step=a_stop(), detail="", seconds=0.25),
            "step 9 stop: done in 0.2s",
        ),
        (WAITING, "waiting for v2 to run: STARTING, for 12s of at most 30m"),
        (
            Waiting(at=NOW, what="the lock", status="held", elapsed=1.0, deadline=None),
            "waiting for the lock: held, for 1s",
        ),
        (
            FAILED_TEST,
            (
                "smoke test of v2 from prod/444444444444 failed: 8 of 10 images recognised, 80.0% "
                "measured, 90.0% required; wrong: a.png: expected hammer, got wrench (71%); b.png: "
                "expected pliers, got nothing"
            ),
        ),
        (
            PASSED_TEST,
            (
                "smoke test of v2 from prod/444444444444 passed: 1 of 1 image recognised, 100.0% "
                "measured, 90.0% required"
            ),
        ),
        (
            GOLDEN,
            (
                "golden images of v2 beside v1 from prod/444444444444: fail: 12 lost; required: "
                "not shown to be worse"
            ),
        ),
        (RollingBack(at=NOW, reason="it failed"), "rolling back: it failed"),
        (Warned(at=NOW, message="two\nlines"), "warning: two lines"),
    ],
)
def test_tells_each_event_on_a_line_that_begins_with_its_time(event: Event, line: str) -> None:
    assert text.event(event) == f"2026-03-02T14:00:00Z  {line}"


def test_tells_the_time_in_utc_whatever_the_zone_of_the_event() -> None:
    berlin = timezone(timedelta(hours=1))
    event = Warned(at=datetime(2026, 3, 2, 15, 0, tzinfo=berlin), message="x")
    assert text.event(event) == text.event(
        Warned(at=datetime(2026, 3, 2, 14, tzinfo=UTC), message="x")
    )


def test_a_warning_is_a_warning_without_its_colour() -> None:
    def marked(text: str, /, *, fg: str | None = None, bold: bool | None = None) -> str:
        return f"<{fg}{bold}>{text}</>"

    event = Warned(at=NOW, message="x")
    assert text.event(event, marked) == "2026-03-02T14:00:00Z  <yellowNone>warning: x</>"


class TestLive:
    def test_tells_what_is_waited_for(self) -> None:
        line = "waiting for v2 to run: STARTING, for 12s of at most 30m"
        assert text.live(WAITING) == line

    def test_tells_the_step_that_begins(self) -> None:
        assert text.live(StepStarted(at=NOW, number=9, step=a_stop())) == (
            "9 stop v1 (at most 30m)"
        )

    def test_has_nothing_to_tell_of_other_events(self) -> None:
        assert text.live(IDENTITY) is None

    def test_is_cut_to_the_width_of_the_terminal(self) -> None:
        line = text.live(WAITING, width=20)
        assert line == "waiting for v2 to r…"


ANYTHING = st.text()
NUMBERS = st.floats(min_value=0, max_value=1e9)
EVENTS: st.SearchStrategy[Any] = st.one_of(
    st.builds(Warned, at=st.just(NOW), message=ANYTHING),
    st.builds(RollingBack, at=st.just(NOW), reason=ANYTHING),
    st.builds(
        Waiting,
        at=st.just(NOW),
        what=ANYTHING,
        status=ANYTHING,
        elapsed=NUMBERS,
        deadline=st.none() | NUMBERS,
    ),
    st.builds(IdentityShown, at=st.just(NOW), caller=ANYTHING, account=ANYTHING, region=ANYTHING),
    st.builds(
        StepDone,
        at=st.just(NOW),
        step=st.sampled_from(every_step()),
        detail=ANYTHING,
        seconds=NUMBERS,
    ),
    st.builds(
        StepStarted, at=st.just(NOW), step=st.builds(a_switch, pointer=ANYTHING, before=ANYTHING)
    ),
    st.builds(
        GoldenJudged,
        at=st.just(NOW),
        version=ANYTHING,
        against=st.none() | ANYTHING,
        gate=st.builds(a_gate, measured=ANYTHING, required=ANYTHING),
    ),
    st.builds(
        SmokeTested,
        at=st.just(NOW),
        version=ANYTHING,
        accuracy=st.floats(0, 1),
        required=st.floats(0, 1),
        wrong=st.lists(ANYTHING, max_size=3).map(tuple),
    ),
)


@given(EVENTS)
def test_an_event_is_one_printable_line_whatever_is_in_it(event: Event) -> None:
    line = text.event(event)
    assert len(line.splitlines()) == 1
    assert line.isprintable()


@given(EVENTS)
def test_an_event_is_one_line_of_json_whatever_is_in_it(event: Event) -> None:
    line = json.event(event)
    assert len(line.splitlines()) == 1
    assert standard_json.loads(line)["event"] == event.event
