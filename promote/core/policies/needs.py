"""What each kind of policy document must say for what it is attached to, as template contexts.

The context of a document is made of all the uses of its role or resource together: lists are
unions, sorted, so that the same topology gives the same document.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import assert_never

from promote.arn import parse_arn, parse_version_arn
from promote.core.parts import Model
from promote.core.policies.builds import builds_of
from promote.core.policies.cicd import CICD
from promote.core.policies.protection import BOUNDARY, GUARDRAILS, PROTECTION, guardrails_role
from promote.core.policies.uses import (
    Form,
    Need,
    Scope,
    Use,
    evaluations_of,
    principal_pattern,
    principals_of,
)
from promote.core.topology import Environment, Granularity, Topology
from promote.iam.evaluate import resource_matches
from promote.iam.spelling import account_root


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


def _access_role(scope: Scope, _role: str, uses: Sequence[Use]) -> dict[str, object] | None:
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


def _access_role_trust(scope: Scope, _role: str, uses: Sequence[Use]) -> dict[str, object] | None:
    assuming: dict[str | None, set[str]] = {}
    for use in uses:
        assuming.setdefault(use.target.external_id, set()).update(principals_of(scope, use.target))
    trusts = [
        {
            "accounts": sorted({account_root(parse_arn(role).account) for role in roles}),
            "roles": sorted(principal_pattern(role) for role in roles),
            "external_id": external_id,
        }
        for external_id, roles in sorted(assuming.items(), key=lambda item: item[0] or "")
        if roles
    ]
    return {"trusts": trusts, "organization": scope.topology.organization} if trusts else None


def _consumer(scope: Scope, role: str, uses: Sequence[Use]) -> dict[str, object]:
    access_roles = sorted({use.target.access_role for use in uses})
    return {**_parameters(scope, role, uses), "access_roles": access_roles}


def _reader_ml(scope: Scope, _role: str, uses: Sequence[Use]) -> dict[str, object]:
    region, account = scope.topology.region, scope.topology.ml.account
    return {
        "projects": [f"arn:aws:rekognition:{region}:{account}:project/*"],
        "access_roles": sorted({use.target.access_role for use in uses}),
        # The account's own managed policies, and those that AWS owns.
        "managed_policies": [f"arn:aws:iam::{account}:policy/*", "arn:aws:iam::aws:policy/*"],
        "evaluations": evaluations_of(scope.topology),
        "alarms": _alarms(scope.topology, account, uses),
    }


def _alarms(topology: Topology, account: str, uses: Sequence[Use]) -> list[str]:
    """List the alarms of an account that the gates of some uses ask about."""
    asked = (topology.alarms(use.model.name, use.environment) for use in uses)
    names = {alarm.name for alarms in asked for alarm in alarms if alarm.account == account}
    return sorted(f"arn:aws:cloudwatch:{topology.region}:{account}:alarm:{name}" for name in names)


def _operator(scope: Scope, _role: str, uses: Sequence[Use]) -> dict[str, object]:
    prefix = f"arn:aws:rekognition:{scope.topology.region}:{scope.topology.ml.account}:project"
    return {
        "versions": sorted({f"{prefix}/{use.model.project}/version/*" for use in uses}),
        "access_roles": sorted({use.target.access_role for use in uses}),
    }


def _parameters(scope: Scope, _role: str, uses: Sequence[Use]) -> dict[str, object]:
    arns = {
        _parameter(scope.topology, use.target.account, use.target.pointer.name)
        for use in uses
        if use.target.pointer.kind == "ssm"
    }
    return {"parameters": sorted(arns)}


def _reader_target(scope: Scope, role: str, uses: Sequence[Use]) -> dict[str, object]:
    topology, account = scope.topology, uses[0].target.account
    # One of the ML account is read as its reader, even where the account is a target as well.
    alarms = [] if account == topology.ml.account else _alarms(topology, account, uses)
    labels = {arn for use in uses for arn in _labels(topology, use)}
    return {**_parameters(scope, role, uses), "labels": sorted(labels), "alarms": alarms}


def _labels(topology: Topology, use: Use) -> Iterator[str]:
    """Yield the parameter in which a target's applications publish labels, if a gate asks."""
    address = use.model.labels_in
    if address is not None and address.kind == "ssm" and use.environment.gates.labels is not None:
        yield _parameter(
            topology,
            use.target.account,
            topology.fill(
                address.name,
                model=use.model.name,
                environment=use.environment.name,
                account=use.target.account,
            ),
        )


def _parameter(topology: Topology, account: str, name: str) -> str:
    # The ARN has one slash whether the name begins with one or not.
    return f"arn:aws:ssm:{topology.region}:{account}:parameter/{name.lstrip('/')}"


def _role_trust(scope: Scope, role: str, uses: Sequence[Use]) -> dict[str, object] | None:
    builds = sorted({each for use in uses for each in builds_of(scope.topology, use, role)})
    if not scope.trusted and not builds:
        return None
    pipeline = scope.topology.pipeline
    return {
        "trusted": list(scope.trusted),
        "organization": scope.topology.organization,
        "root": account_root(pipeline.account) if pipeline is not None and builds else None,
        "builds": builds,
    }


def _own_roles(topology: Topology, use: Use) -> tuple[str | None, ...]:
    target = use.target
    in_ml_account = (topology.ml_reader(use.environment), topology.operator(use.environment))
    in_target = (target.reader_role, target.deployer_role, target.smoke_role)
    return (*in_ml_account, *in_target, *guardrails_role(topology, use))


NEEDS = {
    "access-role": Need(lambda _, use: (use.target.access_role,), _access_role, Form.ACCESS),
    "access-role-trust": Need(
        lambda _, use: (use.target.access_role,), _access_role_trust, Form.TRUST
    ),
    "boundary": BOUNDARY,
    "reader-ml": Need(
        lambda topology, use: (topology.ml_reader(use.environment),), _reader_ml, Form.JOB
    ),
    "operator": Need(
        lambda topology, use: (topology.operator(use.environment),), _operator, Form.JOB
    ),
    "reader-target": Need(lambda _, use: (use.target.reader_role,), _reader_target, Form.JOB),
    "deployer": Need(lambda _, use: (use.target.deployer_role,), _parameters, Form.JOB),
    "smoke": Need(lambda _, use: (use.target.smoke_role,), _consumer, Form.JOB),
    "consumer": Need(lambda _, use: use.target.consumers, _consumer, Form.JOB),
    "guardrails": GUARDRAILS,
    "role-trust": Need(_own_roles, _role_trust, Form.TRUST),
    **CICD,
    **PROTECTION,
}
"""Every kind, in the order in which documents are listed."""
