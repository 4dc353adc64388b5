"""Model services, and the images that they are tried with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from promote.core.evaluation import Evaluation
from promote.core.version import ModelVersion
from promote.ports.identities import Credentials


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """One label that a version recognised in an image, with its confidence in percent."""

    name: str
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledImage:
    """One image of the smoke test and the label that is true of it."""

    name: str
    label: str
    content: bytes = field(repr=False)


class ModelService(Protocol):
    """A model service: rekognition now, others by their own modules."""

    def project_arn(self, project: str, *, role: str | None) -> str:
        """Return the ARN of a project by its name.

        Raises:
            NotFoundError: The account and Region have no such project.
        """
        ...

    def versions(self, project_arn: str, *, role: str | None) -> tuple[ModelVersion, ...]:
        """Return every version of a project, newest first."""
        ...

    def describe(self, project_arn: str, version: str, *, role: str | None) -> ModelVersion:
        """Return one version by its name, as it is now.

        Raises:
            NotFoundError: The project has no such version.
        """
        ...

    def evaluation(self, version: ModelVersion, *, role: str | None) -> Evaluation:
        """Read what the training's own test measured of a version.

        Raises:
            NotFoundError: It has none; says why.
            InputError: What is published of it is no evaluation; names the place in it.
            AccessError: It may not be read.
        """
        ...

    def occupants(
        self, *, role: str | None, besides: str | None = None
    ) -> tuple[ModelVersion, ...]:
        """Return every version of the account and Region that holds a running slot.

        Args:
            role: The role to ask as.
            besides: The ARN of a project to leave out, because its versions are known already.
        """
        ...

    def start(
        self, version_arn: str, *, min_units: int, max_units: int | None, role: str | None
    ) -> None:
        """Ask for a version to be started.

        Raises:
            WrongStateError: It is not in a state to start from; describe it again and decide.
            LostResponseError: The outcome is unknown; describe it again and decide.
            QuotaError: No running slot, or more inference units than allowed.
        """
        ...

    def stop(self, version_arn: str, *, role: str | None) -> None:
        """Ask for a version to be stopped.

        Raises:
            WrongStateError: It is not RUNNING; describe it again and decide.
            LostResponseError: The outcome is unknown; describe it again and decide.
        """
        ...

    def invoke(self, credentials: Credentials, version_arn: str, image: bytes) -> tuple[Label, ...]:
        """Classify an image as a consumer would; the most confident label comes first.

        Raises:
            AccessDeniedError: No policy allows it (yet).
            ExplicitDenyError: A policy forbids it.
            NotReadyError: The version does not run. Comes after authorisation.
            ImageError: The image is refused. Comes after authorisation.
        """
        ...


class ImageSource(Protocol):
    """Where the smoke test's images come from."""

    def load(self, location: str) -> tuple[LabelledImage, ...]:
        """Read labelled images from a folder, a manifest or an ``s3://`` prefix.

        Raises:
            InputError: There are none there, or one is unusable; names it and says why.
        """
        ...
