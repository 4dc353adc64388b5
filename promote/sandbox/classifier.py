"""Tell tools apart by their pixels, better or worse.

The tool is cut from the background, turned onto its long axis, and measured by its width along that
axis and its elongation; the nearest learned example decides. A poorer quality looks through coarser
eyes: fewer pixels and fewer measurements. File names are never seen.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from promote.sandbox.images import LABELS, draw_tool

if TYPE_CHECKING:
    from PIL.Image import Image

EXAMPLES: Final = 16
"""Pictures of each tool that are learned: those drawn from the seeds below this."""
_TEMPERATURE: Final = 0.04
_training: Final = threading.Lock()
"""Or as many would train the same classifier as ask for it at first."""


@dataclass(frozen=True, slots=True)
class Sight:
    """How finely a quality looks: pixels a side, and widths measured along the tool."""

    pixels: int
    widths: int


QUALITIES: Final = {"good": Sight(40, 12), "fair": Sight(15, 4), "poor": Sight(7, 2)}


class Classifier:
    """Has learned examples of each tool, as one quality sees them."""

    def __init__(self, sight: Sight, labels: Sequence[str]) -> None:
        self._sight = sight
        self._examples = {
            label: [_features(draw_tool(label, seed), sight) for seed in range(EXAMPLES)]
            for label in labels
        }

    def classify(self, image: Image) -> list[tuple[str, float]]:
        """Return every label with its confidence in percent, the most confident first."""
        features = _features(image, self._sight)
        nearest = {
            label: min(math.dist(features, example) for example in examples)
            for label, examples in self._examples.items()
        }
        best = min(nearest.values())
        weights = {k: math.exp((best - d) / _TEMPERATURE) for k, d in nearest.items()}
        total = sum(weights.values())
        scores = {label: 100 * weight / total for label, weight in weights.items()}
        return sorted(scores.items(), key=lambda item: -item[1])


def classifier(quality: str, labels: tuple[str, ...] = LABELS) -> Classifier:
    """Return the classifier of a quality, trained on first use; an unknown one is poor."""
    with _training:
        return _trained(quality, labels)


@lru_cache(maxsize=8)
def _trained(quality: str, labels: tuple[str, ...]) -> Classifier:
    return Classifier(QUALITIES.get(quality, QUALITIES["poor"]), labels)


def _features(image: Image, sight: Sight) -> tuple[float, ...]:
    """Measure the tool in an image."""
    points = _foreground(image, sight.pixels)
    count = len(points)
    middle_x = sum(x for x, _ in points) / count
    middle_y = sum(y for _, y in points) / count
    centred = [(x - middle_x, y - middle_y) for x, y in points]
    xx = sum(x * x for x, _ in centred) / count
    yy = sum(y * y for _, y in centred) / count
    xy = sum(x * y for x, y in centred) / count
    angle = 0.5 * math.atan2(2 * xy, xx - yy)
    cos, sin = math.cos(angle), math.sin(angle)
    along = [x * cos + y * sin for x, y in centred]
    across = [abs(y * cos - x * sin) for x, y in centred]
    spread = math.hypot(xx - yy, 2 * xy)
    elongation = math.sqrt(max(xx + yy - spread, 0) / (xx + yy + spread or 1))
    return (elongation, *_profile(along, across, sight.widths))


def _profile(along: list[float], across: list[float], bins: int) -> list[float]:
    """Return the mean width in each part of the long axis, the wider end first."""
    low, high = min(along), max(along)
    length = (high - low) or 1.0
    sums, counts = [0.0] * bins, [0] * bins
    for position, width in zip(along, across, strict=True):
        index = min(int((position - low) / length * bins), bins - 1)
        sums[index] += width
        counts[index] += 1
    widths = [s / c / length if c else 0.0 for s, c in zip(sums, counts, strict=True)]
    half = bins // 2
    return widths if sum(widths[:half]) >= sum(widths[bins - half :]) else widths[::-1]


def _foreground(image: Image, side: int) -> list[tuple[int, int]]:
    """Return the pixels that differ from the border more than half as much as any does."""
    grey = image.convert("L").resize((side, side)).tobytes()
    border = sorted([*grey[:side], *grey[-side:], *grey[::side], *grey[side - 1 :: side]])
    back = border[len(border) // 2]
    contrast = [abs(value - back) for value in grey]
    limit = max(contrast) / 2
    points = [(i % side, i // side) for i, value in enumerate(contrast) if value > limit]
    return points or [(0, 0), (side, side)]
