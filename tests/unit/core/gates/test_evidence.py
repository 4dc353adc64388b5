"""What gates ask for and what they are judged on, as values."""

from __future__ import annotations

import pytest

from promote.core.gates import Evidence, Verdict
from promote.core.gates.cost import cost
from promote.core.gates.golden import GoldenRule
from promote.core.gates.labels import LabelRule
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
        assert not asked.ask_for_summary

    @pytest.mark.parametrize(
        "asked",
        [
            Requirements(f1=0.0),
            Requirements(precision=0.0),
            Requirements(recall=0.5),
            Requirements(label_f1=1.0),
            Requirements(labels=LabelRule.SUPERSET),
        ],
    )
    def test_of_a_score_or_of_labels_ask_for_the_summary(self, asked: Requirements) -> None:
        assert asked.ask_for_summary
        assert not asked.ask_for_overlap

    @pytest.mark.parametrize("asked", [Requirements(cost=0.0), Requirements(unit_hours=0.0)])
    def test_of_a_limit_ask_for_the_overlap(self, asked: Requirements) -> None:
        assert asked.ask_for_overlap
        assert not asked.ask_for_summary

    def test_of_anything_else_ask_for_neither(self) -> None:
        asked = Requirements(golden=GoldenRule(), alarms=("errors",), approval=1)
        assert not asked.ask_for_summary
        assert not asked.ask_for_overlap


class TestEvidence:
    def test_that_is_missing_is_never_enough(self) -> None:
        assert cost(1e9, NOTHING.overlap).verdict is Verdict.INCONCLUSIVE
