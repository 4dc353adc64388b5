"""Carry out the Custom Labels operations; the call is already authorised when it comes here.

Reference: the Rekognition API reference and the Custom Labels developer guide, "Guidelines and
quotas". Copying versions and project policies are not served.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, Final

from promote.sandbox.catalogue import Catalogue
from promote.sandbox.clock import Clock
from promote.sandbox.detection import detect_labels
from promote.sandbox.evaluations import exam, summary_key
from promote.sandbox.exchange import Call, ServiceError
from promote.sandbox.lifecycle import (
    COUNTED,
    DELETABLE,
    STARTABLE,
    STOPPABLE,
    Project,
    Status,
    Version,
)
from promote.sandbox.paging import page_of
from promote.sandbox.rekognition_shapes import describe_project, describe_version
from promote.sandbox.settings import SettingsBox
from promote.sandbox.validation import checked_params
from promote.sandbox.world import ProjectSeed, WorldBox

LoadObject = Callable[[Mapping[str, str]], bytes]
PutObject = Callable[[str, bytes], bool]
"""Writes an object at ``s3://bucket/key``; False when there is no such bucket."""
_Handler = Callable[[str, str, dict[str, Any]], dict[str, Any]]

_MOST_PROJECTS: Final = 100
_MOST_VERSIONS: Final = 100
_MOST_TRAININGS: Final = 2
_TRAINED_HERE: Final = "good"
"""The quality of a version that somebody trains in the sandbox."""


class CustomLabels:
    """The service of every account and Region."""

    def __init__(
        self, clock: Clock, settings: SettingsBox, world: WorldBox, put: PutObject
    ) -> None:
        self._clock = clock
        self._settings = settings
        self._world = world
        self._put = put
        self._catalogue = Catalogue(clock)
        self._lock = threading.RLock()
        self._handlers: dict[str, _Handler] = {
            "CreateProject": self._create_project,
            "CreateProjectVersion": self._create_version,
            "DeleteProject": self._delete_project,
            "DeleteProjectVersion": self._delete_version,
            "DescribeProjectVersions": self._describe_versions,
            "DescribeProjects": self._describe_projects,
            "StartProjectVersion": self._start,
            "StopProjectVersion": self._stop,
        }

    def clear(self) -> None:
        """Forget every project."""
        with self._lock:
            self._catalogue.clear()

    def seed(self, seed: ProjectSeed) -> None:
        """Add or replace a project."""
        with self._lock:
            self._catalogue.seed(seed)

    def handle(self, call: Call, account: str, load: LoadObject) -> dict[str, Any]:
        """Carry out one call of `account`.

        Raises:
            ServiceError: As the service would answer.
        """
        params = checked_params("rekognition", call.operation, call.params)
        if call.operation == "DetectCustomLabels":
            return self._detect(account, call.region, params, load)
        handler = self._handlers.get(call.operation)
        if handler is None:
            text = f"The sandbox does not serve {call.name}."
            raise ServiceError("NotImplementedException", text, 501)
        with self._lock:
            self._catalogue.settle()
            return handler(account, call.region, params)

    def force(
        self, arn: str, status: Status, then: Status | None = None, after: float = 0.0
    ) -> None:
        """Put a version into a status; with `then`, it goes there `after` seconds later.

        Raises:
            KeyError: There is no such version.
        """
        with self._lock:
            found = {version.arn: version for version in self._catalogue.all_versions()}
            version = found[arn]
            version.go(status, then, None if then is None else self._clock.now() + after)
            if status in COUNTED and version.min_units is None:
                version.min_units = 1

    def statuses(self) -> dict[str, str]:
        """Return every version's ARN and status."""
        with self._lock:
            self._catalogue.settle()
            return {one.arn: one.status.value for one in self._catalogue.all_versions()}

    def _create_project(self, account: str, region: str, params: dict[str, Any]) -> dict[str, Any]:
        name, here = params["ProjectName"], self._catalogue.here(account, region)
        if any(project.name == name for project in here):
            raise ServiceError("ResourceInUseException", f"A project named {name} exists.")
        if len(here) >= _MOST_PROJECTS:
            raise ServiceError("LimitExceededException", f"{_MOST_PROJECTS} projects exist.")
        created = self._catalogue.next_millisecond()
        arn = f"arn:aws:rekognition:{region}:{account}:project/{name}/{created}"
        project = Project(arn, name, account, region, created / 1000)
        project.tags.update(params.get("Tags", {}))
        self._catalogue.add(project)
        return {"ProjectArn": arn}

    def _delete_project(self, account: str, region: str, params: dict[str, Any]) -> dict[str, Any]:
        project = self._catalogue.project(account, region, params["ProjectArn"])
        if project.versions:
            raise ServiceError("ResourceInUseException", "The project still has versions.")
        self._catalogue.remove(project)
        return {"Status": "DELETING"}

    def _create_version(self, account: str, region: str, params: dict[str, Any]) -> dict[str, Any]:
        project = self._catalogue.project(account, region, params["ProjectArn"])
        name = params["VersionName"]
        if any(version.name == name for version in project.versions.values()):
            raise ServiceError("ResourceInUseException", f"A version named {name} exists.")
        training = self._catalogue.in_status(
            account, region, frozenset({Status.TRAINING_IN_PROGRESS})
        )
        if len(project.versions) >= _MOST_VERSIONS or len(training) >= _MOST_TRAININGS:
            text = "The account's limit of versions or of concurrent trainings is reached."
            raise ServiceError("LimitExceededException", text)
        created = self._catalogue.next_millisecond()
        version = Version(
            arn=project.version_arn(name, created),
            name=name,
            created=created / 1000,
            status=Status.TRAINING_IN_PROGRESS,
            quality=_TRAINED_HERE,
            description=params.get("VersionDescription", ""),
            tags=dict(params.get("Tags", {})),
            output=dict(params["OutputConfig"]),
            then=Status.TRAINING_COMPLETED,
            due=self._clock.now() + self._settings.current.training_seconds,
        )
        project.versions[version.arn] = version
        return {"ProjectVersionArn": version.arn}

    def _describe_projects(
        self, account: str, region: str, params: dict[str, Any]
    ) -> dict[str, Any]:
        names = params.get("ProjectNames")
        features = params.get("Features", ["CUSTOM_LABELS"])
        found = self._catalogue.here(account, region) if "CUSTOM_LABELS" in features else []
        chosen = [project for project in found if names is None or project.name in names]
        page, token = page_of(chosen, params)
        return {"ProjectDescriptions": [describe_project(one) for one in page], **token}

    def _describe_versions(
        self, account: str, region: str, params: dict[str, Any]
    ) -> dict[str, Any]:
        project = self._catalogue.project(account, region, params["ProjectArn"])
        names = params.get("VersionNames")
        versions = sorted(project.versions.values(), key=lambda one: one.created, reverse=True)
        chosen = [version for version in versions if names is None or version.name in names]
        page, token = page_of(chosen, params)
        for version in page:
            self._evaluate(project, version)
        return {"ProjectVersionDescriptions": [describe_version(one) for one in page], **token}

    def _evaluate(self, project: Project, version: Version) -> None:
        """Publish how a version that was trained here did, in the bucket that was asked for."""
        held = exam(version.quality, version.labels)
        if version.trained is None or not version.output or version.summary or held is None:
            return
        folder = "/".join((version.output["S3Bucket"], version.output.get("S3KeyPrefix", "")))
        place = f"s3://{folder.strip('/')}/{summary_key(project.name, version.name)}"
        version.f1 = held.f1
        if self._put(place, held.summary(version.arn, version.trained)):
            version.summary = place

    def _start(self, account: str, region: str, params: dict[str, Any]) -> dict[str, Any]:
        version = self._catalogue.version(account, region, params["ProjectVersionArn"])
        low, high = params["MinInferenceUnits"], params.get("MaxInferenceUnits")
        if high is not None and high < low:
            text = "MaxInferenceUnits must not be less than MinInferenceUnits."
            raise ServiceError("InvalidParameterException", text)
        if version.status not in STARTABLE:
            raise _in_use(version, "started")
        quotas = self._world.current.quotas
        if max(low, high or low) > quotas.units:
            text = f"A model may have at most {quotas.units} inference units."
            raise ServiceError("LimitExceededException", text)
        running = self._catalogue.in_status(account, region, COUNTED)
        if len(running) >= quotas.running:
            text = f"The account's limit of {quotas.running} running models is reached."
            raise ServiceError("LimitExceededException", text)
        version.start(low, high, self._clock.now() + self._settings.current.start_seconds)
        return {"Status": version.status.value}

    def _stop(self, account: str, region: str, params: dict[str, Any]) -> dict[str, Any]:
        version = self._catalogue.version(account, region, params["ProjectVersionArn"])
        if version.status not in STOPPABLE:
            raise _in_use(version, "stopped")
        due = self._clock.now() + self._settings.current.stop_seconds
        version.go(Status.STOPPING, Status.STOPPED, due)
        return {"Status": version.status.value}

    def _delete_version(self, account: str, region: str, params: dict[str, Any]) -> dict[str, Any]:
        version = self._catalogue.version(account, region, params["ProjectVersionArn"])
        if version.status not in DELETABLE:
            raise _in_use(version, "deleted")
        version.go(Status.DELETING, None, self._clock.now() + self._settings.current.delete_seconds)
        return {"Status": version.status.value}

    def _detect(
        self, account: str, region: str, params: dict[str, Any], load: LoadObject
    ) -> dict[str, Any]:
        with self._lock:
            self._catalogue.settle()
            version = self._catalogue.version(account, region, params["ProjectVersionArn"])
            status, quality, labels = version.status, version.quality, version.labels
        if status is not Status.RUNNING:
            text = f"The project version {version.arn} is not ready: its status is {status}."
            raise ServiceError("ResourceNotReadyException", text)
        return {"CustomLabels": detect_labels(params, quality, labels, load)}


def _in_use(version: Version, done: str) -> ServiceError:
    """Return the error for a call in a wrong state."""
    text = f"The project version {version.arn} is {version.status} and cannot be {done}."
    return ServiceError("ResourceInUseException", text)
