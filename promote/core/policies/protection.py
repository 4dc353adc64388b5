"""What the documents beside those of a promotion's roles must say, as template contexts.

They protect the models: what an access role can be given at most, who reads the training images,
who copies a version, what passes a VPC endpoint, what the organisation permits.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from promote.arn import parse_arn, parse_version_arn
from promote.core import reviews
from promote.core.policies.uses import (
    Form,
    Need,
    Scope,
    Use,
    evaluations_of,
    principal_pattern,
    principals_of,
    project_prefix,
    reachable,
)
from promote.core.seal import ALGORITHM
from promote.core.topology import Topology
from promote.iam.spelling import account_root

ORGANIZATION = "organization"
"""What the policies of the organisation are attached to, as far as a document says it."""

_Context = dict[str, object]


def _endpoints(topology: Topology, use: Use) -> tuple[str, ...]:
    name = use.environment.name
    return tuple(topology.fill(each, environment=name) for each in use.environment.vpc_endpoints)


def _boundary(scope: Scope, _role: str, uses: Sequence[Use]) -> _Context:
    return {
        "resources": sorted({reachable(scope.topology, use) for use in uses}),
        "vpc_endpoints": sorted({e for use in uses for e in _endpoints(scope.topology, use)}),
    }


def _bucket_arn(topology: Topology, _use: Use) -> tuple[str, ...]:
    return () if topology.data_lake is None else (f"arn:aws:s3:::{topology.data_lake.bucket}",)


def _lake_account(topology: Topology, _bucket: str, _uses: Sequence[Use]) -> str | None:
    return None if topology.data_lake is None else topology.data_lake.account


def _bucket(scope: Scope, bucket: str, uses: Sequence[Use]) -> _Context:
    topology = scope.topology
    # Projects and their versions: which of the two a request of training names is undocumented.
    projects = {f"{project_prefix(topology)}{use.model.project}/*" for use in uses}
    return {
        "bucket": bucket,
        "objects": f"{bucket}/*",
        "ml_account": topology.ml.account,
        "projects": sorted(projects),
        **_trainers(topology),
        **_readers(topology, bucket, uses),
    }


def _readers(topology: Topology, bucket: str, uses: Sequence[Use]) -> _Context:
    """Return who reads the evaluations, if they lie in this bucket."""
    place = evaluations_of(topology) or ""
    here = place.startswith(f"{bucket}/")
    readers = {topology.ml_reader(use.environment) for use in uses} if here else set()
    return {
        "readers": sorted(role for role in readers if role is not None),
        "evaluations": place if here else None,
    }


def _trainers(topology: Topology) -> _Context:
    return {
        "root": account_root(topology.ml.account),
        "trainers": sorted(set(topology.data_lake.trainers)) if topology.data_lake else [],
        "organization": topology.organization,
    }


def _key_arn(topology: Topology, _use: Use) -> tuple[str | None, ...]:
    return () if topology.data_lake is None else (topology.data_lake.kms_key,)


def _key(scope: Scope, _key: str, _uses: Sequence[Use]) -> _Context | None:
    if scope.topology.data_lake is None or not scope.topology.data_lake.trainers:
        return None
    storage = f"s3.{scope.topology.region}.amazonaws.com"
    return {**_trainers(scope.topology), "storage": storage}


def _ledger_arn(topology: Topology, _use: Use) -> tuple[str, ...]:
    scheme, _, place = (topology.ledger or "").partition("://")
    return (f"arn:aws:s3:::{place.partition('/')[0]}",) if scheme == "s3" else ()


def _ledger(scope: Scope, bucket: str, _uses: Sequence[Use]) -> _Context | None:
    if not scope.trusted:
        return None
    _, _, prefix = (scope.topology.ledger or "").removeprefix("s3://").partition("/")
    below = f"{prefix.removesuffix('/')}/*" if prefix else "*"
    return {
        "bucket": bucket,
        "objects": f"{bucket}/{below}",
        "prefix": below,
        "reviews": f"{bucket}/{below.removesuffix('*')}{reviews.ALL}",
        # Of every ledger in the bucket: what is left to people is so for each of them.
        "others": f"{bucket}/{reviews.OTHERS}",
        "of_users": f"{bucket}/{reviews.OWN_OF_USER}",
        "of_signed_in": f"{bucket}/{reviews.OWN_OF_SESSION}",
        "trusted": list(scope.trusted),
        "organization": scope.topology.organization,
    }


def _signing_key(topology: Topology, _use: Use) -> tuple[str | None, ...]:
    return (topology.signing_key,)


def _records_key(scope: Scope, _key: str, _uses: Sequence[Use]) -> _Context | None:
    if not scope.trusted:
        return None
    return {
        "trusted": list(scope.trusted),
        "algorithm": ALGORITHM,
        "organization": scope.topology.organization,
    }


def _project_arn(topology: Topology, use: Use) -> tuple[str]:
    # Without the time of its creation, which only the service knows.
    return (f"{project_prefix(topology)}{use.model.project}",)


def _project_policy(scope: Scope, _project: str, uses: Sequence[Use]) -> _Context | None:
    named = ((version, parse_version_arn(version)) for version in scope.versions)
    project, account = uses[0].model.project, scope.topology.ml.account
    versions = {v for v, arn in named if arn and (arn.project, arn.account) == (project, account)}
    if not versions or not scope.trusted:
        return None
    return {"trusted": list(scope.trusted), "versions": sorted(versions)}


def _rekognition_endpoint(scope: Scope, _endpoint: str, uses: Sequence[Use]) -> _Context:
    return {
        "grants": _grouped((use.target.access_role, reachable(scope.topology, use)) for use in uses)
    }


def _endpoint_account(_topology: Topology, _endpoint: str, uses: Sequence[Use]) -> str | None:
    accounts = {use.target.account for use in uses}
    return accounts.pop() if len(accounts) == 1 else None


def _sts_endpoint_names(topology: Topology, use: Use) -> Iterator[str]:
    """Yield the service and account of STS endpoints, whose ids promote.yaml does not have."""
    if use.environment.vpc_endpoints:
        accounts = {parse_arn(role).account for role in use.target.consumers}
        for account in sorted({use.target.account, *accounts}):
            yield f"com.amazonaws.{topology.region}.sts in {account}"


def _sts_account(_topology: Topology, endpoint: str, _uses: Sequence[Use]) -> str:
    return endpoint.rpartition(" ")[2]


def _sts_endpoint(scope: Scope, endpoint: str, uses: Sequence[Use]) -> _Context | None:
    account = endpoint.rpartition(" ")[2]
    grants = _grouped(
        (principal_pattern(principal), use.target.access_role)
        for use in uses
        for principal in principals_of(scope, use.target)
        if parse_arn(principal).account == account
    )
    return {"grants": grants} if grants else None


def _grouped(pairs: Iterable[tuple[str, str]]) -> list[_Context]:
    """Group (role, resource) into the fewest statements that allow these pairs and no other."""
    resources: dict[str, set[str]] = {}
    for role, resource in pairs:
        resources.setdefault(role, set()).add(resource)
    roles: dict[tuple[str, ...], list[str]] = {}
    for role in sorted(resources):
        roles.setdefault(tuple(sorted(resources[role])), []).append(role)
    return [{"roles": found, "resources": list(on)} for on, found in sorted(roles.items())]


def _organization(topology: Topology, _use: Use) -> tuple[str, ...]:
    return () if topology.guardrails is None else (ORGANIZATION,)


def _guardrail_account(topology: Topology, _where: str, _uses: Sequence[Use]) -> str | None:
    return None if topology.guardrails is None else topology.guardrails.account


def _scp(scope: Scope, _where: str, _uses: Sequence[Use]) -> _Context | None:
    topology = scope.topology
    operators = {topology.operator(environment) for environment in topology.environments}
    exempt = topology.guardrails.exempt if topology.guardrails else ()
    running = {role for role in (*operators, *exempt) if role is not None}
    trainers = topology.data_lake.trainers if topology.data_lake else ()
    if not running:
        return None
    return {"operators": sorted(running), "trainers": sorted({*running, *trainers})}


def _rcp(scope: Scope, _where: str, uses: Sequence[Use]) -> _Context | None:
    if scope.topology.organization is None:
        return None
    roles = {use.target.access_role for use in uses}
    return {"access_roles": sorted(roles), "organization": scope.topology.organization}


def guardrails_role(topology: Topology, _use: Use) -> tuple[str | None, ...]:
    """Return the role that manages the guardrails, if there is one."""
    return () if topology.guardrails is None else (topology.guardrails.role,)


def _guardrails(scope: Scope, _role: str, _uses: Sequence[Use]) -> _Context:
    # The resources are of the management account, which is not named if another one manages.
    prefix, id_ = "arn:aws:organizations::*:", scope.topology.organization or "o-*"
    types = ("resource_control_policy", "service_control_policy")
    return {
        "policies": [f"{prefix}policy/{id_}/{each}/p-*" for each in types],
        "members": [f"{prefix}{each}/{id_}/*" for each in ("account", "ou")],
        "roots": [f"{prefix}root/{id_}/r-*"],
    }


BOUNDARY = Need(lambda _, use: (use.target.access_role,), _boundary, Form.BOUNDARY)
PROTECTION = {
    "project-policy": Need(_project_arn, _project_policy, Form.PROJECT),
    "ledger": Need(_ledger_arn, _ledger, Form.RESOURCE),
    "records-key": Need(_signing_key, _records_key, Form.RESOURCE),
    "data-lake-bucket": Need(_bucket_arn, _bucket, Form.RESOURCE, _lake_account),
    "data-lake-key": Need(_key_arn, _key, Form.RESOURCE),
    "rekognition-endpoint": Need(
        _endpoints, _rekognition_endpoint, Form.RESOURCE, _endpoint_account
    ),
    "sts-endpoint": Need(_sts_endpoint_names, _sts_endpoint, Form.RESOURCE, _sts_account),
    "scp": Need(_organization, _scp, Form.CONTROL, _guardrail_account),
    "rcp": Need(_organization, _rcp, Form.CONTROL, _guardrail_account),
}
"""The kinds that are attached to something else than a role, in the order of listing."""

GUARDRAILS = Need(guardrails_role, _guardrails, Form.JOB)
