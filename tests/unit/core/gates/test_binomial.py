"""Exact binomial arithmetic, held against fractions."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promote.core.gates.binomial import at_most, coin, lower_bound, upper_bound
from tests.unit.core.gates.laws import quick

counts = st.integers(1, 80).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
doubts = st.sampled_from([0.005, 0.045, 0.05, 0.1])


def exactly_at_most(count: int, trials: int, chance: Fraction) -> Fraction:
    masses = (
        math.comb(trials, hits) * chance**hits * (1 - chance) ** (trials - hits)
        for hits in range(count + 1)
    )
    return sum(masses, start=Fraction(0))


class TestAtMost:
    @quick
    @given(counts, st.integers(1, 99))
    def test_is_the_sum_of_the_masses(self, count: tuple[int, int], percent: int) -> None:
        hits, trials = count
        chance = Fraction(percent, 100)
        if hits < chance * trials:
            exact = exactly_at_most(hits, trials, chance)
            assert at_most(hits, trials, percent / 100) == pytest.approx(float(exact), rel=1e-9)

    def test_knows_its_ends(self) -> None:
        assert at_most(-1, 5, 0.5) == 0
        assert at_most(5, 5, 0.5) == 1
        assert at_most(3, 5, 0.0) == 1
        assert at_most(3, 5, 1.0) == 0

    def test_is_the_rest_of_what_is_more(self) -> None:
        assert 1 - at_most(3, 5, 0.5) == pytest.approx(6 / 32)


class TestBounds:
    @pytest.mark.parametrize(
        ("count", "trials", "doubt", "low", "high"),
        [
            # Clopper and Pearson's intervals of 95%, as every table of them has them.
            (0, 10, 0.025, 0.0, 0.3085),
            (1, 10, 0.025, 0.0025, 0.4450),
            (5, 10, 0.025, 0.1871, 0.8129),
            (10, 10, 0.025, 0.6915, 1.0),
            (4, 100, 0.025, 0.0110, 0.0993),
        ],
    )
    def test_are_those_of_the_tables(
        self, count: int, trials: int, doubt: float, low: float, high: float
    ) -> None:
        assert lower_bound(count, trials, doubt) == pytest.approx(low, abs=5e-5)
        assert upper_bound(count, trials, doubt) == pytest.approx(high, abs=5e-5)

    def test_of_no_hit_have_a_formula(self) -> None:
        assert upper_bound(0, 30, 0.05) == pytest.approx(1 - 0.05 ** (1 / 30), rel=1e-12)

    @quick
    @given(counts, doubts)
    def test_leave_just_the_doubt(self, count: tuple[int, int], doubt: float) -> None:
        hits, trials = count
        if hits < trials:
            bound = Fraction(upper_bound(hits, trials, doubt))
            assert float(exactly_at_most(hits, trials, bound)) == pytest.approx(doubt, rel=1e-7)

    @quick
    @given(counts, doubts)
    def test_enclose_what_was_seen_and_mirror_each_other(
        self, count: tuple[int, int], doubt: float
    ) -> None:
        hits, trials = count
        low, high = lower_bound(hits, trials, doubt), upper_bound(hits, trials, doubt)
        assert 0 <= low <= hits / trials <= high <= 1
        assert low == pytest.approx(1 - upper_bound(trials - hits, trials, doubt))


class TestCoin:
    def test_is_exact(self) -> None:
        assert coin(5, 0) == Fraction(1, 32)
        assert coin(0, 0) == 1
        assert coin(0, 7) == 1
        assert coin(4, 1) == Fraction(6, 32)

    @quick
    @given(st.integers(0, 60), st.integers(0, 60))
    def test_is_the_sum_of_the_masses(self, heads: int, tails: int) -> None:
        assert coin(heads, tails) == exactly_at_most(tails, heads + tails, Fraction(1, 2))

    def test_is_half_of_all_and_of_the_middle_for_as_many(self) -> None:
        assert coin(3, 3) == Fraction(1, 2) + Fraction(math.comb(6, 3), 2 * 2**6)
