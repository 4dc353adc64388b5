from __future__ import annotations

import json
from pathlib import Path

import pytest

from promote.cli.main import execute
from promote.core.chain import Broken
from promote.core.seal import Verified
from promote.core.status import Finding
from promote.errors import NeedsAttentionError
from tests.unit.cli.fakes import FakePromoter, FakeRun, a_verification

LEFT = a_verification(passed=True)


class TestAHistoryThatIsNotWhole:
    @pytest.fixture
    def promoter(self) -> FakePromoter:
        broken = NeedsAttentionError("The chain is broken", "Number 2 is gone.", "Restore it.")
        return FakePromoter(history=broken, legible_history=(LEFT,))

    def test_is_shown_as_far_as_it_can_be_read_and_what_is_wrong_after_it(
        self, promoter: FakePromoter, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert execute(FakeRun("history", "tools", promoter=promoter)) == 11
        out, err = capsys.readouterr()
        assert "verification of v2 passed" in out
        assert "Number 2 is gone." in err

    def test_is_a_document_before_the_error_for_programs(
        self, promoter: FakePromoter, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert execute(FakeRun("history", "tools", "-o", "json", promoter=promoter)) == 11
        kinds = [json.loads(line)["kind"] for line in capsys.readouterr().out.splitlines()]
        assert kinds == ["history", "error"]


def _checked(*, broken: Broken | None = None) -> Verified:
    return Verified(
        model="tools",
        records=2,
        promotions=1,
        ended=1,
        torn=0,
        signatures=1,
        checked=True,
        broken=broken,
    )


class TestVerify:
    def test_ends_well_with_what_was_counted(self, capsys: pytest.CaptureFixture[str]) -> None:
        promoter = FakePromoter(verify_history=_checked())
        assert execute(FakeRun("history", "tools", "--verify", promoter=promoter)) == 0
        assert "2 records of tools, 1 promotion (1 ended)" in capsys.readouterr().out

    def test_ends_4_and_names_the_first_broken_record(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        broken = Broken(record="tools/records/00000003.json", expected="a", found="b")
        promoter = FakePromoter(verify_history=_checked(broken=broken))
        assert execute(FakeRun("history", "tools", "--verify", promoter=promoter)) == 4
        out = capsys.readouterr().out
        assert "FAIL  tools/records/00000003.json\n      expected  a\n      found     b" in out

    def test_hands_over_the_public_keys(self, tmp_path: Path) -> None:
        key = tmp_path / "key.der"
        key.write_bytes(b"key")
        promoter = FakePromoter(verify_history=_checked())
        run = FakeRun("history", "tools", "--verify", "--public-key", str(key), promoter=promoter)
        assert execute(run) == 0
        assert promoter.calls[0][1] == ("tools", [b"key"])

    @pytest.mark.parametrize(
        "options", [("--public-key", "key.der"), ("--verify", "--promotion", "p1")]
    )
    def test_is_asked_for_alone(self, options: tuple[str, ...]) -> None:
        assert execute(FakeRun("history", "tools", *options)) == 2


class TestAudit:
    @pytest.mark.parametrize(("ok", "code"), [(True, 0), (False, 4)])
    def test_ends_4_when_it_found_a_breach(
        self, *, ok: bool, code: int, capsys: pytest.CaptureFixture[str]
    ) -> None:
        finding = Finding(ok=ok, subject="tools P1", detail="detail", remedy="" if ok else "do")
        promoter = FakePromoter(audit=(finding,))
        assert execute(FakeRun("audit", "-o", "json", promoter=promoter)) == code
        assert json.loads(capsys.readouterr().out)["ok"] is ok


QA = ("--environment", "qa")
IN_PIPELINES = [
    ("apply", "nowhere.json"),
    ("release", "tools", "v2", "--to", "qa"),
    ("resume", "tools"),
    ("abort", "tools"),
    ("rollback", "tools", *QA),
    ("retire", "tools"),
    ("access", "grant", "tools", "v2", *QA),
    ("access", "revoke", "tools", "v2", *QA),
]
"""What leaves a record that says in which pipeline execution it was done."""


class TestTheExecution:
    @pytest.mark.parametrize("command", IN_PIPELINES, ids=" ".join)
    def test_is_the_pipelines(
        self, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PROMOTE_EXECUTION", "4f6e0a")
        run = FakeRun(*command)
        execute(run)
        assert run.execution == "4f6e0a"

    def test_may_be_given_by_hand(self) -> None:
        run = FakeRun("resume", "tools", "--execution", "4f6e0a")
        execute(run)
        assert run.execution == "4f6e0a"
