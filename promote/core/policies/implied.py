"""Completing a request: whose session asks, and what is implied of its context.

IAM reference, "AWS global condition context keys": what every request of a role's session has.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from promote.arn import assumed_role_arn, parse_arn
from promote.core.topology import Topology
from promote.iam.evaluate import Request

Context = Mapping[str, str | tuple[str, ...]]

_SESSION_NAME = "promote-explain"
# Their services have one endpoint for all Regions, and this is its own.
_GLOBAL = frozenset({"iam", "organizations"})
_REGION_OF_GLOBAL = "us-east-1"
_OF_THE_ORGANIZATION = frozenset({"aws:PrincipalOrgID", "aws:ResourceOrgID"})


def role_of(request: Request, known: Iterable[str]) -> str:
    """Return the ARN of the role whose session makes a request, else its principal as it is.

    Args:
        request: What is asked.
        known: ARNs of roles; a session's ARN lacks the path that they have.
    """
    named = value_of(request.context, "aws:PrincipalArn")
    if len(named) == 1:
        return named[0]
    role = _role_of_session(request.principal)
    if role is None:
        return request.principal
    account, name = role
    for each in known:
        if each.startswith(f"arn:aws:iam::{account}:role/") and each.endswith(f"/{name}"):
            return each
    return f"arn:aws:iam::{account}:role/{name}"


def completed(
    request: Request, topology: Topology, known: Iterable[str]
) -> tuple[Request, Context]:
    """Return a request as AWS would see it, and what of its context was implied.

    Args:
        request: What is asked; a role as principal stands for a session of it.
        topology: Whose accounts are taken to be in its organisation.
        known: ARNs of roles; a session's ARN lacks the path that they have.
    """
    role = role_of(request, known)
    session = as_session(request)
    added = implied(session, topology, role=role)
    context = {**added, **request.context}
    return Request(session.principal, request.action, request.resource, context), added


def implied(request: Request, topology: Topology, *, role: str) -> Context:
    """Return the context keys that a request of a user or a role's session has anyway.

    Those that the request states are left out, and so is what cannot be known.

    Args:
        request: What is asked.
        topology: Whose accounts are taken to be in its organisation.
        role: The ARN of the role whose session asks, or of the user.
    """
    account = account_of(role)
    found: dict[str, str | tuple[str, ...]] = {}
    if account is not None:
        found["aws:PrincipalArn"] = role
        found["aws:PrincipalAccount"] = account
        found["aws:PrincipalType"] = principal_type(role)
        if topology.organization is not None and account in accounts_of(topology):
            found["aws:PrincipalOrgID"] = topology.organization
    found["aws:RequestedRegion"] = requested_region(request.action, topology.region)
    found["aws:SecureTransport"] = "true"
    found["aws:ViaAWSService"] = "false"
    service = request.principal.endswith(".amazonaws.com")
    found["aws:PrincipalIsAWSService"] = "true" if service else "false"
    owner = owner_of(request, topology)
    if owner is not None:
        found["aws:ResourceAccount"] = owner
        if topology.organization is not None and owner in accounts_of(topology):
            found["aws:ResourceOrgID"] = topology.organization
    stated = {each.lower() for each in request.context}
    return {key: value for key, value in found.items() if key.lower() not in stated}


def corrected(request: Request, implied: Context, organization: Context) -> tuple[Request, Context]:
    """Put what was seen of the organisation in the place of what was implied of it.

    Args:
        request: As `completed` returns it.
        implied: What of its context was implied.
        organization: The keys that tell who belongs to it, as they really are.
    """
    stated = {key: value for key, value in request.context.items() if key not in implied}
    kept = {key: value for key, value in implied.items() if key not in _OF_THE_ORGANIZATION}
    seen = {key: value for key, value in organization.items() if not value_of(stated, key)}
    context = {**kept, **seen, **stated}
    return Request(request.principal, request.action, request.resource, context), {**kept, **seen}


def requested_region(action: str, region: str) -> str:
    """Return the Region that an action is asked for in, where promote.yaml says `region`."""
    return _REGION_OF_GLOBAL if action.partition(":")[0].lower() in _GLOBAL else region


def principal_type(principal: str) -> str:
    """Return what AWS calls a session of a role, a user or an account's root."""
    kind = parse_arn(principal).resource.partition("/")[0]
    return {"role": "AssumedRole", "root": "Account"}.get(kind, "User")


def as_session(request: Request) -> Request:
    """Turn the request of a role into that of a session of it, which is who really asks."""
    try:
        arn = parse_arn(request.principal)
    except ValueError:
        return request
    if arn.service != "iam" or not arn.resource.startswith("role/"):
        return request
    session = assumed_role_arn(request.principal, _SESSION_NAME)
    return Request(session, request.action, request.resource, request.context)


def account_of(principal: str) -> str | None:
    """Return the account of a user, a role or a session; a service has none."""
    try:
        return parse_arn(principal).account or None
    except ValueError:
        return None


def owner_of(request: Request, topology: Topology) -> str | None:
    """Return the account that what is asked for belongs to; None where the ARN does not tell."""
    try:
        arn = parse_arn(request.resource)
    except ValueError:
        return None
    lake = topology.data_lake
    if arn.service == "s3" and lake is not None and arn.resource.split("/")[0] == lake.bucket:
        return lake.account
    return arn.account if arn.account.isdecimal() else None


def accounts_of(topology: Topology) -> frozenset[str]:
    """Return every account that promote.yaml names, which are taken to be in its organisation."""
    found = {topology.ml.account}
    found |= {account for each in topology.environments for account in each.accounts}
    if topology.data_lake is not None:
        found.add(topology.data_lake.account)
    if topology.guardrails is not None:
        found.add(topology.guardrails.account)
    return frozenset(found)


def value_of(context: Context, key: str) -> tuple[str, ...]:
    """Return the values of a condition key, whatever its case; none when it is absent."""
    for name, value in context.items():
        if name.lower() == key.lower():
            return (value,) if isinstance(value, str) else tuple(value)
    return ()


def _role_of_session(principal: str) -> tuple[str, str] | None:
    try:
        arn = parse_arn(principal)
    except ValueError:
        return None
    kind, _, rest = arn.resource.partition("/")
    if arn.service != "sts" or kind != "assumed-role":
        return None
    return arn.account, rest.partition("/")[0]
