"""Build the topology from settings; a draft until the checks have passed.

What was unusable is replaced by a harmless stand-in, so that the checks can go on and one run tells
everything. No draft with a problem ever leaves this package.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from promote.arn import role_arn
from promote.config.keys import ENVIRONMENT, ROOT
from promote.config.model import MODEL
from promote.config.pipeline import pipeline_of, verifier_of
from promote.config.reading import Settings, complete
from promote.core.gates.calendar import Freeze, Window
from promote.core.gates.golden import GoldenRule
from promote.core.gates.labels import LabelRule
from promote.core.gates.requirements import Requirements
from promote.core.parts import (
    Capacity,
    Deadlines,
    MlAccount,
    Model,
    PointerAddress,
    Propagation,
    Quotas,
    Smoke,
)
from promote.core.perimeter import DataLake, Guardrails
from promote.core.topology import LEASE, Environment, Granularity, Target, Topology
from promote.core.waves import WaveSize

_NO_ACCOUNT = "000000000000"
_NO_TIME = timedelta()


@dataclass(frozen=True, slots=True)
class Use:
    """One target with the settings of the environment that it comes from."""

    target: Target
    environment: Environment
    settings: Settings


@dataclass(frozen=True, slots=True)
class Draft:
    """A topology with the places of everything in it."""

    topology: Topology
    root: Settings
    models: tuple[tuple[Model, Settings], ...]
    environments: tuple[tuple[Environment, Settings], ...]

    def uses(self) -> Iterator[Use]:
        """Yield every target of every model and environment, in the order of the file."""
        for environment, settings in self.environments:
            for model, _ in self.models:
                for target in self.topology.targets(model.name, environment):
                    yield Use(target, environment, settings)


def draft(root: Settings, *, directory: str, region: str | None) -> Draft:
    """Build a draft; `region`, when given, replaces the file's."""
    whole = complete(ROOT, root)
    models = tuple(_models(whole))
    environments = tuple(_environments(whole, root))
    ml = whole.section("ml")
    quotas = ml.section("quotas")
    place = region or whole.get(str, "region", "")
    account = ml.get(str, "account", _NO_ACCOUNT)
    topology = Topology(
        region=place,
        ml=MlAccount(
            account=account,
            quotas=Quotas(running=quotas.get(int, "running", 1), units=quotas.get(int, "units", 1)),
            evaluations=ml.get(str, "evaluations", None),
        ),
        models=tuple(model for model, _ in models),
        environments=tuple(environment for environment, _ in environments),
        organization=whole.get(str, "organization", None),
        data_lake=_data_lake(whole, account, place) if "data_lake" in root.items else None,
        guardrails=_guardrails(whole, place) if "guardrails" in root.items else None,
        pipeline=pipeline_of(whole.section("pipeline")) if "pipeline" in root.items else None,
        ledger=whole.get(str, "ledger", None),
        lease=whole.get(timedelta, "lease", LEASE),
        signing_key=whole.section("records").get(str, "signing_key", None),
        templates=whole.get(str, "templates", None),
        directory=directory,
    )
    return Draft(topology, whole, models, environments)


def _data_lake(whole: Settings, ml_account: str, region: str) -> DataLake:
    settings = whole.section("data_lake")
    return DataLake(
        account=settings.get(str, "account", _NO_ACCOUNT),
        bucket=settings.get(str, "bucket", ""),
        kms_key=settings.get(str, "kms_key", None),
        trainers=tuple(_role(each, ml_account, region) for each in settings.texts("trainers")),
    )


def _guardrails(whole: Settings, region: str) -> Guardrails:
    settings = whole.section("guardrails")
    account = settings.get(str, "account", _NO_ACCOUNT)
    role = settings.get(str, "role", None)
    return Guardrails(
        account=account,
        role=None if role is None else _role(role, account, region),
        targets=settings.texts("targets"),
        exempt=settings.texts("exempt"),
    )


def _role(text: str, account: str, region: str) -> str:
    return role_arn(account, text.replace("{account}", account).replace("{region}", region))


def _models(whole: Settings) -> Iterator[tuple[Model, Settings]]:
    for name, item in whole.section("models").items.items():
        if not isinstance(item.value, Settings):
            continue
        settings = complete(MODEL, Settings(item.position, item.value.items))
        capacity = settings.section("capacity")
        model = Model(
            name=name,
            # No project's name holds a space, so the stand-in equals no other model's project.
            project=settings.get(str, "project", f"project of {name}"),
            service=settings.get(str, "service", "rekognition"),
            capacity=Capacity(min=capacity.get(int, "min", 1), max=capacity.get(int, "max", None)),
            price=settings.get(float, "price", 0.0),
            labels=settings.texts("labels"),
            labels_in=_published(settings.section("labels")),
        )
        yield model, settings


def _published(settings: Settings) -> PointerAddress | None:
    name = settings.get(str, "ssm", None)
    return None if name is None else PointerAddress(kind="ssm", name=name)


def _environments(whole: Settings, root: Settings) -> Iterator[tuple[Environment, Settings]]:
    defaults = root.section("defaults")
    for item in whole.each("environments"):
        if not isinstance(item.value, Settings) or "name" not in item.value.items:
            continue
        settings = complete(ENVIRONMENT, item.value, defaults)
        yield _environment(settings), settings


def _environment(settings: Settings) -> Environment:
    return Environment(
        name=settings.get(str, "name", ""),
        accounts=tuple(dict.fromkeys(settings.texts("accounts"))),
        after=settings.texts("after"),
        access_role=settings.get(str, "access_role", ""),
        pointer=PointerAddress(kind="ssm", name=settings.section("pointer").get(str, "ssm", "")),
        reader_role=settings.get(str, "reader_role", None),
        operator_role=settings.get(str, "operator_role", None),
        deployer_role=settings.get(str, "deployer_role", None),
        smoke_role=settings.get(str, "smoke_role", None),
        external_id=settings.get(str, "external_id", None),
        consumers=settings.texts("consumers"),
        policy_name=settings.get(str, "policy_name", ""),
        granularity=Granularity(settings.get(str, "granularity", "version")),
        propagation=_propagation(settings.section("propagation")),
        deadlines=_deadlines(settings.section("deadlines")),
        drain=settings.get(timedelta, "drain", _NO_TIME),
        keep_warm=settings.get(timedelta, "keep_warm", _NO_TIME),
        smoke=_smoke(settings.section("smoke")),
        vpc_endpoints=settings.texts("vpc_endpoints"),
        waves=tuple(s.value for s in settings.each("waves") if isinstance(s.value, WaveSize)),
        max_failures=settings.get(int, "max_failures", 0),
        bake=settings.get(timedelta, "bake", _NO_TIME),
        gates=_gates(settings.section("gates")),
        verifier=verifier_of(settings.get(Settings, "verifier", None)),
        organizational_units=settings.texts("organizational_units"),
    )


def _gates(settings: Settings) -> Requirements:
    rule = settings.get(str, "labels", None)
    return Requirements(
        f1=settings.get(float, "f1", None),
        precision=settings.get(float, "precision", None),
        recall=settings.get(float, "recall", None),
        label_f1=settings.get(float, "label_f1", None),
        labels=None if rule is None else LabelRule(rule),
        golden=_golden(settings.get(Settings, "golden", None)),
        soak=settings.get(timedelta, "soak", None),
        windows=tuple(s.value for s in settings.each("window") if isinstance(s.value, Window)),
        freezes=tuple(s.value for s in settings.each("freeze") if isinstance(s.value, Freeze)),
        approval=settings.get(int, "approval", None),
        cost=settings.get(float, "cost", None),
        unit_hours=settings.section("quota").get(float, "unit_hours", None),
        alarms=settings.texts("alarm"),
    )


def _golden(settings: Settings | None) -> GoldenRule | None:
    if settings is None:
        return None
    return GoldenRule(
        images=settings.get(str, "images", None),
        min_accuracy=settings.get(float, "min_accuracy", None),
        min_precision=settings.get(float, "min_precision", None),
        min_recall=settings.get(float, "min_recall", None),
        max_regression=settings.get(float, "max_regression", 0.0),
        confidence=settings.get(float, "confidence", 0.95),
    )


def _propagation(settings: Settings) -> Propagation:
    return Propagation(
        consecutive=settings.get(int, "consecutive", 1),
        deadline=settings.get(timedelta, "deadline", _NO_TIME),
    )


def _deadlines(settings: Settings) -> Deadlines:
    return Deadlines(
        start=settings.get(timedelta, "start", _NO_TIME),
        stop=settings.get(timedelta, "stop", _NO_TIME),
    )


def _smoke(settings: Settings) -> Smoke:
    return Smoke(
        images=settings.get(str, "images", None),
        min_accuracy=settings.get(float, "min_accuracy", 0.0),
        endpoint_url=settings.get(str, "endpoint_url", None),
    )
