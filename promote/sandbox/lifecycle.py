"""Move model versions through their states, by the clock.

States and transitions: `ProjectVersionStatus` in the service model, and the developer guide's
"Running a trained model". AWS says nothing about some; these are our fixed readings: Start is
accepted from TRAINING_COMPLETED, STOPPED, COPYING_COMPLETED and FAILED; STARTING cannot be stopped.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from promote.sandbox.images import LABELS


class Status(StrEnum):
    """Every status of a version, as the service model lists them."""

    TRAINING_IN_PROGRESS = "TRAINING_IN_PROGRESS"
    TRAINING_COMPLETED = "TRAINING_COMPLETED"
    TRAINING_FAILED = "TRAINING_FAILED"
    STARTING = "STARTING"
    RUNNING = "RUNNING"
    FAILED = "FAILED"
    STOPPING = "STOPPING"
    STOPPED = "STOPPED"
    DELETING = "DELETING"
    COPYING_IN_PROGRESS = "COPYING_IN_PROGRESS"
    COPYING_COMPLETED = "COPYING_COMPLETED"
    COPYING_FAILED = "COPYING_FAILED"
    DEPRECATED = "DEPRECATED"
    EXPIRED = "EXPIRED"


STARTABLE = frozenset(
    {Status.TRAINING_COMPLETED, Status.STOPPED, Status.COPYING_COMPLETED, Status.FAILED}
)
STOPPABLE = frozenset({Status.RUNNING})
COUNTED = frozenset({Status.STARTING, Status.RUNNING, Status.STOPPING})
"""The states that count against the quota of running models."""
DELETABLE = (
    frozenset(Status)
    - COUNTED
    - {
        Status.TRAINING_IN_PROGRESS,
        Status.COPYING_IN_PROGRESS,
        Status.DELETING,
    }
)

_MESSAGES = {
    Status.TRAINING_IN_PROGRESS: "The model is being trained.",
    Status.TRAINING_COMPLETED: "The model is ready to run.",
    Status.STARTING: "The model is being deployed.",
    Status.RUNNING: "The model is running.",
    Status.FAILED: "The model could not be deployed: an internal error occurred.",
    Status.STOPPING: "The model is being stopped.",
    Status.STOPPED: "The model is stopped.",
    Status.DELETING: "The model is being deleted.",
}


@dataclass(slots=True)
class Version:
    """A model version as the service keeps it. Moments are epoch seconds."""

    arn: str
    name: str
    created: float
    status: Status
    quality: str
    f1: float = 0.0
    min_units: int | None = None
    max_units: int | None = None
    fails_to_start: bool = False
    description: str = ""
    trained: float | None = None
    tags: dict[str, str] = field(default_factory=dict)
    output: dict[str, str] = field(default_factory=dict)
    labels: tuple[str, ...] = LABELS
    summary: str | None = None
    """Where the summary of its evaluation lies: ``s3://bucket/key``."""
    due: float | None = None
    then: Status | None = None

    @property
    def message(self) -> str:
        """Return the service's text for the status."""
        return _MESSAGES.get(self.status, f"The model is {self.status.lower()}.")

    def go(self, status: Status, then: Status | None, due: float | None) -> None:
        """Enter a status; at `due`, if given, it becomes `then`."""
        self.status, self.then, self.due = status, then, due

    def settle(self, now: float) -> None:
        """Do the transition that is due."""
        if self.due is None or self.then is None or now < self.due:
            return
        if self.then is Status.TRAINING_COMPLETED:
            self.trained = self.due
        if self.then in {Status.STOPPED, Status.FAILED}:
            self.min_units = self.max_units = None
        self.go(self.then, None, None)

    def start(self, low: int, high: int | None, due: float) -> None:
        """Begin to deploy."""
        self.min_units, self.max_units = low, high
        self.go(Status.STARTING, Status.FAILED if self.fails_to_start else Status.RUNNING, due)


@dataclass(slots=True)
class Project:
    """A Custom Labels project and its versions by ARN. Moments are epoch seconds."""

    arn: str
    name: str
    account: str
    region: str
    created: float
    versions: dict[str, Version] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)

    def settle(self, now: float) -> None:
        """Do every transition that is due, and forget versions that are deleted."""
        for version in self.versions.values():
            version.settle(now)
        gone = [
            arn
            for arn, v in self.versions.items()
            if v.status is Status.DELETING and v.due is not None and v.due <= now
        ]
        for arn in gone:
            del self.versions[arn]

    def version_arn(self, name: str, milliseconds: int) -> str:
        """Return the ARN of a version of this project created at a time."""
        stem = f"arn:aws:rekognition:{self.region}:{self.account}:project/{self.name}"
        return f"{stem}/version/{name}/{milliseconds}"
