"""Drift: every way in which an environment differs from what promote.yaml and its pointers say.

Each difference is a full sentence that names the place. What an unfinished promotion explains (a
new version that is granted already, targets that do not agree yet) is no drift.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from promote.arn import parse_arn, parse_version_arn
from promote.core.coverage import kept_versions
from promote.core.grants import DETECT, allowed_patterns
from promote.core.observation import AccessRoleState, Json, Observation
from promote.core.topology import Environment, Granularity, Model, Target, Topology
from promote.core.version import Status
from promote.errors import PolicyError
from promote.iam.document import Effect, Kind, Policy, Statement, parse, same
from promote.iam.evaluate import covers, resource_matches

_SHOWN = 100


@dataclass(frozen=True, slots=True)
class RoleGrants:
    """What the policies of one access role allow, as resource patterns."""

    allowed: Mapping[str, tuple[str, ...]]
    """By policy: the name of an inline one, the ARN of an attached one."""
    denied: tuple[Statement, ...]
    """The statements without conditions that forbid something, whatever allows it."""
    unreadable: Mapping[str, str]
    """Policies that may allow it in a way that we cannot judge, and why; they count as ``*``."""

    @property
    def patterns(self) -> tuple[str, ...]:
        """Every pattern that some policy allows, each once, in the order of the policies."""
        return tuple(dict.fromkeys(p for patterns in self.allowed.values() for p in patterns))

    def covers(self, version: str) -> bool:
        """Say whether the version with this ARN may be used, conditions of the grant aside."""
        allowed = any(resource_matches(pattern, version) for pattern in self.patterns)
        return allowed and not any(covers(each, DETECT, version) for each in self.denied)


def is_exact(pattern: str) -> bool:
    """Say whether a resource pattern is a single ARN."""
    return "*" not in pattern and "?" not in pattern


def grants_of(role: AccessRoleState) -> RoleGrants:
    """Read what an access role allows its consumers to detect with."""
    documents = {**role.inline, **role.attached}
    allowed = {name: allowed_patterns(document) for name, document in documents.items()}
    denied: list[Statement] = []
    unreadable: dict[str, str] = {}
    for name, document in documents.items():
        try:
            denied += _denied(parse(document, kind=Kind.IDENTITY, name=name))
        except PolicyError as error:
            if allowed[name]:
                unreadable[name] = error.detail or error.summary
    return RoleGrants(allowed=allowed, denied=tuple(denied), unreadable=unreadable)


def version_name(text: str, model: Model, account: str) -> str:
    """Shorten the ARN of one of the model's own versions to its name; anything else stays."""
    version = parse_version_arn(text)
    own = version is not None and (version.account, version.project) == (account, model.project)
    return version.version if own and version is not None else text


def drift_of(
    topology: Topology,
    observation: Observation,
    environment: Environment,
    wanted_trust: Mapping[str, Json],
) -> tuple[str, ...]:
    """Return what differs in an environment, pointers first, then its roles.

    `wanted_trust` holds the wanted trust policies by the ARN of the role; others are not compared.
    """
    return tuple(_Inspection(topology, observation, environment, wanted_trust).sentences())


@dataclass(frozen=True, slots=True)
class _Inspection:
    topology: Topology
    observation: Observation
    environment: Environment
    wanted_trust: Mapping[str, Json]

    def sentences(self) -> Iterator[str]:
        targets = self.topology.targets(self.observation.model, self.environment)
        for target in targets:
            yield from self._pointer(target)
        yield from self._disagreement(targets)
        yield from self._units(targets)
        for role in dict.fromkeys(target.access_role for target in targets):
            yield from self._role(role, [t for t in targets if t.access_role == role])

    @property
    def _model(self) -> Model:
        return self.topology.model(self.observation.model)

    def _name(self, text: str) -> str:
        return version_name(text, self._model, self.topology.ml.account)

    def _value(self, target: Target) -> str | None:
        return self.observation.pointers[target].value

    def _pointer(self, target: Target) -> Iterator[str]:
        value = self._value(target)
        if value is None:
            return
        pointer = f"{target}: the pointer {target.pointer.name}"
        arn = parse_version_arn(value)
        if arn is None:
            shown = repr(value if len(value) <= _SHOWN else value[:_SHOWN] + "…")
            yield f"{pointer} holds {shown}, which is not the ARN of a model version."
            return
        own = (self.topology.ml.account, self.topology.region, self._model.project)
        if (arn.account, arn.region, arn.project) != own:
            yield (
                f"{pointer} names a version of another project, {arn.project} in account "
                f"{arn.account} ({arn.region}): {value}."
            )
            return
        version = self.observation.version(value)
        if version is None:
            yield f"{pointer} names {value}, which {arn.project} does not have (any more)."
        elif version.status is not Status.RUNNING:
            yield f"{pointer} names {version.name}, which is {version.status.value}, not RUNNING."

    def _disagreement(self, targets: tuple[Target, ...]) -> Iterator[str]:
        values = {self._value(target) for target in targets}
        if len(values) == 1 or self._under_way is not None:
            return
        said = ", ".join(f"{t.account} {self._names(self._value(t))}" for t in targets)
        yield f"{self.environment.name}: its targets do not name the same version: {said}."

    def _names(self, value: str | None) -> str:
        return "names nothing" if value is None else f"names {self._name(value)}"

    def _units(self, targets: tuple[Target, ...]) -> Iterator[str]:
        capacity = self._model.capacity
        for value in dict.fromkeys(self._value(target) for target in targets):
            version = None if value is None else self.observation.version(value)
            if version is None or version.status is not Status.RUNNING:
                continue
            if (version.min_units, version.max_units) != (capacity.min, capacity.max):
                found = units(version.min_units, version.max_units)
                wanted = units(capacity.min, capacity.max)
                yield (
                    f"{version.name} runs with {found} inference units; capacity in promote.yaml "
                    f"is {wanted}."
                )

    def _role(self, arn: str, targets: list[Target]) -> Iterator[str]:
        name = parse_arn(arn).name
        role = self.observation.roles.get(arn)
        if role is None:
            yield f"The access role {name} does not exist ({arn})."
            return
        grants = grants_of(role)
        yield from self._missing_grants(name, grants, targets)
        yield from self._needless_grants(name, grants, targets)
        yield from _foreign_grants(name, grants, targets[0].policy_name)
        if arn in self.wanted_trust and not same(role.trust, self.wanted_trust[arn]):
            yield f"The trust policy of {name} is not the one that promote.yaml asks for."

    def _missing_grants(
        self, name: str, grants: RoleGrants, targets: list[Target]
    ) -> Iterator[str]:
        for value in dict.fromkeys(self._value(target) for target in targets):
            if value is None or parse_version_arn(value) is None or grants.covers(value):
                continue
            accounts = ", ".join(t.account for t in targets if self._value(t) == value)
            yield (
                f"{name} does not allow {DETECT} on {self._name(value)}, which the pointer of "
                f"{accounts} names."
            )

    def _needless_grants(
        self, name: str, grants: RoleGrants, targets: list[Target]
    ) -> Iterator[str]:
        needed = {
            value
            for target in targets
            for value in kept_versions(target, self.environment, self.observation)
        }
        for pattern in grants.allowed.get(targets[0].policy_name, ()):
            if is_exact(pattern):
                if pattern not in needed and pattern != self._under_way:
                    yield (
                        f"{name} allows {self._name(pattern)}, which no pointer of its targets "
                        "names or named within the drain."
                    )
            elif self._wants_versions and targets[0].policy_name not in grants.unreadable:
                yield f"{name} allows {pattern}, which is wider than single versions."

    @property
    def _wants_versions(self) -> bool:
        return self.environment.granularity is Granularity.VERSION

    @property
    def _under_way(self) -> str | None:
        """The version that an unfinished promotion brings to this environment, or None."""
        unfinished = self.observation.ledger.unfinished
        if unfinished is None or unfinished.plan.request.environment != self.environment.name:
            return None
        return unfinished.plan.request.version


def units(low: int | None, high: int | None) -> str:
    """Write inference units: ``1``, or ``1-2`` with autoscaling; ``no`` when none are set."""
    if low is None:
        return "no"
    return str(low) if high is None else f"{low}-{high}"


def _foreign_grants(name: str, grants: RoleGrants, own: str) -> Iterator[str]:
    for policy, patterns in grants.allowed.items():
        if policy != own and patterns and policy not in grants.unreadable:
            listed = ", ".join(patterns)
            yield f"The policy {policy} on {name} is not ours and allows {DETECT} on {listed}."
    for policy, reason in grants.unreadable.items():
        yield f"The policy {policy} on {name} cannot be judged: {reason}"


def _denied(policy: Policy) -> list[Statement]:
    return [
        statement
        for statement in policy.statements
        if statement.effect is Effect.DENY and not statement.conditions
    ]
