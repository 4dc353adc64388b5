"""Deciding a request by everything that governs it (IAM reference, "Policy evaluation logic").

`evaluate` decides by policies of one kind; here the kinds come together: what the organisation
permits, what the endpoint lets pass, what the resource says, what the principal may do.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from promote.iam.elements import Kind, Policy
from promote.iam.evaluate import (
    Decider,
    Decision,
    Request,
    Verdict,
    asked_of,
    decide,
    decide_resource,
)
from promote.iam.matching import Asked
from promote.iam.principals import Caller, caller_of


class Layer(enum.Enum):
    """One of the layers that a request has to pass; the value is what AWS calls its policies."""

    SCP = "service control"
    RCP = "resource control"
    ENDPOINT = "VPC endpoint"
    RESOURCE = "resource-based"
    BOUNDARY = "permissions boundary"
    SESSION = "session"
    IDENTITY = "identity-based"

    __hash__ = object.__hash__  # Every member is one object; that of Enum is slower.


@dataclass(frozen=True, slots=True, kw_only=True)
class Governing:
    """Every policy that governs one request.

    Attributes:
        identity: The policies of the user or role.
        boundary: Its permissions boundary; None: it has none.
        session: The policies passed when the session was opened; None: there were none.
        resource: The trust, bucket, key or project policy of what is asked for, if it has one.
        scp: From the root down to the principal's account; each level must allow. Empty: none
            apply, as in the management account and outside an organisation.
        rcp: The same for the account of the resource, where its service supports them.
        endpoint: The policy of the VPC endpoint that the request came through; None: through none.
    """

    identity: tuple[Policy, ...] = ()
    boundary: tuple[Policy, ...] | None = None
    session: tuple[Policy, ...] | None = None
    resource: Policy | None = None
    scp: tuple[tuple[Policy, ...], ...] = ()
    rcp: tuple[tuple[Policy, ...], ...] = ()
    endpoint: Policy | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorisation:
    """What all layers together say.

    Attributes:
        verdict: The outcome.
        layer: The layer that denied, or the one whose Allow was decisive.
        deciding: The statements of that layer that decided; an implicit deny is made by none.
        layers: What each layer that applies says on its own, in the order of `Layer`.
    """

    verdict: Verdict
    layer: Layer
    deciding: tuple[Decider, ...]
    layers: tuple[tuple[Layer, Decision], ...]

    @property
    def allowed(self) -> bool:
        """Say whether the verdict is that the request may go on."""
        return self.verdict is Verdict.ALLOWED


# Trust and key policies "must explicitly allow access for principals"; with other resources of the
# own account, the identity policies are enough (IAM reference, "Policy evaluation logic").
_MUST_ALLOW = frozenset({Kind.TRUST, Kind.KEY})
_NOTHING = Decision(Verdict.IMPLICIT_DENY, ())
# By default all requests are denied "with the exception of the AWS account root user, which has
# full access" (IAM reference, "Policy evaluation logic").
_EVERYTHING = Decision(Verdict.ALLOWED, ())


def authorise(request: Request, governing: Governing, *, owner: str | None) -> Authorisation:
    """Decide a request by all that governs it.

    Args:
        request: The request; its context has ``aws:PrincipalArn`` if a session makes it. A service
            (a principal that is no ARN) has no policies of its own, the root user of an account
            needs none.
        governing: All that governs it.
        owner: The account of the resource; None if no account owns it, as with ``*``.

    Returns:
        The verdict with the layer that made it. An explicit deny of any layer comes first, in the
        order of `Layer`. An Allow is the resource's if the request would fail without its policy.

    Raises:
        ValueError: A session makes the request and the context has no ``aws:PrincipalArn``.
        PolicyError: The request cannot be decided without doubt.
    """
    asked = asked_of(request)
    caller = caller_of(request.principal, asked.context)
    found = _Layers(asked, caller, governing, owner)
    for layer, made in found.made.items():
        if made.verdict is Verdict.EXPLICIT_DENY:
            return found.authorisation(made.verdict, layer)
    silent = next(found.silent(), None)
    if silent is not None:
        return found.authorisation(Verdict.IMPLICIT_DENY, silent)
    decisive = Layer.RESOURCE if found.needs_resource() else Layer.IDENTITY
    return found.authorisation(Verdict.ALLOWED, decisive)


class _Layers:
    """What each layer says of one request, and which of them it needs."""

    def __init__(
        self, asked: Asked, caller: Caller, governing: Governing, owner: str | None
    ) -> None:
        self._asked = asked
        self._caller = caller
        self._foreign = caller.account is not None and owner not in (None, caller.account)
        self._must_allow = governing.resource is not None and (
            governing.resource.kind in _MUST_ALLOW
        )
        self.made = self._decisions(governing)

    def authorisation(self, verdict: Verdict, layer: Layer) -> Authorisation:
        return Authorisation(
            verdict=verdict,
            layer=layer,
            deciding=self.made[layer].deciding,
            layers=tuple(self.made.items()),
        )

    def silent(self) -> Iterator[Layer]:
        """Yield the layers whose Allow the request needs and does not have."""
        yield from self._without_allow(Layer.SCP, Layer.RCP, Layer.ENDPOINT)
        resource = self.made.get(Layer.RESOURCE, _NOTHING)
        if self._caller.account is None or (self._must_allow and not self._foreign):
            yield from self._without_allow(Layer.RESOURCE)
        if resource.unlimited and not self._foreign:
            return
        yield from self._without_allow(Layer.BOUNDARY, Layer.SESSION)
        if self._foreign or not resource.direct:
            yield from self._without_allow(Layer.IDENTITY)
        if self._foreign:
            yield from self._without_allow(Layer.RESOURCE)

    def needs_resource(self) -> bool:
        """Say whether an allowed request would fail without the policy of its resource."""
        if self._caller.account is None or self._must_allow or self._foreign:
            return True
        own = (Layer.BOUNDARY, Layer.SESSION, Layer.IDENTITY)
        return next(self._without_allow(*own), None) is not None

    def _without_allow(self, *layers: Layer) -> Iterator[Layer]:
        return (one for one in layers if one in self.made and not self.made[one].allowed)

    def _decisions(self, governing: Governing) -> dict[Layer, Decision]:
        """Decide every layer that applies, in the order of `Layer`."""
        made: dict[Layer, Decision | None] = {
            Layer.SCP: _joint([decide(self._asked, level) for level in governing.scp]),
            Layer.RCP: _joint([self._of_resources(level) for level in governing.rcp]),
            Layer.ENDPOINT: self._of_resource(governing.endpoint),
            Layer.RESOURCE: self._of_resource(governing.resource),
        }
        if self._caller.account is None or self._foreign:
            made[Layer.RESOURCE] = made[Layer.RESOURCE] or _NOTHING
        if self._caller.account is not None:
            made[Layer.BOUNDARY] = self._own(governing.boundary)
            made[Layer.SESSION] = self._own(governing.session)
            made[Layer.IDENTITY] = self._own(governing.identity)
            if self._caller.is_root and made[Layer.IDENTITY] == _NOTHING:
                made[Layer.IDENTITY] = _EVERYTHING
        return {layer: one for layer, one in made.items() if one is not None}

    def _own(self, policies: tuple[Policy, ...] | None) -> Decision | None:
        return None if policies is None else decide(self._asked, policies)

    def _of_resource(self, policy: Policy | None) -> Decision | None:
        return None if policy is None else decide_resource(self._asked, self._caller, (policy,))

    def _of_resources(self, policies: tuple[Policy, ...]) -> Decision:
        return decide_resource(self._asked, self._caller, policies)


def _joint(levels: Sequence[Decision]) -> Decision | None:
    """Return what the levels of an organisation say together: each must allow."""
    if not levels:
        return None
    for verdict in (Verdict.EXPLICIT_DENY, Verdict.IMPLICIT_DENY):
        found = [one for one in levels if one.verdict is verdict]
        if found:
            return Decision(verdict, tuple(each for one in found for each in one.deciding))
    return Decision(Verdict.ALLOWED, tuple(each for one in levels for each in one.deciding))
