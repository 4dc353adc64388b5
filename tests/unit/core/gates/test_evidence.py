"""What gates ask for and what they are judged on, as values."""

from __future__ import annotations

from promote.core.gates import Evidence, Verdict
from promote.core.gates.cost import cost
from promote.core.gates.requirements import Requirements
from promote.core.record import LedgerState
from tests.builders import NOW, version_arn

NOTHING = Evidence(at=NOW, version=version_arn("v2"), ledger=LedgerState())


class TestRequirements:
    def test_ask_for_nothing_by_themselves(self) -> None:
        asked = Requirements()
        found = {getattr(asked, name) for name in Requirements.__slots__}
        assert found == {None, ()}
        assert not asked.ask_for_overlap


class TestEvidence:
    def test_that_is_missing_is_never_enough(self) -> None:
        assert cost(1e9, NOTHING.overlap).verdict is Verdict.INCONCLUSIVE
