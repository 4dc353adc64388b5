"""What CodePipeline keeps: pipelines, executions, and what happened in their stages and actions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from promote.sandbox.artifact_store import Place

Declaration = Mapping[str, Any]
"""A part of a pipeline's structure, as its API takes it."""

ACTIVE = frozenset({"InProgress", "Stopping"})


@dataclass(frozen=True, slots=True)
class Artifact:
    """An artifact that an action gave."""

    name: str
    place: Place
    revision: str = ""
    """Of a source: the version of the object that it is a copy of."""


@dataclass(slots=True, kw_only=True)
class ActionRun:
    """One run of an action: InProgress, Succeeded, Failed or Abandoned."""

    id: str
    stage: str
    declaration: Declaration
    started: float
    updated: float
    status: str = "InProgress"
    resolved: dict[str, str] | None = None
    inputs: tuple[Artifact, ...] = ()
    outputs: tuple[Artifact, ...] = ()
    variables: dict[str, str] = field(default_factory=dict)
    external_id: str = ""
    summary: str = ""
    error: tuple[str, str] | None = None
    token: str = ""
    """Of an approval that is open."""
    until: float | None = None
    """Of an approval: when it is too late."""
    updated_by: str = ""

    @property
    def name(self) -> str:
        """Return the name of the action."""
        return str(self.declaration["name"])

    @property
    def provider(self) -> str:
        """Return who carries it out: S3, CodeBuild or Manual."""
        return str(self.declaration["actionTypeId"]["provider"])

    def end(self, status: str, now: float, error: tuple[str, str] | None = None) -> None:
        """Note that it is over."""
        self.status, self.updated, self.error = status, now, error


@dataclass(slots=True, kw_only=True)
class RuleRun:
    """One check of a rule: Succeeded or Failed."""

    id: str
    name: str
    status: str
    at: float
    error: tuple[str, str] | None = None


@dataclass(slots=True, kw_only=True)
class ConditionRun:
    """One check of a condition: Succeeded, Failed, or Errored where a rule could not be checked."""

    status: str
    at: float
    summary: str
    rules: tuple[RuleRun, ...]


@dataclass(slots=True, kw_only=True)
class StageRun:
    """One run of a stage."""

    name: str
    status: str = "InProgress"
    actions: dict[str, ActionRun] = field(default_factory=dict)
    """The latest run of each of its actions."""
    entry: ConditionRun | None = None
    success: ConditionRun | None = None


@dataclass(slots=True, kw_only=True)
class Execution:
    """One execution of a pipeline, by the structure that the pipeline had when it began."""

    id: str
    version: int
    structure: Declaration
    started: float
    updated: float
    trigger: tuple[str, str]
    variables: dict[str, str]
    stages: list[str]
    """The names of the stages that it has still to enter."""
    overrides: list[dict[str, str]] = field(default_factory=list)
    status: str = "InProgress"
    summary: str = ""
    stop_reason: str | None = None
    target: str | None = None
    """Of a rollback: the execution that it goes back to."""
    namespaces: dict[str, dict[str, str]] = field(default_factory=dict)
    artifacts: dict[str, Artifact] = field(default_factory=dict)
    runs: dict[str, StageRun] = field(default_factory=dict)
    """The latest run of each stage."""
    history: list[ActionRun] = field(default_factory=list)
    current: StageRun | None = None
    arrived: float = 0.0
    """When it came to the stage that it waits for."""

    @property
    def kind(self) -> str:
        """Return STANDARD or ROLLBACK."""
        return "STANDARD" if self.target is None else "ROLLBACK"

    @property
    def active(self) -> bool:
        """Say whether it goes on."""
        return self.status in ACTIVE

    @property
    def values(self) -> dict[str, dict[str, str]]:
        """Return the values of all variables, by namespace."""
        own = {"PipelineExecutionId": self.id}
        return {**self.namespaces, "variables": self.variables, "codepipeline": own}

    def stage(self, name: str) -> Declaration:
        """Return the structure of a stage."""
        return next(each for each in self.structure["stages"] if each["name"] == name)


@dataclass(slots=True, kw_only=True)
class Transition:
    """Whether executions may enter a stage."""

    enabled: bool = True
    reason: str = ""
    by: str = ""
    at: float = 0.0


@dataclass(slots=True, kw_only=True)
class Pipeline:
    """A pipeline with its versions, the latest last, and its executions, the oldest first."""

    account: str
    region: str
    versions: list[Declaration]
    created: float
    updated: float
    executions: list[Execution] = field(default_factory=list)
    transitions: dict[str, Transition] = field(default_factory=dict)
    latest: dict[str, str] = field(default_factory=dict)
    """The id of the execution that was in each stage last."""
    tokens: dict[str, str] = field(default_factory=dict)
    """The ids of executions by the tokens of the requests that started them."""

    @property
    def structure(self) -> Declaration:
        """Return its structure."""
        return self.versions[-1]

    @property
    def name(self) -> str:
        """Return its name."""
        return str(self.structure["name"])

    @property
    def arn(self) -> str:
        """Return its ARN."""
        return f"arn:aws:codepipeline:{self.region}:{self.account}:{self.name}"

    def execution(self, name: str) -> Execution | None:
        """Return an execution by its id."""
        return next((each for each in self.executions if each.id == name), None)

    def waiting(self, stage: str) -> Iterator[Execution]:
        """Yield the executions that wait for a stage, in their order."""
        found = [
            each
            for each in self.executions
            if each.active and each.current is None and each.stages[:1] == [stage]
        ]
        yield from sorted(found, key=lambda each: each.arrived)

    def occupant(self, stage: str) -> Execution | None:
        """Return the execution that is in a stage now."""
        inside = (e for e in self.executions if e.current is not None and e.current.name == stage)
        return next(inside, None)
