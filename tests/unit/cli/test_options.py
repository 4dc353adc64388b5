from __future__ import annotations

from pathlib import Path

import pytest

from promote.cli.main import execute, wants_json
from tests.unit.cli.fakes import FakePromoter, FakeRun


def _settings_after(*arguments: str) -> FakeRun:
    run = FakeRun(*arguments, promoter=FakePromoter(history=()))
    assert execute(run) == 0
    return run


class TestCommonOptions:
    def test_are_accepted_before_the_command(self) -> None:
        run = _settings_after(
            "-o", "json", "-f", "other.yaml", "--region", "eu-west-1", "history", "tools"
        )
        assert run.settings.json
        assert run.settings.file == Path("other.yaml")
        assert run.settings.region == "eu-west-1"

    def test_are_accepted_after_the_command(self) -> None:
        run = _settings_after(
            "history", "tools", "-o", "json", "-v", "--no-input", "--profile", "x"
        )
        assert run.settings.json
        assert run.settings.verbose == 1
        assert run.settings.no_input is True
        assert run.settings.profile == "x"

    def test_the_flag_after_the_command_wins_over_the_one_before(self) -> None:
        assert not _settings_after("-o", "json", "history", "tools", "-o", "text").json

    def test_come_from_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name, value in {
            "PROMOTE_FILE": "env.yaml",
            "PROMOTE_OUTPUT": "json",
            "PROMOTE_PROFILE": "p",
            "PROMOTE_REGION": "eu-west-1",
            "PROMOTE_COLOR": "never",
            "PROMOTE_NO_INPUT": "1",
            "PROMOTE_VERBOSE": "2",
        }.items():
            monkeypatch.setenv(name, value)
        settings = _settings_after("history", "tools").settings
        assert (settings.file, settings.output) == (Path("env.yaml"), "json")
        assert (settings.profile, settings.region) == ("p", "eu-west-1")
        assert (settings.color, settings.no_input, settings.verbose) == ("never", True, 2)

    def test_a_flag_wins_over_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PROMOTE_OUTPUT", "json")
        assert not _settings_after("history", "tools", "-o", "text").json
        assert not _settings_after("-o", "text", "history", "tools").json

    def test_a_bad_value_in_the_environment_is_a_usage_error(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv("PROMOTE_COLOR", "pink")
        assert execute(FakeRun("history", "tools")) == 2
        assert "PROMOTE_COLOR" in capsys.readouterr().err


class TestWantsJson:
    @pytest.mark.parametrize(
        "arguments",
        [["-o", "json"], ["-ojson"], ["--output", "json"], ["--output=json"], ["x", "-o=json"]],
    )
    def test_sees_every_spelling(self, arguments: list[str]) -> None:
        assert wants_json(arguments, {})

    def test_a_flag_wins_over_the_environment(self) -> None:
        assert wants_json([], {"PROMOTE_OUTPUT": "json"})
        assert not wants_json(["-o", "text"], {"PROMOTE_OUTPUT": "json"})
