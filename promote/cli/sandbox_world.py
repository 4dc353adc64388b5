"""Make the sandbox's world fit a configuration: its accounts, projects, pointers and roles.

The documents of roles, of VPC endpoints and of the data lake's bucket are the product's own,
rendered from the product's templates (or the user's), so that a template that allows too little
fails in the sandbox as it would fail at AWS.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from promote.arn import parse_arn
from promote.core.policies.cicd import CICD
from promote.core.policies.documents import WantedDocument, wanted_documents
from promote.sandbox import evaluations, seed
from promote.sandbox.images import LABELS
from promote.sandbox.key_seed import KeySeed
from promote.sandbox.world import (
    Account,
    BucketSeed,
    EndpointSeed,
    ParameterSeed,
    ProjectSeed,
    RoleSeed,
    World,
)
from promote.templates.policies import render

if TYPE_CHECKING:
    from promote.core.topology import Topology

PROMOTER = f"arn:aws:iam::{seed.CICD}:user/promoter"
"""Who runs `promote` in the sandbox."""

_RUNNING_BEFORE = "v1"
_BUCKET, _LEDGER, _RECORDS_KEY, _REKOGNITION_ENDPOINT, _STS_ENDPOINT = _ATTACHED = (
    "data-lake-bucket",
    "ledger",
    "records-key",
    "rekognition-endpoint",
    "sts-endpoint",
)
_APPLICATIONS = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "ecs-tasks.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


_Rendered = tuple[WantedDocument, Mapping[str, Any]]


def world_of(topology: Topology, templates: Path | None) -> World:
    """Return the organisation of the demo, made to fit a configuration."""
    documents = _documents(topology, templates)
    world = seed.default_world(tuple(_roles(documents)))
    accounts = (*world.organization.accounts, *_accounts(topology, world))
    projects = tuple(
        _evaluated(p, topology) for p in (*world.projects, *_projects(topology, world))
    )
    buckets = {b.name: b for b in (*world.buckets, *_buckets(documents, topology))}
    return replace(
        world,
        region=topology.region,
        organization=replace(world.organization, accounts=accounts),
        projects=projects,
        parameters=(
            *world.parameters,
            *_parameters(topology, world),
            *_labels(topology),
        ),
        buckets=evaluations.with_summaries(buckets.values(), projects),
        endpoints=tuple(_endpoints(documents, topology, world)),
        keys=(*world.keys, *_keys(documents)),
    )


def documents_only(world: World) -> World:
    """Return the part of a world that can be put into a running sandbox without a trace."""
    buckets = tuple(bucket for bucket in world.buckets if bucket.policy is not None)
    return replace(world, projects=(), parameters=(), buckets=buckets)


def sts_endpoint_id(account: str) -> str:
    """Return what the sandbox calls an account's STS endpoint, which promote.yaml does not name."""
    return f"vpce-{account:0>17}"


def _documents(topology: Topology, templates: Path | None) -> list[_Rendered]:
    """Render every document of which the sandbox has the place that it is attached to."""
    wanted = wanted_documents(topology, versions=_versions(topology), trusted=(PROMOTER,))
    return [
        (each, render(each.kind, each.context, directory=templates))
        for each in wanted
        # Those of the CI/CD account are in the stacks of the pipelines.
        if each.kind not in CICD and (each.of_role or each.kind in _ATTACHED)
    ]


def _roles(documents: Sequence[_Rendered]) -> Iterator[RoleSeed]:
    """Yield every role that the configuration names, with its documents."""
    own: dict[str, list[_Rendered]] = {}
    for wanted, document in documents:
        if wanted.of_role:
            own.setdefault(wanted.attached_to, []).append((wanted, document))
    for role, found in own.items():
        yield _role(role, found)


def _endpoints(
    documents: Sequence[_Rendered], topology: Topology, world: World
) -> Iterator[EndpointSeed]:
    """Yield the endpoints of a world and those that the configuration names, with their policies.

    One that serves several accounts is taken for the first one's.
    """
    found = {endpoint.id: endpoint for endpoint in world.endpoints}
    for wanted, policy in documents:
        account = wanted.account or topology.environment(wanted.environments[0]).accounts[0]
        if wanted.kind == _REKOGNITION_ENDPOINT:
            made = EndpointSeed(id=wanted.attached_to, account=account, policy=policy)
            found[made.id] = made
        elif wanted.kind == _STS_ENDPOINT:
            id_ = sts_endpoint_id(account)
            found[id_] = EndpointSeed(id=id_, account=account, services=("sts",), policy=policy)
    yield from found.values()


def _buckets(documents: Sequence[_Rendered], topology: Topology) -> Iterator[BucketSeed]:
    """Yield the buckets of the training images and of the ledger, with their policies."""
    for wanted, policy in documents:
        if wanted.kind == _LEDGER:
            yield BucketSeed(
                account=seed.CICD,
                name=parse_arn(wanted.attached_to).resource,
                policy=policy,
                region=topology.region,
            )
        if wanted.kind == _BUCKET and topology.data_lake is not None:
            yield BucketSeed(
                account=topology.data_lake.account,
                name=topology.data_lake.bucket,
                policy=policy,
                region=topology.region,
            )


def _keys(documents: Sequence[_Rendered]) -> Iterator[KeySeed]:
    """Yield the key that signs records, with what its policy must have."""
    for wanted, policy in documents:
        if wanted.kind == _RECORDS_KEY:
            arn = parse_arn(wanted.attached_to)
            yield KeySeed(
                account=arn.account,
                id=arn.resource.removeprefix("key/"),
                statements=tuple(policy["Statement"]),
                region=arn.region,
            )


def _role(role: str, documents: Sequence[_Rendered]) -> RoleSeed:
    arn = parse_arn(role)
    trusts = [document for wanted, document in documents if wanted.name is None]
    return RoleSeed(
        account=arn.account,
        name=arn.name,
        path=arn.resource.removeprefix("role").removesuffix(arn.name),
        trust=trusts[0] if trusts else _APPLICATIONS,
        inline={wanted.name: document for wanted, document in documents if wanted.name},
    )


def _versions(topology: Topology) -> tuple[str, ...]:
    """Return what the access roles allow at first: what the pointers name."""
    ours = [model for model in topology.models if _is_known(topology, model.project)]
    return (seed.PROJECT.version_arn(_RUNNING_BEFORE),) if ours else ()


def _is_known(topology: Topology, project: str) -> bool:
    known = seed.PROJECT
    return (topology.ml.account, topology.region, project) == (
        known.account,
        known.region,
        known.name,
    )


def _accounts(topology: Topology, world: World) -> Iterator[Account]:
    known = {account.id for account in world.organization.accounts}
    lake = [topology.data_lake.account] if topology.data_lake else []
    named = [topology.ml.account, *(a for e in topology.environments for a in e.accounts), *lake]
    for account in dict.fromkeys(named):
        if account not in known:
            unit = "MachineLearning" if account == topology.ml.account else "Workloads"
            yield Account(id=account, name=f"account-{account}", ou=unit)


def _projects(topology: Topology, world: World) -> Iterator[ProjectSeed]:
    known = {(project.account, project.region, project.name) for project in world.projects}
    stopped = tuple(
        replace(version, status="TRAINING_COMPLETED") for version in seed.PROJECT.versions
    )
    for model in topology.models:
        if (topology.ml.account, topology.region, model.project) not in known:
            yield replace(
                seed.PROJECT,
                account=topology.ml.account,
                name=model.project,
                region=topology.region,
                versions=stopped,
            )


def _evaluated(project: ProjectSeed, topology: Topology) -> ProjectSeed:
    """Return a project of the ML account with its summaries where they are expected."""
    if project.account != topology.ml.account:
        return project
    usual = evaluations.location(project.account, project.region)
    return evaluations.evaluated(project, topology.ml.evaluations or usual)


def _labels(topology: Topology) -> Iterator[ParameterSeed]:
    """Yield what applications publish of the labels that they understand: the golden images'."""
    for model in topology.models:
        if model.labels_in is None:
            continue
        for target in topology.all_targets(model.name):
            yield ParameterSeed(
                account=target.account,
                name=topology.fill(
                    model.labels_in.name,
                    model=model.name,
                    environment=target.environment,
                    account=target.account,
                ),
                values=(json.dumps(LABELS),),
                region=topology.region,
            )


def _parameters(topology: Topology, world: World) -> Iterator[ParameterSeed]:
    """Yield the pointers that name the version which runs at first."""
    known = {(parameter.account, parameter.name) for parameter in world.parameters}
    for model in topology.models:
        if not _is_known(topology, model.project):
            continue
        for target in topology.all_targets(model.name):
            if (target.account, target.pointer.name) not in known:
                yield ParameterSeed(
                    account=target.account,
                    name=target.pointer.name,
                    values=(seed.PROJECT.version_arn(_RUNNING_BEFORE),),
                    region=topology.region,
                )
