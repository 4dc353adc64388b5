"""The commands of guardrails, on a library that is a double."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from promote.cli.main import execute
from promote.cli.sandbox_example import EXAMPLE
from promote.core.events import Event
from promote.core.guardrails.attached import GuardrailFinding
from promote.core.guardrails.organization import ControlType
from promote.core.guardrails.steps import AttachPolicy
from promote.guardrails import GuardrailPlan
from tests.builders import ML
from tests.unit.cli.fakes import FakePromoter, FakeRun

PLAN = GuardrailPlan(steps=(AttachPolicy(type=ControlType.SCP, name="guard", target=ML),))
NOTHING = GuardrailPlan(steps=())
GUARDRAILS = """
guardrails:
  account: "999999999999"
  targets: ["222222222222", ou-a1b2-workload]
"""


class GuardRun(FakeRun):
    """A run that is given its library of guardrails."""

    def guardrails(self, on_event: Callable[[Event], None] | None = None) -> Any:
        return self.promoter(on_event)


class TestCheck:
    @pytest.mark.parametrize(("ok", "code"), [(True, 0), (False, 4)])
    def test_ends_with_4_when_it_found_something(
        self, capsys: pytest.CaptureFixture[str], *, ok: bool, code: int
    ) -> None:
        finding = GuardrailFinding(ok=ok, check="policy", subject="a", detail="b")
        library = FakePromoter(check=(finding,))
        assert execute(GuardRun("guardrail", "check", promoter=library)) == code
        capsys.readouterr()
        assert execute(GuardRun("guardrail", "check", "-o", "json", promoter=library)) == code
        document = json.loads(capsys.readouterr().out)
        assert (document["kind"], document["ok"]) == ("guardrails", ok)
        assert document["findings"][0]["check"] == "policy"


class TestApply:
    def test_shows_the_steps_and_asks(self, capsys: pytest.CaptureFixture[str]) -> None:
        library = FakePromoter(plan=PLAN, apply=None)
        run = GuardRun("guardrail", "apply", promoter=library, answer="y")
        assert execute(run) == 0
        assert run.fake_screen.asked == ["Change the policies of the organisation? [y/N] "]
        assert library.calls == [
            ("plan", (), {"target": None, "untried": False}),
            ("apply", (PLAN,), {}),
        ]
        assert f"attach the SCP guard to {ML}" in capsys.readouterr().err

    def test_does_nothing_after_a_no(self) -> None:
        library = FakePromoter(plan=PLAN)
        assert execute(GuardRun("guardrail", "apply", promoter=library, answer="n")) == 3
        assert [name for name, _, _ in library.calls] == ["plan"]

    def test_without_a_terminal_and_without_yes_names_the_flag(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        library = FakePromoter(plan=PLAN)
        assert execute(GuardRun("guardrail", "apply", promoter=library)) == 2
        assert "--yes" in capsys.readouterr().err
        assert library.calls == []

    def test_passes_what_was_asked_to_the_library(self) -> None:
        library = FakePromoter(plan=PLAN, apply=None)
        arguments = ("guardrail", "apply", "--target", ML, "--root", "--yes")
        assert execute(GuardRun(*arguments, promoter=library)) == 0
        assert library.calls[0] == ("plan", (), {"target": ML, "untried": True})

    @pytest.mark.parametrize("command", ["apply", "detach"])
    @pytest.mark.parametrize("target", ["qa", "2222", "ou-x", "*"])
    def test_takes_no_target_that_there_cannot_be(
        self, command: str, target: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        library = FakePromoter()
        run = GuardRun("guardrail", command, "--target", target, "--yes", promoter=library)
        assert execute(run) == 2
        assert f"'{target}' is not the id of an account" in capsys.readouterr().err
        assert library.calls == []

    def test_asks_nobody_when_there_is_nothing_to_do(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        run = GuardRun("guardrail", "apply", promoter=FakePromoter(plan=NOTHING), answer="n")
        assert execute(run) == 0
        assert run.fake_screen.asked == []
        assert "Nothing to do" in capsys.readouterr().out

    @pytest.mark.parametrize(("plan", "result"), [(PLAN, "applied"), (NOTHING, "unchanged")])
    def test_is_a_document_for_programs(
        self, plan: GuardrailPlan, result: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        library = FakePromoter(plan=plan, apply=None)
        run = GuardRun("guardrail", "apply", "--yes", "-o", "json", promoter=library)
        assert execute(run) == 0
        document = json.loads(capsys.readouterr().out)
        assert (document["kind"], document["result"]) == ("guardrails", result)
        assert len(document["steps"]) == len(plan.steps)


class TestDetach:
    def test_asks_and_passes_what_was_asked(self) -> None:
        library = FakePromoter(plan_removal=PLAN, apply=None)
        arguments = ("guardrail", "detach", "--target", ML, "--delete")
        run = GuardRun(*arguments, promoter=library, answer="yes")
        assert execute(run) == 0
        assert run.fake_screen.asked == ["Take the guardrails away? [y/N] "]
        assert library.calls[0] == ("plan_removal", (), {"target": ML, "delete": True})


class TestRender:
    def test_shows_what_is_sent_beside_its_size(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        file = tmp_path / "promote.yaml"
        file.write_text(EXAMPLE + GUARDRAILS)
        assert execute(FakeRun("guardrail", "render", "-f", str(file))) == 0
        out, err = capsys.readouterr()
        scp, rcp = out.splitlines()
        assert err.splitlines() == [
            f"# SCP promote-guardrail-scp-{ML} ({len(scp)} of 10240 characters)",
            f"# RCP promote-guardrail-rcp-{ML} ({len(rcp)} of 5120 characters)",
        ]
        assert execute(FakeRun("guardrail", "render", "-f", str(file), "-o", "json")) == 0
        document = json.loads(capsys.readouterr().out)
        assert [each["content"] for each in document["policies"]] == [scp, rcp]

    def test_without_guardrails_says_what_to_write(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        file = tmp_path / "promote.yaml"
        file.write_text(EXAMPLE)
        assert execute(FakeRun("guardrail", "render", "-f", str(file))) == 2
        assert '    guardrails:\n      account: "999999999999"' in capsys.readouterr().err
