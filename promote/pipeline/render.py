"""Render every stack that promote.yaml asks for, each to canonical bytes."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta

from promote.arn import parse_arn
from promote.core.codec import canonical
from promote.core.pipeline.names import (
    DEAD_LETTERS,
    KEY_ALIAS,
    KEY_EXPORT,
    PATH,
    TOPIC,
    Foundation,
    Names,
    ledger_bucket,
    settings,
)
from promote.core.policies.proof import Render
from promote.core.topology import Topology
from promote.errors import QuotaError
from promote.pipeline.documents import (
    Documents,
    any_account,
    documents_of,
    for_marker,
    imported,
    imported_key,
    own_key,
)
from promote.pipeline.roles import role
from promote.pipeline.stages import UNSEALED, Shapes, logical_id
from promote.templates.pipelines import render_stack

FOUNDATION = "foundation.json"
ML_ACCOUNT = "ml-account.json"
ORGANIZATION = "organization.json"
# CloudFormation user guide, "Understand CloudFormation quotas": resources in a template.
_MOST_RESOURCES = 500
_HOUR = timedelta(hours=1)
_MINUTE = timedelta(minutes=1)
_Stack = dict[str, object]


def pipeline_file(model: str) -> str:
    """Return the name of the file of a model's pipeline."""
    return f"pipeline-{model}.json"


def target_file(environment: str) -> str:
    """Return the name of the file of the roles in an environment's accounts."""
    return f"target-{environment}.json"


def stacks(
    topology: Topology, render: Render, *, only: Iterable[str] | None = None
) -> Mapping[str, bytes]:
    """Return the files of the stacks: canonical JSON, by name.

    Args:
        topology: What promote.yaml says.
        render: The renderer of policies, which proves each.
        only: The names of the files that are wanted; None is all.

    Raises:
        InputError: promote.yaml says nothing of a pipeline.
        TemplateError: A template cannot be filled.
        ProofError: A policy does not allow exactly what is planned.
        QuotaError: The policies of a role, or the resources of a stack, are too many.
    """
    made = _makers(topology, render)
    wanted = made.keys() if only is None else set(only)
    found = {name: make() for name, make in sorted(made.items()) if name in wanted}
    for name, stack in found.items():
        _expect_room(name, stack)
    return {name: _sealed(canonical(stack)) + b"\n" for name, stack in found.items()}


def _sealed(content: bytes) -> bytes:
    """Put the digest of a template into it, where one is asked for."""
    return content.replace(UNSEALED.encode(), hashlib.sha256(content).hexdigest().encode())


def carried_digest(content: bytes) -> str:
    """Return the digest that a model's pipeline carries, in its builds that validate requests.

    Args:
        content: The file of the pipeline, as `stacks` gives it.
    """
    project = json.loads(content)["Resources"]["ValidateProject"]["Properties"]
    variables = project["Environment"]["EnvironmentVariables"]
    return next(str(each["Value"]) for each in variables if each["Name"] == "RENDERED")


def _makers(topology: Topology, render: Render) -> Mapping[str, Callable[[], _Stack]]:
    here = documents_of(topology, render, [settings(topology).account])
    target = functools.cache(functools.partial(_target, topology, render))
    return {
        FOUNDATION: lambda: _foundation(topology, here),
        ML_ACCOUNT: lambda: _ml_account(topology, render),
        ORGANIZATION: lambda: _organization(topology, target),
        **{
            pipeline_file(model.name): functools.partial(
                _pipeline, Names(topology, model.name), here
            )
            for model in topology.models
        },
        **{
            target_file(each.name): functools.partial(target, each.name)
            for each in topology.environments
        },
    }


def _expect_room(name: str, stack: _Stack) -> None:
    resources = stack["Resources"]
    if isinstance(resources, dict) and len(resources) > _MOST_RESOURCES:
        raise QuotaError(
            "A stack has too many resources",
            f"{name} would have {len(resources)} resources; CloudFormation takes "
            f"{_MOST_RESOURCES} at most.",
            "Leave {account} out of access_role, so that the accounts of an environment share one.",
        )


def _foundation(topology: Topology, documents: Documents) -> _Stack:
    shared, own = Foundation(topology), own_key(topology)
    ledger = ledger_bucket(topology) or ""
    folders = {Names(topology, model.name).folder for model in topology.models}
    return render_stack(
        "foundation",
        {
            "key_policy": own(documents.one("pipeline-key")),
            "artifact_policy": own(documents.one("artifact-bucket")),
            "log_policy": documents.one("log-bucket"),
            "ledger_policy": documents.ledger(f"arn:aws:s3:::{ledger}"),
            "names": {
                "account": shared.account,
                "artifacts": shared.artifacts,
                "access_logs": shared.access_logs,
                "alias": KEY_ALIAS,
                "key_export": KEY_EXPORT,
                "topic": TOPIC,
                "queue": DEAD_LETTERS,
            },
            "notify": settings(topology).notify,
            "rules": shared.arn("events", f"rule/{shared.pipelines}"),
            "ledger": ledger,
            "folders": sorted(folders),
        },
    )


def _pipeline(names: Names, documents: Documents) -> _Stack:
    topology, shapes = names.topology, Shapes(names)
    builds = shapes.builds()
    approver = documents.of("approver", names.approver)
    policy = {"name": parse_arn(names.approver).name, "document": approver}
    shared = names.foundation
    return render_stack(
        "pipeline",
        {
            "key": imported(),
            "names": {
                "model": names.model,
                "pipeline": names.pipeline,
                "bucket": shared.artifacts,
                "topic": shared.topic,
                "dead_letters": shared.dead_letters,
                "sweep": names.sweep,
            },
            "roles": _pipeline_roles(names, documents),
            "builds": builds,
            "stages": shapes.stages(),
            "dependencies": sorted(f"{each['id']}Project" for each in builds),
            "approver": policy if approver is not None else None,
            "schedule": _rate(settings(topology).retire),
            "image": settings(topology).image,
            "path": PATH,
            "texts": _texts(topology.region),
        },
    )


def _pipeline_roles(names: Names, documents: Documents) -> list[_Stack]:
    change = imported_key(names.topology)
    ids = {names.role(each.name): logical_id(each.suffix, "role") for each in names.builds()}
    ids[names.role(f"{names.pipeline}-pipeline")] = "PipelineRole"
    ids[names.role(f"{names.pipeline}-events")] = "EventsRole"
    return [{"id": id_, **role(documents, arn, change)} for arn, id_ in sorted(ids.items())]


def _texts(region: str) -> Mapping[str, str]:
    """Return what mails say; EventBridge puts the parts of an event into the angles."""
    console = f"https://{region}.console.aws.amazon.com/codesuite"
    execution = (
        f"{console}/codepipeline/pipelines/<pipeline>/executions/<execution>/timeline"
        f"?region={region}"
    )
    return {
        "ends": f'"The execution <execution> of <pipeline> ended as <state>: {execution}"',
        "approvals": f'"<stage> of <pipeline> is <state>, nothing was promoted: {execution}"',
        "sweeps": f'"<project> ended as <state>, so what is due still runs and is paid for: '
        f'{console}/codebuild/projects/<project>/history?region={region}"',
    }


def _rate(every: timedelta) -> str:
    count, unit = (every // _HOUR, "hour") if not every % _HOUR else (every // _MINUTE, "minute")
    return f"rate({count} {unit}{'' if count == 1 else 's'})"


def _ml_account(topology: Topology, render: Render) -> _Stack:
    documents = documents_of(topology, render, [topology.ml.account])
    return render_stack("ml-account", {"roles": _roles(documents, topology.ml.account)})


def _target(topology: Topology, render: Render, name: str) -> _Stack:
    """Render for an account that nobody has, and put AWS::AccountId in its place."""
    environment = topology.environment(name)
    marked, marker = for_marker(topology, environment)
    documents = documents_of(marked, render, [marker])
    change = any_account(marker)
    roles = [
        {"id": _role_id(arn, marker), **role(documents, arn, change)}
        for arn in documents.roles(marker)
    ]
    named = [{**each, "name": change(each["name"])} for each in roles]
    return render_stack("target-account", {"environment": environment.name, "roles": named})


def _roles(documents: Documents, account: str) -> list[_Stack]:
    return [
        {"id": _role_id(arn, account), **role(documents, arn, lambda value: value)}
        for arn in documents.roles(account)
    ]


def _role_id(arn: str, account: str) -> str:
    words = "".join(each if each.isalnum() else "-" for each in parse_arn(arn).name)
    return logical_id("role", *words.replace(account, "account").split("-"))


def _organization(topology: Topology, target: Callable[[str], _Stack]) -> _Stack:
    environments = [
        {
            "id": logical_id(each.name, "roles"),
            "name": each.name,
            "body": canonical(target(each.name)).decode(),
            "units": each.organizational_units,
            "accounts": each.accounts,
        }
        for each in topology.environments
    ]
    return render_stack(
        "organization",
        {
            "environments": environments,
            "service_managed": any(each.organizational_units for each in topology.environments),
            "region": topology.region,
        },
    )
