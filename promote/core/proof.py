"""Showing that a document allows exactly what is planned, before it leaves `promote` (P2).

A template says in JSON what a document grants, `promote.core.intent` says it once more in Python;
the prover compares the two over all requests. A document that differs is refused with a request
that shows it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from promote.core.intent import planned
from promote.core.observation import Json
from promote.errors import PolicyError, ProofError
from promote.iam.document import Policy, canonical, parse
from promote.iam.evaluate import Request, Verdict
from promote.iam.prove import Witness, equal

Render = Callable[[str, Mapping[str, object]], Json]

_MOST_REMEMBERED = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A document was shown to allow exactly what is planned.

    Attributes:
        kind: The kind of template.
        requests: How many requests stood for all others.
    """

    kind: str
    requests: int


class DiffersError(ProofError):
    """A document allows more or less than planned; `witness` is a request that shows it."""

    def __init__(self, summary: str, detail: str, remedy: str, witness: Witness) -> None:
        super().__init__(summary, detail, remedy)
        self.witness = witness


def prove(kind: str, document: Json, context: Mapping[str, object]) -> Proof:
    """Show that a document allows exactly what a kind of policy is planned to, in this context.

    Raises:
        DiffersError: It allows more, or less; with a witness.
        ProofError: It cannot be decided, which counts as a difference.
    """
    wanted = planned(kind, context)
    return Proof(kind=kind, requests=_compared(kind, canonical(document), wanted))


def proving(render: Render) -> Render:
    """Return a renderer whose documents are all proved; it raises `ProofError` besides."""

    def proved(kind: str, context: Mapping[str, object]) -> Json:
        document = render(kind, context)
        prove(kind, document, context)
        return document

    return proved


@functools.lru_cache(_MOST_REMEMBERED)
def _compared(kind: str, document: str, wanted: Policy) -> int:
    """Compare and return the number of requests; the same pair is compared once."""
    name = f"the {kind} document"
    try:
        rendered = parse(document, kind=wanted.kind, name=name)
        found = equal([rendered], [wanted])
    except PolicyError as error:
        raise ProofError(
            "Policy could not be proved", f"{name.capitalize()}: {error.detail}", error.remedy
        ) from error
    if found.witness is not None:
        raise _differs(kind, found.witness)
    return found.requests


def _differs(kind: str, witness: Witness) -> DiffersError:
    rendered, wanted = witness.verdicts
    if rendered is Verdict.ALLOWED and wanted is not Verdict.ALLOWED:
        summary = "A policy allows more than planned"
    elif wanted is Verdict.ALLOWED and rendered is not Verdict.ALLOWED:
        summary = "A policy allows less than planned"
    else:
        summary = "A policy is not what is planned"
    return DiffersError(
        summary,
        f"The {kind} document says {_said(rendered)} to a request of which the plan says "
        f"{_said(wanted)}{_by_account(witness)}:\n{described(witness.request)}",
        f"Mend the template {kind}.json.j2, then:\n    promote policy prove --kind {kind}",
        witness,
    )


def _said(verdict: Verdict) -> str:
    return f"'{verdict.value}'"


def _by_account(witness: Witness) -> str:
    if len(set(witness.verdicts)) > 1:
        return ""
    return " (but one names the principal itself, the other its account)"


def described(request: Request) -> str:
    """Write a request for people, indented, a line for each of its parts."""
    context = [
        f"{key}={value if isinstance(value, str) else ','.join(value)}"
        for key, value in request.context.items()
    ]
    lines = {
        "principal": request.principal,
        "action": request.action,
        "resource": request.resource,
        "context": ", ".join(context) or "(no condition key)",
    }
    return "\n".join(f"  {name + ':':<11}{text}" for name, text in lines.items())
