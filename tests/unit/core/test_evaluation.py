"""The evaluation summary: both published layouts, and what is said of anything else."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promote.core.evaluation import Evaluation, LabelMetrics, parse_evaluation
from tests.unit.core.gates.laws import quick

ARN = "arn:aws:rekognition:us-east-1:222222222222:project/tools-detector/version/v2/1767225600000"

# As the example of "Accessing the model summary file" is laid out: aggregate metrics on top.
DIRECT: dict[str, Any] = {
    "Version": 1,
    "AggregatedEvaluationResults": {
        "ConfusionMatrix": [
            {"GroundTruthLabel": "hammer", "PredictedLabel": "saw", "Value": 0.0085}
        ],
        "F1Score": 0.9727,
        "Precision": 0.9719,
        "Recall": 0.9735,
    },
    "EvaluationDetails": {
        "EvaluationEndTimestamp": "2026-03-01T07:30:23.910943",
        "Labels": ["hammer", "saw"],
        "NumberOfTestingImages": 624,
        "NumberOfTrainingImages": 5216,
        "ProjectVersionArn": ARN,
    },
    "LabelEvaluationResults": [
        {
            "Label": "hammer",
            "Metrics": {"F1Score": 0.9794, "Precision": 0.982, "Recall": 0.9769, "Threshold": 0.98},
            "NumberOfTestingImages": 390,
        },
        {
            "Label": "saw",
            "Metrics": {"F1Score": 0.966, "Precision": 0.9619, "Recall": 0.9701, "Threshold": 0},
            "NumberOfTestingImages": 234,
        },
    ],
}
AGGREGATE, LABELS = "AggregatedEvaluationResults", "LabelEvaluationResults"
MISSING = "is missing; every evaluation summary has it"
A_SHARE = "expected a number from 0 to 1"
A_COUNT = "expected a whole number of at least 0"
# As "Reference: Training results summary file" lays it out, for a model that finds objects.
NESTED = {
    **DIRECT,
    AGGREGATE: {
        "Metrics": {
            "Precision": 0.9719,
            "Recall": 0.9735,
            "F1Score": 0.9727,
            "AveragePrecision": 0.91,
            "AverageRecall": 0.88,
        }
    },
}


def parsed(document: object) -> Evaluation:
    return parse_evaluation(json.dumps(document))


def complaint(content: bytes | str) -> str:
    with pytest.raises(ValueError) as raised:  # noqa: PT011 (the message is compared by the tests)
        parse_evaluation(content)
    return str(raised.value)


def changed(*path: str | int, value: Any = None) -> str:
    """Write the summary with one value changed; None takes its key away."""
    document = copy.deepcopy(DIRECT)
    holder: Any = document
    for key in path[:-1]:
        holder = holder[key]
    if value is None:
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    return json.dumps(document)


class TestParseEvaluation:
    def test_reads_metrics_on_top(self) -> None:
        assert parsed(DIRECT) == Evaluation(
            f1=0.9727,
            precision=0.9719,
            recall=0.9735,
            labels={
                "hammer": LabelMetrics(
                    f1=0.9794, precision=0.982, recall=0.9769, threshold=0.98, images=390
                ),
                "saw": LabelMetrics(
                    f1=0.966, precision=0.9619, recall=0.9701, threshold=0.0, images=234
                ),
            },
            version=ARN,
        )

    def test_reads_nested_metrics_and_those_of_detection(self) -> None:
        found = parsed(NESTED)
        assert (found.f1, found.precision, found.recall) == (0.9727, 0.9719, 0.9735)
        assert (found.average_precision, found.average_recall) == (0.91, 0.88)

    def test_reads_bytes(self) -> None:
        assert parse_evaluation(json.dumps(DIRECT).encode()) == parsed(DIRECT)

    def test_does_without_what_is_not_always_there(self) -> None:
        assert parse_evaluation(changed("EvaluationDetails")).version is None
        found = parse_evaluation(changed(LABELS, 0, "Metrics", "Threshold"))
        assert found.labels["hammer"].threshold is None

    def test_takes_a_label_without_a_test_image(self) -> None:
        found = parse_evaluation(changed(LABELS, 0, "NumberOfTestingImages", value=0))
        assert found.labels["hammer"].images == 0

    def test_takes_whole_numbers_for_shares(self) -> None:
        found = parse_evaluation(changed(AGGREGATE, "F1Score", value=1)).f1
        assert (found, type(found)) == (1.0, float)

    @pytest.mark.parametrize(
        ("path", "value", "message"),
        [
            ((AGGREGATE,), None, f"$.{AGGREGATE} {MISSING}"),
            ((AGGREGATE,), [1], f"$.{AGGREGATE} is [1]; expected an object"),
            ((AGGREGATE, "F1Score"), None, f"$.{AGGREGATE}.F1Score {MISSING}"),
            ((AGGREGATE, "F1Score"), "0.9", f'$.{AGGREGATE}.F1Score is "0.9"; {A_SHARE}'),
            ((AGGREGATE, "F1Score"), True, f"$.{AGGREGATE}.F1Score is true; {A_SHARE}"),
            ((AGGREGATE, "Recall"), 97.3, f"$.{AGGREGATE}.Recall is 97.3; {A_SHARE}"),
            ((AGGREGATE, "Recall"), float("nan"), f"$.{AGGREGATE}.Recall is NaN; {A_SHARE}"),
            ((AGGREGATE, "Recall"), float("inf"), f"$.{AGGREGATE}.Recall is Infinity; {A_SHARE}"),
            ((AGGREGATE, "Precision"), -0.1, f"$.{AGGREGATE}.Precision is -0.1; {A_SHARE}"),
            ((AGGREGATE, "Metrics"), {},
             f"$.{AGGREGATE} has F1Score and Metrics; expected one of the two layouts"),
            ((LABELS,), None, f"$.{LABELS} {MISSING}"),
            ((LABELS,), {}, f"$.{LABELS} is {{}}; expected a list"),
            ((LABELS,), [], f"$.{LABELS} is empty; expected at least one label"),
            ((LABELS, 1), 7, f"$.{LABELS}[1] is 7; expected an object"),
            ((LABELS, 1, "Label"), "hammer",
             f'$.{LABELS}[1].Label is "hammer" a second time; expected each label once'),
            ((LABELS, 1, "Label"), "", f'$.{LABELS}[1].Label is ""; expected the label\'s name'),
            ((LABELS, 1, "Label"), "x" * 256,
             f'$.{LABELS}[1].Label is "{"x" * 59}…; expected the label\'s name'),
            ((LABELS, 0, "Metrics"), None, f"$.{LABELS}[0].Metrics {MISSING}"),
            ((LABELS, 0, "Metrics", "Threshold"), 50,
             f"$.{LABELS}[0].Metrics.Threshold is 50; {A_SHARE}"),
            ((LABELS, 0, "NumberOfTestingImages"), 1.5,
             f"$.{LABELS}[0].NumberOfTestingImages is 1.5; {A_COUNT}"),
            (("EvaluationDetails", "ProjectVersionArn"), 7,
             "$.EvaluationDetails.ProjectVersionArn is 7; expected an ARN"),
        ],
    )  # fmt: skip
    def test_names_the_place_of_what_is_wrong(
        self, path: tuple[str | int, ...], value: Any, message: str
    ) -> None:
        assert complaint(changed(*path, value=value)) == message

    def test_refuses_a_count_that_is_longer_than_any_number(self) -> None:
        path = (LABELS, 0, "NumberOfTestingImages")
        content = changed(*path, value="BIG").replace('"BIG"', "1" * 5000)
        assert complaint(content) == f"$.{LABELS}[0].NumberOfTestingImages is Infinity; {A_COUNT}"

    @pytest.mark.parametrize(
        ("content", "start"),
        [
            ("", "$: not JSON ("),
            ("{", "$: not JSON ("),
            (b"\xff\xfe\xff", "$: not JSON ("),
            ("[" * 100_000, "$: not JSON ("),
            ("[]", "$ is []; expected an object"),
            ("null", "$ is null; expected an object"),
            ("<html>", "$: not JSON ("),
            ('{"Version": 1, "Version": 2}',
             '$: not JSON that is clear: the key "Version" is there twice'),
        ],
    )  # fmt: skip
    def test_refuses_what_is_no_summary_at_all(self, content: bytes | str, start: str) -> None:
        assert complaint(content).startswith(start)

    def test_shows_little_of_a_long_value(self) -> None:
        said = complaint(changed(AGGREGATE, "F1Score", value="x" * 5000))
        assert len(said) < 200

    def test_refuses_the_summary_of_a_moderation_adapter(self) -> None:
        # It has an aggregate F1 alone ("Evaluating and improving your adapter").
        document = {AGGREGATE: {"F1Score": 0.9}, "EvaluationDetails": {}, "ContentModeration": {}}
        assert complaint(json.dumps(document)).startswith(f"$.{AGGREGATE}.Precision is missing")

    @quick
    @given(
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.text(max_size=3),
            lambda inner: (
                st.lists(inner, max_size=2)
                | st.dictionaries(
                    st.sampled_from([AGGREGATE, "Metrics", LABELS, "Label"]),
                    inner,
                    max_size=3,
                )
            ),
            max_leaves=8,
        )
    )
    def test_reads_or_explains_any_json(self, document: Any) -> None:
        assert complaint(json.dumps(document)).startswith("$")
