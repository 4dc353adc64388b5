"""The gate `golden`: what it counts, what it asks for, and what it says."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promote.core.gates import GateResult, Moment, Verdict
from promote.core.gates.golden import Answer, GoldenRule, compare, evidence_of, golden, score
from tests.unit.core.gates.laws import quick

LABELS = ("hammer", "pliers", "saw")
labels = st.sampled_from(LABELS)
given_labels = labels | st.just("nail") | st.none()


def answers(
    images: int = 60, *, lost: tuple[int, ...] = (), won: tuple[int, ...] = ()
) -> list[Answer]:
    """Let both versions be right, but for the images of these numbers."""
    return [
        Answer(
            image=f"{index}.png",
            label=LABELS[index % 3],
            new="nail" if index in lost else LABELS[index % 3],
            running=None if index in won else LABELS[index % 3],
        )
        for index in range(images)
    ]


def judged(
    found: list[Answer] | None = None, running: str | None = "v1", **rule: Any
) -> GateResult:
    return golden(answers() if found is None else found, GoldenRule(**rule), running=running)


class TestScore:
    def test_counts_by_label(self) -> None:
        found = score([("saw", "saw"), ("saw", "hammer"), ("hammer", "hammer"), ("saw", None)])

        assert (found.images, found.right, found.accuracy) == (4, 2, 0.5)
        hammer, saw = found.labels
        assert (hammer.label, hammer.precision, hammer.recall) == ("hammer", 0.5, 1.0)
        assert (saw.label, saw.precision, saw.images, saw.right) == ("saw", 1.0, 3, 1)
        assert saw.recall == pytest.approx(1 / 3)
        assert found.precision == pytest.approx(0.75)
        assert found.recall == pytest.approx(2 / 3)

    def test_gives_a_label_that_is_never_named_no_precision(self) -> None:
        assert score([("saw", "hammer"), ("saw", None)]).labels[0].precision == 0

    def test_knows_only_labels_that_an_image_carries(self) -> None:
        assert [each.label for each in score([("saw", "nail")]).labels] == ["saw"]

    def test_of_one_label_is_that_of_the_label(self) -> None:
        found = score([("saw", "saw"), ("saw", None)])
        assert (found.precision, found.recall) == (1.0, 0.5)

    def test_of_nothing_is_nothing(self) -> None:
        found = score([])
        assert (found.accuracy, found.precision, found.recall) == (0, 0, 0)

    @quick
    @given(st.lists(st.tuples(labels, given_labels), min_size=1))
    def test_holds_its_sums(self, pairs: list[tuple[str, str | None]]) -> None:
        found = score(pairs)
        assert sum(each.images for each in found.labels) == found.images == len(pairs)
        assert sum(each.right for each in found.labels) == found.right
        # The micro average of recall is the accuracy.
        micro = sum(each.recall * each.images for each in found.labels) / found.images
        assert micro == pytest.approx(found.accuracy)
        assert all(0 <= value <= 1 for each in found.labels for value in (each.precision,))


class TestCompare:
    @quick
    @given(st.lists(st.tuples(labels, given_labels, given_labels)))
    def test_counts_the_images_on_which_one_is_right(
        self, found: list[tuple[str, str | None, str | None]]
    ) -> None:
        each = [
            Answer(image=str(index), label=label, new=new, running=running)
            for index, (label, new, running) in enumerate(found)
        ]
        seen = compare(each, 0.95)
        new, old = score((a, b) for a, b, _ in found), score((a, c) for a, _, c in found)
        assert seen.lost - seen.won == old.right - new.right
        assert seen.images == len(found)


class TestGolden:
    def test_passes_what_answers_as_the_running_version_does(self) -> None:
        result = judged()

        assert (result.gate, result.moment, result.verdict) == (
            "golden",
            Moment.GOLDEN,
            Verdict.PASS,
        )
        assert result.measured == (
            "60 images: accuracy 1.000, precision 1.000 and recall 1.000 (means of 3 labels); "
            "v1 has accuracy 1.000 on the same images: 0 lost, 0 won, as good as measured "
            "(p = 1), at most 5.1 points worse"
        )
        assert result.required == (
            "not shown to be worse, and more than 10.0 points ruled out, at 95% confidence"
        )

    def test_fails_what_is_shown_to_be_worse_and_names_lost_images(self) -> None:
        result = judged(answers(lost=(0, 3, 6, 9, 12)))

        assert result.verdict is Verdict.FAIL
        assert (
            "5 lost (5 'hammer': 0.png as nail, 3.png as nail, 6.png as nail, …), 0 won, "
            "8.4 points worse as measured (p = 0.0312), at most 17.0 points worse"
        ) in result.measured

    def test_names_all_that_is_lost_when_that_is_little(self) -> None:
        measured = judged(answers(lost=(1, 3, 6))).measured
        assert "3 lost (2 'hammer', 1 'pliers': 1.png as nail, 3.png as nail, 6.png as nail)" in (
            measured
        )

    def test_says_how_many_images_would_do(self) -> None:
        result = judged(answers(40, lost=(0, 3), won=(1, 2)))

        assert result.verdict is Verdict.INCONCLUSIVE
        assert result.measured.endswith("too few images, about 84 like these would tell")

    def test_says_when_no_number_of_images_would_do(self) -> None:
        result = judged(answers(40, lost=(0, 3)), max_regression=0.05)

        assert result.verdict is Verdict.INCONCLUSIVE
        assert result.measured.endswith("not even 10000 images like these would tell")
        assert result.required == "at most 5.0 points worse at 95% confidence"

    def test_says_that_it_is_better(self) -> None:
        assert "6 won, 10.0 points better" in judged(answers(won=(0, 1, 2, 3, 4, 5))).measured

    def test_holds_a_first_promotion_to_the_thresholds_alone(self) -> None:
        result = judged(answers(3, lost=(0,)), running=None, min_accuracy=0.6)

        assert result.verdict is Verdict.PASS
        assert result.measured.endswith("no running version to compare with")
        assert result.required == "accuracy 0.6"

    def test_fails_below_an_accuracy(self) -> None:
        result = judged(answers(3, lost=(0,)), running=None, min_accuracy=0.9)

        assert result.verdict is Verdict.FAIL
        assert "accuracy 0.667 (2 of 3)" in result.measured

    def test_passes_at_each_threshold(self) -> None:
        found = [*answers(6), Answer(image="x", label="hammer", new="saw", running="hammer")]
        rule = {"min_accuracy": 6 / 7, "min_recall": 2 / 3, "min_precision": 2 / 3}
        assert judged(found, running=None, **rule).verdict is Verdict.PASS

    def test_names_the_weakest_labels_below_a_recall(self) -> None:
        result = judged(answers(lost=(0, 3, 1)), running=None, min_recall=0.97)

        assert result.verdict is Verdict.FAIL
        assert "recall of 'hammer' 0.900 (18 of 20), 'pliers' 0.950 (19 of 20)" in result.measured
        assert result.required == "recall of every label 0.97"

    def test_names_the_weakest_labels_below_a_precision(self) -> None:
        found = [*answers(6), Answer(image="x", label="hammer", new="saw", running="hammer")]
        result = judged(found, running=None, min_precision=0.9)

        assert result.verdict is Verdict.FAIL
        assert "precision of 'saw' 0.667 (2 of 3)" in result.measured

    def test_counts_the_labels_that_it_does_not_name(self) -> None:
        found = [
            Answer(image=str(index), label=f"tool-{index}", new=None, running=None)
            for index in range(5)
        ]
        measured = judged(found, running=None, min_recall=0.5).measured
        assert "recall of 'tool-0' 0.000 (0 of 1), " in measured
        assert "'tool-2' 0.000 (0 of 1) and 2 more" in measured
        measured = judged(found[:3], running=None, min_recall=0.5).measured
        assert "'tool-2' 0.000 (0 of 1); no running version" in measured

    def test_fails_when_one_part_fails_though_another_cannot_tell(self) -> None:
        assert judged(answers(3, lost=(0,)), min_accuracy=0.9).verdict is Verdict.FAIL

    def test_cannot_tell_when_one_part_cannot_though_another_passes(self) -> None:
        assert judged(answers(12), min_accuracy=0.9).verdict is Verdict.INCONCLUSIVE

    @pytest.mark.parametrize("running", ["v1", None])
    def test_never_passes_without_images(self, running: str | None) -> None:
        result = judged([], running=running, min_accuracy=0.0)

        assert result.verdict is Verdict.INCONCLUSIVE
        assert "there are no images" in result.measured

    def test_cannot_tell_when_the_running_version_could_not_be_asked(self) -> None:
        alone = [replace(each, running=None) for each in answers()]
        result = golden(
            alone, GoldenRule(min_accuracy=0.9), running="v1", unasked="It does not run."
        )
        assert result.verdict is Verdict.INCONCLUSIVE
        assert result.measured.endswith(
            "; v1 could not be asked, so nothing can be compared: It does not run."
        )
        assert result.required == "accuracy 0.9; " + judged().required

    def test_never_counts_an_image_twice(self) -> None:
        result = judged([*answers(60), answers(60)[7]])

        assert result.verdict is Verdict.INCONCLUSIVE
        assert "counted twice: '7.png'" in result.measured

    def test_never_rounds_a_shortfall_away(self) -> None:
        found = answers(2001, lost=(0,))
        measured = judged(found, running=None, min_accuracy=0.9996).measured
        assert "accuracy 0.9995 (2000 of 2001)" in measured


class TestEvidenceOf:
    def test_is_the_digest_of_the_answers_and_what_was_counted(self) -> None:
        found = answers(3, lost=(0,), won=(1,))
        document = {
            "answers": [
                {"image": "0.png", "label": "hammer", "new": "nail", "running": "hammer"},
                {"image": "1.png", "label": "pliers", "new": "pliers", "running": None},
                {"image": "2.png", "label": "saw", "new": "saw", "running": "saw"},
            ],
            "counts": {"images": 3, "lost": 1, "right": 2, "won": 1},
        }
        text = json.dumps(document, sort_keys=True, separators=(",", ":"))
        assert evidence_of(found, 0.95) == hashlib.sha256(text.encode()).hexdigest()
        assert evidence_of(found[::-1], 0.95) == evidence_of(found, 0.95)

    def test_differs_for_another_answer(self) -> None:
        found = answers(3)
        other = [replace(found[0], new="saw"), *found[1:]]
        assert evidence_of(found, 0.95) != evidence_of(other, 0.95)
