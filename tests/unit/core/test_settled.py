from __future__ import annotations

from datetime import timedelta

import pytest

from promote.core.codec import to_json
from promote.core.drift import Drift
from promote.core.fold import fold
from promote.core.record import PromotionEnded, PromotionStarted, Record
from promote.core.result import Outcome, Result
from promote.core.settled import Settled
from tests.builders import (
    HOUR,
    NOW,
    PROD,
    PROMOTER,
    a_plan,
    a_planned_target,
    a_switch,
    version_arn,
)

V1, V2 = version_arn("v1"), version_arn("v2")
PLAN = a_plan(
    targets=(a_planned_target(before=V2), a_planned_target(PROD[1], before=None)),
    steps=(a_switch(before=V2, undo=V1), a_switch(account=PROD[1], before=None, undo=None)),
)
"""It takes an unfinished promotion over, which had switched the first of two targets."""


def ended(outcome: Outcome, *, promotion: str = "p-1", after: timedelta = HOUR) -> Record:
    result = Result(
        result=outcome, promotion=promotion, environment="prod", version=V2, previous=None
    )
    return PromotionEnded(at=NOW + after, promotion=promotion, digest="d", result=result)


def settled(*records: Record) -> dict[str, str | None]:
    begun = PromotionStarted(at=NOW, promotion="p-1", by=PROMOTER, plan=PLAN)
    found = fold((begun, *records)).settled
    return {account: each.version for (_, account), each in found.items()}


class TestWhatAPromotionLeaves:
    def test_is_nothing_known_before_its_end(self) -> None:
        assert settled() == {}

    def test_is_its_version_where_it_went_through(self) -> None:
        assert settled(ended(Outcome.PROMOTED)) == {PROD[0]: V2, PROD[1]: V2}

    @pytest.mark.parametrize("outcome", [Outcome.ROLLED_BACK, Outcome.FAILED])
    def test_is_what_was_there_before_where_it_did_not(self, outcome: Outcome) -> None:
        assert settled(ended(outcome)) == {PROD[0]: V1, PROD[1]: None}

    def test_is_not_told_by_the_end_of_another(self) -> None:
        assert settled(ended(Outcome.PROMOTED, promotion="p-2")) == {}

    def test_names_who_and_when(self) -> None:
        begun = PromotionStarted(at=NOW, promotion="p-1", by=PROMOTER, plan=PLAN)
        found = fold((begun, ended(Outcome.PROMOTED))).settled["prod", PROD[0]]
        assert found == Settled(version=V2, at=NOW + HOUR, by=PROMOTER, promotion="p-1")


class TestADriftAsJson:
    def test_carries_its_commands(self) -> None:
        drift = Drift(summary="It differs.", repair=("promote resume tools",))
        assert to_json(drift) == {
            "summary": "It differs.",
            "adopt": [],
            "repair": ["promote resume tools"],
            "show": [],
        }
