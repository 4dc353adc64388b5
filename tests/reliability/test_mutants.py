from __future__ import annotations

import pytest

from tests.reliability.mutants import Mutant, complaint, killed
from tests.reliability.seeds import MUTANTS


def name(mutant: Mutant) -> str:
    return mutant.name


@pytest.mark.parametrize("mutant", MUTANTS, ids=name)
def test_the_killer_kills_the_mutant_and_lets_the_product_live(mutant: Mutant) -> None:
    assert complaint(mutant) is None
    assert killed(mutant) is not None


def test_there_are_enough_of_them_and_each_is_another() -> None:
    assert len({(each.function, each.before, each.after) for each in MUTANTS}) == len(MUTANTS) >= 25


def test_the_product_is_itself_again_afterwards() -> None:
    mutant = MUTANTS[0]
    assert killed(mutant) is not None
    assert complaint(mutant) is None
