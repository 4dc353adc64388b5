"""Why a request is allowed or denied."""

from __future__ import annotations

from collections.abc import Iterator

from promote.core.policies.explain import DocumentSays, Explanation
from promote.iam.authorise import Layer
from promote.iam.evaluate import Verdict
from promote.iam.nearest import Mismatch, NearMiss
from promote.report.json import document
from promote.report.layout import Style, clean, paragraph, unstyled
from promote.report.proofs import context_lines

_FEW = 3
_INDENT = " " * 4


def as_json(value: Explanation) -> str:
    """Write an explanation; ``nearest`` lists the Allow statements that almost matched."""
    return document(
        "explanation",
        allowed=value.allowed,
        verdict=value.verdict,
        planned=value.planned,
        layer=value.layer,
        statements=value.statements,
        request={
            "principal": value.principal,
            "action": value.action,
            "resource": value.resource,
            "context": dict(value.context),
        },
        implied=dict(value.implied),
        layers=value.layers,
        documents=value.documents,
        nearest=[_near(each) for each in value.nearest],
        notes=value.notes,
    )


def _near(near: NearMiss) -> dict[str, object]:
    return {"statement": near.statement.place, "mismatches": near.mismatches}


def as_text(value: Explanation, style: Style = unstyled) -> str:
    """Tell the verdict, what every document says, and what came nearest."""
    blocks = [
        "\n".join(block)
        for block in (
            list(_head(value, style)),
            list(_documents(value)),
            list(_nearest(value)),
            list(_implied(value)),
            [paragraph(clean(note)) for note in value.notes],
        )
        if block
    ]
    return "\n\n".join(blocks) + "\n"


def _head(value: Explanation, style: Style) -> Iterator[str]:
    name, rest = _verdict(value)
    line = paragraph(f"{name}: {rest}")
    colour = "green" if value.allowed else "red"
    yield line.replace(name, style(name, fg=colour, bold=True), 1)
    yield f"{_INDENT}principal  {clean(value.principal)}"
    yield f"{_INDENT}action     {clean(value.action)}"
    yield f"{_INDENT}resource   {clean(value.resource)}"
    stated = {key: each for key, each in value.context.items() if key not in value.implied}
    yield from context_lines(stated, _INDENT)


def _verdict(value: Explanation) -> tuple[str, str]:
    by, layer = clean(", ".join(value.statements)), value.layer or "known"
    match value.verdict:
        case Verdict.ALLOWED.value:
            return "Allowed", f"by {by}." if by else f"by the {layer} policies."
        case Verdict.EXPLICIT_DENY.value:
            return "Denied", f"an explicit deny in {by}."
        case Verdict.IMPLICIT_DENY.value:
            return "Denied", f"no {layer} policy allows it."
        case _:
            return "Cannot be decided", "what governs it is not all known, so it is not allowed."


def _documents(value: Explanation) -> Iterator[str]:
    if not value.documents:
        yield "No document here governs it."
        return
    yield "What each document that governs it says:"
    width = max(len(_said(each)) for each in value.documents)
    for each in value.documents:
        subject = clean(f"{each.kind} of {each.attached_to}")
        yield f"{_INDENT}{_said(each):<{width}}  {subject} ({each.source})"
        for place in each.statements:
            yield f"{_INDENT}{'':<{width}}    by {clean(place)}"
        if each.planned is not None and each.planned != each.verdict:
            yield f"{_INDENT}{'':<{width}}    not as planned: the plan says {each.planned}"


def _said(value: DocumentSays) -> str:
    """Tell a verdict; one policy of the organisation need not allow, since others beside it do."""
    limits = value.layer in {Layer.SCP.value, Layer.RCP.value}
    silent = value.verdict == Verdict.IMPLICIT_DENY.value
    return "no deny" if limits and silent else value.verdict


def _nearest(value: Explanation) -> Iterator[str]:
    if value.nearest:
        yield "What comes nearest to allowing it, and why it does not:"
    for near in value.nearest:
        yield f"{_INDENT}{clean(near.statement.place)}"
        for each in near.mismatches:
            yield from _mismatch(each)


def _mismatch(value: Mismatch) -> Iterator[str]:
    """Tell what the request has, and below it what the statement demands instead."""
    given = clean(", ".join(value.given)) or "no such key"
    name = value.test if value.element == "Condition" else value.element
    yield f"{_INDENT * 2}{clean(name)}: the request has {given}"
    label = "the statement demands"
    for each in value.demanded[:_FEW]:
        yield f"{_INDENT * 3}{label} {clean(each)}"
        label = "or"
    if len(value.demanded) > _FEW:
        yield f"{_INDENT * 3}or one of {len(value.demanded) - _FEW} more"


def _implied(value: Explanation) -> Iterator[str]:
    if value.implied:
        yield "Implied beside the given context:"
    for key, each in value.implied.items():
        yield f"{_INDENT}{clean(key)} = {clean(each if isinstance(each, str) else ', '.join(each))}"
