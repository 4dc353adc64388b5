"""How live policies differ from the wanted ones, statement by statement."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from promote.core.policies.difference import Comparison, Difference
from promote.core.policies.witness import Shown
from promote.report.json import document
from promote.report.layout import Style, clean, counted, paragraph, unstyled
from promote.report.proofs import context_lines, witness_json


def as_text(values: Iterable[Comparison], style: Style = unstyled) -> str:
    """Tell every document with its differences, and how many differ."""
    values = tuple(values)
    lines = [line for value in values for line in _comparison(value, style)]
    wrong = sum(not value.same_access for value in values)
    total = counted(len(values), "document")
    verb = "differs" if wrong == 1 else "differ"
    lines += ["", f"{total}, {wrong} {verb}" if wrong else f"{total}, all as wanted"]
    return "\n".join(lines) + "\n"


def as_json(values: Iterable[Comparison]) -> str:
    """Write the comparisons; ``same`` says whether every document allows exactly what is wanted."""
    values = tuple(values)
    return document(
        "differences",
        same=all(value.same_access for value in values),
        documents=[_row(value) for value in values],
    )


def _row(value: Comparison) -> dict[str, object]:
    shown = value.witness
    return {
        "kind": value.kind,
        "attached_to": value.attached_to,
        "name": value.name,
        "same_access": value.same_access,
        "differences": value.differences,
        "witness": shown and witness_json(shown),
        "live": shown and shown.document,
        "wanted": shown and shown.plan,
    }


def _comparison(value: Comparison, style: Style) -> Iterator[str]:
    name = f" ({value.name})" if value.name else ""
    subject = clean(f"{value.kind} {value.attached_to}{name}")
    if value.same_access:
        yield f"{style('same  ', fg='green')}  {subject}"
    else:
        yield f"{style('DIFFERS', fg='red', bold=True)} {subject}"
    for each in value.differences:
        yield paragraph(clean(_told(each)), first=" " * 8, indent=" " * 12)
    if value.witness is not None:
        yield from _witness(value.witness)


def _witness(shown: Shown) -> Iterator[str]:
    yield "        for instance:"
    yield f"            principal  {clean(shown.principal)}"
    yield f"            action     {clean(shown.request.action)}"
    yield f"            resource   {clean(shown.request.resource)}"
    yield from context_lines(shown.stated, " " * 12)
    yield f"            live       {shown.document.value}"
    yield f"            wanted     {shown.plan.value}"


def _told(value: Difference) -> str:
    return f"{value.place}: {value.says}" if value.place else value.says
