"""Check the names of every target as AWS will see them, with their placeholders filled."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from promote.config.aws_names import (
    bucket_fault,
    external_id_fault,
    key_fault,
    parameter_fault,
    policy_name_fault,
    role_fault,
    url_fault,
)
from promote.config.draft import Draft, Use
from promote.config.problems import Position, Problems
from promote.config.reading import Settings
from promote.core.gates.alarm import alarm_of
from promote.core.topology import Topology

Fault: TypeAlias = tuple[str, Position, str | None]


def check_names(draft: Draft, problems: Problems) -> None:
    """Note every name that AWS would refuse; a setting is named once, for its first target."""
    told = set()
    found = (*_of_perimeter(draft), *_of_environments(draft), *_of_targets(draft))
    for key, place, fault in found:
        if fault is not None and (key, place) not in told:
            told.add((key, place))
            problems.note(place, f"{key}: {fault}")


def _of_perimeter(draft: Draft) -> Iterator[Fault]:
    place = draft.topology.ml.evaluations
    if place is not None:
        bucket = place.removeprefix("s3://").partition("/")[0]
        yield "ml.evaluations", draft.root.section("ml").where("evaluations"), bucket_fault(bucket)
    lake, guardrails = draft.topology.data_lake, draft.topology.guardrails
    if lake is not None:
        settings = draft.root.section("data_lake")
        fault = bucket_fault(lake.bucket) if lake.bucket else None
        yield "data_lake.bucket", settings.where("bucket"), fault
        if lake.kms_key is not None:
            fault = key_fault(lake.kms_key, region=draft.topology.region)
            yield "data_lake.kms_key", settings.where("kms_key"), fault
        for item, role in zip(settings.each("trainers"), lake.trainers, strict=True):
            fault = role_fault(role, (draft.topology.ml.account,))
            yield "data_lake.trainers", item.position, fault
    if guardrails is not None:
        settings = draft.root.section("guardrails")
        if guardrails.role is not None:
            fault = role_fault(guardrails.role, (guardrails.account,))
            yield "guardrails.role", settings.where("role"), fault
        for item, role in zip(settings.each("exempt"), guardrails.exempt, strict=True):
            yield "guardrails.exempt", item.position, role_fault(role)


def _of_environments(draft: Draft) -> Iterator[Fault]:
    ml = (draft.topology.ml.account,)
    for environment, settings in draft.environments:
        # The reader's ARN may name a target account; which one it reads is the doctor's question.
        for key, arn, accounts in (
            ("reader_role", draft.topology.ml_reader(environment), ()),
            ("operator_role", draft.topology.operator(environment), ml),
        ):
            if arn is not None:
                yield key, settings.where(key), role_fault(arn, accounts)


def _of_targets(draft: Draft) -> Iterator[Fault]:
    ml, region = draft.topology.ml.account, draft.topology.region
    for use in draft.uses():
        target, settings = use.target, use.settings
        where = settings.where
        yield "access_role", where("access_role"), role_fault(target.access_role, (ml,))
        yield "policy_name", where("policy_name"), policy_name_fault(target.policy_name)
        for key, role in (
            ("deployer_role", target.deployer_role),
            ("smoke_role", target.smoke_role),
        ):
            if role is not None:
                yield key, where(key), role_fault(role, (target.account,))
        if target.external_id is not None:
            yield "external_id", where("external_id"), external_id_fault(target.external_id)
        if target.endpoint_url is not None:
            place = settings.section("smoke").where("endpoint_url")
            yield "smoke.endpoint_url", place, url_fault(target.endpoint_url)
        fault = parameter_fault(target.pointer.name, region=region, account=target.account)
        yield "pointer.ssm", settings.section("pointer").where("ssm"), fault
        yield from _consumers(use, settings)
        yield from _labels(use, draft)
        yield from _alarms(use, draft.topology)


def _consumers(use: Use, settings: Settings) -> Iterator[Fault]:
    places = [item.position for item in settings.each("consumers")]
    for place, arn in zip(places, use.target.consumers, strict=True):
        yield "consumers", place, role_fault(arn, use.environment.accounts)


def _labels(use: Use, draft: Draft) -> Iterator[Fault]:
    topology, target = draft.topology, use.target
    for model, settings in draft.models:
        if model.name == target.model and model.labels_in is not None:
            name = topology.fill(
                model.labels_in.name,
                model=target.model,
                environment=target.environment,
                account=target.account,
            )
            place = settings.section("labels").where("ssm")
            fault = parameter_fault(name, region=topology.region, account=target.account)
            yield f"models.{model.name}.labels.ssm", place, fault


def _alarms(use: Use, topology: Topology) -> Iterator[Fault]:
    target, accounts = use.target, (topology.ml.account, *use.environment.accounts)
    for item, text in zip(
        use.settings.section("gates").each("alarm"), use.environment.gates.alarms, strict=True
    ):
        name = topology.fill(
            text, model=target.model, environment=target.environment, account=target.account
        )
        fault = None
        try:
            alarm_of(name, target.account, region=topology.region, accounts=accounts)
        except ValueError as error:
            fault = str(error)
        yield "gates.alarm", item.position, fault
