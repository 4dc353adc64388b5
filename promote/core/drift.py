"""Drift: every way in which an environment differs from what promote.yaml and its pointers say.

Each difference is told in full sentences that name the place, with the commands that adopt it and
those that repair it. What an unfinished promotion explains (a new version that is granted already,
targets that do not agree yet) is no drift.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from promote.arn import parse_arn, parse_version_arn
from promote.core.coverage import kept_versions
from promote.core.granted import RoleGrants, grants_of, is_exact
from promote.core.grants import DETECT
from promote.core.hands import explained, set_by_hand, shown, told
from promote.core.mending import Commands, Mending, version_name
from promote.core.observation import Json, Observation
from promote.core.parts import Model
from promote.core.topology import Environment, Granularity, Target, Topology
from promote.core.version import Status, units
from promote.iam.document import same


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """One way in which an environment is not as it should be, and what may be done about it."""

    summary: str
    """Full sentences."""
    adopt: Commands = ()
    """What makes it the wanted state, one command after the other; none where nothing can."""
    repair: Commands = ()
    """What brings back the state that is wanted, likewise."""
    show: Commands = ()
    """What prints that state, where somebody else must bring it back."""


def drift_of(
    topology: Topology,
    observation: Observation,
    environment: Environment,
    wanted_trust: Mapping[str, Json],
) -> tuple[Drift, ...]:
    """Return what differs in an environment, pointers first, then its roles.

    `wanted_trust` holds the wanted trust policies by the ARN of the role; others are not compared.
    """
    return tuple(_Inspection(topology, observation, environment, wanted_trust).found())


@dataclass(frozen=True)
class _Inspection:
    topology: Topology
    observation: Observation
    environment: Environment
    wanted_trust: Mapping[str, Json]

    def found(self) -> Iterator[Drift]:
        for target in self._targets:
            yield from self._by_hand(target)
            yield from self._pointer(target)
        yield from self._disagreement()
        yield from self._units()
        for role in dict.fromkeys(target.access_role for target in self._targets):
            yield from self._role(role, [t for t in self._targets if t.access_role == role])

    @cached_property
    def _targets(self) -> tuple[Target, ...]:
        return self.topology.targets(self.observation.model, self.environment)

    @cached_property
    def _mend(self) -> Mending:
        return Mending(self.topology, self.observation, self.environment)

    @property
    def _model(self) -> Model:
        return self.topology.model(self.observation.model)

    def _name(self, text: str) -> str:
        return version_name(text, self.topology, self.observation.model)

    def _value(self, target: Target) -> str | None:
        return self.observation.pointers[target].value

    def _by_hand(self, target: Target) -> Iterator[Drift]:
        settled = set_by_hand(self.observation, target)
        if settled is None:
            return
        now = self.observation.pointers[target].current
        yield Drift(
            summary=told(self.topology, self.observation, target, settled),
            adopt=self._mend.release(now.value) if now else (),
            repair=self._mend.put_back(
                settled.version or self._mend.last_good(target),
                adopt=now is not None and parse_version_arn(now.value) is None,
            ),
        )

    def _pointer(self, target: Target) -> Iterator[Drift]:
        value = self._value(target)
        if value is None:
            return
        pointer = f"{target}: the pointer {target.pointer.name}"
        arn = parse_version_arn(value)
        good = self._mend.last_good(target)
        if arn is None:
            yield Drift(
                summary=f"{pointer} holds {shown(value, self.topology, self._model.name)}, which "
                "is not the ARN of a model version.",
                repair=self._mend.put_back(good, adopt=True),
            )
            return
        own = (self.topology.ml.account, self.topology.region, self._model.project)
        if (arn.account, arn.region, arn.project) != own:
            yield Drift(
                summary=f"{pointer} names a version of another project, {arn.project} in account "
                f"{arn.account} ({arn.region}): {value}.",
                repair=self._mend.put_back(good),
            )
            return
        version = self.observation.version(value)
        if version is None:
            yield Drift(
                summary=f"{pointer} names {value}, which {arn.project} does not have (any more).",
                repair=self._mend.put_back(good),
            )
        elif version.status is not Status.RUNNING:
            yield Drift(
                summary=f"{pointer} names {version.name}, which is {version.status.value}, not "
                "RUNNING.",
                repair=self._mend.start(version) or self._mend.put_back(good),
            )

    def _disagreement(self) -> Iterator[Drift]:
        values = {self._value(target) for target in self._targets}
        if len(values) == 1 or self._under_way is not None:
            return
        if any(set_by_hand(self.observation, target) for target in self._targets):
            return  # told already, with who and since when
        said = ", ".join(f"{t.account} {self._names(self._value(t))}" for t in self._targets)
        yield Drift(
            summary=f"{self.environment.name}: its targets do not name the same version: {said}.",
            repair=self._mend.put_back(self._mend.last_good()),
        )

    def _names(self, value: str | None) -> str:
        return "names nothing" if value is None else f"names {self._name(value)}"

    def _units(self) -> Iterator[Drift]:
        capacity = self._model.capacity
        for value in dict.fromkeys(self._value(target) for target in self._targets):
            version = None if value is None else self.observation.version(value)
            if version is None or version.status is not Status.RUNNING:
                continue
            if (version.min_units, version.max_units) != (capacity.min, capacity.max):
                found = units(version.min_units, version.max_units)
                wanted = units(capacity.min, capacity.max)
                yield Drift(
                    summary=f"{version.name} runs with {found} inference units; capacity in "
                    f"promote.yaml is {wanted}. It is not restarted while a pointer names it: "
                    "change capacity, or promote another version."
                )

    def _role(self, arn: str, targets: list[Target]) -> Iterator[Drift]:
        name = parse_arn(arn).name
        role = self.observation.roles.get(arn)
        if role is None:
            yield Drift(
                summary=f"The access role {name} does not exist ({arn}). Whoever manages roles "
                "must create it, with its trust policy.",
                show=self._mend.wanted_trust,
            )
            return
        grants = grants_of(role)
        yield from self._missing_grants(name, grants, targets)
        yield from self._needless_grants(name, grants, targets)
        yield from self._foreign_grants(name, grants, targets[0].policy_name)
        if arn in self.wanted_trust and not same(role.trust, self.wanted_trust[arn]):
            yield Drift(
                summary=f"The trust policy of {name} is not the one that promote.yaml asks for. "
                "Whoever manages roles must write it.",
                show=self._mend.wanted_trust,
            )

    def _missing_grants(
        self, name: str, grants: RoleGrants, targets: list[Target]
    ) -> Iterator[Drift]:
        for value in dict.fromkeys(self._value(target) for target in targets):
            if value is None or parse_version_arn(value) is None or grants.covers(value):
                continue
            accounts = ", ".join(t.account for t in targets if self._value(t) == value)
            summary = (
                f"{name} does not allow {DETECT} on {self._name(value)}, which the pointer of "
                f"{accounts} names."
            )
            if grants.denies(value):
                yield Drift(
                    summary=f"{summary} A policy on it denies it, which promote does not write: "
                    "whoever did must take the denial away."
                )
            else:
                otherwise = self._mend.put_back(self._mend.last_good())
                yield Drift(summary=summary, repair=self._mend.grant(value) or otherwise)

    def _needless_grants(
        self, name: str, grants: RoleGrants, targets: list[Target]
    ) -> Iterator[Drift]:
        needed: set[str | None] = {
            value
            for target in targets
            for value in kept_versions(target, self.environment, self.observation)
        }
        needed = needed.union(*(self._owed(target) for target in targets))
        for pattern in grants.allowed.get(targets[0].policy_name, ()):
            if is_exact(pattern):
                if pattern not in needed:
                    yield Drift(
                        summary=f"{name} allows {self._name(pattern)}, which no pointer of its "
                        "targets names or named within the drain.",
                        adopt=self._mend.keep(pattern),
                        repair=self._mend.revoke(pattern),
                    )
            elif self._wants_versions and targets[0].policy_name not in grants.unreadable:
                yield Drift(
                    summary=f"{name} allows {pattern}, which is wider than single versions.",
                    repair=self._mend.take_over(),
                )

    def _foreign_grants(self, name: str, grants: RoleGrants, own: str) -> Iterator[Drift]:
        for policy, patterns in grants.allowed.items():
            if policy != own and patterns and policy not in grants.unreadable:
                listed = ", ".join(patterns)
                yield Drift(
                    summary=f"The policy {policy} on {name} is not ours and allows {DETECT} on "
                    f"{listed}.",
                    repair=self._mend.take_over(),
                )
        for policy, reason in grants.unreadable.items():
            yield Drift(
                summary=f"The policy {policy} on {name} cannot be judged: {reason}",
                repair=self._mend.take_over(),
            )

    def _owed(self, target: Target) -> set[str | None]:
        """Return what a target may name next: a promotion is unfinished, or a choice is open."""
        settled = set_by_hand(self.observation, target)
        owed = explained(self.observation, target)
        return owed | {settled.version} if settled else owed

    @property
    def _wants_versions(self) -> bool:
        return self.environment.granularity is Granularity.VERSION

    @property
    def _under_way(self) -> str | None:
        """The version that an unfinished promotion brings to this environment, or None."""
        unfinished = self.observation.ledger.open_in(self.environment.name)
        return None if unfinished is None else unfinished.plan.request.version
