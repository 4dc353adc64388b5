"""How often `golden` passes what is worse and refuses what is as good: computed, and simulated."""

from __future__ import annotations

import math
import random
import re
from collections import Counter
from functools import cache

import pytest

from promote.core.gates import Verdict, paired
from promote.core.gates.golden import Answer, GoldenRule, golden
from promote.core.gates.paired import Comparison

SIZES = (30, 60, 100, 200, 300)
CONFIDENCE = 0.95
_ROW = re.compile(r"^ {4}\d+(?: +\d+){12}$", re.MULTILINE)

Rates = dict[Verdict, float]


def published() -> list[tuple[int, int, int, list[tuple[int, int]]]]:
    """Read the table of the module: what is allowed, the truth, pass and fail for each size."""
    rows = [[int(cell) for cell in row.split()] for row in _ROW.findall(paired.__doc__ or "")]
    return [(row[0], row[1], row[2], list(zip(row[3::2], row[4::2], strict=True))) for row in rows]


@cache
def verdict(lost: int, won: int, images: int, allowed: int) -> Verdict:
    found = Comparison(images=images, lost=lost, won=won, confidence=CONFIDENCE)
    return found.verdict(allowed / 100)


def computed(images: int, lost: float, won: float, allowed: int) -> Rates:
    """Add up the probabilities of everything that can come out."""
    rates = dict.fromkeys(Verdict, 0.0)
    for losses in range(images + 1):
        first = math.comb(images, losses) * lost**losses
        for wins in range(images - losses + 1):
            same = (1 - lost - won) ** (images - losses - wins)
            mass = first * math.comb(images - losses, wins) * won**wins * same
            if mass > 1e-9:
                rates[verdict(losses, wins, images, allowed)] += mass
            elif wins > images * won:
                break
    return rates


@pytest.mark.parametrize(("allowed", "lost", "won", "cells"), published())
def test_the_table_is_what_the_rule_does(
    allowed: int, lost: int, won: int, cells: list[tuple[int, int]]
) -> None:
    for images, cell in zip(SIZES, cells, strict=True):
        rates = computed(images, lost / 100, won / 100, allowed)
        assert cell == (round(100 * rates[Verdict.PASS]), round(100 * rates[Verdict.FAIL])), images


def test_the_table_has_every_kind_of_truth() -> None:
    differences = {(allowed, (lost > won) - (lost < won)) for allowed, lost, won, _ in published()}
    assert differences == {(0, -1), (0, 0), (0, 1), (5, -1), (5, 0), (5, 1)}


@pytest.mark.parametrize(("lost", "won", "allowed"), [(3, 3, 0), (10, 0, 0), (1, 1, 5), (6, 1, 5)])
@pytest.mark.parametrize("images", [30, 100])
def test_sets_of_images_drawn_at_random_come_out_as_often(
    images: int, lost: int, won: int, allowed: int
) -> None:
    chance = random.Random(20260302)  # noqa: S311 (a simulation that comes out the same each time)
    draws = 600
    seen: Counter[Verdict] = Counter()
    for _ in range(draws):
        kinds = chance.choices("lws", (lost, won, 100 - lost - won), k=images)
        seen[verdict(kinds.count("l"), kinds.count("w"), images, allowed)] += 1
    expected = computed(images, lost / 100, won / 100, allowed)
    for each in (Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE):
        spread = math.sqrt(expected[each] * (1 - expected[each]) / draws)
        assert abs(seen[each] / draws - expected[each]) <= 4 * spread + 1e-9


def answered(chance: random.Random, images: int, new: float, running: float) -> list[Answer]:
    """Let two versions answer, each right on its own share of the images."""
    answers = []
    for index in range(images):
        label = ("hammer", "saw", "pliers")[index % 3]
        answers.append(
            Answer(
                image=f"{index}.png",
                label=label,
                new=label if chance.random() < new else "nail",
                running=label if chance.random() < running else None,
            )
        )
    return answers


@pytest.mark.parametrize(
    ("new", "running", "passing", "failing"),
    [
        (0.98, 0.98, 0.80, 0.0),  # as good: hardly ever refused as worse
        (0.80, 0.95, 0.0, 0.60),  # fifteen points worse: never passed here, mostly shown
        (1.00, 0.90, 0.99, 0.0),  # ten points better
    ],
)
def test_the_whole_gate_separates_better_from_worse(
    new: float, running: float, passing: float, failing: float
) -> None:
    chance = random.Random(7)  # noqa: S311 (a simulation that comes out the same each time)
    draws = 60
    verdicts = Counter(
        golden(answered(chance, 100, new, running), GoldenRule(), running="v1").verdict
        for _ in range(draws)
    )
    assert verdicts[Verdict.PASS] / draws >= passing
    assert verdicts[Verdict.FAIL] / draws >= failing
    assert not (passing and verdicts[Verdict.FAIL] / draws > 1 - CONFIDENCE)
    assert not (failing and verdicts[Verdict.PASS] / draws > 1 - CONFIDENCE)
