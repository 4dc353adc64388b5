"""What training's own test measured of a version, and the summary of it that is published in S3.

The numbers are measured and written down: how often the sandbox's own classifier took a test
picture of one tool for another, the likeliest label counting however likely it is. Tests measure
them again. The summary has one of the two layouts that the Custom Labels guide shows, "Accessing
the model summary file" (flat) and "Reference: Training results summary file" (nested).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from promote.sandbox.classifier import EXAMPLES
from promote.sandbox.images import LABELS, NEW_LABEL
from promote.sandbox.world import BucketSeed, ObjectSeed, ProjectSeed, VersionSeed

TRAINING_SECONDS: Final = 3600.0
"""How long the training of a seeded version took."""

_UNSEEN: Final = range(4_000, 4_020)
_LEARNED: Final = range(EXAMPLES)


@dataclass(frozen=True, slots=True)
class Exam:
    """The test at the end of a training, and how it came out."""

    labels: tuple[str, ...]
    pictures: range
    """The seeds of the pictures of each tool that were shown."""
    said: tuple[tuple[int, ...], ...]
    """How often a picture of each label was taken for each, both in the order of `labels`."""
    nested: bool = False
    """Whether the summary keeps the aggregate metrics in an object of their own."""

    @property
    def f1(self) -> float:
        """Return the mean F1 of the labels, which is what AWS's own example aggregates to."""
        return self._mean("F1Score")

    def summary(self, arn: str, ended: float) -> bytes:
        """Return the summary of a version's evaluation, which ended at an epoch second."""
        aggregate = {name: self._mean(name) for name in ("F1Score", "Precision", "Recall")}
        aggregated = {"Metrics": aggregate} if self.nested else aggregate
        document = {
            "Version": 1,
            "AggregatedEvaluationResults": {"ConfusionMatrix": self._confusion(), **aggregated},
            "EvaluationDetails": {
                "EvaluationEndTimestamp": f"{datetime.fromtimestamp(ended, UTC):%Y-%m-%dT%H:%M:%S}",
                "Labels": list(self.labels),
                "NumberOfTestingImages": len(self.labels) * len(self.pictures),
                "NumberOfTrainingImages": len(self.labels) * EXAMPLES,
                "ProjectVersionArn": arn,
            },
            "LabelEvaluationResults": [
                {
                    "Label": label,
                    "Metrics": {**self._metrics(label), "Threshold": 1 / len(self.labels)},
                    "NumberOfTestingImages": len(self.pictures),
                }
                for label in self.labels
            ],
        }
        return json.dumps(document, indent=2).encode()

    def _confusion(self) -> list[dict[str, Any]]:
        return [
            {"GroundTruthLabel": true, "PredictedLabel": said, "Value": times / sum(row)}
            for true, row in zip(self.labels, self.said, strict=True)
            for said, times in zip(self.labels, row, strict=True)
        ]

    def _metrics(self, label: str) -> dict[str, float]:
        at = self.labels.index(label)
        right, shown = self.said[at][at], sum(self.said[at])
        named = sum(row[at] for row in self.said)
        return {
            "F1Score": 2 * right / (named + shown),
            "Precision": right / named if named else 0.0,
            "Recall": right / shown,
        }

    def _mean(self, name: str) -> float:
        return sum(self._metrics(label)[name] for label in self.labels) / len(self.labels)


_EXAMS: Final[Mapping[tuple[str, tuple[str, ...]], Exam]] = {
    ("good", LABELS): Exam(LABELS, _UNSEEN, ((20, 0, 0), (0, 20, 0), (0, 0, 20))),
    ("fair", LABELS): Exam(LABELS, _UNSEEN, ((19, 0, 1), (0, 20, 0), (0, 0, 20))),
    # Tested on what it has learned from, which is why it looks better than it is.
    ("poor", LABELS): Exam(LABELS, _LEARNED, ((16, 0, 0), (6, 10, 0), (2, 0, 14)), nested=True),
    ("good", (*LABELS, NEW_LABEL)): Exam(
        (*LABELS, NEW_LABEL),
        _UNSEEN,
        ((20, 0, 0, 0), (0, 20, 0, 0), (0, 0, 20, 0), (0, 0, 0, 20)),
    ),
}


def exam(quality: str, labels: tuple[str, ...]) -> Exam | None:
    """Return the exam of versions of a quality that know these labels, if it was ever held."""
    return _EXAMS.get((quality, labels or LABELS))


def exams() -> Iterator[tuple[str, Exam]]:
    """Yield every exam with the quality of who took it."""
    for (quality, _), held in _EXAMS.items():
        yield quality, held


def location(account: str, region: str) -> str:
    """Return where an account's summaries lie: in a bucket as the console names its own."""
    return f"s3://custom-labels-console-{region}-{account}/evaluation/"


def summary_key(project: str, version: str) -> str:
    """Return the last part of a summary's key."""
    return f"EvaluationResultSummary-{project}-{version}.json"


def evaluated(project: ProjectSeed, below: str) -> ProjectSeed:
    """Return a project whose versions have the figures of their exams, summarised below a place."""
    return replace(project, versions=tuple(_evaluated(project, v, below) for v in project.versions))


def _evaluated(project: ProjectSeed, version: VersionSeed, below: str) -> VersionSeed:
    held = exam(version.quality, version.labels)
    if held is None:
        return version
    place = f"{below.rstrip('/')}/{summary_key(project.name, version.name)}"
    return replace(version, f1=held.f1, summary=place)


def with_summaries(
    buckets: Iterable[BucketSeed], projects: Iterable[ProjectSeed]
) -> tuple[BucketSeed, ...]:
    """Return buckets that hold the summaries of the projects' versions beside what they have.

    A bucket that is not there belongs to the account of the project.
    """
    found = {bucket.name: bucket for bucket in buckets}
    for project in projects:
        for version in project.versions:
            held = exam(version.quality, version.labels)
            if held is None or version.summary is None:
                continue
            name, _, key = version.summary.removeprefix("s3://").partition("/")
            ended = version.created / 1000 + TRAINING_SECONDS
            content = held.summary(project.version_arn(version.name), ended)
            bucket = found.get(name) or BucketSeed(
                account=project.account, name=name, region=project.region
            )
            others = tuple(one for one in bucket.objects if one.key != key)
            found[name] = replace(bucket, objects=(*others, ObjectSeed.of(key, content)))
    return tuple(found.values())
