"""What promote.yaml says, resolved: accounts, environments, models and the roles between them."""

from __future__ import annotations

import enum
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import TypeVar

from promote.arn import role_arn
from promote.core.gates.alarm import Alarm, alarm_of
from promote.core.gates.requirements import Requirements
from promote.core.parts import Deadlines, MlAccount, Model, PointerAddress, Propagation, Smoke
from promote.core.perimeter import DataLake, Guardrails, Pipeline, Verifier
from promote.core.waves import WaveSize
from promote.errors import InputError, NotFoundError

LEASE = timedelta(minutes=2)
"""The default, and the shortest: an owner that is silent gives it up 45 s before, and a request
may take 35 s; it is renewed whenever a third of it has passed."""

PLACEHOLDERS = ("model", "environment", "account", "region")


class Granularity(enum.Enum):
    """How much an access role allows: single versions, a project's, or all of the account."""

    VERSION = "version"
    PROJECT = "project"
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """One environment; texts may still hold placeholders, `Topology.targets` fills them."""

    name: str
    accounts: tuple[str, ...]
    access_role: str
    pointer: PointerAddress
    after: tuple[str, ...] = ()
    reader_role: str | None = None
    operator_role: str | None = None
    deployer_role: str | None = None
    smoke_role: str | None = None
    external_id: str | None = None
    consumers: tuple[str, ...] = ()
    policy_name: str = "promote-{model}"
    granularity: Granularity = Granularity.VERSION
    propagation: Propagation = field(default_factory=Propagation)
    deadlines: Deadlines = field(default_factory=Deadlines)
    drain: timedelta = timedelta(minutes=5)
    """A law: what the pointer left stays allowed and running at least so long."""
    keep_warm: timedelta = timedelta(0)
    """A wish: it stays so long, too, so that a rollback is one write of a pointer."""
    smoke: Smoke = field(default_factory=Smoke)
    vpc_endpoints: tuple[str, ...] = ()
    waves: tuple[WaveSize, ...] = ()
    """How many of the accounts have switched after each wave; none is one wave of all."""
    max_failures: int = 0
    """How many accounts may fail their verification before everything is put back."""
    bake: timedelta = timedelta(0)
    """How long a wave is left alone before it is verified once more and the next one begins."""
    gates: Requirements = field(default_factory=Requirements)
    """What must hold before a promotion; nothing of it before a rollback."""
    verifier: Verifier | None = None
    """Where the pipeline verifies from; None is outside any VPC."""
    organizational_units: tuple[str, ...] = ()
    """The units whose accounts get the roles of a target from one StackSet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One account in which one model is used in one environment, all names resolved."""

    model: str
    environment: str
    account: str
    pointer: PointerAddress
    access_role: str
    """The ARN of the role in the ML account; several targets may share it."""
    policy_name: str
    reader_role: str | None
    deployer_role: str | None
    smoke_role: str | None
    consumers: tuple[str, ...]
    external_id: str | None
    endpoint_url: str | None

    def __str__(self) -> str:
        """Name the target for people: ``prod/444444444444``."""
        return f"{self.environment}/{self.account}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Topology:
    """Everything promote.yaml says."""

    region: str
    ml: MlAccount
    models: tuple[Model, ...]
    environments: tuple[Environment, ...]
    organization: str | None = None
    data_lake: DataLake | None = None
    guardrails: Guardrails | None = None
    pipeline: Pipeline | None = None
    lease: timedelta = LEASE
    """How long a model's lock outlives the last sign of life of its owner."""
    ledger: str | None = None
    """A directory or an ``s3://`` location; None is ``.promote/`` beside promote.yaml."""
    signing_key: str | None = None
    """The ARN of the KMS key that the ends of promotions are signed with; None signs nothing."""
    templates: str | None = None
    """A directory with the user's own policy templates; None uses ours."""
    directory: str = "."
    """Where promote.yaml lies; relative paths in it start here."""

    def model(self, name: str) -> Model:
        """Return the model called `name`.

        Raises:
            NotFoundError: promote.yaml has no such model.
        """
        return _named(name, self.models, "model")

    def environment(self, name: str) -> Environment:
        """Return the environment called `name`.

        Raises:
            NotFoundError: promote.yaml has no such environment.
        """
        return _named(name, self.environments, "environment")

    def fill(self, text: str, *, model: str = "", environment: str = "", account: str = "") -> str:
        """Replace the placeholders in `text`."""
        if "{" not in text:
            return text
        values = {"model": model, "environment": environment, "account": account}
        for placeholder, value in {**values, "region": self.region}.items():
            text = text.replace("{" + placeholder + "}", value)
        return text

    def targets(self, model: str, environment: Environment) -> tuple[Target, ...]:
        """Return the targets of `model` in `environment`, in the order of its accounts."""
        return tuple(self._target(model, environment, account) for account in environment.accounts)

    def all_targets(self, model: str) -> tuple[Target, ...]:
        """Return the targets of `model` in every environment, in the order of the file."""
        return tuple(t for e in self.environments for t in self.targets(model, e))

    def images(self, model: str, environment: Environment) -> str | None:
        """Return where the smoke test's images of a model in an environment are, or None."""
        images = environment.smoke.images
        return images and self.fill(images, model=model, environment=environment.name)

    def alarms(self, model: str, environment: Environment) -> Mapping[Alarm, str | None]:
        """Return the alarms that the gates of an environment ask about, each with its reader role.

        A name stands for one alarm in each target account, an ARN for just that alarm.

        Raises:
            InputError: One is named that cannot be looked at; `promote config check` tells it, too.
        """
        if not environment.gates.alarms:
            return {}
        readers = {t.account: t.reader_role for t in self.targets(model, environment)}
        readers[self.ml.account] = self.ml_reader(environment)
        found: dict[Alarm, str | None] = {}
        for text in environment.gates.alarms:
            for account in environment.accounts:
                filled = self.fill(text, model=model, environment=environment.name, account=account)
                try:
                    alarm = alarm_of(filled, account, region=self.region, accounts=readers)
                except ValueError as error:
                    raise _unusable_alarm(environment, error) from None
                found[alarm] = readers[alarm.account]
        return found

    def ml_reader(self, environment: Environment) -> str | None:
        """Return the ARN of the role that reads in the ML account; None is the promoter itself."""
        return self._role(environment.reader_role, environment, self.ml.account)

    def operator(self, environment: Environment) -> str | None:
        """Return the ARN of the role that starts, stops and writes access-role policies."""
        return self._role(environment.operator_role, environment, self.ml.account)

    def fingerprint(self, model: str, environment: str) -> str:
        """Digest every setting that a plan for `model` in `environment` rests on."""
        settings = {
            "region": self.region,
            "organization": self.organization,
            "ml": asdict(self.ml),
            "model": asdict(self.model(model)),
            "environment": asdict(self.environment(environment)),
        }
        text = json.dumps(settings, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()

    def _role(self, role: str | None, environment: Environment, account: str) -> str | None:
        if role is None:
            return None
        return role_arn(account, self.fill(role, environment=environment.name, account=account))

    def _target(self, model: str, environment: Environment, account: str) -> Target:
        def filled(text: str) -> str:
            return self.fill(text, model=model, environment=environment.name, account=account)

        def role(text: str | None) -> str | None:
            return None if text is None else role_arn(account, filled(text))

        endpoint = environment.smoke.endpoint_url
        return Target(
            model=model,
            environment=environment.name,
            account=account,
            pointer=PointerAddress(
                kind=environment.pointer.kind, name=filled(environment.pointer.name)
            ),
            access_role=role_arn(self.ml.account, filled(environment.access_role)),
            policy_name=filled(environment.policy_name),
            reader_role=role(environment.reader_role),
            deployer_role=role(environment.deployer_role),
            smoke_role=role(environment.smoke_role),
            consumers=tuple(role_arn(account, filled(each)) for each in environment.consumers),
            external_id=None
            if environment.external_id is None
            else filled(environment.external_id),
            endpoint_url=None if endpoint is None else filled(endpoint),
        )


def _unusable_alarm(environment: Environment, error: ValueError) -> InputError:
    return InputError(
        "No such alarm can be looked at",
        f"gates.alarm of the environment {environment.name}: {error}.",
        "Name an alarm of the target accounts, or the ARN of one there or in the ML account.",
    )


_Named = TypeVar("_Named", Model, Environment)


def _named(name: str, things: tuple[_Named, ...], what: str) -> _Named:
    for thing in things:
        if thing.name == name:
            return thing
    known = ", ".join(thing.name for thing in things) or "none"
    raise NotFoundError(
        f"No such {what}",
        f"promote.yaml has no {what} called {name!r}. It has: {known}.",
        "To see the resolved configuration:\n    promote config show",
    )
