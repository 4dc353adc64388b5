"""What the rules found in documents, and the rules themselves."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from promote.iam.lint import Finding, Rule, Severity, lint
from promote.report.json import document
from promote.report.layout import Style, clean, counted, paragraph, unstyled

Found = tuple[str, Sequence[Finding]]
"""A document's name, and what was found in it."""

_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}
_GRAVE = frozenset({Severity.ERROR, Severity.WARNING})
_INDENT = " " * 4


def as_text(values: Iterable[Found], style: Style = unstyled) -> str:
    """Tell every finding below its document, and how many there were."""
    values = tuple(values)
    lines: list[str] = []
    for name, findings in values:
        if findings:
            lines.append(clean(name))
        for each in findings:
            lines += _finding(each, style)
    total = sum(len(findings) for _, findings in values)
    lines += [""] if total else []
    lines.append(f"{counted(len(values), 'document')}, {counted(total, 'finding')}")
    return "\n".join(lines) + "\n"


def as_json(values: Iterable[Found]) -> str:
    """Write what was found, under ``findings``; ``ok`` says that there is no error or warning."""
    values = tuple(values)
    rows = [
        {
            "document": name,
            "rule": each.rule,
            "severity": each.severity,
            "place": each.place,
            "message": each.message,
            "remedy": each.remedy,
        }
        for name, findings in values
        for each in findings
    ]
    ok = not any(each.severity in _GRAVE for _, findings in values for each in findings)
    return document("findings", ok=ok, documents=len(values), findings=rows)


def rules_text(rules: Iterable[Rule], style: Style = unstyled) -> str:
    """Tell rules with what each finds, what helps, and an example of both."""
    return "\n\n".join("\n".join(_rule(each, style)) for each in rules) + "\n"


def rules_json(rules: Iterable[Rule]) -> str:
    """Write rules, under ``rules``."""
    rows = [
        {
            "id": each.id,
            "severity": each.severity,
            "message": each.message,
            "remedy": each.remedy,
            "bad": {"kind": each.bad[0], "document": each.bad[1]},
            "good": {"kind": each.good[0], "document": each.good[1]},
        }
        for each in rules
    ]
    return document("rules", rules=rows)


class Held(Protocol):
    """A rule that is told by what holds where it is kept."""

    @property
    def id(self) -> str:
        """Its id."""

    @property
    def severity(self) -> Severity:
        """How bad it is when it does not hold."""

    @property
    def holds(self) -> str:
        """What is so."""

    @property
    def source(self) -> str:
        """Where that is said."""

    @property
    def remedy(self) -> str:
        """What to do where it is not so; values are named in braces."""


def held_text(rules: Iterable[Held], style: Style = unstyled) -> str:
    """Tell rules by what holds where they are kept, each with its source."""
    return "\n\n".join("\n".join(_held(each, style)) for each in rules) + "\n"


def held_json(rules: Iterable[Held]) -> str:
    """Write rules by what holds where they are kept, under ``rules``."""
    rows = [
        {
            "id": each.id,
            "severity": each.severity,
            "holds": each.holds,
            "source": each.source,
            "remedy": _unbraced(each.remedy),
        }
        for each in rules
    ]
    return document("rules", rules=rows)


def _held(value: Held, style: Style) -> Iterator[str]:
    severity = style(value.severity.value, fg=_COLOURS[value.severity])
    yield f"{style(value.id, bold=True)}  {severity}"
    yield paragraph(value.holds, first=_INDENT, indent=_INDENT)
    yield paragraph(f"Source: {value.source}", first=_INDENT, indent=_INDENT)


def _unbraced(text: str) -> str:
    return text.replace("{{", "{").replace("}}", "}")


def _finding(value: Finding, style: Style) -> Iterator[str]:
    severity = style(f"{value.severity.value:<7}", fg=_COLOURS[value.severity])
    yield f"{_INDENT}{severity}  {value.rule}  {clean(value.place) or 'the document'}"
    yield paragraph(clean(value.message), first=_INDENT * 2, indent=_INDENT * 2)
    yield paragraph(clean(value.remedy), first=_INDENT * 2, indent=_INDENT * 2)


def _rule(value: Rule, style: Style) -> Iterator[str]:
    """Tell a rule by what it says of its own bad example."""
    severity = style(value.severity.value, fg=_COLOURS[value.severity])
    yield f"{style(value.id, bold=True)}  {severity}"
    kind, bad = value.bad
    said = next(each for each in lint(bad, kind=kind, name="bad") if each.rule == value.id)
    yield paragraph(clean(said.message), first=_INDENT, indent=_INDENT)
    yield paragraph(clean(said.remedy), first=_INDENT, indent=_INDENT)
    for name, (kind, example) in (("bad", value.bad), ("good", value.good)):
        text = json.dumps(example, separators=(",", ":"), ensure_ascii=True, default=dict)
        yield f"{_INDENT}{name:<5} {kind.value}: {text}"
