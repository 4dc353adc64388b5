"""Where a model stands, in every environment at once: what `promote status` shows.

Computed from one observation; nothing here is remembered. Beside it two values that other parts
of the product make and several views show: what `doctor` finds, and who holds a lock.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from promote.core.coverage import hourly_cost, retention
from promote.core.drift import Drift, drift_of
from promote.core.granted import grants_of, is_exact
from promote.core.hands import set_by_hand
from promote.core.mending import version_name
from promote.core.observation import Json, Observation
from promote.core.on_record import (
    HeldStatus,
    UnfinishedStatus,
    held_in,
    overridden_in,
    unfinished_in,
)
from promote.core.overridden import Overridden
from promote.core.result import Left
from promote.core.reviews import Standing
from promote.core.topology import Environment, Target, Topology
from promote.core.version import ModelVersion, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was checked: what, what came out, and what helps when it is not as it should.

    `remedy` is empty when `ok`.
    """

    ok: bool
    subject: str
    detail: str
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LockHolder:
    """Who holds the lock of a model."""

    owner: str
    """The caller's ARN."""
    host: str
    pid: int
    operation: str
    """What it does, such as ``release tools v2 to prod``."""
    since: datetime
    """In UTC."""
    expires: datetime
    """In UTC; whoever waits takes it over a margin after this moment."""
    fence: int
    """Counts the owners that took over from one another: each has a higher one."""
    machine: str = ""
    """Where `pid` is an id, see `promote.workflow.machine`; empty when that cannot be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelLock:
    """The lock of a model, and whether its holder still counts."""

    model: str
    holder: LockHolder
    live: bool
    """False when whoever comes next takes it over: the holder is dead, or silent too long."""
    lease: float
    """Seconds that it lasts without a sign of life, as promote.yaml says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetStatus:
    """One target: what its pointer names."""

    account: str
    pointer: str
    version: str | None
    """The name of a version of the model's project, any other text as it is, None for none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentStatus:
    """One environment: its targets, what its access roles grant, what is not as it should be."""

    name: str
    targets: tuple[TargetStatus, ...]
    granted: tuple[str, ...]
    """Names of single versions, and patterns that are wider, as the policies spell them."""
    held: tuple[HeldStatus, ...]
    """What a rollback left, and a release there takes a reason for."""
    drift: tuple[Drift, ...]
    overridden: tuple[Overridden, ...] = ()
    """The gates that were lifted for a version that a pointer names now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionStatus:
    """One version: its state, and whom it runs for."""

    name: str
    arn: str
    status: Status
    units: int | None
    """Inference units at its last start; None when it never ran."""
    max_units: int | None
    named_by: tuple[str, ...]
    """Targets, each as ``prod/444444444444``."""
    orphan: bool
    """It runs, but no pointer names it, no drain covers it and no exact grant allows it."""
    cost_per_hour: float
    """In US dollars; 0.0 when it does not run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelStatus:
    """Where one model stands."""

    model: str
    environments: tuple[EnvironmentStatus, ...]
    """In the order of promote.yaml."""
    versions: tuple[VersionStatus, ...]
    """In the order of the observation."""
    unfinished: UnfinishedStatus | None
    """The promotion that was begun last of those that have not ended."""
    open: tuple[UnfinishedStatus, ...]
    """Every promotion that has not ended, in the order in which they were begun."""
    left: tuple[Left, ...]
    """What is still to be revoked and stopped, and from when on."""
    lock: ModelLock | None
    reviews: tuple[Standing, ...] = ()
    """The plans that were approved or rejected and have not begun."""

    @property
    def drifted(self) -> bool:
        """Whether any environment differs from what it should be."""
        return any(environment.drift for environment in self.environments)


def summarise(
    topology: Topology,
    observation: Observation,
    lock: ModelLock | None = None,
    wanted_trust: Mapping[str, Json] | None = None,
) -> ModelStatus:
    """Say where a model stands.

    Args:
        topology: What promote.yaml says.
        observation: What the world looks like.
        lock: Who holds the model's lock, if anybody, and whether that still counts.
        wanted_trust: The wanted trust policies by the ARN of the access role; without them no
            trust policy is judged.
    """
    world, begun = _World(topology, observation), unfinished_in(observation)
    return ModelStatus(
        model=observation.model,
        environments=tuple(world.environment(e, wanted_trust or {}) for e in topology.environments),
        versions=tuple(world.version(version) for version in observation.versions),
        unfinished=begun[-1] if begun else None,
        open=begun,
        left=(*world.to_revoke(), *world.to_stop()),
        lock=lock,
    )


@dataclass(frozen=True, slots=True)
class _World:
    topology: Topology
    observation: Observation

    def environment(self, environment: Environment, trust: Mapping[str, Json]) -> EnvironmentStatus:
        return EnvironmentStatus(
            name=environment.name,
            targets=tuple(self._target(target) for target in self._targets(environment)),
            granted=tuple(self._name(pattern) for pattern in self._granted(environment)),
            held=held_in(self.observation, environment.name),
            drift=drift_of(self.topology, self.observation, environment, trust),
            overridden=overridden_in(self.observation, environment.name),
        )

    def version(self, version: ModelVersion) -> VersionStatus:
        model = self.topology.model(self.observation.model)
        return VersionStatus(
            name=version.name,
            arn=version.arn,
            status=version.status,
            units=version.min_units,
            max_units=version.max_units,
            named_by=self._named_by(version.arn),
            orphan=self._is_orphan(version),
            cost_per_hour=hourly_cost((version,), model.price),
        )

    def to_revoke(self) -> Iterator[Left]:
        """Yield each exact grant of a version that the environment's pointers left behind."""
        for environment in self.topology.environments:
            targets = self._targets(environment)
            named = {self.observation.pointers[target].value for target in targets}
            named |= self._owed(environment)
            left = self._left_behind((environment,))
            for pattern in self._granted(environment):
                if pattern in left and pattern not in named:
                    yield Left(step="revoke", version=pattern, not_before=left[pattern])

    def to_stop(self) -> Iterator[Left]:
        """Yield each version that runs for nobody and that a pointer named: what `retire` stops."""
        left = self._left_behind(self.topology.environments)
        for version in self.observation.versions:
            stoppable = version.status.on_the_way_up and not self._is_needed(version.arn)
            if stoppable and version.arn in left:
                yield Left(step="stop", version=version.arn, not_before=left[version.arn])

    def _is_orphan(self, version: ModelVersion) -> bool:
        if not version.status.on_the_way_up or self._is_needed(version.arn):
            return False
        drained = self._left_behind(self.topology.environments).get(version.arn)
        if drained is not None and drained > self.observation.at:
            return False
        return all(version.arn not in self._granted(e) for e in self.topology.environments)

    def _is_needed(self, arn: str) -> bool:
        owed = any(arn in self._owed(each) for each in self.topology.environments)
        return owed or bool(self._named_by(arn))

    def _owed(self, environment: Environment) -> set[str | None]:
        """Return what its targets may name next: a promotion is unfinished, or a choice is open."""
        begun = self.observation.ledger.open_in(environment.name)
        settled = (set_by_hand(self.observation, each) for each in self._targets(environment))
        owed = {each.version for each in settled if each is not None}
        return owed if begun is None else owed | {begun.plan.request.version}

    def _left_behind(self, environments: tuple[Environment, ...]) -> dict[str, datetime]:
        """Return when the last drain and keep_warm of each value that was left behind end."""
        ends: dict[str, datetime] = {}
        for environment in environments:
            for target in self._targets(environment):
                stays = retention(target, environment, self.observation)
                for value, at in self.observation.pointers[target].left_behind():
                    end = at + stays
                    ends[value] = max(end, ends.get(value, end))
        return ends

    def _granted(self, environment: Environment) -> tuple[str, ...]:
        arns = dict.fromkeys(target.access_role for target in self._targets(environment))
        roles = (self.observation.roles[arn] for arn in arns if arn in self.observation.roles)
        return tuple(dict.fromkeys(p for role in roles for p in grants_of(role).patterns))

    def _named_by(self, arn: str) -> tuple[str, ...]:
        pointers = self.observation.pointers
        return tuple(str(target) for target in self._all_targets() if pointers[target].value == arn)

    def _target(self, target: Target) -> TargetStatus:
        value = self.observation.pointers[target].value
        return TargetStatus(
            account=target.account,
            pointer=target.pointer.name,
            version=None if value is None else self._name(value),
        )

    def _name(self, text: str) -> str:
        model = self.observation.model
        return version_name(text, self.topology, model) if is_exact(text) else text

    def _targets(self, environment: Environment) -> tuple[Target, ...]:
        return self.topology.targets(self.observation.model, environment)

    def _all_targets(self) -> tuple[Target, ...]:
        return self.topology.all_targets(self.observation.model)
