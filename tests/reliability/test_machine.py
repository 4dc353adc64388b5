from __future__ import annotations

import pytest

from promote.errors import PromoteError
from tests.reliability.machine import report
from tests.reliability.mutants import Mutant, seeded
from tests.reliability.seeds import MUTANTS

WALKS = 8
SEEN = ("put back without a drain", "forget the claim", "grant the new version alone")


def test_whatever_is_done_no_application_notices_and_it_can_be_mended() -> None:
    report(walks=WALKS)


@pytest.mark.parametrize("mutant", [m for m in MUTANTS if m.name in SEEN], ids=lambda m: m.name)
def test_a_mutant_is_noticed_by_the_walks(mutant: Mutant) -> None:
    with seeded(mutant), pytest.raises((AssertionError, PromoteError)):
        report(walks=12 * WALKS)
