"""Make the sandbox's world fit a configuration: its accounts, projects, pointers and roles.

The roles' documents are the product's own, rendered from the product's templates (or the user's),
so that a template that allows too little fails in the sandbox as it would fail at AWS.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from promote.arn import parse_arn
from promote.core.documents import WantedDocument, wanted_documents
from promote.sandbox import seed
from promote.sandbox.world import Account, ParameterSeed, ProjectSeed, RoleSeed, World
from promote.templates.policies import render

if TYPE_CHECKING:
    from promote.core.topology import Topology

PROMOTER = f"arn:aws:iam::{seed.CICD}:user/promoter"
"""Who runs `promote` in the sandbox."""

_RUNNING_BEFORE = "v1"
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


def world_of(topology: Topology, templates: Path | None) -> World:
    """Return the organisation of the demo, made to fit a configuration."""
    roles = tuple(role_seeds(topology, templates))
    world = seed.default_world(roles)
    accounts = (*world.organization.accounts, *_accounts(topology, world))
    return replace(
        world,
        region=topology.region,
        organization=replace(world.organization, accounts=accounts),
        projects=(*world.projects, *_projects(topology, world)),
        parameters=(*world.parameters, *_parameters(topology, world)),
    )


def roles_only(world: World) -> World:
    """Return the part of a world that can be put into a running sandbox without a trace."""
    return replace(world, projects=(), parameters=(), buckets=())


def role_seeds(topology: Topology, templates: Path | None) -> Iterator[RoleSeed]:
    """Yield every role that the configuration names, with its rendered documents."""
    found = wanted_documents(topology, versions=_versions(topology), trusted=(PROMOTER,))
    wanted = [each for each in found if each.of_role]
    for role in dict.fromkeys(each.attached_to for each in wanted):
        own = [each for each in wanted if each.attached_to == role]
        yield _role(role, [(each, _rendered(each, templates)) for each in own])


def _rendered(wanted: WantedDocument, templates: Path | None) -> Mapping[str, Any]:
    return render(wanted.kind, wanted.context, directory=templates)


def _role(role: str, documents: Sequence[tuple[WantedDocument, Mapping[str, Any]]]) -> RoleSeed:
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
    named = [topology.ml.account, *(a for e in topology.environments for a in e.accounts)]
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
