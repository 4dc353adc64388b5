"""The comparison of two versions on the same images: its rule, and what it guarantees."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from promote.core.gates import Verdict
from promote.core.gates.paired import MOST_IMAGES, VISIBLE, Comparison, enough
from tests.unit.core.gates.laws import few, quick

percents = st.integers(0, 30)


@st.composite
def comparisons(draw: Any) -> Comparison:
    images = draw(st.integers(1, 120))
    lost = draw(st.integers(0, images))
    won = draw(st.integers(0, images - lost))
    return seen(lost, won, images, draw(st.sampled_from([0.9, 0.95, 0.99])))


def seen(lost: int, won: int, images: int, confidence: float = 0.95) -> Comparison:
    return Comparison(images=images, lost=lost, won=won, confidence=confidence)


def outcomes(images: int, lost: float, won: float) -> Iterator[tuple[float, Comparison]]:
    """Yield everything that can come out, with its probability."""
    for losses in range(images + 1):
        for wins in range(images - losses + 1):
            ways = math.comb(images, losses) * math.comb(images - losses, wins)
            same = (1 - lost - won) ** (images - losses - wins)
            mass = ways * lost**losses * won**wins * same
            if mass > 1e-12:
                yield mass, seen(losses, wins, images)


class TestVerdict:
    def test_passes_what_answers_the_same_on_enough_images(self) -> None:
        assert seen(0, 0, 30).verdict(0.0) is Verdict.PASS

    def test_cannot_tell_on_fewer(self) -> None:
        assert seen(0, 0, 29).verdict(0.0) is Verdict.INCONCLUSIVE

    @pytest.mark.parametrize(("images", "max_regression"), [(30, 0.1), (61, 0.05), (154, 0.02)])
    def test_wants_more_images_the_less_may_hide(self, images: int, max_regression: float) -> None:
        assert seen(0, 0, images).verdict(max_regression) is Verdict.PASS
        assert seen(0, 0, images - 1).verdict(max_regression) is Verdict.INCONCLUSIVE

    def test_fails_what_is_shown_to_be_worse(self) -> None:
        # Five losses and no win: 1 in 32, which is less than 5%. Four: 1 in 16.
        assert seen(5, 0, 1000).verdict(0.0) is Verdict.FAIL
        assert seen(4, 0, 1000).verdict(0.0) is Verdict.PASS

    def test_does_not_fail_what_is_worse_by_no_more_than_is_allowed(self) -> None:
        assert seen(20, 0, 1000).verdict(0.05) is Verdict.PASS
        assert seen(20, 0, 1000).verdict(0.0) is Verdict.FAIL

    def test_fails_what_is_worse_by_more_than_is_allowed(self) -> None:
        assert seen(20, 0, 100).verdict(0.1) is Verdict.FAIL

    def test_cannot_tell_when_what_was_lost_may_be_chance_and_more_may_hide(self) -> None:
        assert seen(3, 0, 40).verdict(0.0) is Verdict.INCONCLUSIVE

    def test_passes_what_is_better_though_it_lost_some(self) -> None:
        assert seen(5, 30, 100).verdict(0.01) is Verdict.PASS

    def test_knows_nothing_without_images(self) -> None:
        assert seen(0, 0, 0).verdict(0.0) is Verdict.INCONCLUSIVE
        assert seen(0, 0, 0).bound == 1
        assert seen(0, 0, 0).regression == 0

    def test_takes_the_confidence_as_it_is_written(self) -> None:
        # 1 - 0.96875 is 1/32 exactly, the probability of five losses and no win.
        assert seen(5, 0, 1000, 0.96875).worse
        assert not seen(5, 0, 1000, 0.96876).worse
        # The float nearest to 1 - 0.99 is above 1/100.
        assert seen(0, 0, 45, 0.99).verdict(0.0) is Verdict.PASS

    @quick
    @given(comparisons(), st.sampled_from([0.01, 0.05, 0.1, 0.2]))
    def test_is_no_stricter_where_more_is_allowed(
        self, found: Comparison, max_regression: float
    ) -> None:
        if found.verdict(max_regression) is Verdict.PASS:
            assert found.verdict(2 * max_regression) is Verdict.PASS
        if max_regression >= VISIBLE and found.verdict(0.0) is Verdict.PASS:
            assert found.verdict(max_regression) is Verdict.PASS

    @quick
    @given(comparisons(), st.sampled_from([0.0, 0.05, 0.1]))
    def test_is_no_better_where_a_win_is_a_loss(
        self, found: Comparison, max_regression: float
    ) -> None:
        assume(found.won)
        other = seen(found.lost + 1, found.won - 1, found.images, found.confidence)
        assert other.bound > found.bound
        assert other.chance < found.chance
        if found.verdict(max_regression) is not Verdict.PASS:
            assert other.verdict(max_regression) is not Verdict.PASS

    @quick
    @given(comparisons())
    def test_has_its_bound_above_what_was_measured(self, found: Comparison) -> None:
        assert found.regression <= found.bound <= 1


class TestGuarantees:
    @few
    @given(st.integers(5, 28), percents, percents)
    def test_the_bound_lies_below_the_truth_no_oftener_than_the_doubt(
        self, images: int, lost: int, won: int
    ) -> None:
        regression = (lost - won) / 100
        missed = sum(
            mass
            for mass, found in outcomes(images, lost / 100, won / 100)
            if found.bound < regression
        )
        assert missed <= 0.05

    @few
    @given(st.integers(5, 28), percents, st.sampled_from([0.0, 0.05, 0.1]), st.integers(0, 20))
    def test_what_is_worse_than_allowed_passes_no_oftener_than_the_doubt(
        self, images: int, won: int, max_regression: float, beyond: int
    ) -> None:
        regression = (max_regression or VISIBLE) + beyond / 100
        chances = outcomes(images, won / 100 + regression, won / 100)
        passed = sum(m for m, found in chances if found.verdict(max_regression) is Verdict.PASS)
        assert passed <= 0.05

    @few
    @given(st.integers(5, 28), percents, st.sampled_from([0.0, 0.05]))
    def test_what_is_as_good_fails_no_oftener_than_the_doubt(
        self, images: int, percent: int, max_regression: float
    ) -> None:
        chances = outcomes(images, percent / 100, percent / 100)
        failed = sum(m for m, found in chances if found.verdict(max_regression) is Verdict.FAIL)
        assert failed <= 0.05


class TestEnough:
    def test_is_the_least_that_would_do_when_all_answers_are_the_same(self) -> None:
        assert enough(seen(0, 0, 12), 0.0) == 30
        assert enough(seen(0, 0, 12), 0.02) == 154

    def test_decides(self) -> None:
        wanted = enough(seen(2, 2, 40), 0.0)
        assert wanted == 84
        assert seen(4, 4, 84).verdict(0.0) is Verdict.PASS
        assert seen(4, 4, 83).verdict(0.0) is Verdict.INCONCLUSIVE

    def test_may_show_that_it_is_worse(self) -> None:
        assert enough(seen(3, 0, 40), 0.0) == 61
        assert seen(5, 0, 61).verdict(0.0) is Verdict.FAIL

    def test_is_never_when_exactly_what_is_allowed_was_measured(self) -> None:
        assert enough(seen(2, 0, 40), 0.05) is None

    def test_starts_from_no_image_at_all(self) -> None:
        assert enough(seen(0, 0, 0), 0.0) == 30

    def test_is_what_there_is_when_that_decides(self) -> None:
        assert enough(seen(0, 0, 200), 0.0) == 200

    @few
    @given(comparisons(), st.sampled_from([0.0, 0.05]))
    def test_is_more_than_there_are_unless_they_decide(
        self, found: Comparison, max_regression: float
    ) -> None:
        wanted = enough(found, max_regression)
        decided = found.verdict(max_regression) is not Verdict.INCONCLUSIVE
        assert wanted is None or (wanted == found.images) == decided
        assert wanted is None or found.images <= wanted <= MOST_IMAGES


def test_the_probability_is_a_fraction() -> None:
    assert seen(6, 0, 30).chance == Fraction(1, 64)
