"""The rendered documents that a request is judged by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from promote.core.policies.documents import WantedDocument
from promote.core.policies.explain import Known
from promote.core.policies.governing import Place, is_governing, is_meant
from promote.core.policies.intent import planned
from promote.core.policies.proof import Render
from promote.core.topology import Topology
from promote.iam.document import parse
from promote.iam.evaluate import Request

RENDERED = "rendered"


def governing_documents(
    wanted: Iterable[WantedDocument],
    render: Render,
    request: Request,
    role: str,
    topology: Topology,
) -> tuple[Known, ...]:
    """Render the documents that govern a request; `role` is the ARN of whose session asks.

    Raises:
        TemplateError: One cannot be rendered.
        PolicyError: One is outside the fragment that is decided.
    """
    return tuple(
        _known(each, place, render)
        for each, place in _placed(wanted)
        if is_governing(place, request, role, topology)
    )


def documents_alone(
    wanted: Iterable[WantedDocument],
    render: Render,
    request: Request,
    role: str,
    attached_to: str | None,
) -> tuple[Known, ...]:
    """Render the documents that a request is to be judged by as if nothing else governed it.

    Args:
        wanted: Documents of the kinds that were asked for.
        render: The renderer, unproved.
        request: The request.
        role: The ARN of whose session asks.
        attached_to: Only the one there; None chooses by the request.

    Raises:
        TemplateError: One cannot be rendered.
        PolicyError: One is outside the fragment that is decided.
    """
    return tuple(
        _known(each, place, render)
        for each, place in _placed(wanted)
        if _is_chosen(place, request, role, attached_to)
    )


def is_alone(
    wanted: WantedDocument, others: Iterable[WantedDocument], request: Request, role: str
) -> bool:
    """Say whether a request by itself chooses one document among others of its kind."""
    same_kind = (each for each in others if each.kind == wanted.kind)
    chosen = [each for each, place in _placed(same_kind) if is_meant(place, request, role)]
    return chosen == [wanted]


def label(wanted: WantedDocument) -> str:
    """Name a document in answers: ``access-role of tools-qa``."""
    name = wanted.attached_to.rpartition("/")[2]
    return f"{wanted.kind} of {name}"


def _is_chosen(place: Place, request: Request, role: str, attached_to: str | None) -> bool:
    if attached_to is not None:
        return place.attached_to == attached_to
    return is_meant(place, request, role)


def _placed(wanted: Iterable[WantedDocument]) -> Iterator[tuple[WantedDocument, Place]]:
    for each in wanted:
        kind = planned(each.kind, each.context).kind
        yield each, Place(template=each.kind, kind=kind, attached_to=each.attached_to)


def _known(wanted: WantedDocument, place: Place, render: Render) -> Known:
    document = render(wanted.kind, wanted.context)
    return Known(
        place=place,
        source=RENDERED,
        policy=parse(document, kind=place.kind, name=label(wanted)),
        planned=planned(wanted.kind, wanted.context),
    )
