from __future__ import annotations

import pytest
from PIL import Image

from promote.sandbox.classifier import classifier
from promote.sandbox.images import LABELS, draw_tool, golden_images


def _accuracy(quality: str, images: list[tuple[str, Image.Image]]) -> float:
    found = [(label, classifier(quality).classify(image)[0]) for label, image in images]
    return sum(label == best and sure >= 50 for label, (best, sure) in found) / len(found)


class TestQualities:
    @pytest.mark.parametrize("per_label", [5, 10, 20])
    def test_differ_on_the_golden_images(self, per_label: int) -> None:
        images = list(golden_images(per_label))
        good, fair, poor = (_accuracy(quality, images) for quality in ("good", "fair", "poor"))
        assert good == 1.0
        assert fair >= 0.9
        assert poor < 0.7

    def test_judge_the_pixels_and_not_the_name(self) -> None:
        image = draw_tool("wrench", 42)
        assert classifier("good").classify(image)[0][0] == "wrench"
        assert classifier("good").classify(image.convert("L").rotate(90))[0][0] == "wrench"

    def test_confidences_are_percentages_of_every_label(self) -> None:
        found = classifier("fair").classify(Image.new("RGB", (64, 64)))
        assert {label for label, _ in found} == set(LABELS)
        assert sum(confidence for _, confidence in found) == pytest.approx(100)


class TestDrawing:
    def test_the_same_seed_draws_the_same_picture(self) -> None:
        assert draw_tool("hammer", 1).tobytes() == draw_tool("hammer", 1).tobytes()
        assert draw_tool("hammer", 1).tobytes() != draw_tool("hammer", 2).tobytes()

    def test_an_unknown_tool_is_refused(self) -> None:
        with pytest.raises(ValueError, match="saw"):
            draw_tool("saw", 1)
