"""A part of the proofs that `python -m tests.reliability` makes in full, chosen by a seed."""

from __future__ import annotations

import random

import pytest

from tests.reliability import crashes
from tests.reliability.scenarios import SEED, Scenario, scenario, scenarios

AT_MOST = 4


@pytest.mark.parametrize("asked", scenarios(), ids=lambda each: each.name)
def test_a_crash_anywhere_is_mended_by_the_same_command(asked: Scenario) -> None:
    points = random.Random(SEED).sample(crashes.points(asked), AT_MOST)  # noqa: S311 (a sample)
    assert not crashes.once(asked, points).wrong


@pytest.mark.parametrize("name", ["release", "put back"])
def test_a_process_that_is_killed_for_real_leaves_what_the_same_command_mends(name: str) -> None:
    asked = scenario(name)
    swept = crashes.forked(asked, crashes.points(asked)[::60])
    assert swept.tried >= 2
    assert not swept.wrong


def test_a_crash_while_mending_a_crash_is_mended_as_well() -> None:
    swept, worlds = crashes.twice(scenario("first release"))
    assert swept.tried > worlds > 10
    assert not swept.wrong


def test_a_command_that_is_not_run_again_is_noticed() -> None:
    """Hold that the comparison can fail: a command that does nothing mends nothing."""
    asked = scenario("release")
    idle = Scenario(name="idle", begin=asked.begin, command=lambda _fake: None)
    expected, _ = crashes.undisturbed(asked)
    found, _ = crashes.undisturbed(idle)
    assert found != expected
