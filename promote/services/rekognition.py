"""Amazon Rekognition Custom Labels.

Every request of a version's life names the version by its ARN, every question about it by its
project: DescribeProjectVersions is authorised on the project. No operation has an idempotency
token, so a lost answer is `LostResponseError` and only a new description tells what happened.
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from promote.arn import parse_version_arn
from promote.aws.objects import read_object
from promote.aws.sessions import Sessions, account_of
from promote.aws.translation import translated
from promote.core.evaluation import Evaluation, parse_evaluation
from promote.core.version import ModelVersion, Status
from promote.errors import AccessDeniedError, FailedError, InputError, NotFoundError
from promote.ports import Credentials, Label

if TYPE_CHECKING:
    from collections.abc import Callable

    from types_boto3_rekognition import RekognitionClient
    from types_boto3_rekognition.type_defs import (
        CustomLabelTypeDef,
        ProjectVersionDescriptionTypeDef,
        StartProjectVersionRequestTypeDef,
    )

MOST_LABELS = 10
"""How many labels of an image are asked for; the service returns the most confident ones."""

MOST_SUMMARY_BYTES = 16 * 1024 * 1024
"""A manifest has at most 250 labels ("Guidelines and quotas in Amazon Rekognition Custom Labels"),
so that the largest part of a summary, the confusion matrix, has 62,500 entries of some 120 bytes
at most."""

_GRANT = (
    "Let `ml.evaluations` in promote.yaml name the s3:// location that it lies below, then give "
    "the reader role its policy anew:\n"
    "    promote policy render --kind reader-ml\n"
    "If the bucket belongs to another account, its policy must allow the role s3:GetObject, too; "
    "if the object is encrypted with a KMS key (SSE-KMS), the key's policy and one of the role's "
    "own must allow kms:Decrypt, which promote grants nobody."
)
_DENIED = (
    ". `ml.evaluations` in promote.yaml grants the reader role what lies below it. (S3 says the "
    "same of what does not exist.)"
)
_TO_SEE = "To see the versions there are:\n    promote version list"
_UNTRAINED = {
    Status.TRAINING_IN_PROGRESS: "its training has not finished",
    Status.TRAINING_FAILED: "its training failed",
    Status.COPYING_IN_PROGRESS: "it is still being copied",
    Status.COPYING_FAILED: "it could not be copied",
}


class Rekognition:
    """The `promote.ports.ModelService` of Rekognition; safe for use by many threads."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def project_arn(self, project: str, *, role: str | None) -> str:
        """Return the ARN of a project by its name.

        Raises:
            NotFoundError: The account and Region have no such project.
        """
        self._pace("DescribeProjects", role)
        rekognition = self._sessions.client("rekognition", role=role)
        with translated("looking for the project", role=role, resource=project):
            found = rekognition.describe_projects(ProjectNames=[project])["ProjectDescriptions"]
        if not found:
            raise NotFoundError(
                "No such project",
                f"Rekognition Custom Labels has no project {project!r} in {self._place(role)}.",
                "To see the projects there are:\n    aws rekognition describe-projects",
            )
        return found[0]["ProjectArn"]

    def versions(self, project_arn: str, *, role: str | None) -> tuple[ModelVersion, ...]:
        """Return every version of a project, newest first."""
        found = self._describe(project_arn, [], role)
        return tuple(sorted(found, key=lambda version: version.created_at, reverse=True))

    def describe(self, project_arn: str, version: str, *, role: str | None) -> ModelVersion:
        """Return one version by its name, as it is now.

        Raises:
            NotFoundError: The project has no such version.
        """
        found = self._describe(project_arn, [version], role)
        if not found:
            raise NotFoundError(
                "No such version",
                f"The project {project_arn} has no version {version!r}.",
                _TO_SEE,
            )
        return found[0]

    def evaluation(self, version: ModelVersion, *, role: str | None) -> Evaluation:
        """Read what the training's own test measured of a version.

        Raises:
            NotFoundError: It has none; says why.
            InputError: What is published of it is no summary; names the place in it.
            AccessError: It may not be read.
        """
        place = version.summary
        if place is None:
            # "EvaluationResult is only returned if training is successful" (API Reference).
            why = _UNTRAINED.get(version.status, "Rekognition names no summary of its evaluation")
            raise NotFoundError("No evaluation", f"{version}: {why}.", _TO_SEE)
        s3, what = self._sessions.client("s3", role=role), "the evaluation summary"
        try:
            content = read_object(
                s3, place, role=role, most=MOST_SUMMARY_BYTES, what=what, denied=_GRANT
            )
            return parse_evaluation(content)
        except AccessDeniedError as error:
            error.detail += _DENIED
            raise
        except NotFoundError as error:
            raise NotFoundError(
                "No evaluation summary",
                f"{place}, which Rekognition names for {version.name}, is not there any more: its "
                "bucket or the object was deleted.",
                "Put it back, or train and promote a new version.",
            ) from error
        except ValueError as error:
            raise InputError(
                "Evaluation summary not understood",
                f"{place}, {error}.",
                f"To see it:\n    aws s3 cp {place} -",
            ) from error

    def occupants(
        self, *, role: str | None, besides: str | None = None
    ) -> tuple[ModelVersion, ...]:
        """Return every version of the account and Region that holds a running slot.

        Args:
            role: The role to ask as.
            besides: The ARN of a project to leave out, because its versions are known already.
        """
        others = [arn for arn in self._projects(role) if arn != besides]
        found = [version for arn in others for version in self._describe(arn, [], role)]
        return tuple(version for version in found if version.status.occupies_slot)

    def start(
        self, version_arn: str, *, min_units: int, max_units: int | None, role: str | None
    ) -> None:
        """Ask for a version to be started.

        Raises:
            WrongStateError: It is not in a state to start from; describe it again and decide.
            LostResponseError: The outcome is unknown; describe it again and decide.
            QuotaError: No running slot, or more inference units than allowed.
        """
        request: StartProjectVersionRequestTypeDef = {
            "ProjectVersionArn": version_arn,
            "MinInferenceUnits": min_units,
        }
        if max_units is not None:
            request["MaxInferenceUnits"] = max_units

        def send(client: RekognitionClient) -> None:
            client.start_project_version(**request)

        self._write("StartProjectVersion", "starting the version", version_arn, role, send)

    def stop(self, version_arn: str, *, role: str | None) -> None:
        """Ask for a version to be stopped.

        Raises:
            WrongStateError: It is not RUNNING; describe it again and decide.
            LostResponseError: The outcome is unknown; describe it again and decide.
        """

        def send(client: RekognitionClient) -> None:
            client.stop_project_version(ProjectVersionArn=version_arn)

        self._write("StopProjectVersion", "stopping the version", version_arn, role, send)

    def invoke(self, credentials: Credentials, version_arn: str, image: bytes) -> tuple[Label, ...]:
        """Classify an image as a consumer would; the most confident label comes first.

        Raises:
            AccessDeniedError: No policy allows it (yet).
            ExplicitDenyError: A policy forbids it.
            NotReadyError: The version does not run. Comes after authorisation.
            ImageError: The image is refused. Comes after authorisation.
        """
        client = self._sessions.client_of(credentials)
        with translated("calling the version", role=credentials.role, resource=version_arn):
            found = client.detect_custom_labels(
                ProjectVersionArn=version_arn,
                Image={"Bytes": image},
                MinConfidence=0,
                MaxResults=MOST_LABELS,
            )["CustomLabels"]
        labels = [_label(each) for each in found]
        return tuple(sorted(labels, key=lambda label: label.confidence, reverse=True))

    def _projects(self, role: str | None) -> list[str]:
        rekognition = self._sessions.client("rekognition", role=role)
        self._pace("DescribeProjects", role)
        with translated("listing the projects", role=role, resource=f"in {self._place(role)}"):
            pages = rekognition.get_paginator("describe_projects").paginate()
            return [each["ProjectArn"] for page in pages for each in page["ProjectDescriptions"]]

    def _describe(self, project_arn: str, names: list[str], role: str | None) -> list[ModelVersion]:
        rekognition = self._sessions.client("rekognition", role=role)
        only = {"VersionNames": names} if names else {}
        self._pace("DescribeProjectVersions", role)
        with translated("describing the versions of", role=role, resource=project_arn):
            paginator = rekognition.get_paginator("describe_project_versions")
            return [
                _version(each)
                for page in paginator.paginate(ProjectArn=project_arn, **only)  # type: ignore[arg-type]
                for each in page["ProjectVersionDescriptions"]
            ]

    def _write(
        self,
        api: str,
        what: str,
        version_arn: str,
        role: str | None,
        send: Callable[[RekognitionClient], None],
    ) -> None:
        def prepare() -> RekognitionClient:
            self._pace(api, role)
            return self._sessions.client("rekognition", role=role, writing=True)

        def once(client: RekognitionClient) -> None:
            with translated(what, role=role, resource=version_arn, mutating=True):
                send(client)

        self._sessions.traffic.write(prepare, once)

    def _pace(self, api: str, role: str | None) -> None:
        self._sessions.traffic.take(account_of(role), f"rekognition:{api}")

    def _place(self, role: str | None) -> str:
        account = account_of(role)
        return f"{self._sessions.region} of {f'account {account}' if account else 'this account'}"


def _version(description: ProjectVersionDescriptionTypeDef) -> ModelVersion:
    arn = description.get("ProjectVersionArn", "")
    parsed = parse_version_arn(arn)
    if parsed is None or "CreationTimestamp" not in description:
        raise FailedError(
            "Rekognition's answer is not understood",
            f"It described a version with the ARN {arn!r} and the fields {sorted(description)}.",
        )
    return ModelVersion(
        arn=arn,
        name=parsed.version,
        project=parsed.project,
        status=Status.of(description.get("Status", "")),
        created_at=description["CreationTimestamp"].astimezone(UTC),
        min_units=description.get("MinInferenceUnits"),
        max_units=description.get("MaxInferenceUnits"),
        message=description.get("StatusMessage", ""),
        f1=description.get("EvaluationResult", {}).get("F1Score"),
        summary=_summary(description),
        copied_from=description.get("SourceProjectVersionArn"),
    )


def _summary(description: ProjectVersionDescriptionTypeDef) -> str | None:
    """Return where the summary lies; only the service knows, its name follows no rule."""
    place = description.get("EvaluationResult", {}).get("Summary", {}).get("S3Object", {})
    bucket, key = place.get("Bucket"), place.get("Name")
    return f"s3://{bucket}/{key}" if bucket and key else None


def _label(found: CustomLabelTypeDef) -> Label:
    return Label(name=found.get("Name", ""), confidence=found.get("Confidence", 0.0))
