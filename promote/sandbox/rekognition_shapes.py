"""Write projects and versions as Rekognition's answers describe them."""

from __future__ import annotations

from typing import Any

from promote.sandbox.lifecycle import Project, Status, Version

_UNTRAINED = frozenset({Status.TRAINING_IN_PROGRESS, Status.TRAINING_FAILED})


def describe_project(project: Project) -> dict[str, Any]:
    """Return a ProjectDescription."""
    return {
        "ProjectArn": project.arn,
        "CreationTimestamp": project.created,
        "Status": "CREATED",
        "Datasets": [],
        "Feature": "CUSTOM_LABELS",
    }


def describe_version(version: Version) -> dict[str, Any]:
    """Return a ProjectVersionDescription; units only while they are deployed."""
    document: dict[str, Any] = {
        "ProjectVersionArn": version.arn,
        "CreationTimestamp": version.created,
        "Status": version.status.value,
        "StatusMessage": version.message,
        "Feature": "CUSTOM_LABELS",
    }
    if version.min_units is not None:
        document["MinInferenceUnits"] = version.min_units
    if version.max_units is not None:
        document["MaxInferenceUnits"] = version.max_units
    if version.description:
        document["VersionDescription"] = version.description
    if version.output:
        document["OutputConfig"] = version.output
    if version.status not in _UNTRAINED and version.trained is not None:
        document["TrainingEndTimestamp"] = version.trained
        document["BillableTrainingTimeInSeconds"] = int(version.trained - version.created)
        document["EvaluationResult"] = _evaluation(version)
    return document


def _evaluation(version: Version) -> dict[str, Any]:
    """Return an EvaluationResult."""
    if version.summary is None:
        return {"F1Score": version.f1}
    bucket, _, key = version.summary.removeprefix("s3://").partition("/")
    return {"F1Score": version.f1, "Summary": {"S3Object": {"Bucket": bucket, "Name": key}}}
