from __future__ import annotations

import pytest

from tests.reliability.model import Model
from tests.reliability.search import RULES, SCENARIOS, killed_by, search

FEWEST = {"one operator": 600}


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_order_keeps_every_promise_in_every_state(
    scenario: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found = search(Model(SCENARIOS[scenario]))
    with capsys.disabled():
        print(f"\n{scenario}: {found.states} states", end="")  # noqa: T201 (the count is the point)
    assert not found.breach
    assert found.states > FEWEST.get(scenario, 6000)


@pytest.mark.parametrize("rule", RULES)
def test_a_model_that_breaks_a_rule_is_caught(rule: str) -> None:
    assert killed_by(rule) is not None
