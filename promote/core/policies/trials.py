"""Prove many documents, so that all that is wrong is known at once and not only the first of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from promote.core.observation import Json
from promote.core.policies.documents import WantedDocument
from promote.core.policies.governing import Place
from promote.core.policies.intent import planned
from promote.core.policies.proof import DiffersError, Render, prove
from promote.core.policies.rendered import label
from promote.core.policies.witness import Shown, shown
from promote.core.topology import Topology
from promote.errors import InputError, PolicyError, ProofError
from promote.iam.document import parse
from promote.iam.evaluate import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One document that was tried.

    Attributes:
        wanted: The document.
        template: The file that it was rendered from.
        requests: How many requests stood for all of them in the proof.
        unusable: Why it could not be read at all; that is a mistake in the configuration.
        problem: Why it was not proved.
        witness: A request that shows it, where there is one.
    """

    wanted: WantedDocument
    template: str
    requests: int = 0
    unusable: InputError | None = None
    problem: ProofError | PolicyError | None = None
    witness: Shown | None = None

    @property
    def proved(self) -> bool:
        """Say whether the document allows exactly what is planned."""
        return self.unusable is None and self.problem is None


def try_all(
    wanted: Iterable[WantedDocument],
    render: Render,
    template_of: Callable[[str], str],
    topology: Topology,
) -> tuple[Trial, ...]:
    """Render and prove every document; what is wrong with one keeps no other from being tried.

    Args:
        wanted: The documents.
        render: The renderer, unproved.
        template_of: Names the file that a kind is rendered from.
        topology: Whose documents they are.
    """
    return tuple(_try(each, render, template_of(each.kind), topology) for each in wanted)


def _try(wanted: WantedDocument, render: Render, template: str, topology: Topology) -> Trial:
    try:
        document = render(wanted.kind, wanted.context)
    except InputError as error:
        return Trial(wanted=wanted, template=template, unusable=error)
    try:
        proof = prove(wanted.kind, document, wanted.context)
    except DiffersError as error:
        witness = _shown(error.witness.request, wanted, document, topology)
        return Trial(wanted=wanted, template=template, problem=error, witness=witness)
    except (ProofError, PolicyError) as error:
        return Trial(wanted=wanted, template=template, problem=error)
    return Trial(wanted=wanted, template=template, requests=proof.requests)


def _shown(request: Request, wanted: WantedDocument, document: Json, topology: Topology) -> Shown:
    plan = planned(wanted.kind, wanted.context)
    place = Place(template=wanted.kind, kind=plan.kind, attached_to=wanted.attached_to)
    rendered = parse(document, kind=plan.kind, name=label(wanted))
    return shown(request, place, rendered, plan, topology)
