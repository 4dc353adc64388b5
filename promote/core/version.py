"""A model version, its ARN and the states it can be in."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime


class Status(enum.Enum):
    """Where a version stands in its life.

    The fourteen values of `ProjectVersionStatus` in botocore's service model, and UNKNOWN for any
    that AWS adds later: a status that we do not know is never usable and never an error.
    """

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
    UNKNOWN = "UNKNOWN"

    @classmethod
    def of(cls, text: str) -> Status:
        """Read a status as the service spells it; anything new is UNKNOWN."""
        try:
            return cls(text)
        except ValueError:
            return cls.UNKNOWN

    @property
    def startable(self) -> bool:
        """Whether Start is accepted. FAILED and COPYING_COMPLETED are readings, not AWS's word."""
        return self in _STARTABLE

    @property
    def on_the_way_up(self) -> bool:
        """Whether the version runs or will run without another call."""
        return self in {Status.STARTING, Status.RUNNING}

    @property
    def occupies_slot(self) -> bool:
        """Whether the version counts against the quota of concurrently running versions."""
        return self in {Status.STARTING, Status.RUNNING, Status.STOPPING}

    @property
    def usable(self) -> bool:
        """Whether a promotion can bring the version to RUNNING, now or after a wait."""
        return self.startable or self.occupies_slot


_STARTABLE = frozenset(
    {Status.TRAINING_COMPLETED, Status.STOPPED, Status.COPYING_COMPLETED, Status.FAILED}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelVersion:
    """One version of a model as the service describes it."""

    arn: str
    name: str
    project: str
    """The project's name, not its ARN."""
    status: Status
    created_at: datetime
    """In UTC."""
    min_units: int | None = None
    """Inference units asked for at the last start; None when it never ran."""
    max_units: int | None = None
    """The upper bound of autoscaling; None when the units are fixed."""
    message: str = ""
    """The service's own words about the status, such as why a start failed."""
    f1: float | None = None
    """Of the training's own test, from 0 to 1; None when the service says none."""
    summary: str | None = None
    """Where the summary of that test lies, as ``s3://bucket/key``; None when there is none."""
    copied_from: str | None = None
    """The ARN of the version that it is a copy of; None when it was trained where it is."""

    def __str__(self) -> str:
        """Name the version and its state, for people."""
        return f"{self.name} is {self.status.value}"


def units(low: int | None, high: int | None) -> str:
    """Write inference units: ``1``, or ``1-2`` with autoscaling; ``no`` when none are set."""
    if low is None:
        return "no"
    return str(low) if high is None else f"{low}-{high}"
