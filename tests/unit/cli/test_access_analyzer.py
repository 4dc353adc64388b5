"""``--access-analyzer``: asked when wished, said when not, and never half believed."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from promote.cli.main import execute
from promote.core import planfile
from promote.core.analysis import Analysis, Answer
from promote.errors import AccessDeniedError, ProofError
from promote.iam.document import Kind
from tests.builders import a_plan
from tests.fake_analyzer import FakeAnalyzer
from tests.unit.cli import fakes
from tests.unit.cli.fakes import PLAN, FakePromoter, FakeRun
from tests.unit.config.files import changed

NOT_ASKED = "Access Analyzer: not asked (--access-analyzer asks it)"
AGREES = "Access Analyzer: agrees on 2 documents (5 checks, which AWS charges for)"
DISAGREES = ProofError("Access Analyzer disagrees", "Both sides.")


@pytest.fixture
def promoter() -> FakePromoter:
    found = Analysis(documents=2, checks=5)
    return FakePromoter(plan=a_plan(), analyse=found, apply=fakes.a_result())


@pytest.fixture
def saved(tmp_path: Path) -> str:
    (tmp_path / "plan.json").write_bytes(planfile.encode(a_plan()))
    return str(tmp_path / "plan.json")


@pytest.fixture
def _configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Go where a promote.yaml is."""
    (tmp_path / "promote.yaml").write_text(changed("templates: ./policies\n", ""), "utf-8")
    monkeypatch.chdir(tmp_path)


def called(promoter: FakePromoter) -> list[str]:
    return [name for name, _, _ in promoter.calls]


class TestPlan:
    ARGUMENTS = ("plan", "tools", "v2", "--to", "prod")

    def test_says_that_it_was_not_asked(
        self, promoter: FakePromoter, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert execute(FakeRun(*self.ARGUMENTS, promoter=promoter)) == 0
        assert f"\n{NOT_ASKED}\n" in capsys.readouterr().out
        assert called(promoter) == ["plan"]

    def test_asks_and_says_what_it_cost(
        self, promoter: FakePromoter, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert execute(FakeRun(*self.ARGUMENTS, "--access-analyzer", promoter=promoter)) == 0
        assert f"\n{AGREES}\n" in capsys.readouterr().out
        assert promoter.calls[-1][:2] == ("analyse", (a_plan(),))

    def test_for_programs_is_the_plan_file_and_says_it_on_stderr(
        self, promoter: FakePromoter, capsys: pytest.CaptureFixture[str]
    ) -> None:
        run = FakeRun(*self.ARGUMENTS, "--access-analyzer", "-o", "json", promoter=promoter)
        assert execute(run) == 0
        out, err = capsys.readouterr()
        assert out.encode() == planfile.encode(a_plan())
        assert err == f"{AGREES}\n"

    def test_saves_no_plan_when_it_disagrees_or_cannot_be_asked(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        out = tmp_path / "plan.json"
        for error, code in ((DISAGREES, 4), (AccessDeniedError("Access denied"), 6)):
            promoter = FakePromoter(plan=a_plan(), analyse=error)
            arguments = (*self.ARGUMENTS, "--access-analyzer", "--out", str(out))
            assert execute(FakeRun(*arguments, promoter=promoter)) == code
            assert error.summary in capsys.readouterr().err
        assert not out.exists()

    def test_says_nothing_where_no_policy_is_written(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert execute(FakeRun(*self.ARGUMENTS, promoter=FakePromoter(plan=PLAN))) == 0
        assert "Access Analyzer" not in capsys.readouterr().out


class TestRelease:
    ARGUMENTS = ("release", "tools", "v2", "--to", "prod", "--yes")

    def test_asks_before_it_applies(
        self, promoter: FakePromoter, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert execute(FakeRun(*self.ARGUMENTS, "--access-analyzer", promoter=promoter)) == 0
        assert called(promoter) == ["plan", "analyse", "apply"]
        assert AGREES in capsys.readouterr().err

    def test_applies_nothing_when_it_disagrees(self, tmp_path: Path) -> None:
        promoter = FakePromoter(plan=a_plan(), analyse=DISAGREES)
        report = tmp_path / "report.xml"
        arguments = (*self.ARGUMENTS, "--access-analyzer", "--junit", str(report))
        assert execute(FakeRun(*arguments, promoter=promoter)) == 4
        assert called(promoter) == ["plan", "analyse"]
        assert "Access Analyzer disagrees" in report.read_text()


class TestApply:
    def test_asks_only_when_wished(self, promoter: FakePromoter, saved: str) -> None:
        assert execute(FakeRun("apply", saved, promoter=promoter)) == 0
        assert called(promoter) == ["apply"]

    def test_asks_before_it_applies(
        self, promoter: FakePromoter, saved: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert execute(FakeRun("apply", saved, "--access-analyzer", promoter=promoter)) == 0
        assert called(promoter) == ["analyse", "apply"]
        assert AGREES in capsys.readouterr().err


def test_a_saved_plan_that_is_shown_offline_says_nothing_of_it(
    saved: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute(FakeRun("show", saved)) == 0
    assert "Access Analyzer" not in capsys.readouterr().out


@pytest.mark.usefixtures("_configured")
class TestPolicyProve:
    def test_is_told_that_it_was_not_asked(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert execute(FakeRun("policy", "prove", "--kind", "access-role")) == 0
        assert NOT_ASKED in capsys.readouterr().err

    def test_asks_about_every_document_once(self, capsys: pytest.CaptureFixture[str]) -> None:
        analyzer = FakeAnalyzer()
        run = FakeRun("policy", "prove", "--access-analyzer")
        run.fake.world = SimpleNamespace(analyzer=analyzer)  # type: ignore[attr-defined]
        assert execute(run) == 0
        documents = [question for question in analyzer.asked if question[0] == "validate"]
        checks = len(analyzer.asked) - len(documents)
        said = f"agrees on {len(documents)} documents ({checks} checks, which AWS charges for)"
        assert said in capsys.readouterr().err
        assert Kind.TRUST in {question[2] for question in documents}

    def test_fails_when_it_disagrees(self) -> None:
        run = FakeRun("policy", "prove", "--kind", "access-role", "--access-analyzer")
        no = FakeAnalyzer(wider=Answer(passed=False, message="New access."))
        run.fake.world = SimpleNamespace(analyzer=no)  # type: ignore[attr-defined]
        assert execute(run) == 4
