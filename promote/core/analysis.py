"""What AWS's own IAM Access Analyzer is asked of a document, and whether it agrees with our proof.

It is a complement: the proof never waits for it, and what it says never replaces the proof. Where
the two disagree, one of them is wrong, and nothing is written until a person has found out which.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from promote.core.exactness import Meaning
from promote.core.grants import exact_versions
from promote.core.observation import Json
from promote.core.plan import Grant, Plan, Revoke
from promote.core.policies.documents import WantedDocument
from promote.core.policies.intent import planned
from promote.core.policies.proof import Render
from promote.core.topology import Topology
from promote.errors import ProofError
from promote.iam.document import Kind
from promote.iam.spelling import canonical
from promote.iam.writing import document_of

COMPARABLE = frozenset(Kind) - {Kind.SCP, Kind.RCP}
"""The kinds of which it compares two documents ("CheckNoNewAccess", policyType)."""

_STOPPING = ("ERROR", "SECURITY_WARNING")


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """A finding of ValidatePolicy."""

    severity: str
    """``ERROR``, ``SECURITY_WARNING``, ``WARNING`` or ``SUGGESTION``."""
    code: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a custom check says."""

    passed: bool
    message: str = ""
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One document to ask about."""

    name: str
    """What it is, for messages."""
    kind: Kind
    document: Json
    planned: Json
    """The same as it is planned, written without the template."""
    denied: tuple[str, ...] = ()
    """Versions that it must not allow any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """All that is said of one document."""

    remarks: tuple[Remark, ...] = ()
    checks: Mapping[str, Answer] = field(default_factory=dict)
    """The answer to each question, by the question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """Access Analyzer was asked, and agrees."""

    documents: int
    checks: int
    """Calls of custom checks, each of which AWS charges for."""


def of_plan(plan: Plan, topology: Topology) -> tuple[Subject, ...]:
    """List the documents that a plan writes, each once, as subjects."""
    found: dict[str, Subject] = {}
    for step in plan.steps:
        if isinstance(step, Grant | Revoke):
            meaning = Meaning(topology, plan.request.model, topology.environment(step.environment))
            alone = isinstance(step, Revoke) and not step.makes_room
            kept = frozenset[str]() if alone else exact_versions(step.after)
            context = meaning.context(kept | {step.version})
            name = f"the policy {step.policy} of {step.role} ({step.step})"
            subject = of_document("access-role", name, step.after, context)
            denied = step.revoked if isinstance(step, Revoke) else ()
            key = canonical(step.after)
            found[key] = _also_denied(found.get(key, subject), denied)
    return tuple(found.values())


def of_document(kind: str, name: str, document: Json, context: Mapping[str, object]) -> Subject:
    """Make a subject of a document that a template of a kind gave for a context.

    Raises:
        PolicyError: The kind has no intent.
    """
    wanted = planned(kind, context)
    return Subject(name=name, kind=wanted.kind, document=document, planned=document_of(wanted))


def of_documents(wanted: Iterable[WantedDocument], render: Render) -> tuple[Subject, ...]:
    """List documents, each once, as subjects.

    Raises:
        InputError: A template cannot be rendered.
    """
    found: dict[tuple[str, str], Subject] = {}
    for each in wanted:
        document = render(each.kind, each.context)
        name = f"the {each.kind} document of {each.attached_to}"
        key = (each.kind, canonical(document))
        if key not in found:
            found[key] = of_document(each.kind, name, document, each.context)
    return tuple(found.values())


def _also_denied(subject: Subject, denied: Iterable[str]) -> Subject:
    return replace(subject, denied=tuple(sorted({*subject.denied, *denied})))


def judge(subject: Subject, answers: Answers) -> None:
    """Hold that Access Analyzer finds nothing against a document that we have proved.

    Raises:
        ProofError: It does; the detail tells what both sides say.
    """
    remarks = [
        f"ValidatePolicy: {each.severity} {each.code}: {each.detail}"
        for each in answers.remarks
        if each.severity in _STOPPING
    ]
    failed = [
        f"{question}: {_told(answer)}"
        for question, answer in answers.checks.items()
        if not answer.passed
    ]
    if not remarks and not failed:
        return
    lines = "\n".join(f"  {line}" for line in (*remarks, *failed))
    raise ProofError(
        "Access Analyzer disagrees",
        f"promote has proved over all requests that {subject.name} allows exactly what is "
        f"planned. Of the same document AWS IAM Access Analyzer says:\n{lines}",
        "One of the two is wrong, so nothing was written. Keep the documents and report it; to "
        "see ours:\n    promote policy prove",
    )


def _told(answer: Answer) -> str:
    return " ".join(("FAIL.", answer.message, *answer.reasons)).strip()
