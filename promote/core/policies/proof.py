"""Showing that a document allows exactly what is planned, before it leaves `promote` (P2).

A template says in JSON what a document grants, `promote.core.policies.intent` says it once more in
Python; the prover compares the two over all requests. A document that differs is refused with a
request that shows it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from promote.core.observation import Json
from promote.core.policies.intent import planned
from promote.errors import PolicyError, ProofError
from promote.iam.document import Policy, parse
from promote.iam.evaluate import Request, Verdict
from promote.iam.prove import Search, Witness, equal
from promote.iam.prove.callers import ANYBODY

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
    try:
        # Read as it is, not in its canonical spelling: this is what AWS is sent.
        rendered = parse(document, kind=wanted.kind, name=f"the {kind} document")
        found = _compared(rendered, wanted)
    except PolicyError as error:
        raise ProofError(
            "Policy could not be proved", f"The {kind} document: {error.detail}", error.remedy
        ) from error
    if found.witness is not None:
        raise _differs(kind, found.witness)
    return Proof(kind=kind, requests=found.requests)


def proving(render: Render, template_of: Callable[[str], str] | None = None) -> Render:
    """Return a renderer whose documents are all proved; it raises `ProofError` besides.

    Args:
        render: The renderer, unproved.
        template_of: Names the file that a kind is rendered from, for messages.
    """

    def proved(kind: str, context: Mapping[str, object]) -> Json:
        document = render(kind, context)
        try:
            prove(kind, document, context)
        except ProofError as error:
            if template_of is not None:
                error.detail += f"\n  {'template:':<11}{template_of(kind)}"
            raise
        return document

    return proved


@functools.lru_cache(_MOST_REMEMBERED)
def _compared(rendered: Policy, wanted: Policy) -> Search:
    """Compare two policies; what means the same is compared once."""
    return equal([rendered], [wanted])


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
        f"{_said(wanted)}{_by_whom(witness)}:\n{described(witness.request)}",
        f"Mend the template {kind}.json.j2, then:\n    promote policy prove --kind {kind}",
        witness,
    )


def _said(verdict: Verdict) -> str:
    return f"'{verdict.value}'"


def _who(principal: str) -> str:
    return f"anybody, such as {principal}" if principal == ANYBODY.name else principal


def _by_whom(witness: Witness) -> str:
    if len(set(witness.verdicts)) > 1:
        return ""
    return " (but one names the principal more closely: itself or everyone, its role, its account)"


def described(request: Request) -> str:
    """Write a request for people, indented, a line for each of its parts."""
    context = [
        f"{key}={value if isinstance(value, str) else ','.join(value)}"
        for key, value in request.context.items()
    ]
    lines = {
        "principal": _who(request.principal),
        "action": request.action,
        "resource": request.resource,
        "context": ", ".join(context) or "(no condition key)",
    }
    return "\n".join(f"  {name + ':':<11}{text}" for name, text in lines.items())
