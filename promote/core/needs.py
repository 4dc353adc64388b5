"""What each kind of policy document must say for the roles that have one, as template contexts.

A use is one target of one model. The context of a document is made of all the uses of its role
together: lists are unions, sorted, so that the same topology gives the same document.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import assert_never

from promote.arn import parse_arn, parse_version_arn
from promote.core.topology import Environment, Granularity, Model, Target, Topology
from promote.iam.evaluate import resource_matches
from promote.iam.spelling import account_root


@dataclass(frozen=True, slots=True)
class Scope:
    """What is asked about, beside the topology itself."""

    topology: Topology
    model: str | None
    environment: str | None
    versions: tuple[str, ...]
    trusted: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Use:
    """One target of one model: every document is made of such uses of its role."""

    model: Model
    environment: Environment
    target: Target


def allowed_resources(
    granularity: Granularity,
    *,
    region: str,
    ml_account: str,
    project: str,
    versions: Iterable[str],
) -> tuple[str, ...]:
    """Return what an access role allows so that it allows `versions`, sorted.

    At a coarser granularity a version that the pattern does not cover is allowed by its ARN beside
    it: a pointer may name one of another project, account or Region.
    """
    prefix = f"arn:aws:rekognition:{region}:{ml_account}:project"
    match granularity:
        case Granularity.VERSION:
            return tuple(sorted(set(versions)))
        case Granularity.PROJECT:
            pattern = f"{prefix}/{project}/version/*"
        case Granularity.ACCOUNT:
            pattern = f"{prefix}/*/version/*"
        case _:
            assert_never(granularity)
    return tuple(sorted({pattern, *(v for v in versions if not resource_matches(pattern, v))}))


def access_policy_context(
    topology: Topology, environment: Environment, resources: Iterable[str]
) -> dict[str, object]:
    """Return the context of the template `access-role` for an environment."""
    endpoints = {
        topology.fill(each, environment=environment.name) for each in environment.vpc_endpoints
    }
    return {"resources": sorted(set(resources)), "vpc_endpoints": sorted(endpoints)}


def _access_role(scope: Scope, uses: Sequence[Use]) -> dict[str, object] | None:
    model, environment = uses[0].model, uses[0].environment
    resources = allowed_resources(
        environment.granularity,
        region=scope.topology.region,
        ml_account=scope.topology.ml.account,
        project=model.project,
        versions=[version for version in scope.versions if _is_of(version, model, scope)],
    )
    return access_policy_context(scope.topology, environment, resources) if resources else None


def _is_of(version: str, model: Model, scope: Scope) -> bool:
    if scope.model is not None:
        return scope.model == model.name
    arn = parse_version_arn(version)
    return arn is not None and arn.project == model.project


def _access_role_trust(scope: Scope, uses: Sequence[Use]) -> dict[str, object] | None:
    assuming: dict[str | None, set[str]] = {}
    for use in uses:
        probes = scope.trusted if use.target.smoke_role is None else (use.target.smoke_role,)
        roles = assuming.setdefault(use.target.external_id, set())
        roles |= {*use.target.consumers, *probes}
    trusts = [
        {
            "accounts": sorted({account_root(parse_arn(role).account) for role in roles}),
            "roles": sorted(_principal_arn(role) for role in roles),
            "external_id": external_id,
        }
        for external_id, roles in sorted(assuming.items(), key=lambda item: item[0] or "")
        if roles
    ]
    return {"trusts": trusts, "organization": scope.topology.organization} if trusts else None


def _principal_arn(principal: str) -> str:
    """Return the pattern of ``aws:PrincipalArn``: a trusted root means all of its account."""
    arn = parse_arn(principal)
    return f"arn:aws:iam::{arn.account}:*" if arn.resource == "root" else principal


def _consumer(scope: Scope, uses: Sequence[Use]) -> dict[str, object]:
    access_roles = sorted({use.target.access_role for use in uses})
    return {**_parameters(scope, uses), "access_roles": access_roles}


def _reader_ml(scope: Scope, uses: Sequence[Use]) -> dict[str, object]:
    region, account = scope.topology.region, scope.topology.ml.account
    return {
        "projects": [f"arn:aws:rekognition:{region}:{account}:project/*"],
        "access_roles": sorted({use.target.access_role for use in uses}),
        # The account's own managed policies, and those that AWS owns.
        "managed_policies": [f"arn:aws:iam::{account}:policy/*", "arn:aws:iam::aws:policy/*"],
    }


def _operator(scope: Scope, uses: Sequence[Use]) -> dict[str, object]:
    prefix = f"arn:aws:rekognition:{scope.topology.region}:{scope.topology.ml.account}:project"
    return {
        "versions": sorted({f"{prefix}/{use.model.project}/version/*" for use in uses}),
        "access_roles": sorted({use.target.access_role for use in uses}),
    }


def _parameters(scope: Scope, uses: Sequence[Use]) -> dict[str, object]:
    region = scope.topology.region
    arns = {
        # The ARN has one slash whether the name begins with one or not.
        f"arn:aws:ssm:{region}:{use.target.account}:parameter/{use.target.pointer.name.lstrip('/')}"
        for use in uses
        if use.target.pointer.kind == "ssm"
    }
    return {"parameters": sorted(arns)}


def _role_trust(scope: Scope, _uses: Sequence[Use]) -> dict[str, object] | None:
    if not scope.trusted:
        return None
    return {"trusted": list(scope.trusted), "organization": scope.topology.organization}


def _own_roles(topology: Topology, use: Use) -> tuple[str | None, ...]:
    target = use.target
    in_ml_account = (topology.ml_reader(use.environment), topology.operator(use.environment))
    return (*in_ml_account, target.reader_role, target.deployer_role, target.smoke_role)


@dataclass(frozen=True, slots=True)
class Need:
    """How the documents of a kind are made."""

    roles: Callable[[Topology, Use], Iterable[str | None]]
    """The roles that have such a document because of a use."""
    context: Callable[[Scope, Sequence[Use]], dict[str, object] | None]
    """What all uses of one role need together; None is no document."""


TRUSTS = frozenset({"access-role-trust", "role-trust"})
"""The kinds that are trust policies; every other one is an inline policy."""

NEEDS = {
    "access-role": Need(lambda _, use: (use.target.access_role,), _access_role),
    "access-role-trust": Need(lambda _, use: (use.target.access_role,), _access_role_trust),
    "reader-ml": Need(lambda topology, use: (topology.ml_reader(use.environment),), _reader_ml),
    "operator": Need(lambda topology, use: (topology.operator(use.environment),), _operator),
    "reader-target": Need(lambda _, use: (use.target.reader_role,), _parameters),
    "deployer": Need(lambda _, use: (use.target.deployer_role,), _parameters),
    "smoke": Need(lambda _, use: (use.target.smoke_role,), _consumer),
    "consumer": Need(lambda _, use: use.target.consumers, _consumer),
    "role-trust": Need(_own_roles, _role_trust),
}
"""Every kind, in the order in which documents are listed."""
