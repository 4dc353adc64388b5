"""Exact binomial arithmetic: tails, and the bounds of Clopper and Pearson.

Standard library only. A tail is a sum of positive terms that starts at its largest one, so nothing
cancels; its relative error is that of `math.lgamma`, below 1e-9 for the sizes of image sets.
"""

from __future__ import annotations

import functools
import math
from fractions import Fraction

_HALVINGS = 60  # leaves an interval of 1e-18, less than a float can tell
_NEGLIGIBLE = 1e-18
_CACHED = 4096  # the counts of a few image sets


def at_most(count: int, trials: int, chance: float) -> float:
    """Return the probability of `count` or fewer hits; `chance` lies above ``count / trials``."""
    if count < 0:
        return 0.0
    if count >= trials or chance <= 0:
        return 1.0
    if chance >= 1:
        return 0.0
    term = total = _mass(count, trials, chance)
    odds = (1 - chance) / chance
    for hits in range(count, 0, -1):
        term *= hits / (trials - hits + 1) * odds
        total += term
        if term < total * _NEGLIGIBLE:
            break
    return min(1.0, total)


@functools.lru_cache(_CACHED)
def upper_bound(count: int, trials: int, doubt: float) -> float:
    """Return the largest chance that `count` hits in `trials` do not rule out.

    Clopper and Pearson's one-sided bound: whatever the true chance is, the bound lies below it
    with a probability of at most `doubt`.
    """
    if count >= trials:
        return 1.0
    possible, ruled_out = count / trials, 1.0
    for _ in range(_HALVINGS):
        middle = (possible + ruled_out) / 2
        if at_most(count, trials, middle) > doubt:
            possible = middle
        else:
            ruled_out = middle
    return ruled_out


@functools.lru_cache(_CACHED)
def lower_bound(count: int, trials: int, doubt: float) -> float:
    """Return the smallest chance that `count` hits in `trials` do not rule out."""
    return 0.0 if count <= 0 else 1 - upper_bound(trials - count, trials, doubt)


def coin(heads: int, tails: int) -> Fraction:
    """Return the probability that a fair coin shows `heads` or more in so many throws, exactly."""
    throws = heads + tails
    ways = term = 1
    for tail in range(tails):
        term = term * (throws - tail) // (tail + 1)
        ways += term
    return Fraction(ways, 2**throws)


def _mass(count: int, trials: int, chance: float) -> float:
    ways = math.lgamma(trials + 1) - math.lgamma(count + 1) - math.lgamma(trials - count + 1)
    return math.exp(ways + count * math.log(chance) + (trials - count) * math.log1p(-chance))
