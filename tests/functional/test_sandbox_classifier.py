from __future__ import annotations

import json
from collections import Counter

import pytest
from PIL import Image

from promote.core.evaluation import parse_evaluation
from promote.core.gates import Verdict
from promote.core.gates.golden import Answer, GoldenRule, golden
from promote.sandbox.classifier import Classifier, classifier
from promote.sandbox.evaluations import Exam, exam, exams
from promote.sandbox.images import LABELS, draw_tool, golden_images
from promote.sandbox.seed import PROJECT


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


class TestExams:
    @pytest.mark.parametrize(("quality", "exam"), [*exams()])
    def test_their_figures_are_what_the_classifier_does(self, quality: str, exam: Exam) -> None:
        """Another edition of Pillow may draw a little differently: a picture or two may differ."""
        taught = classifier(quality, exam.labels)
        counted = Counter(
            (true, taught.classify(draw_tool(true, seed))[0][0])
            for true in exam.labels
            for seed in exam.pictures
        )
        written = {
            (true, named): times
            for true, row in zip(exam.labels, exam.said, strict=True)
            for named, times in zip(exam.labels, row, strict=True)
        }
        assert sum(abs(counted[pair] - times) for pair, times in written.items()) <= 4

    def test_every_version_of_the_seed_has_sat_one_and_its_f1_is_the_summarys(self) -> None:
        for version in PROJECT.versions:
            held = exam(version.quality, version.labels)
            assert held is not None
            found = parse_evaluation(held.summary(PROJECT.version_arn(version.name), 0.0))
            assert found.f1 == pytest.approx(version.f1)
            assert tuple(found.labels) == held.labels

    def test_the_summaries_have_both_layouts(self) -> None:
        nested = {
            "Metrics" in json.loads(each.summary(PROJECT.arn, 0.0))["AggregatedEvaluationResults"]
            for _, each in exams()
        }
        assert nested == {True, False}


class TestTheGoldenImages:
    """As many as `sandbox up` writes are enough for the gate `golden` to decide."""

    def regression(self, new: str, running: str) -> Verdict:
        answers = [
            Answer(
                image=str(number),
                label=label,
                new=self.version(new).classify(image)[0][0],
                running=self.version(running).classify(image)[0][0],
            )
            for number, (label, image) in enumerate(golden_images())
        ]
        return golden(answers, GoldenRule(), running=running).verdict

    def version(self, name: str) -> Classifier:
        (found,) = [each for each in PROJECT.versions if each.name == name]
        return classifier(found.quality, found.labels or LABELS)

    @pytest.mark.parametrize("better", ["v2", "v5"])
    def test_let_a_better_version_pass(self, better: str) -> None:
        assert self.regression(better, "v1") is Verdict.PASS

    def test_show_that_the_worse_one_is_worse(self) -> None:
        assert self.regression("v3", "v1") is Verdict.FAIL


class TestDrawing:
    def test_the_same_seed_draws_the_same_picture(self) -> None:
        assert draw_tool("hammer", 1).tobytes() == draw_tool("hammer", 1).tobytes()
        assert draw_tool("hammer", 1).tobytes() != draw_tool("hammer", 2).tobytes()

    def test_an_unknown_tool_is_refused(self) -> None:
        with pytest.raises(ValueError, match="saw"):
            draw_tool("saw", 1)
