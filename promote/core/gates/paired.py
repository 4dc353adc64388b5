"""Compare two versions on the same images: is the new one worse, and how much could still hide?

Only the images on which exactly one version is right say which is better: *lost* ones (the running
version is right, the new one wrong) and *won* ones (the other way round). The regression is the
chance of an image to be lost less the chance to be won, the difference of the two accuracies. With
confidence C, which leaves the doubt D = 1 - C:

- **Worse** is what McNemar's exact one-sided test shows: were a lost and a won image equally
  likely, so many lost among the lost and won would have a probability of at most D.
- **The bound** is what could still hide: the upper bound of Clopper and Pearson on the chance of a
  loss, at 9/10 of D, less their lower bound on the chance of a win, at 1/10 of D. Whatever the
  truth is and however few the images are, the regression exceeds it with a probability of at most
  D: no approximation, no assumption on how often the two versions differ. The price is more
  images than an approximation would ask for, the more so the more are lost *and* won. (The uneven
  shares cost least where few images are won, which is the usual case.)

The verdict, with M for `max_regression`:

- **fail**: the new version is shown to be worse, and its measured regression is above M;
- else **pass**: the bound is at most M, so that with confidence C no regression above M hides. No
  number of images can prove that there is none at all; with M = 0, the default, the bound must be
  at most `VISIBLE`, ten points: nothing worse is seen, and the images would have sufficed to see
  what is worse by ten points. (So 0.02 asks for more than 0: it wants every regression above two
  points ruled out, which takes at least 154 images.)
- else **inconclusive**: there are too few images, and `enough` says how many would do.

A new version that is worse by more than M (by ten points or more, with M = 0) passes with a
probability of at most D; one that is exactly as good *fails* with a probability of at most D. How
often both come out otherwise, in percent of all image sets of a size, at 95% confidence::

    allowed  truth      30 images   60 images   100 images  200 images  300 images
    M        lost  won  pass  fail  pass  fail  pass  fail  pass  fail  pass  fail
    0        0     0    100   0     100   0     100   0     100   0     100   0
    0        1     1    74    0     88    0     100   0     99    1     98    2
    0        3     3    40    0     53    1     85    2     97    3     97    3
    0        5     5    22    0     33    2     61    2     94    3     96    4
    0        2     5    55    0     79    0     98    0     100   0     100   0
    0        6     1    16    2     12    19    28    44    17    83    5     95
    0        10    0    4     18    1     73    2     98    0     100   0     100
    0        12    2    2     18    1     55    1     83    0     99    0     100
    5        0     0    0     0     0     0     100   0     100   0     100   0
    5        1     1    0     0     7     0     74    0     95    0     100   0
    5        3     3    0     0     9     1     21    1     51    0     74    0
    5        1     6    1     0     51    0     85    0     100   0     100   0
    5        6     1    0     2     0     19    2     38    1     44    1     45
    5        10    0    0     18    0     73    0     94    0     99    0     100

*Lost* and *won* are the percentages of all images in the world that only one version recognises;
what neither passes nor fails is inconclusive. Rows in which as many are won as lost (or more) show
false refusals, the others false passes. `tests/unit/core/gates/test_golden_rates.py` computes the
table and measures it by simulation.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from promote.core.gates.binomial import coin, lower_bound, upper_bound
from promote.core.gates.result import Verdict

VISIBLE = 0.10
"""The regression that must not hide when none is allowed at all."""

MOST_IMAGES = 10_000
"""More than anybody labels for one gate: here the search for how many would do ends."""

_SHARE_OF_LOSSES = Fraction(9, 10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How two versions did on the same images.

    Args:
        images: How many.
        lost: Images that only the running version recognises.
        won: Images that only the new version recognises.
        confidence: Of the test and of the bound, above 0.5 and below 1.
    """

    images: int
    lost: int
    won: int
    confidence: float

    @property
    def regression(self) -> float:
        """The measured regression; below zero when the new version is better."""
        return (self.lost - self.won) / self.images if self.images else 0.0

    @property
    def chance(self) -> Fraction:
        """The probability of so many lost images if a loss were as likely as a win."""
        return coin(self.lost, self.won)

    @property
    def worse(self) -> bool:
        """Whether the new version is shown to be worse."""
        return self.lost > self.won and self.chance <= self._doubt

    @property
    def bound(self) -> float:
        """The largest regression that could still hide."""
        if not self.images:
            return 1.0
        losses = float(self._doubt * _SHARE_OF_LOSSES)
        wins = float(self._doubt * (1 - _SHARE_OF_LOSSES))
        most_lost = upper_bound(self.lost, self.images, losses)
        return most_lost - lower_bound(self.won, self.images, wins)

    @property
    def _doubt(self) -> Fraction:
        return 1 - Fraction(str(self.confidence))

    def verdict(self, max_regression: float) -> Verdict:
        """Judge the new version; see the module for the rule."""
        if self.regression > max_regression and self.worse:
            return Verdict.FAIL
        within = self.bound <= (max_regression or VISIBLE)
        return Verdict.PASS if within else Verdict.INCONCLUSIVE


def enough(seen: Comparison, max_regression: float) -> int | None:
    """Say how many images would decide if more of them came out as these did.

    Returns:
        About how many images, rounded to whole lost and won ones; None when not even
        `MOST_IMAGES` would decide, because the regression measured is too close to the one allowed.
    """
    few, many = seen.images, max(1, seen.images)
    while not _decides(seen, many, max_regression):
        if many == MOST_IMAGES:
            return None
        few, many = many, min(2 * many, MOST_IMAGES)
    while many - few > 1:
        middle = (few + many) // 2
        if _decides(seen, middle, max_regression):
            many = middle
        else:
            few = middle
    return many


def _decides(seen: Comparison, images: int, max_regression: float) -> bool:
    def scaled(count: int) -> int:
        return round(Fraction(count * images, seen.images)) if seen.images else 0

    more = Comparison(
        images=images,
        lost=scaled(seen.lost),
        won=scaled(seen.won),
        confidence=seen.confidence,
    )
    return more.verdict(max_regression) is not Verdict.INCONCLUSIVE
