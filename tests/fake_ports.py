"""The ports of `tests.fake_world`: each records the call, then reads or changes that world."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from promote.arn import assumed_role_arn, parse_arn
from promote.core.evaluation import Evaluation
from promote.core.executions import Execution, Response
from promote.core.observation import AccessRoleState, Json, PointerState, PointerValue
from promote.core.topology import Target
from promote.core.version import ModelVersion, Status
from promote.errors import (
    AccessDeniedError,
    ExplicitDenyError,
    NotFoundError,
    NotReadyError,
    PointerChangedError,
    QuotaError,
    WrongStateError,
)
from promote.iam.evaluate import Verdict
from promote.ports import Caller, Credentials, Label, LabelledImage, Stored, World
from promote.ports.pipelines import Source
from tests.builders import PROJECT, PROJECT_ARN
from tests.fake_analyzer import FakeAnalyzer
from tests.fake_signer import FakeSigner

if TYPE_CHECKING:
    from tests.fake_world import FakeWorld

__all__ = ["Caller", "Ports", "Stored", "World"]


@dataclass(frozen=True, slots=True)
class Ports:
    """Every port onto one world."""

    fake: FakeWorld

    def world(self) -> World:
        """Return them together."""
        return World(
            clock=_Clock(self.fake),
            identities=_Identities(self.fake),
            services={"rekognition": _Models(self.fake)},
            pointers={"ssm": _Pointers(self.fake)},
            roles=_Roles(self.fake),
            alarms=_Alarms(self.fake),
            pipelines=_Pipelines(self.fake),
            analyzer=FakeAnalyzer(),
            store=_Store(self.fake),
            images=_Images(self.fake),
            signer=FakeSigner(),
        )


@dataclass(frozen=True, slots=True)
class _Pipelines:
    """Knows the executions and responses that a test has put into the world; starts none."""

    fake: FakeWorld

    def execution(self, pipeline: str, execution: str) -> Execution:
        with self.fake.call("pipelines.execution", f"{pipeline}/{execution}"):
            return self.fake.executions[execution]

    def responses(self, pipeline: str, execution: str) -> tuple[Response, ...]:
        with self.fake.call("pipelines.responses", f"{pipeline}/{execution}"):
            return self.fake.responses.get(execution, ())

    def source(self, pipeline: str) -> Source:
        raise NotImplementedError(pipeline)

    def submit(self, source: Source, content: bytes) -> str:
        raise NotImplementedError(source, content)

    def start(self, source: Source, version: str, variables: Mapping[str, str]) -> str:
        raise NotImplementedError(source, version, variables)


@dataclass(frozen=True, slots=True)
class _Clock:
    fake: FakeWorld

    def now(self) -> datetime:
        return self.fake.time

    def monotonic(self) -> float:
        return self.fake.seconds

    def sleep(self, seconds: float) -> None:
        self.fake.pass_time(seconds)


@dataclass(frozen=True, slots=True)
class _Identities:
    fake: FakeWorld

    def caller(self) -> Caller:
        with self.fake.call("sts.caller", self.fake.caller.arn):
            return self.fake.caller

    def reach(self, role: str) -> None:
        with self.fake.call("sts.reach", role):
            return

    def enter(self, target: Target, session_name: str) -> Credentials:
        with self.fake.call("sts.enter", str(target), target.smoke_role):
            return Credentials(
                role=target.access_role,
                access_key_id=f"{target.account}/{self.fake.next_replica(target)}",
                secret_access_key="",
                session_token=assumed_role_arn(target.access_role, session_name),
            )


@dataclass(frozen=True, slots=True)
class _Alarms:
    fake: FakeWorld

    def states(self, names: Collection[str], *, role: str | None) -> Mapping[str, str]:
        account = parse_arn(role).account if role else self.fake.caller.account
        with self.fake.call("alarm.states", ", ".join(names), role):
            known = {name: self.fake.alarms.get((account, name)) for name in names}
            return {name: state for name, state in known.items() if state is not None}


@dataclass(frozen=True, slots=True)
class _Models:
    fake: FakeWorld

    def project_arn(self, project: str, *, role: str | None) -> str:
        with self.fake.call("model.project", project, role):
            if project != PROJECT:
                raise NotFoundError("No such project", project)
            return PROJECT_ARN

    def versions(self, project_arn: str, *, role: str | None) -> tuple[ModelVersion, ...]:
        with self.fake.call("model.versions", project_arn, role):
            found = self.fake.versions.values()
            return tuple(sorted(found, key=lambda each: each.created_at, reverse=True))

    def describe(self, project_arn: str, version: str, *, role: str | None) -> ModelVersion:
        with self.fake.call("model.describe", version, role):
            found = [v for v in self.fake.versions.values() if v.name == version]
            if project_arn != PROJECT_ARN or not found:
                raise NotFoundError("No such version", version)
            return found[0]

    def evaluation(self, version: ModelVersion, *, role: str | None) -> Evaluation:
        with self.fake.call("model.evaluation", version.arn, role):
            found = self.fake.evaluations.get(version.arn)
            if found is None:
                raise NotFoundError("No evaluation", f"{version.name} has none")
            return found

    def occupants(
        self, *, role: str | None, besides: str | None = None
    ) -> tuple[ModelVersion, ...]:
        with self.fake.call("model.occupants", str(besides), role):
            own = () if besides == PROJECT_ARN else tuple(self.fake.versions.values())
            return tuple(v for v in (*own, *self.fake.strangers) if v.status.occupies_slot)

    def start(
        self, version_arn: str, *, min_units: int, max_units: int | None, role: str | None
    ) -> None:
        with self.fake.call("model.start", version_arn, role, writes=True):
            version = self.fake.versions[version_arn]
            if not version.status.startable:
                raise WrongStateError("ResourceInUse", version.status.value)
            if self.fake.occupied() >= self.fake.topology.ml.quotas.running:
                raise QuotaError("LimitExceeded", f"no slot for {min_units}-{max_units} units")
            self.fake.start(version.name)

    def stop(self, version_arn: str, *, role: str | None) -> None:
        with self.fake.call("model.stop", version_arn, role, writes=True):
            version = self.fake.versions[version_arn]
            if version.status is not Status.RUNNING:
                raise WrongStateError("ResourceInUse", version.status.value)
            self.fake.stop(version.name)

    def invoke(self, credentials: Credentials, version_arn: str, image: bytes) -> tuple[Label, ...]:
        account, delay = credentials.access_key_id.split("/")
        with self.fake.call("model.invoke", version_arn, credentials.session_token):
            verdict = self.fake.decide(credentials.role, version_arn, float(delay)).verdict
            if verdict is Verdict.EXPLICIT_DENY:
                raise ExplicitDenyError("Access denied", f"{credentials.role} is forbidden it")
            if verdict is Verdict.IMPLICIT_DENY:
                raise AccessDeniedError("Access denied", f"{credentials.role} is not allowed it")
            self.fake.proven.add((account, version_arn))
            version = self.fake.versions.get(version_arn)
            if version is None or version.status is not Status.RUNNING:
                raise NotReadyError("ResourceNotReady", version_arn)
            poor = {version_arn, f"{account}/{version_arn}"} & self.fake.poor
            if poor or image.startswith(b"\x89PNG"):
                return ()
            shown = image.decode()
            taken_for = self.fake.mistaken.get(version_arn, {}).get(shown, shown.split()[0])
            return () if taken_for is None else (Label(name=taken_for, confidence=99.0),)


@dataclass(frozen=True, slots=True)
class _Pointers:
    fake: FakeWorld

    def read(self, target: Target, *, role: str | None) -> PointerState:
        with self.fake.call("pointer.read", str(target), role):
            return self.fake.pointer(target)

    def current(self, target: Target, *, role: str | None) -> PointerValue | None:
        with self.fake.call("pointer.current", str(target), role):
            if target.account in self.fake.blind and role == target.smoke_role:
                return next(iter(self.fake.pointer(target).history), None)
            return self.fake.pointer(target).current

    def published(self, target: Target, *, role: str | None) -> str | None:
        with self.fake.call("pointer.published", str(target), role):
            found = self.fake.pointer(target).current
            return None if found is None else found.value

    def create(self, target: Target, value: str, *, role: str | None) -> int:
        with self.fake.call("pointer.create", str(target), role, writes=True):
            if self.fake.pointer(target).history:
                raise PointerChangedError("The pointer exists", str(target))
            return self.fake.point(target, value)

    def write(self, target: Target, value: str, *, role: str | None) -> int:
        with self.fake.call("pointer.write", str(target), role, writes=True):
            return self.fake.point(target, value)

    def delete(self, target: Target, *, role: str | None) -> None:
        with self.fake.call("pointer.delete", str(target), role, writes=True):
            self.fake.point(target, None)


@dataclass(frozen=True, slots=True)
class _Roles:
    fake: FakeWorld

    def read(self, role_arn: str, *, role: str | None) -> AccessRoleState | None:
        with self.fake.call("iam.read", role_arn, role):
            found = self.fake.roles.get(role_arn)
            if found is None:
                return None
            inline = found.documents(self.fake.time)
            return AccessRoleState(arn=role_arn, trust=found.trust, inline=inline)

    def policy(self, role_arn: str, name: str, *, role: str | None) -> Json | None:
        with self.fake.call("iam.policy", role_arn, role):
            return self.fake.document(role_arn, name)

    def put(self, role_arn: str, name: str, document: Json, *, role: str | None) -> None:
        with self.fake.call("iam.put", role_arn, role, writes=True):
            self.fake.write_policy(role_arn, document, name)

    def remove(self, role_arn: str, policy: str, *, role: str | None) -> None:
        with self.fake.call("iam.remove", role_arn, role, writes=True):
            self.fake.write_policy(role_arn, None, policy)


@dataclass(frozen=True, slots=True)
class _Store:
    fake: FakeWorld

    def read(self, key: str) -> Stored | None:
        with self.fake.call("store.read", key):
            return self.fake.objects.get(key)

    def create(self, key: str, content: bytes) -> str | None:
        with self.fake.call("store.create", key, writes=True):
            return None if key in self.fake.objects else self._keep(key, content)

    def replace(self, key: str, content: bytes, tag: str) -> str | None:
        with self.fake.call("store.replace", key, writes=True):
            return self._keep(key, content) if self._has(key, tag) else None

    def delete(self, key: str, tag: str) -> bool:
        with self.fake.call("store.delete", key, writes=True):
            found = self._has(key, tag)
            if found:
                del self.fake.objects[key]
            return found

    def keys(self, prefix: str, after: str = "") -> Sequence[str]:
        with self.fake.call("store.keys", prefix):
            found = [key for key in self.fake.objects if key.startswith(prefix) and key > after]
            return sorted(found)

    def _has(self, key: str, tag: str) -> bool:
        found = self.fake.objects.get(key)
        return found is not None and found.tag == tag

    def _keep(self, key: str, content: bytes) -> str:
        tag = hashlib.sha256(content).hexdigest()
        self.fake.objects[key] = Stored(content=content, tag=tag)
        return tag


@dataclass(frozen=True, slots=True)
class _Images:
    fake: FakeWorld

    def load(self, location: str) -> tuple[LabelledImage, ...]:
        with self.fake.call("images.load", location):
            return tuple(
                LabelledImage(name=f"{each}.png", label=each.split()[0], content=each.encode())
                for each in self.fake.albums.get(location, self.fake.images)
            )
