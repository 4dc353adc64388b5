from __future__ import annotations

import io
import itertools
from datetime import timedelta

import pytest

from promote.cli.screen import Screen, columns, wants_color
from promote.cli.settings import Settings
from promote.cli.story import Heartbeat, Story
from promote.core.events import Warned
from tests.unit.cli.fakes import NOON, waiting


class LiveScreen(Screen):
    """A screen with a terminal behind it."""

    live = True


def _told(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().err.splitlines()


class TestHeartbeat:
    def test_tells_the_first_look_and_every_change(self) -> None:
        heartbeat = Heartbeat()
        assert heartbeat.is_due(waiting())
        assert not heartbeat.is_due(waiting(seconds=1))
        assert heartbeat.is_due(waiting(seconds=2, status="RUNNING"))

    def test_then_tells_after_a_minute_and_ever_less_often_up_to_five_minutes(self) -> None:
        heartbeat = Heartbeat()
        told = [second for second in range(3600) if heartbeat.is_due(waiting(seconds=second))]
        gaps = [later - earlier for earlier, later in itertools.pairwise(told)]
        assert gaps[:4] == [60, 120, 240, 300]
        assert set(gaps[4:]) == {300}

    def test_a_change_begins_again_with_a_minute(self) -> None:
        heartbeat = Heartbeat()
        for second in range(300):
            heartbeat.is_due(waiting(seconds=second))
        assert heartbeat.is_due(waiting(seconds=300, status="RUNNING"))
        assert not heartbeat.is_due(waiting(seconds=359, status="RUNNING"))
        assert heartbeat.is_due(waiting(seconds=360, status="RUNNING"))

    def test_keeps_waits_apart(self) -> None:
        heartbeat = Heartbeat(first=timedelta(seconds=10))
        assert heartbeat.is_due(waiting(what="v1"))
        assert heartbeat.is_due(waiting(what="v2"))
        assert not heartbeat.is_due(waiting(what="v1", seconds=1))


class TestStory:
    def test_in_a_log_is_full_lines_and_never_dots(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        settings = Settings()
        story = Story(settings, Screen(settings))
        for second in range(59):
            story(waiting(seconds=second))
        lines = _told(capsys)
        assert len(lines) == 1
        assert lines[0].startswith("2026-03-02T12:00:00Z  waiting for v2: STARTING")

    def test_verbose_tells_every_look(self, capsys: pytest.CaptureFixture[str]) -> None:
        settings = Settings()
        settings.verbose = 1
        story = Story(settings, Screen(settings))
        for second in range(5):
            story(waiting(seconds=second))
        assert len(_told(capsys)) == 5

    def test_on_a_terminal_is_one_live_line_that_goes_away(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        settings = Settings()
        story = Story(settings, LiveScreen(settings))
        story(waiting())
        story(waiting(seconds=1))
        story(Warned(at=NOON, message="careful"))
        story.end()
        err = capsys.readouterr().err
        assert err.count("\n") == 1
        assert err.count("\r\x1b[2K") == 3
        assert err.endswith(("careful\n", "careful\x1b[0m\n"))

    def test_keeps_every_event(self) -> None:
        settings = Settings()
        settings.output = "json"
        story = Story(settings, Screen(settings))
        story(waiting())
        assert story.events == [waiting()]


class TestColours:
    @pytest.mark.parametrize(
        ("choice", "environment", "terminal", "wanted"),
        [
            ("auto", {}, True, True),
            ("auto", {}, False, False),
            ("auto", {"NO_COLOR": "1"}, True, False),
            ("auto", {"NO_COLOR": ""}, True, True),
            ("auto", {"FORCE_COLOR": "1"}, False, True),
            ("auto", {"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
            ("auto", {"TERM": "dumb"}, True, False),
            ("always", {"NO_COLOR": "1"}, False, True),
            ("never", {"FORCE_COLOR": "1"}, True, False),
        ],
    )
    def test_follow_the_option_then_the_environment_then_the_terminal(
        self, choice: str, environment: dict[str, str], *, terminal: bool, wanted: bool
    ) -> None:
        assert wants_color(choice, environment, terminal=terminal) is wanted

    def test_are_taken_out_where_they_are_not_wanted(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        settings = Settings()
        screen = Screen(settings)
        screen.result("\x1b[31mred\x1b[0m")
        settings.color = "always"
        screen.result("\x1b[31mred\x1b[0m")
        assert capsys.readouterr().out == "red\n\x1b[31mred\x1b[0m\n"


class TestScreen:
    @pytest.mark.parametrize(("stated", "width"), [("120", 120), ("40", 40), ("3", 80), ("x", 80)])
    def test_is_as_wide_as_stated_within_reason(
        self, stated: str, width: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def none(_: int) -> None:
            raise OSError

        monkeypatch.setattr("os.get_terminal_size", none)
        assert columns({"COLUMNS": stated}) == width

    def test_asks_nobody_when_it_must_not(self) -> None:
        settings = Settings()
        settings.no_input = True
        assert Screen(settings).interactive is False

    def test_takes_the_end_of_input_for_no_answer(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("sys.stdin", io.StringIO(""))
        assert Screen(Settings()).ask("? ") == ""
