"""How good a version was in its training's own test, from the summary that the service publishes.

Custom Labels writes it as JSON to S3, at the location that DescribeProjectVersions returns. It is
published in two layouts: the example of "Accessing the model summary file" has the aggregate
metrics directly under ``AggregatedEvaluationResults``, "Reference: Training results summary file"
has them in its ``Metrics``. Both are read, and nothing else: what is missing, doubled or no number
from 0 to 1 is an error that names the JSON path. Keys that we do not use are let be.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

_AGGREGATE = "$.AggregatedEvaluationResults"
_LABELS = "$.LabelEvaluationResults"
_LONG = 60
_LONGEST_LABEL = 255
"""Characters: no longer one can be declared in promote.yaml, and all of them are shown."""
_DIGITS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelMetrics:
    """How one label was recognised in the test, from 0 to 1."""

    f1: float
    precision: float
    recall: float
    threshold: float | None
    """The confidence, from 0 to 1, from which on it counted; None when the summary has none."""
    images: int
    """Test images of the label."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """The metrics of one version, from 0 to 1."""

    f1: float
    precision: float
    recall: float
    labels: Mapping[str, LabelMetrics]
    """By label, as it is spelled, in the order of the summary."""
    average_precision: float | None = None
    """Only of a model that detects where objects are: mAP."""
    average_recall: float | None = None
    """Only of a model that detects where objects are: mAR."""
    version: str | None = None
    """The ARN of the version that was trained; of a copy, it is the original's."""


def parse_evaluation(content: bytes | str) -> Evaluation:
    """Read a summary.

    Raises:
        ValueError: It is no summary; the message starts with the JSON path of what is wrong.
    """
    try:
        document = json.loads(
            content, object_pairs_hook=_once, parse_constant=_no_number, parse_int=_whole
        )
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise ValueError(f"$: not JSON ({error}); expected an evaluation summary") from error
    summary = _object(document, "$")
    aggregate = _object(_key(summary, "AggregatedEvaluationResults", "$"), _AGGREGATE)
    metrics, place = aggregate, _AGGREGATE
    if "Metrics" in aggregate:
        place = f"{_AGGREGATE}.Metrics"
        metrics = _object(aggregate["Metrics"], place)
        if "F1Score" in aggregate:
            _wrong(_AGGREGATE, "has F1Score and Metrics", "one of the two layouts")
    return Evaluation(
        f1=_share(metrics, "F1Score", place),
        precision=_share(metrics, "Precision", place),
        recall=_share(metrics, "Recall", place),
        labels=_labels(_key(summary, "LabelEvaluationResults", "$")),
        average_precision=_optional(metrics, "AveragePrecision", place),
        average_recall=_optional(metrics, "AverageRecall", place),
        version=_version(summary),
    )


def _labels(found: object) -> dict[str, LabelMetrics]:
    if not isinstance(found, list):
        _wrong(_LABELS, f"is {_shown(found)}", "a list")
    labels: dict[str, LabelMetrics] = {}
    for index, each in enumerate(found):
        place = f"{_LABELS}[{index}]"
        entry = _object(each, place)
        name = _key(entry, "Label", place)
        if not isinstance(name, str) or not 1 <= len(name) <= _LONGEST_LABEL:
            _wrong(f"{place}.Label", f"is {_shown(name)}", "the label's name")
        if name in labels:
            _wrong(f"{place}.Label", f"is {_shown(name)} a second time", "each label once")
        labels[name] = _label(entry, place)
    if not labels:
        _wrong(_LABELS, "is empty", "at least one label")
    return labels


def _label(entry: Mapping[str, object], place: str) -> LabelMetrics:
    metrics = _object(_key(entry, "Metrics", place), f"{place}.Metrics")
    return LabelMetrics(
        f1=_share(metrics, "F1Score", f"{place}.Metrics"),
        precision=_share(metrics, "Precision", f"{place}.Metrics"),
        recall=_share(metrics, "Recall", f"{place}.Metrics"),
        threshold=_optional(metrics, "Threshold", f"{place}.Metrics"),
        images=_count(entry, "NumberOfTestingImages", place),
    )


def _version(summary: Mapping[str, object]) -> str | None:
    place = "$.EvaluationDetails"
    details = _object(summary.get("EvaluationDetails", {}), place)
    arn = details.get("ProjectVersionArn")
    if arn is not None and not isinstance(arn, str):
        _wrong(f"{place}.ProjectVersionArn", f"is {_shown(arn)}", "an ARN")
    return arn


def _object(value: object, place: str) -> dict[str, object]:
    if not isinstance(value, dict):
        _wrong(place, f"is {_shown(value)}", "an object")
    return value


def _key(holder: Mapping[str, object], name: str, place: str) -> object:
    if name not in holder:
        raise ValueError(f"{place}.{name} is missing; every evaluation summary has it")
    return holder[name]


def _optional(holder: Mapping[str, object], name: str, place: str) -> float | None:
    return None if holder.get(name) is None else _share(holder, name, place)


def _share(holder: Mapping[str, object], name: str, place: str) -> float:
    value = _key(holder, name, place)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
        _wrong(f"{place}.{name}", f"is {_shown(value)}", "a number from 0 to 1")
    return float(value)


def _count(holder: Mapping[str, object], name: str, place: str) -> int:
    value = _key(holder, name, place)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        _wrong(f"{place}.{name}", f"is {_shown(value)}", "a whole number of at least 0")
    return value


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Build an object; a key that is there twice has no one value."""
    found: dict[str, object] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"$: not JSON that is clear: the key {_shown(key)} is there twice")
        found[key] = value
    return found


def _whole(text: str) -> float:
    """Read a whole number; one of more digits than any count has is refused in its place."""
    return int(text) if len(text) < _DIGITS else math.inf


def _no_number(text: str) -> float:
    """Keep NaN and the infinities, for the place that holds one to be named."""
    return {"Infinity": math.inf, "-Infinity": -math.inf}.get(text, math.nan)


def _shown(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= _LONG else text[:_LONG] + "…"


def _wrong(place: str, found: str, expected: str) -> NoReturn:
    raise ValueError(f"{place} {found}; expected {expected}")
