"""The options with which the stages of a pipeline apply a plan."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from promote.cli.main import execute
from promote.core.planfile import digest, encode
from promote.core.result import Left, Outcome
from promote.errors import PlanFileError
from tests.unit.cli.fakes import NOON, PLAN, V2, FakePromoter, FakeRun, a_result

WAITING = replace(
    a_result(Outcome.UNDER_WAY),
    wave=1,
    waves=2,
    left=(Left(step="switch", version=V2, not_before=NOON, wave=2),),
)


@pytest.fixture
def saved(tmp_path: Path) -> str:
    file = tmp_path / "plan.json"
    file.write_bytes(encode(PLAN))
    return str(file)


class TestAWave:
    def test_is_handed_on_and_a_pause_ends_well(
        self, saved: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        promoter = FakePromoter(apply=WAITING)
        assert execute(FakeRun("apply", saved, "--wave", "1", promoter=promoter)) == 0
        assert promoter.calls == [("apply", (PLAN,), {"wait": timedelta(minutes=10), "wave": 1})]
        assert "promote apply plan.json --wave 2" in capsys.readouterr().out

    @pytest.mark.parametrize("wave", ["0", "-1", "x", "1.5"])
    def test_is_a_number_from_1(self, saved: str, wave: str) -> None:
        assert execute(FakeRun("apply", saved, "--wave", wave)) == 2

    def test_may_be_a_variable_and_is_known_to_resume(
        self, saved: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PROMOTE_WAVE", "2")
        promoter = FakePromoter(apply=WAITING, resume=WAITING)
        assert execute(FakeRun("apply", saved, promoter=promoter)) == 0
        assert execute(FakeRun("resume", "tools", promoter=promoter)) == 0
        assert [options["wave"] for _, _, options in promoter.calls] == [2, 2]


class TestAPipelineExecution:
    def test_needs_the_digest_that_was_approved(self, saved: str) -> None:
        told = ("--pipeline-execution", "0dc7", "--pipeline", "line")
        run = FakeRun("apply", saved, *told)
        assert execute(run) == 2

    def test_is_asked_of_the_pipeline_of_that_name(self, saved: str) -> None:
        promoter = FakePromoter(apply=a_result())
        told = ("--pipeline-execution", "0dc7", "--pipeline", "line", "--digest", digest(PLAN))
        run = FakeRun("apply", saved, *told, promoter=promoter)
        assert execute(run) == 0
        assert (run.execution, vars(promoter)["pipeline"]) == ("0dc7", "line")

    def test_refuses_another_plan(self, saved: str) -> None:
        told = ("--pipeline-execution", "0dc7", "--pipeline", "line", "--digest", "0" * 64)
        assert execute(FakeRun("apply", saved, *told)) == PlanFileError("").exit_code

    def test_needs_a_name_when_promote_yaml_has_none(
        self, saved: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        told = ("--pipeline-execution", "0dc7", "--digest", digest(PLAN))
        assert execute(FakeRun("apply", saved, *told, promoter=FakePromoter())) == 2
        assert execute(FakeRun("apply", saved, "--pipeline", "line")) == 2
