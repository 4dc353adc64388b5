"""A witness against a document, put where the document is attached.

The proof knows documents and not where they are attached, so its witness is a request by somebody.
Here somebody becomes the role that has the policy, or what is asked for the role whose trust is in
question, wherever both sides then still say what they said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from promote.core.policies.explain import decision_of
from promote.core.policies.governing import Place
from promote.core.policies.implied import completed, value_of
from promote.core.topology import Topology
from promote.errors import PolicyError
from promote.iam.elements import Kind, Policy
from promote.iam.evaluate import Request, Verdict

# What follows from the principal (`promote.iam.prove.callers`), and so is implied by it.
_LINKED = frozenset({"aws:principalarn", "aws:principalaccount", "aws:principalisawsservice"})

_Verdicts = tuple[tuple[Verdict, bool, bool], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A witness as it is shown, and asked again.

    Attributes:
        request: As it is decided: with its whole context.
        principal: As it is stated to ask it again: a role stands for a session of it.
        stated: The part of the context that has to be stated to ask it again.
        exact: Whether nothing may be implied beside it then.
        document: What the document says of it.
        plan: What the plan says of it.
        statements: The statements of the document that decided.
    """

    request: Request
    principal: str
    stated: Mapping[str, str | tuple[str, ...]]
    exact: bool
    document: Verdict
    plan: Verdict
    statements: tuple[str, ...]


def shown(
    request: Request, place: Place, rendered: Policy, planned: Policy, topology: Topology
) -> Shown:
    """Put a witness where the document is attached; it stays as it is where that is impossible.

    Raises:
        PolicyError: The request cannot be decided.
    """
    wanted = _verdicts(request, rendered, planned)
    moved = _moved(request, place)
    for asked, stated, exact in _ways(request, moved, topology, place):
        if _same(wanted, asked, rendered, planned):
            return _shown(asked, stated, rendered, planned, exact=exact)
    return _shown(request, request, rendered, planned, exact=True)


def _ways(
    request: Request, moved: Request, topology: Topology, place: Place
) -> Iterator[tuple[Request, Request, bool]]:
    """Yield ways to ask the same, the most natural first: asked, as stated, exactly that."""
    brief = _without_implied(moved, topology, place)
    full, _ = completed(brief, topology, (place.attached_to,))
    yield full, brief, False
    yield moved, moved, True
    exact = Request(moved.principal, request.action, moved.resource, request.context)
    yield exact, exact, True


def _moved(request: Request, place: Place) -> Request:
    context = {k: v for k, v in request.context.items() if k.lower() not in _LINKED}
    principal, resource = request.principal, request.resource
    if place.kind in {Kind.IDENTITY, Kind.BOUNDARY}:
        principal = place.attached_to
    if place.kind is Kind.TRUST:
        resource = place.attached_to
    if place.kind is Kind.ENDPOINT and place.attached_to.startswith("vpce-"):
        context.setdefault("aws:SourceVpce", place.attached_to)
    return Request(principal, request.action, resource, context)


def _without_implied(request: Request, topology: Topology, place: Place) -> Request:
    """Leave out the keys that are implied with the very values that they have."""
    bare = Request(request.principal, request.action, request.resource, {})
    _, implied = completed(bare, topology, (place.attached_to,))
    context = {
        key: value
        for key, value in request.context.items()
        if value_of({key: value}, key) != value_of(implied, key)
    }
    return Request(request.principal, request.action, request.resource, context)


def _verdicts(request: Request, rendered: Policy, planned: Policy) -> _Verdicts:
    """Return what both sides say, and how closely each names the principal."""
    decisions = (decision_of(request, rendered), decision_of(request, planned))
    return tuple((each.verdict, each.direct, each.unlimited) for each in decisions)


def _same(wanted: _Verdicts, request: Request, rendered: Policy, planned: Policy) -> bool:
    try:
        return _verdicts(request, rendered, planned) == wanted
    except (PolicyError, ValueError):  # For instance a session without aws:PrincipalArn.
        return False


def _shown(
    request: Request,
    stated: Request,
    rendered: Policy,
    planned: Policy,
    *,
    exact: bool,
) -> Shown:
    decision = decision_of(request, rendered)
    return Shown(
        request=request,
        principal=stated.principal,
        stated=stated.context,
        exact=exact,
        document=decision.verdict,
        plan=decision_of(request, planned).verdict,
        statements=tuple(each.place for each in decision.deciding),
    )
