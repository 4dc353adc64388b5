from __future__ import annotations

import json

import pytest

from promote.cli.main import execute
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
