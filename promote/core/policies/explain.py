"""Why a request is allowed or denied: what governs it, who decided, what came nearest.

Pure: the documents are given, rendered or live, and `promote.iam.authorise` alone decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from promote.core.policies.governing import Place, everything, governing
from promote.core.policies.implied import Context, account_of, owner_of
from promote.core.topology import Topology
from promote.errors import PolicyError
from promote.iam.authorise import Layer, authorise
from promote.iam.elements import Kind, Policy
from promote.iam.evaluate import (
    WITH_PRINCIPAL,
    Decider,
    Decision,
    Request,
    Verdict,
    evaluate,
    evaluate_resource,
)
from promote.iam.nearest import NearMiss, near_misses

UNDECIDED = "cannot be decided"
_NEAREST = 3
_ASSUMED = (
    (
        Place(template="assumed", kind=Kind.IDENTITY, attached_to="the principal"),
        everything(Kind.IDENTITY),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A document that governs the request; its policy's name is how answers call it."""

    place: Place
    source: str
    """``rendered`` or ``live``."""
    policy: Policy
    planned: Policy | None = None
    """What the plan says that it must say; None where no plan is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentSays:
    """What one document says of the request on its own, beside what the plan says."""

    kind: str
    attached_to: str
    source: str
    layer: str
    verdict: str
    statements: tuple[str, ...]
    planned: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerSays:
    """What a layer says of the request, and the statements that decided."""

    layer: str
    verdict: str
    statements: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The answer."""

    principal: str
    action: str
    resource: str
    context: Context
    implied: Context
    """What of the context was not given."""
    verdict: str
    """``allowed``, ``implicit deny``, ``explicit deny``, or ``cannot be decided``."""
    layer: str | None
    """The layer that decided."""
    statements: tuple[str, ...]
    layers: tuple[LayerSays, ...]
    documents: tuple[DocumentSays, ...]
    nearest: tuple[NearMiss, ...]
    """The Allow statements that came nearest, where no statement allows it."""
    planned: str | None
    """The verdict if every document said what is planned; None where that is unknown."""
    notes: tuple[str, ...]

    @property
    def allowed(self) -> bool:
        """Say whether the request may go on."""
        return self.verdict == Verdict.ALLOWED.value


def explain(
    request: Request,
    documents: Sequence[Known],
    topology: Topology,
    *,
    implied: Mapping[str, str | tuple[str, ...]],
    notes: Iterable[str] = (),
    unreadable: Iterable[str] = (),
    unread_controls: Iterable[str] = (),
) -> Explanation:
    """Decide a request by the documents that govern it, and say why.

    Args:
        request: The request, its context complete.
        documents: What governs it.
        topology: What promote.yaml says.
        implied: What of the context was not given.
        notes: What else is to be said.
        unreadable: Why other documents that govern it cannot be read: then only an explicit deny
            of those that can is certain.
        unread_controls: Why policies of the organisation that govern it could not be read: since
            they never allow anything, any denial without them is certain.
    """
    unread, unknown = tuple(unreadable), _identity_is_unknown(request, documents)
    gaps = (*unread, *unread_controls)
    said = (*notes, *gaps, *([unknown] if unknown else []))
    assumed = _ASSUMED if unknown else ()
    answer = _decide(request, documents, assumed, topology)
    certain = {Verdict.EXPLICIT_DENY.value, *(() if unread else (Verdict.IMPLICIT_DENY.value,))}
    if gaps and answer.verdict not in certain:
        answer = replace(answer, verdict=UNDECIDED, layer=None, statements=())
    planned = None
    if documents and not gaps and all(each.planned is not None for each in documents):
        as_planned = [_as_planned(each) for each in documents]
        planned = _decide(request, as_planned, assumed, topology).verdict
    return Explanation(
        principal=request.principal,
        action=request.action,
        resource=request.resource,
        context=request.context,
        implied=implied,
        verdict=answer.verdict,
        layer=answer.layer.value if answer.layer else None,
        statements=answer.statements,
        layers=answer.layers,
        documents=tuple(_says(request, each) for each in documents),
        nearest=tuple(_nearest(request, answer, documents)),
        planned=planned,
        notes=(*said, *([answer.problem] if answer.problem else [])),
    )


def explain_alone(
    request: Request,
    documents: Sequence[Known],
    *,
    implied: Mapping[str, str | tuple[str, ...]],
    notes: Iterable[str] = (),
) -> Explanation:
    """Say what documents of one kind say, as if nothing else governed the request."""
    says = tuple(_says(request, each) for each in documents)
    verdict, statements = _union(says, lambda each: each.verdict)
    planned = None
    if documents and all(each.planned is not None for each in says):
        planned, _ = _union(says, lambda each: each.planned or UNDECIDED)
    missing = verdict == Verdict.IMPLICIT_DENY.value
    policies = [each.policy for each in documents]
    return Explanation(
        principal=request.principal,
        action=request.action,
        resource=request.resource,
        context=request.context,
        implied=implied,
        verdict=verdict,
        layer=documents[0].place.layer.value if documents else None,
        statements=statements,
        layers=(),
        documents=says,
        nearest=near_misses(request, policies)[:_NEAREST] if missing else (),
        planned=planned,
        notes=tuple(notes),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    verdict: str
    layer: Layer | None = None
    statements: tuple[str, ...] = ()
    layers: tuple[LayerSays, ...] = ()
    problem: str = ""


def _decide(
    request: Request,
    documents: Sequence[Known],
    assumed: Iterable[tuple[Place, Policy]],
    topology: Topology,
) -> _Answer:
    placed = [(each.place, each.policy) for each in documents]
    owner = owner_of(request, topology)
    try:
        found = authorise(request, governing([*placed, *assumed]), owner=owner)
    except (PolicyError, ValueError) as error:
        problem = error.detail if isinstance(error, PolicyError) else str(error)
        return _Answer(verdict=UNDECIDED, problem=f"It cannot be decided: {problem}")
    return _Answer(
        verdict=found.verdict.value,
        layer=found.layer,
        statements=_places(found.deciding),
        layers=tuple(
            LayerSays(
                layer=layer.value,
                verdict=decision.verdict.value,
                statements=_places(decision.deciding),
            )
            for layer, decision in found.layers
        ),
    )


def _places(deciders: Iterable[Decider]) -> tuple[str, ...]:
    return tuple(each.place for each in deciders)


def _as_planned(known: Known) -> Known:
    return Known(place=known.place, source=known.source, policy=known.planned or known.policy)


def _identity_is_unknown(request: Request, documents: Sequence[Known]) -> str | None:
    """Return why the principal's own policies are taken to allow the request, or None.

    They are where a document of ours governs what is asked for, and none the principal: whether
    our side lets a stranger in is then the question.
    """
    layers = {each.place.layer for each in documents}
    if Layer.IDENTITY in layers or Layer.RESOURCE not in layers:
        return None
    if account_of(request.principal) is None:
        return None
    return (
        f"No document here says what {request.principal} may do: its own policies are assumed to "
        "allow everything."
    )


def _says(request: Request, known: Known) -> DocumentSays:
    verdict, statements = _alone(request, known.policy)
    return DocumentSays(
        kind=known.place.template,
        attached_to=known.place.attached_to,
        source=known.source,
        layer=known.place.layer.value,
        verdict=verdict,
        statements=statements,
        planned=None if known.planned is None else _alone(request, known.planned)[0],
    )


def _alone(request: Request, policy: Policy) -> tuple[str, tuple[str, ...]]:
    try:
        decision = decision_of(request, policy)
    except (PolicyError, ValueError):
        return UNDECIDED, ()
    return decision.verdict.value, _places(decision.deciding)


def decision_of(request: Request, policy: Policy) -> Decision:
    """Decide a request by one document alone.

    Raises:
        PolicyError: It cannot be decided.
    """
    if policy.kind in WITH_PRINCIPAL:
        return evaluate_resource(request, policy)
    return evaluate(request, (policy,))


def _union(
    says: Sequence[DocumentSays], verdict_of: Callable[[DocumentSays], str]
) -> tuple[str, tuple[str, ...]]:
    """Return what documents say together: a deny wins, else one Allow is enough."""
    order = (Verdict.EXPLICIT_DENY.value, UNDECIDED, Verdict.ALLOWED.value)
    for verdict in order:
        made = [each for each in says if verdict_of(each) == verdict]
        if made:
            return verdict, tuple(place for each in made for place in each.statements)
    return Verdict.IMPLICIT_DENY.value, ()


def _nearest(request: Request, answer: _Answer, documents: Sequence[Known]) -> Iterator[NearMiss]:
    """Yield what came nearest in the layers in which no statement allows the request."""
    if answer.verdict != Verdict.IMPLICIT_DENY.value or answer.layer is None:
        return
    policies = [each.policy for each in documents if each.place.layer is answer.layer]
    yield from near_misses(request, policies)[:_NEAREST]
