"""What a topology is made of: settings that are plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotas:
    """Service quotas of the ML account and Region.

    The defaults are AWS's: two concurrently running versions, five inference units for each
    ("Guidelines and quotas in Amazon Rekognition Custom Labels").
    """

    running: int = 2
    units: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class MlAccount:
    """The central account that trains, runs and pays for the versions."""

    account: str
    quotas: Quotas = field(default_factory=Quotas)
    evaluations: str | None = None
    """The ``s3://`` location below which the summaries of evaluations lie, which the reader role
    may then read; None is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """Inference units of a running version; `max` None means no autoscaling."""

    min: int = 1
    max: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PointerAddress:
    """Where applications read the version's ARN: a kind of store and a name in it."""

    kind: str = "ssm"
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model that is promoted: one project of a model service."""

    name: str
    project: str
    service: str = "rekognition"
    capacity: Capacity = field(default_factory=Capacity)
    price: float = 4.0
    """US dollars per inference unit and hour."""
    labels: tuple[str, ...] = ()
    """The labels that all applications understand."""
    labels_in: PointerAddress | None = None
    """Where the applications of each target account publish theirs, instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Propagation:
    """When a changed policy counts as in force: `consecutive` successes before `deadline`."""

    consecutive: int = 3
    deadline: timedelta = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """How long a version may take to start and to stop."""

    start: timedelta = timedelta(minutes=30)
    stop: timedelta = timedelta(minutes=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Smoke:
    """The smoke test: labelled images and the share that must be recognised."""

    images: str | None = None
    """A folder, a manifest file or an ``s3://`` prefix, seen from promote.yaml; see `images`."""
    min_accuracy: float = 0.9
    endpoint_url: str | None = None
    """The VPC endpoint to call the model through; None calls the Region's public one."""
