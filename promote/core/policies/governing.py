"""Which documents govern a request (IAM reference, "Policy evaluation logic")."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from promote.arn import parse_version_arn
from promote.core.policies.implied import account_of, accounts_of, owner_of, value_of
from promote.core.policies.protection import ORGANIZATION
from promote.core.topology import Topology
from promote.iam.authorise import Governing, Layer
from promote.iam.elements import Effect, Kind, Policy, Principal, Statement
from promote.iam.evaluate import Request

_ENDPOINT = "aws:SourceVpce"
# The one action of project policies (Rekognition, "Creating a project policy document").
_COPY = "rekognition:copyprojectversion"
# Of the services whose resources RCPs govern (Organizations user guide, "List of AWS services that
# support RCPs") those that our documents are about.
_UNDER_RCPS = frozenset({"kms", "s3", "sts"})

_LAYERS = {
    Kind.IDENTITY: Layer.IDENTITY,
    Kind.BOUNDARY: Layer.BOUNDARY,
    Kind.SESSION: Layer.SESSION,
    Kind.SCP: Layer.SCP,
    Kind.RCP: Layer.RCP,
    Kind.TRUST: Layer.RESOURCE,
    Kind.BUCKET: Layer.RESOURCE,
    Kind.KEY: Layer.RESOURCE,
    Kind.PROJECT: Layer.RESOURCE,
    Kind.ENDPOINT: Layer.ENDPOINT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a document of a kind of template is attached."""

    template: str
    kind: Kind
    attached_to: str

    @property
    def layer(self) -> Layer:
        """Return the layer of authorisation that the document belongs to."""
        return _LAYERS[self.kind]


def is_meant(place: Place, request: Request, principal: str) -> bool:
    """Say whether a document is the one of its kind that a request is to be judged by alone."""
    match place.kind:
        case Kind.IDENTITY | Kind.BOUNDARY:
            return place.attached_to == principal
        case Kind.TRUST:
            return place.attached_to == request.resource
        case Kind.ENDPOINT:
            through = value_of(request.context, _ENDPOINT)
            return not through or place.attached_to in through
        case _:
            return True


def is_governing(place: Place, request: Request, principal: str, topology: Topology) -> bool:
    """Say whether a document governs a request; `principal` is the role of its session.

    A permissions boundary never does: promote renders one, and attaches it to nothing.
    """
    match place.kind:
        case Kind.IDENTITY:
            return place.attached_to == principal
        case Kind.TRUST:
            assumes = request.action.lower().startswith("sts:assumerole")
            return assumes and place.attached_to == request.resource
        case Kind.PROJECT:
            copies = request.action.lower() == _COPY
            return copies and _belongs(request.resource, place.attached_to)
        case Kind.BUCKET | Kind.KEY:
            return _belongs(request.resource, place.attached_to)
        case Kind.SCP:
            return is_guarded(account_of(principal), topology)
        case Kind.RCP:
            return is_under_rcps(request) and is_guarded(owner_of(request, topology), topology)
        case Kind.ENDPOINT:
            return _passes(place, request, principal)
        case _:
            return False


def is_under_rcps(request: Request) -> bool:
    """Say whether RCPs govern what a request asks for."""
    return request.action.partition(":")[0].lower() in _UNDER_RCPS


def is_guarded(account: str | None, topology: Topology) -> bool:
    """Say whether the organisation's policies apply to an account.

    Who belongs to an organisational unit cannot be seen from here: its members are assumed to be
    all accounts that promote.yaml names. They never apply to the management account.
    """
    guardrails = topology.guardrails
    if guardrails is None or account is None:
        return False
    if account in guardrails.targets:
        return True
    units = [each for each in guardrails.targets if not each.isdecimal()]
    return bool(units) and account in accounts_of(topology)


def governing(documents: Iterable[tuple[Place, Policy]]) -> Governing:
    """Put the documents that govern a request in their places.

    Policies of the organisation are a level for each place that they are attached to, in the given
    order. Beside a rendered one, AWS's own FullAWSAccess is taken to be attached, as it is when a
    type is enabled.
    """
    by: dict[Layer, list[tuple[Place, Policy]]] = {}
    for place, policy in documents:
        by.setdefault(place.layer, []).append((place, policy))

    def of(layer: Layer) -> tuple[Policy, ...]:
        return tuple(policy for _, policy in by.get(layer, ()))

    return Governing(
        identity=of(Layer.IDENTITY),
        boundary=of(Layer.BOUNDARY) or None,
        session=of(Layer.SESSION) or None,
        resource=next(iter(of(Layer.RESOURCE)), None),
        scp=_levels(by.get(Layer.SCP, ())),
        rcp=_levels(by.get(Layer.RCP, ())),
        endpoint=next(iter(of(Layer.ENDPOINT)), None),
    )


def _levels(controls: Iterable[tuple[Place, Policy]]) -> tuple[tuple[Policy, ...], ...]:
    levels: dict[str, tuple[Policy, ...]] = {}
    for place, policy in controls:
        own = (everything(place.kind),) if place.attached_to == ORGANIZATION else ()
        levels[place.attached_to] = (*levels.get(place.attached_to, own), policy)
    return tuple(levels.values())


def everything(kind: Kind) -> Policy:
    """Return the policy of a kind that allows everything."""
    names = {Kind.SCP: "FullAWSAccess", Kind.RCP: "RCPFullAWSAccess"}
    statement = Statement(
        sid=None,
        effect=Effect.ALLOW,
        actions=("*",),
        resources=("*",),
        principals=(Principal("AWS", "*"),) if kind is Kind.RCP else (),
        conditions=(),
    )
    return Policy(kind, (statement,), names.get(kind, "what is assumed"))


def _passes(place: Place, request: Request, principal: str) -> bool:
    """Say whether a request comes through the endpoint that a document is attached to.

    promote.yaml has no ids of STS endpoints: a request through any is taken to pass the one of the
    principal's account.
    """
    through = value_of(request.context, _ENDPOINT)
    if not through or not place.template.startswith(request.action.partition(":")[0].lower()):
        return False
    if place.attached_to.startswith("vpce-"):
        return place.attached_to in through
    return place.attached_to.endswith(f" {account_of(principal)}")


def _belongs(resource: str, attached_to: str) -> bool:
    """Say whether a resource is what a policy is attached to, or lies in it."""
    if resource == attached_to or resource.startswith(f"{attached_to}/"):
        return True
    version = parse_version_arn(resource)
    if version is None:
        return False
    project = f":{version.account}:project/{version.project}"
    return f"{project}/" in f"{attached_to}/"
