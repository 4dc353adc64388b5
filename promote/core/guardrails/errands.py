"""Every request that promotions and the applications make, one by one, as a topology has them.

What a role asks for is what its document is meant to allow (`promote.core.policies.intent`), so
that no second list of actions can fall behind. A pattern of resources is represented by one
resource that it covers.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from promote.arn import assumed_role_arn, parse_arn
from promote.core.policies.documents import WantedDocument, wanted_documents
from promote.core.policies.implied import owner_of, principal_type, requested_region
from promote.core.policies.intent import planned
from promote.core.topology import Topology
from promote.iam.elements import Condition, Effect, Kind, Statement
from promote.iam.evaluate import Request

ASSUME_ROLE = "sts:AssumeRole"
EXAMPLE = "promoted/1700000000000"
"""Stands for the name and the creation time of a version, or of anything that a pattern covers."""

_S3 = "s3://"
_SESSION = "promote"
_ONE_OF = {"StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """One request that somebody has to be able to make.

    Attributes:
        who: For messages: ``tools-qa`` and the kind of its document.
        request: With the condition keys that do not depend on the organisation.
        account: The account of who asks.
        owner: The account of what is asked for; that of the principal where there is no resource.
    """

    who: str
    request: Request
    account: str
    owner: str


def example_version(topology: Topology, model: str) -> str:
    """Return an ARN that stands for any version of a model."""
    project = topology.model(model).project
    account = topology.ml.account
    return f"arn:aws:rekognition:{topology.region}:{account}:project/{project}/version/{EXAMPLE}"


def errands(topology: Topology, promoter: str) -> tuple[Errand, ...]:
    """List what the promoter and every role of the topology ask for, each once.

    Args:
        topology: What promote.yaml says.
        promoter: The ARN of who runs promote: a user, or a role's session.
    """
    own = _role_of(promoter) or promoter
    topology = _spelled_out(topology, own)
    ids = _external_ids(topology)
    found = [
        *(each for each in _entries(topology, promoter) if each.request.resource != own),
        *_images(topology, promoter),
        *(each for wanted in _documents(topology) for each in _of_document(wanted, topology, ids)),
    ]
    return tuple({(each.request.principal, *_asked(each)): each for each in found}.values())


def of_role(role: str, action: str, resource: str, region: str) -> Errand:
    """Return a request by a session of a role, under its own account's policies."""
    return _errand(parse_arn(role).name, role, action, resource, region=region)


def _spelled_out(topology: Topology, own: str) -> Topology:
    """Put the promoter's own identity in the place of the roles that are null."""
    environments = tuple(
        replace(
            each,
            reader_role=each.reader_role or own,
            operator_role=each.operator_role or own,
            deployer_role=each.deployer_role or own,
            smoke_role=each.smoke_role or own,
        )
        for each in topology.environments
    )
    return replace(topology, environments=environments)


def _asked(errand: Errand) -> tuple[object, ...]:
    request = errand.request
    return (request.action, request.resource, tuple(sorted(request.context.items())))


def _documents(topology: Topology) -> Iterator[WantedDocument]:
    """Yield the documents of roles; guardrails are set up beside promotions, not by one."""
    versions = [example_version(topology, model.name) for model in topology.models]
    for wanted in wanted_documents(topology, versions=versions):
        if wanted.kind != "guardrails" and _is_iams(wanted.attached_to):
            yield wanted


def _is_iams(holder: str) -> bool:
    """Say whether a document belongs to a role, and not to a bucket or to the organisation."""
    try:
        arn = parse_arn(holder)
        return arn.service == "iam" and arn.resource.startswith("role/")
    except ValueError:
        return False


def _entries(topology: Topology, promoter: str) -> Iterator[Errand]:
    """Yield how the promoter becomes each role that it works through."""
    roles: dict[str, None] = {}
    for environment in topology.environments:
        for model in topology.models:
            for target in topology.targets(model.name, environment):
                entered = (
                    topology.ml_reader(environment),
                    topology.operator(environment),
                    target.reader_role,
                    target.deployer_role,
                    target.smoke_role,
                )
                roles |= dict.fromkeys(role for role in entered if role is not None)
    for role in roles:
        yield _errand("the promoter", promoter, ASSUME_ROLE, role, region=topology.region)


def _images(topology: Topology, promoter: str) -> Iterator[Errand]:
    """Yield how the promoter, by its own credentials, reads the smoke test's images from S3."""
    for model, environment in itertools.product(topology.models, topology.environments):
        location = topology.images(model.name, environment) or ""
        if not location.startswith(_S3):
            continue
        bucket, _, prefix = location.removeprefix(_S3).partition("/")
        if prefix and not prefix.endswith("/"):
            prefix += "/"
        asked: tuple[tuple[str, str, dict[str, str]], ...] = (
            ("s3:ListBucket", bucket, {"s3:prefix": prefix}),
            ("s3:GetObject", f"{bucket}/{prefix}{EXAMPLE}", {}),
        )
        for action, name, keys in asked:
            resource, region = f"arn:aws:s3:::{name}", topology.region
            found = _errand("the promoter", promoter, action, resource, region=region, more=keys)
            yield replace(found, owner=owner_of(found.request, topology) or found.owner)


def _of_document(
    wanted: WantedDocument, topology: Topology, external_ids: Mapping[str, str]
) -> Iterator[Errand]:
    policy = planned(wanted.kind, wanted.context)
    if policy.kind is not Kind.IDENTITY:
        return
    who = f"{parse_arn(wanted.attached_to).name} ({wanted.kind})"
    for statement in policy.statements:
        if statement.effect is not Effect.ALLOW:
            continue
        asked = itertools.product(statement.actions, statement.resources, _met(statement))
        for action, pattern, keys in asked:
            resource = pattern if pattern == "*" else pattern.replace("*", EXAMPLE)
            named = external_ids.get(resource) if action == ASSUME_ROLE else None
            more = {**keys, **({"sts:ExternalId": named} if named else {})}
            yield _errand(
                who, wanted.attached_to, action, resource, region=topology.region, more=more
            )


def _met(statement: Statement) -> Iterator[dict[str, str]]:
    """Yield the contexts that meet a statement's conditions, one for each combination of values."""
    tests = [_values(condition) for condition in statement.conditions]
    for chosen in itertools.product(*tests):
        yield {condition.key: v for condition, v in zip(statement.conditions, chosen, strict=True)}


def _values(condition: Condition) -> tuple[str, ...]:
    plain = tuple(value for value in condition.values if not set(value) & {"*", "?"})
    return plain if condition.operator in _ONE_OF else condition.values[:1]


def _external_ids(topology: Topology) -> dict[str, str]:
    """Return what each access role asks for."""
    targets = (t for model in topology.models for t in topology.all_targets(model.name))
    return {t.access_role: t.external_id for t in targets if t.external_id is not None}


def _errand(
    who: str,
    principal: str,
    action: str,
    resource: str,
    *,
    region: str,
    more: Mapping[str, str] = MappingProxyType({}),
) -> Errand:
    account = parse_arn(principal).account
    context = {
        **_identity(principal),
        "aws:PrincipalAccount": account,
        "aws:PrincipalIsAWSService": "false",
        "aws:RequestedRegion": requested_region(action, region),
        "aws:SecureTransport": "true",
        "aws:ViaAWSService": "false",
        **({"sts:RoleSessionName": _SESSION} if action == ASSUME_ROLE else {}),
        **more,
    }
    role = _role_of(principal)
    caller = assumed_role_arn(role, _SESSION) if role == principal else principal
    request = Request(principal=caller, action=action, resource=resource, context=context)
    return Errand(who=who, request=request, account=account, owner=_owner(resource, account))


def _identity(principal: str) -> dict[str, str]:
    """Return the keys that say who asks."""
    role = _role_of(principal)
    if role is None:
        return {"aws:PrincipalArn": principal, "aws:PrincipalType": principal_type(principal)}
    return {
        "aws:PrincipalArn": role,
        "aws:PrincipalType": principal_type(role),
        # It is there with temporary credentials alone, and nobody shows a token to a build.
        "aws:MultiFactorAuthPresent": "false",
    }


def _role_of(principal: str) -> str | None:
    """Return the role that a principal is, or is a session of; None for a user or a root."""
    arn = parse_arn(principal)
    kind, _, rest = arn.resource.partition("/")
    if arn.service == "sts" and kind == "assumed-role":
        return f"arn:{arn.partition}:iam::{arn.account}:role/{rest.partition('/')[0]}"
    return principal if kind == "role" else None


def _owner(resource: str, account: str) -> str:
    if resource == "*":
        return account
    owner = parse_arn(resource).account
    return owner if owner.isdecimal() else account
