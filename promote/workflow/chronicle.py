"""Keeps the trace of one run for the record: how long its steps took, what it made of the policies.

It listens to what is announced and looks over the shoulder of whoever reads and writes policies, so
that nothing is asked of AWS for it.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from promote.core.events import Event, StepDone, StepStarted
from promote.core.observation import AccessRoleState, Json, Observation
from promote.core.plan import Bake, Drain, Grant, Plan, Prove, Revoke, Start, Step, Stop, Switch
from promote.core.topology import Target
from promote.core.trace import PolicyDigest, StepTime, document_digest
from promote.ports import AccessRoles, World


@dataclass(frozen=True)
class Chronicle:
    """What one run did so far; safe for use by many threads."""

    _steps: dict[int, StepTime] = field(default_factory=dict)
    _policies: dict[tuple[str, str], str | None] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def hear(self, event: Event) -> None:
        """Take down when a step began, and how it ended."""
        if not isinstance(event, StepStarted | StepDone):
            return
        with self._lock:
            if isinstance(event, StepStarted):
                time = StepTime(step=event.step.step, of=_object_of(event.step), began=event.at)
            else:
                time = replace(
                    self._steps[event.number], seconds=event.seconds, detail=event.detail
                )
            self._steps[event.number] = time

    def saw(self, role: AccessRoleState) -> None:
        """Take down every inline policy of a role, and that others are gone."""
        with self._lock:
            for arn, name in self._policies:
                if arn == role.arn and name not in role.inline:
                    self._policies[arn, name] = None
            found = {(role.arn, each): document_digest(d) for each, d in role.inline.items()}
            self._policies.update(found)

    def saw_all(self, observation: Observation) -> None:
        """Take down the policies of a look at the world that was not made through `watching`."""
        for role in observation.roles.values():
            self.saw(role)

    def saw_policy(self, role: str, name: str, document: Json | None) -> None:
        """Take down what one inline policy is, by the ARN of its role."""
        with self._lock:
            self._policies[role, name] = document_digest(document)

    def steps(self) -> tuple[StepTime, ...]:
        """Return what was begun, in its order."""
        with self._lock:
            return tuple(sorted(self._steps.values(), key=lambda each: each.began))

    def policies(self, plan: Plan, targets: tuple[Target, ...]) -> tuple[PolicyDigest, ...]:
        """Return what was seen or written last of every policy that a plan is about."""
        named = [(each.access_role, each.policy_name) for each in targets]
        named += [(s.role, s.policy) for s in plan.steps if isinstance(s, Grant | Revoke)]
        with self._lock:
            return tuple(
                PolicyDigest(role=role, policy=name, digest=self._policies.get((role, name)))
                for role, name in dict.fromkeys(named)
            )

    def watching(self, world: World) -> World:
        """Return the world with an eye on its policies."""
        return replace(world, roles=_Watched(world.roles, self))


@dataclass(frozen=True, slots=True)
class _Watched:
    roles: AccessRoles
    chronicle: Chronicle

    def read(self, role_arn: str, *, role: str | None) -> AccessRoleState | None:
        found = self.roles.read(role_arn, role=role)
        if found is not None:
            self.chronicle.saw(found)
        return found

    def policy(self, role_arn: str, name: str, *, role: str | None) -> Json | None:
        found = self.roles.policy(role_arn, name, role=role)
        self.chronicle.saw_policy(role_arn, name, found)
        return found

    def put(
        self, role_arn: str, name: str, document: Mapping[str, object], *, role: str | None
    ) -> None:
        self.roles.put(role_arn, name, document, role=role)
        self.chronicle.saw_policy(role_arn, name, document)

    def remove(self, role_arn: str, policy: str, *, role: str | None) -> None:
        self.roles.remove(role_arn, policy, role=role)
        self.chronicle.saw_policy(role_arn, policy, None)


def _object_of(step: Step) -> str:
    match step:
        case Start() | Stop():
            return step.version
        case Grant() | Revoke():
            return step.role
        case Prove() | Switch():
            return step.account
        case Bake() | Drain():
            return ", ".join(step.accounts)
