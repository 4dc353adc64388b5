from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from promote.cli.main import execute
from promote.core import planfile
from promote.core.result import Outcome, Retired, Retirement
from promote.core.status import Finding
from promote.errors import AccessDeniedError
from tests.builders import version_arn
from tests.unit.cli import fakes
from tests.unit.cli.fakes import NOTHING_TO_DO, PLAN, FakePromoter, FakeRun

RELEASE = ("release", "tools", "v2", "--to", "qa")


class TestPlan:
    def test_passes_what_was_asked_to_the_library(self) -> None:
        promoter = FakePromoter(plan=PLAN)
        arguments = ("plan", "tools", "v2", "--to", "qa", "--reason", "why", "--adopt")
        assert execute(FakeRun(*arguments, promoter=promoter)) == 0
        usual = {"overrides": (), "expires": timedelta(hours=4)}
        asked = {"to": "qa", "reason": "why", "adopt": True, **usual}
        assert promoter.calls == [("plan", ("tools", "v2"), asked)]

    def test_for_programs_is_byte_for_byte_the_plan_file(
        self, capfdbinary: pytest.CaptureFixture[bytes]
    ) -> None:
        promoter = FakePromoter(plan=PLAN)
        run = FakeRun("plan", "tools", "v2", "--to", "qa", "-o", "json", promoter=promoter)
        assert execute(run) == 0
        assert capfdbinary.readouterr().out == planfile.encode(PLAN)

    @pytest.mark.parametrize(("plan", "code"), [(PLAN, 10), (NOTHING_TO_DO, 0)])
    def test_tells_pending_changes_by_its_exit_code_when_asked(
        self, plan: object, code: int
    ) -> None:
        run = FakeRun(
            "plan",
            "tools",
            "v2",
            "--to",
            "qa",
            "--detailed-exitcode",
            promoter=FakePromoter(plan=plan),
        )
        assert execute(run) == code


class TestRelease:
    def test_asks_and_applies_after_a_yes(self, capsys: pytest.CaptureFixture[str]) -> None:
        promoter = FakePromoter(plan=PLAN, apply=fakes.a_result())
        run = FakeRun(*RELEASE, promoter=promoter, answer="y")
        assert execute(run) == 0
        assert run.fake_screen.asked == ["Promote tools v2 to qa? [y/N] "]
        assert [name for name, _, _ in promoter.calls] == ["plan", "apply"]
        out, err = capsys.readouterr()
        assert "Plan: tools v2 to qa" in err
        assert "Plan: tools v2 to qa" not in out

    @pytest.mark.parametrize("answer", ["", "n", "maybe"])
    def test_does_nothing_after_anything_else(self, answer: str) -> None:
        promoter = FakePromoter(plan=PLAN)
        assert execute(FakeRun(*RELEASE, promoter=promoter, answer=answer)) == 3
        assert [name for name, _, _ in promoter.calls] == ["plan"]

    def test_without_a_terminal_and_without_yes_names_the_flag(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        promoter = FakePromoter(plan=PLAN)
        assert execute(FakeRun(*RELEASE, promoter=promoter)) == 2
        assert "--yes" in capsys.readouterr().err
        assert promoter.calls == []

    def test_asks_nobody_when_there_is_nothing_to_do(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        unchanged = fakes.a_result(Outcome.UNCHANGED)
        run = FakeRun(
            *RELEASE, promoter=FakePromoter(plan=NOTHING_TO_DO, apply=unchanged), answer="n"
        )
        assert execute(run) == 0
        assert run.fake_screen.asked == []
        assert "nothing to do" in capsys.readouterr().out.lower()

    def test_for_programs_is_a_line_for_each_event_and_the_result_last(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        promoter = FakePromoter(plan=PLAN, apply=fakes.a_result())
        promoter.events = (fakes.waiting(), fakes.waiting(seconds=1))
        assert execute(FakeRun(*RELEASE, "--yes", "-o", "json", promoter=promoter)) == 0
        out, err = capsys.readouterr()
        lines = [json.loads(line) for line in out.splitlines()]
        assert err == ""
        assert {line["format"] for line in lines} == {1}
        assert lines[-1]["kind"] == "result"
        assert lines[-1]["result"] == "promoted"


class TestWhatWasInterrupted:
    def test_is_finished_by_resume(self) -> None:
        promoter = FakePromoter(resume=fakes.a_result())
        assert execute(FakeRun("resume", "tools", promoter=promoter)) == 0

    def test_resume_ends_with_the_code_of_its_direction(self) -> None:
        promoter = FakePromoter(resume=fakes.a_result(Outcome.ROLLED_BACK))
        assert execute(FakeRun("resume", "tools", promoter=promoter)) == 9

    def test_is_put_back_by_abort_which_is_no_failure(self) -> None:
        promoter = FakePromoter(abort=fakes.a_result(Outcome.ROLLED_BACK))
        run = FakeRun("abort", "tools", "--yes", "--reason", "wrong", promoter=promoter)
        assert execute(run) == 0
        assert promoter.calls == [
            (
                "abort",
                ("tools",),
                {"environment": None, "reason": "wrong", "wait": timedelta(minutes=10)},
            )
        ]

    def test_waits_as_long_as_is_asked(self) -> None:
        promoter = FakePromoter(resume=fakes.a_result())
        assert execute(FakeRun("resume", "tools", "--wait", "2h", promoter=promoter)) == 0
        asked = {"environment": None, "wait": timedelta(hours=2), "wave": None}
        assert promoter.calls == [("resume", ("tools",), asked)]

    def test_refuses_a_time_without_a_unit(self) -> None:
        assert execute(FakeRun("resume", "tools", "--wait", "10")) == 2

    def test_abort_asks_first(self) -> None:
        assert execute(FakeRun("abort", "tools")) == 2
        assert execute(FakeRun("abort", "tools", answer="n")) == 3


class TestChecks:
    @pytest.mark.parametrize(("passed", "code"), [(True, 0), (False, 4)])
    def test_verify_ends_with_its_verdict(self, *, passed: bool, code: int) -> None:
        promoter = FakePromoter(verify=fakes.a_verification(passed=passed))
        assert execute(FakeRun("verify", "tools", "--environment", "qa", promoter=promoter)) == code

    @pytest.mark.parametrize(("ok", "code"), [(True, 0), (False, 4)])
    def test_the_doctor_ends_with_4_when_it_found_something(
        self, monkeypatch: pytest.MonkeyPatch, *, ok: bool, code: int
    ) -> None:
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
        findings = (
            Finding(ok=True, subject="a", detail="b"),
            Finding(ok=ok, subject="c", detail="d"),
        )
        assert execute(FakeRun("doctor", promoter=FakePromoter(doctor=findings))) == code


class TestConsentByVariable:
    def test_is_taken_and_said(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv("PROMOTE_YES", "1")
        promoter = FakePromoter(plan=PLAN, apply=fakes.a_result())
        assert execute(FakeRun(*RELEASE, promoter=promoter)) == 0
        assert "PROMOTE_YES is set" in capsys.readouterr().err


class TestSingleSteps:
    def test_a_grant_that_changed_nothing_says_so(self, capsys: pytest.CaptureFixture[str]) -> None:
        arguments = ("access", "grant", "tools", "v2", "--environment", "qa")
        assert execute(FakeRun(*arguments, promoter=FakePromoter(grant=False))) == 0
        assert capsys.readouterr().out == "tools v2: unchanged: already granted in qa\n"

    def test_a_grant_is_a_document_for_programs(self, capsys: pytest.CaptureFixture[str]) -> None:
        arguments = ("access", "grant", "tools", "v2", "--environment", "qa", "-o", "json")
        assert execute(FakeRun(*arguments, promoter=FakePromoter(grant=True))) == 0
        document = json.loads(capsys.readouterr().out)
        assert document["kind"] == "access"
        assert (document["granted"], document["changed"]) == (True, True)

    @pytest.mark.parametrize(
        "arguments",
        [
            ("access", "revoke", "tools", "v1", "--environment", "qa"),
            ("version", "stop", "tools", "v1"),
        ],
    )
    def test_what_takes_something_away_asks_first(self, arguments: tuple[str, ...]) -> None:
        assert execute(FakeRun(*arguments)) == 2
        assert execute(FakeRun(*arguments, answer="n")) == 3

    def test_force_passes_through(self) -> None:
        promoter = FakePromoter(revoke=True)
        arguments = ("access", "revoke", "tools", "v1", "--environment", "qa", "--yes", "--force")
        assert execute(FakeRun(*arguments, promoter=promoter)) == 0
        assert promoter.calls == [("revoke", ("tools", "v1"), {"environment": "qa", "force": True})]


class TestRetire:
    def test_of_one_model_says_what_was_done(self, capsys: pytest.CaptureFixture[str]) -> None:
        gone = Retired(step="stop", environment="qa", version=version_arn("v1"))
        done = (Retirement(model="tools", done=(gone,), skipped=("locked",)),)
        promoter = FakePromoter(retire=done)
        assert execute(FakeRun("retire", "tools", "--wait", "0s", promoter=promoter)) == 0
        ((name, arguments, options),) = promoter.calls
        assert (name, arguments, options["wait"]) == ("retire", ("tools",), timedelta(0))
        assert capsys.readouterr().out == "tools:\n  stopped v1 in qa\n  skipped: locked\n"

    def test_that_fails_in_part_shows_the_rest_and_ends_with_the_error(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        class Failing(FakePromoter):
            def retire(self, _model: object, *, on_retired: Any, **_options: object) -> None:
                gone = Retired(step="stop", environment="qa", version=version_arn("v1"))
                on_retired(Retirement(model="tools", failed=("tools in qa: Access denied.",)))
                on_retired(Retirement(model="hammers", done=(gone,)))
                raise AccessDeniedError("Access denied", "tools in qa: Access denied.")

        assert execute(FakeRun("retire", "--all", promoter=Failing())) == 6
        shown = capsys.readouterr()
        assert shown.out == (
            "tools:\n  failed: tools in qa: Access denied.\nhammers:\n  stopped v1 in qa\n"
        )
        assert "Error: Access denied" in shown.err

    def test_of_all_with_nothing_due_is_no_failure(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        promoter = FakePromoter(retire=(Retirement(model="tools"),))
        assert execute(FakeRun("retire", "--all", promoter=promoter)) == 0
        assert capsys.readouterr().out == "tools: nothing is due\n"

    def test_wants_a_model_or_all_of_them(self) -> None:
        assert execute(FakeRun("retire")) == 2
        assert execute(FakeRun("retire", "tools", "--all")) == 2
