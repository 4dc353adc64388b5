"""A plan as data: what was asked, what it rests on, the steps, and how each is undone.

A step is one of a closed union; whoever handles steps matches on it and ends in `assert_never`.
Times are in UTC, durations in seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from promote.core.gates.result import GateResult, Override

Json = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What somebody asked for."""

    model: str
    version: str
    """The version's ARN."""
    environment: str
    requested_by: str
    """The caller's ARN."""
    reason: str | None = None
    rollback: bool = False
    """Whether it is the way back to a version that the environment used before."""
    overrides: tuple[Override, ...] = ()
    """The gates that are lifted for this once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedTarget:
    """A target as the plan found it; the set of targets is frozen with the plan."""

    account: str
    pointer: str
    role: str
    before: str | None
    """What its pointer named; None when it did not exist."""
    wave: int = 1
    """Counting from 1; the targets of a wave switch side by side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One thing that the plan rests on: what it was, and what else may be so when it is applied."""

    fact: Literal["configuration", "pointer", "policy", "other-policies", "status"]
    subject: str
    was: str
    accepts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Make the new version run; a version that is already on its way is only waited for."""

    step: Literal["start"] = "start"
    environment: str
    version: str
    min_units: int
    max_units: int | None
    deadline: float
    undo: str = "stop the version, if this promotion started it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Let an access role use the new version beside what its targets name."""

    step: Literal["grant"] = "grant"
    environment: str
    accounts: tuple[str, ...]
    role: str
    policy: str
    version: str
    before: Json | None
    """The document that is there; None when there is none."""
    after: Json
    adds: tuple[str, ...]
    """Resource patterns on which DetectCustomLabels is newly allowed: proved, all of them."""
    removes: tuple[str, ...]
    """Those on which it is not allowed any more, or under fewer circumstances: proved, too."""
    adopts: bool = False
    """Whether what else `before` says is taken away with it (`--adopt`)."""
    undo: Json | None
    """The document to write when the promotion is put back; None deletes the policy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prove:
    """Show from a target, through its role, that the version answers, and answers well."""

    step: Literal["prove"] = "prove"
    environment: str
    account: str
    role: str
    version: str
    consecutive: int
    deadline: float
    images: str | None
    min_accuracy: float
    undo: None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """Let a target's pointer name the new version."""

    step: Literal["switch"] = "switch"
    environment: str
    account: str
    pointer: str
    version: str
    wave: int
    revision: int
    """The pointer's revision when the plan was made; 0 creates it and never overwrites."""
    before: str | None
    undo: str | None
    """What to write when the promotion is put back; None deletes what we created."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bake:
    """Leave a wave alone for a while, by its pointers' change time; then verify it once more."""

    step: Literal["bake"] = "bake"
    environment: str
    accounts: tuple[str, ...]
    wave: int
    seconds: float
    undo: None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Drain:
    """Wait until no application can still hold an old version, by each pointer's change time.

    `seconds` is the law, `keep_warm` the wish; what comes after it waits for the longer one.
    """

    step: Literal["drain"] = "drain"
    environment: str
    accounts: tuple[str, ...]
    seconds: float
    keep_warm: float = 0.0
    undo: None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoke:
    """Take every other version's access away, and prove that it is gone."""

    step: Literal["revoke"] = "revoke"
    environment: str
    accounts: tuple[str, ...]
    role: str
    policy: str
    version: str
    """The version that stays allowed."""
    before: Json
    after: Json
    adds: tuple[str, ...]
    """As those of a grant."""
    removes: tuple[str, ...]
    """As those of a grant."""
    adopts: bool = False
    """As that of a grant."""
    revoked: tuple[str, ...]
    """The ARNs whose denial is proved."""
    remove: tuple[str, ...] = ()
    """Foreign policies to remove (`--adopt`): names of inline ones, ARNs of attached ones."""
    makes_room: bool = False
    """Whether a warm version is given up before the start, so that a running slot is free."""
    undo: None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """Stop a version that nothing names, allows or covers any more."""

    step: Literal["stop"] = "stop"
    environment: str
    version: str
    deadline: float
    makes_room: bool = False
    """As that of a revocation."""
    undo: None = None


Step = Start | Grant | Prove | Switch | Bake | Drain | Revoke | Stop
CHANGING = (Start, Grant, Switch, Revoke, Stop)


def makes_room(step: Step) -> bool:
    """Say whether a step gives up what is warm for a free slot; such steps come before all else."""
    return isinstance(step, Revoke | Stop) and step.makes_room


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What the running versions of the model cost in US dollars per hour."""

    before: float
    during: float
    after: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """When and by what the plan was made, and what was so then; not under the digest."""

    at: datetime
    tool: str
    gates: tuple[GateResult, ...] = ()
    """What the gates that are judged at their moment said then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A reviewed promotion: `apply` does these steps, their `undo` included, and nothing else."""

    format: Literal[1] = 1
    kind: Literal["plan"] = "plan"
    made: Made
    request: Request
    targets: tuple[PlannedTarget, ...]
    gates: tuple[GateResult, ...]
    facts: tuple[Fact, ...]
    steps: tuple[Step, ...]
    cost: Cost
    changes: int
    """How many steps write; 0 means that the world is already as asked."""
    max_failures: int = 0
    """How many targets may fail their verification before everything is put back."""
