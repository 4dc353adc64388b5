from __future__ import annotations

import json
from collections.abc import Iterator

import click
import pytest

from promote import errors
from promote.cli.help import EXIT_CODES
from promote.cli.main import execute
from promote.core.gates import Verdict
from promote.core.result import Outcome
from tests.unit.cli import fakes
from tests.unit.cli.fakes import PLAN, FakePromoter, FakeRun

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


def _every_error() -> Iterator[errors.PromoteError]:
    for kind in vars(errors).values():
        if not isinstance(kind, type) or not issubclass(kind, errors.PromoteError):
            continue
        if kind is errors.ConfigError:
            yield errors.ConfigError("Summary", ("promote.yaml:1:1: wrong",), "Remedy.")
        else:
            yield kind("Summary", "Detail.", "Remedy.")
    yield errors.InterruptedBySignalError("Summary", "Detail.", "Remedy.", signal_number=15)


def _expected(error: errors.PromoteError) -> int:
    if isinstance(error, errors.InterruptedBySignalError):
        return {2: 130, 15: 143}[error.signal_number]
    return error.exit_code


class TestEveryErrorOfTheLibrary:
    @pytest.mark.parametrize(
        "error", list(_every_error()), ids=lambda e: f"{type(e).__name__}-{_expected(e)}"
    )
    def test_ends_with_the_code_of_its_class_and_says_all_its_parts(
        self, error: errors.PromoteError, capsys: pytest.CaptureFixture[str]
    ) -> None:
        code = execute(FakeRun("lock", "show", "tools", promoter=FakePromoter(lock=error)))
        assert code == _expected(error)
        assert code in EXIT_CODES
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith("Error: Summary\n")
        assert error.detail in err
        assert "Remedy." in err

    @pytest.mark.parametrize(
        "error", list(_every_error()), ids=lambda e: f"{type(e).__name__}-{_expected(e)}"
    )
    def test_is_the_last_line_of_stdout_for_programs(
        self, error: errors.PromoteError, capsys: pytest.CaptureFixture[str]
    ) -> None:
        promoter = FakePromoter(lock=error)
        code = execute(FakeRun("lock", "show", "tools", "-o", "json", promoter=promoter))
        out, err = capsys.readouterr()
        document = json.loads(out.splitlines()[-1])
        assert err == ""
        assert (document["format"], document["kind"], document["exit"]) == (1, "error", code)
        assert document["summary"] == "Summary"
        assert document["remedy"] == "Remedy."


class TestEverythingElse:
    def test_an_unknown_exception_is_a_bug_with_a_traceback_without_locals(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        promoter = FakePromoter(history=ZeroDivisionError("division by zero"))
        assert execute(FakeRun("history", "tools", promoter=promoter)) == 1
        err = capsys.readouterr().err
        assert "This is a bug in promote" in err
        assert "ZeroDivisionError: division by zero" in err
        assert "arguments = " not in err

    def test_a_secret_of_the_environment_is_never_printed(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
        promoter = FakePromoter(history=ValueError(f"bad header {SECRET}"))
        execute(FakeRun("history", "tools", promoter=promoter))
        execute(FakeRun("history", "tools", "-o", "json", promoter=promoter))
        out, err = capsys.readouterr()
        assert SECRET not in out + err
        assert "bad header ***" in err

    def test_ctrl_c_is_130_with_the_command_that_goes_on(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        promoter = FakePromoter(history=KeyboardInterrupt())
        assert execute(FakeRun("history", "my tools", promoter=promoter)) == 130
        assert "    promote history 'my tools'\n" in capsys.readouterr().err

    def test_a_prompt_that_is_aborted_is_declined(self) -> None:
        assert execute(FakeRun("history", "t", promoter=FakePromoter(history=click.Abort()))) == 3

    @pytest.mark.parametrize(
        "arguments", [["plan"], ["plan", "tools", "v2"], ["--nonsense"], ["-o", "xml"]]
    )
    def test_a_usage_error_is_2_in_the_form_of_every_error(
        self, arguments: list[str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert execute(FakeRun(*arguments)) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith("Error: Wrong usage\n")
        assert " --help\n" in err

    def test_a_usage_error_is_a_document_for_programs(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert execute(FakeRun("plan", "tools", "--nonsense", "-o", "json")) == 2
        assert json.loads(capsys.readouterr().out)["exit"] == 2

    @pytest.mark.parametrize(
        ("arguments", "meant"), [(["relase"], "release"), (["config", "chek"], "check")]
    )
    def test_an_unknown_command_asks_what_was_meant(
        self, arguments: list[str], meant: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert execute(FakeRun(*arguments)) == 2
        assert f"Did you mean {meant}?" in capsys.readouterr().err

    def test_an_unknown_option_asks_what_was_meant(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert execute(FakeRun("release", "tools", "v2", "--two", "qa")) == 2
        assert "--to" in capsys.readouterr().err

    @pytest.mark.parametrize(
        ("outcome", "code"),
        [
            (Outcome.PROMOTED, 0),
            (Outcome.UNCHANGED, 0),
            (Outcome.REFUSED, 4),
            (Outcome.ROLLED_BACK, 9),
            (Outcome.FAILED, 9),
            (Outcome.NEEDS_ATTENTION, 11),
        ],
    )
    def test_every_end_of_a_promotion_has_its_code(self, outcome: Outcome, code: int) -> None:
        promoter = FakePromoter(plan=PLAN, apply=fakes.a_result(outcome))
        run = FakeRun("release", "tools", "v2", "--to", "qa", "--yes", promoter=promoter)
        assert execute(run) == code

    def test_a_refused_plan_is_4_with_every_gate_that_refuses(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        gates = (
            fakes.a_gate(Verdict.FAIL),
            fakes.a_gate(Verdict.INCONCLUSIVE, "soak"),
            fakes.a_gate(Verdict.PASS, "f1"),
            fakes.a_gate(Verdict.PENDING, "window"),
        )
        promoter = FakePromoter(plan=fakes.plan_with(gates=gates))
        assert execute(FakeRun("plan", "tools", "v2", "--to", "qa", promoter=promoter)) == 4
        err = capsys.readouterr().err
        assert "2 of 4 gates refused" in err
        assert "verified" in err
        assert "soak" in err
        assert "f1 " not in err
