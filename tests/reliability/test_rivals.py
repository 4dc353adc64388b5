"""A part of the schedules that `python -m tests.reliability` runs in full."""

from __future__ import annotations

import pytest

from tests.reliability import rivals
from tests.reliability.rivals import Duel, Turn, duels
from tests.reliability.scenarios import LEASE_OVER


@pytest.mark.parametrize("duel", duels(), ids=lambda each: each.name)
class TestTwoPromotersOfOneModel:
    def test_never_interleave_their_writes(self, duel: Duel) -> None:
        chosen = rivals.schedules(duel)[::23]
        assert not [each for one in chosen for each in rivals.problems(duel, one)]

    def test_write_nothing_after_a_freeze_that_outlasts_the_lease(self, duel: Duel) -> None:
        chosen = rivals.schedules(duel, frozen=LEASE_OVER)[::47]
        assert not [each for one in chosen for each in rivals.problems(duel, one)]


class TestALookThatAnotherPromoterCutInTwo:
    """The abort comes between two reads of a plan: the first is not to be relied on later."""

    @pytest.mark.parametrize("calls", range(1, 12, 2))
    def test_is_looked_again(self, calls: int) -> None:
        duel = next(each for each in duels() if each.name == "resume, and abort")
        assert not rivals.problems(duel, (Turn(calls),))
