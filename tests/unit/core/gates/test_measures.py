"""The gates on training's own test: f1, precision, recall and label_f1."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from promote.core.evaluation import Evaluation, LabelMetrics
from promote.core.gates import GateResult, Moment, Verdict
from promote.core.gates.measures import f1, label_f1, precision, recall


def metrics(value: float) -> LabelMetrics:
    return LabelMetrics(
        f1=value, precision=value - 0.01, recall=value - 0.02, threshold=0.5, images=40
    )


EVALUATION = Evaluation(
    f1=0.871,
    precision=0.9,
    recall=0.85,
    labels={
        "hammer": metrics(0.95),
        "saw": metrics(0.62),
        "pliers": metrics(0.81),
        "axe": metrics(0.7),
    },
)
WEAKEST = "'saw' 0.620, 'axe' 0.700, 'pliers' 0.810, …"


class TestAggregate:
    def test_passes_at_the_least_and_names_the_weakest_labels(self) -> None:
        result = f1(0.871, EVALUATION)

        assert (result.gate, result.moment, result.verdict) == (
            "f1",
            Moment.EVIDENCE,
            Verdict.PASS,
        )
        assert result.measured == f"0.871; weakest labels: f1 of {WEAKEST}"
        assert result.required == "0.871"

    def test_fails_below_it(self) -> None:
        result = f1(0.9, EVALUATION)

        assert (result.verdict, result.required) == (Verdict.FAIL, "0.9")

    def test_counts_what_the_api_says_for_f1(self) -> None:
        assert f1(0.9, EVALUATION, reported=0.91).verdict is Verdict.PASS
        assert f1(0.86, EVALUATION, reported=0.5).verdict is Verdict.FAIL
        assert f1(0.0, EVALUATION, reported=0.0).measured.startswith("0.000; ")

    def test_judges_f1_without_a_summary_and_says_that_the_labels_are_unknown(self) -> None:
        result = f1(0.8, None, reported=0.85, why="denied s3:GetObject")

        assert result.verdict is Verdict.PASS
        assert result.measured == "0.850; labels unknown: denied s3:GetObject"
        assert f1(0.8, None, reported=0.85).measured == "0.850"

    @pytest.mark.parametrize(
        ("gate", "value", "weakest"),
        [(precision, 0.9, "precision of 'saw' 0.610, 'axe' 0.690, 'pliers' 0.800, …"),
         (recall, 0.85, "recall of 'saw' 0.600, 'axe' 0.680, 'pliers' 0.790, …")],
    )  # fmt: skip
    def test_judges_precision_and_recall_alike(
        self, gate: Callable[[float, Evaluation | None], GateResult], value: float, weakest: str
    ) -> None:
        assert gate(value, EVALUATION).verdict is Verdict.PASS
        failed = gate(value + 0.01, EVALUATION)
        assert failed.verdict is Verdict.FAIL
        assert failed.measured == f"{value:.3f}; weakest labels: {weakest}"

    def test_never_shows_a_shortfall_as_none(self) -> None:
        assert f1(0.8, None, reported=0.79999).measured == "0.79999"


class TestLabelF1:
    def test_passes_when_every_label_does(self) -> None:
        result = label_f1(0.62, EVALUATION)

        assert result.verdict is Verdict.PASS
        assert result.measured == f"4 labels; weakest: f1 of {WEAKEST}"
        assert result.required == "0.62 for every label"

    def test_fails_when_one_label_does_and_names_all_that_do(self) -> None:
        result = label_f1(0.75, EVALUATION)

        assert (result.gate, result.verdict) == ("label_f1", Verdict.FAIL)
        assert result.measured == "2 of 4 labels too low: f1 of 'saw' 0.620, 'axe' 0.700"

    def test_names_three_of_many(self) -> None:
        result = label_f1(0.99, EVALUATION)
        assert result.measured == f"4 of 4 labels too low: f1 of {WEAKEST}"


@pytest.mark.parametrize("gate", [f1, precision, recall, label_f1])
def test_without_evidence_nothing_passes(gate: Callable[..., GateResult]) -> None:
    for why, said in (("", "the version has no evaluation summary"), ("gone", "gone")):
        result = gate(0.0, None, why=why)
        assert (result.verdict, result.measured) == (Verdict.INCONCLUSIVE, said)
