"""`promote rollback` as far as the command line goes: what it asks, does and answers."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from promote.cli.main import execute
from promote.core import planfile
from promote.core.gates import Verdict
from promote.core.record import Unfinished
from promote.core.result import Outcome
from promote.errors import NeedsAttentionError, UnfinishedError
from tests.unit.cli import fakes
from tests.unit.cli.fakes import NOON, FakePromoter, FakeRun

BACK = ("rollback", "tools", "--environment", "qa")
PLAN = replace(fakes.PLAN, request=replace(fakes.PLAN.request, rollback=True))
DONE = replace(fakes.a_result(), rollback=True)
OPEN = Unfinished(promotion="promote-7", plan=fakes.PLAN, since=NOON, by="arn:aws:iam::1:role/bob")


def promoter(**answers: object) -> FakePromoter:
    return FakePromoter(
        **{"abort_instead": None, "plan_rollback": PLAN, "apply": DONE, **answers},
    )


class TestGoingBack:
    def test_is_planned_shown_asked_about_and_done(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        library = promoter()
        assert execute(FakeRun(*BACK, "v2", "--reason", "wrong", promoter=library, answer="y")) == 0
        asked = {"environment": "qa", "reason": "wrong", "adopt": False}
        assert library.calls[1:] == [
            ("plan_rollback", ("tools", "v2"), asked),
            ("apply", (PLAN,), {"wait": timedelta(minutes=10), "wave": None}),
        ]
        out, err = capsys.readouterr()
        assert "Plan: roll tools back to v2 in qa" in err
        assert out.startswith("Rolled back: qa uses v2 again")

    def test_to_the_version_before_needs_no_name(self) -> None:
        library = promoter()
        assert execute(FakeRun(*BACK, "--yes", promoter=library)) == 0
        assert library.calls[0] == ("abort_instead", ("tools", None), {"environment": "qa"})
        assert library.calls[1][1] == ("tools", None)

    def test_is_declined(self) -> None:
        library = promoter()
        assert execute(FakeRun(*BACK, promoter=library, answer="n")) == 3
        assert "apply" not in [name for name, *_ in library.calls]

    def test_without_a_terminal_wants_yes(self) -> None:
        assert execute(FakeRun(*BACK, promoter=promoter())) == 2

    def test_wants_an_environment(self) -> None:
        assert execute(FakeRun("rollback", "tools", "--yes", promoter=promoter())) == 2

    def test_asks_nobody_when_nothing_changes(self) -> None:
        nothing = replace(PLAN, steps=(), changes=0)
        unchanged = replace(DONE, result=Outcome.UNCHANGED)
        library = promoter(plan_rollback=nothing, apply=unchanged)
        assert execute(FakeRun(*BACK, promoter=library, answer="n")) == 0

    def test_ends_as_the_library_says(self) -> None:
        error = UnfinishedError("An unfinished promotion is in the way")
        assert execute(FakeRun(*BACK, "--yes", promoter=promoter(plan_rollback=error))) == 8

    def test_is_documents_for_programs(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert execute(FakeRun(*BACK, "--yes", "-o", "json", promoter=promoter())) == 0
        out, err = capsys.readouterr()
        last = json.loads(out.splitlines()[-1])
        assert (last["result"], last["rollback"], err) == ("promoted", True, "")

    def test_may_be_saved_and_applied_later(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        library, file = promoter(), tmp_path / "back.json"
        assert execute(FakeRun(*BACK, "--out", str(file), promoter=library)) == 0
        assert planfile.decode(file.read_bytes()) == PLAN
        assert "apply" not in [name for name, *_ in library.calls]
        assert f"promote apply {file}" in capsys.readouterr().err
        assert execute(FakeRun("apply", str(file), promoter=library)) == 0
        assert library.calls[-1][:2] == ("apply", (PLAN,))


class TestAPromotionThatHasNotEnded:
    def test_is_put_back_instead(self, capsys: pytest.CaptureFixture[str]) -> None:
        library = promoter(abort_instead=OPEN, abort=fakes.a_result(Outcome.ROLLED_BACK))
        assert execute(FakeRun(*BACK, promoter=library, answer="y")) == 0
        asked = {"environment": "qa", "reason": "rolled back", "wait": timedelta(minutes=10)}
        assert library.calls[1:] == [("abort", ("tools",), asked)]
        err = capsys.readouterr().err
        assert "promote-7, the promotion of v2 to qa, has not ended" in err

    def test_is_reported_to_build_servers_as_what_was_asked_for(self, tmp_path: Path) -> None:
        file = tmp_path / "report.xml"
        library = promoter(abort_instead=OPEN, abort=fakes.a_result(Outcome.ROLLED_BACK))
        run = FakeRun(*BACK, "--yes", "--junit", str(file), promoter=library)
        assert execute(run) == 0
        report = file.read_text(encoding="utf-8")
        assert 'name="promotion"' in report
        assert 'failures="0"' in report

    def test_that_cannot_be_put_back_is_a_failure_in_the_report(self, tmp_path: Path) -> None:
        file = tmp_path / "report.xml"
        library = promoter(abort_instead=OPEN, abort=NeedsAttentionError("It is stuck"))
        run = FakeRun(*BACK, "--yes", "--junit", str(file), promoter=library)
        assert execute(run) == 11
        assert "It is stuck" in file.read_text(encoding="utf-8")

    def test_is_left_alone_when_somebody_says_no(self) -> None:
        library = promoter(abort_instead=OPEN)
        assert execute(FakeRun(*BACK, promoter=library, answer="n")) == 3
        assert [name for name, *_ in library.calls] == ["abort_instead"]

    def test_cannot_be_saved_as_a_plan(self, tmp_path: Path) -> None:
        error = UnfinishedError("An unfinished promotion is in the way")
        library = promoter(abort_instead=OPEN, plan_rollback=error)
        out = str(tmp_path / "back.json")
        assert execute(FakeRun(*BACK, "--out", out, promoter=library)) == 8


class TestSeveralPromotionsThatHaveNotEnded:
    @pytest.mark.parametrize("command", ["resume", "abort"])
    def test_are_told_apart_by_their_environment(self, command: str) -> None:
        library = FakePromoter(**{command: fakes.a_result()})
        yes = ("--yes",) if command == "abort" else ()
        run = FakeRun(command, "tools", "--environment", "qa", *yes, promoter=library)
        assert execute(run) == 0
        assert library.calls[0][2]["environment"] == "qa"


def test_a_held_version_is_refused_with_the_way_to_release_it_all_the_same(
    capsys: pytest.CaptureFixture[str],
) -> None:
    held = fakes.plan_with(gates=(fakes.a_gate(Verdict.FAIL, "held"),))
    run = FakeRun("release", "tools", "v2", "--to", "qa", "--yes", promoter=FakePromoter(plan=held))
    assert execute(run) == 4
    assert "promote release tools v2 --to qa --reason TEXT" in capsys.readouterr().err
