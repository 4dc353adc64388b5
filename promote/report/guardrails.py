"""Guardrails as text: the steps of a rollout, and what was found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import assert_never

from promote.core.guardrails.attached import GuardrailFinding
from promote.core.guardrails.steps import (
    AttachPolicy,
    CreatePolicy,
    DeletePolicy,
    DetachPolicy,
    EnableType,
    GuardrailStep,
    UpdatePolicy,
)
from promote.report.layout import Style, clean, counted, paragraph, unstyled

_TITLES = {
    "policy": "Policies",
    "promotion": "What they let pass",
    "protection": "What they protect from",
}


def words(step: GuardrailStep) -> str:
    """Say what a step does, in a sentence's part."""
    match step:
        case EnableType():
            return f"enable {step.type.short}s in the root {step.root}"
        case CreatePolicy():
            size = counted(len(step.content), "character")
            return f"create the {step.type.short} {step.name} ({size})"
        case UpdatePolicy():
            reach = ", ".join(step.reaches) or "nothing yet"
            return f"update the {step.type.short} {step.name}, at once in force on {reach}"
        case AttachPolicy():
            return f"attach the {step.type.short} {step.name} to {step.target}"
        case DetachPolicy():
            return f"detach the {step.type.short} {step.name} from {step.target}"
        case DeletePolicy():
            return f"delete the {step.type.short} {step.name}"
        case _:
            assert_never(step)


def plan(steps: Sequence[GuardrailStep]) -> str:
    """List what is to be done; of an update, also how the policy departs from what is wanted."""
    lines = ["Steps"]
    for number, step in enumerate(steps, 1):
        lines.append(paragraph(clean(words(step)), first=f"  {number:>2}  ", indent=" " * 6))
        if isinstance(step, UpdatePolicy):
            lines += [
                paragraph(clean(f"now it {each}"), first=" " * 8, indent=" " * 10)
                for each in step.departures
            ]
    return "\n".join(lines) + "\n"


def done(steps: Sequence[GuardrailStep], already: str) -> str:
    """Tell how a rollout or a removal ended; `already` says why there was nothing to do."""
    if not steps:
        return f"Nothing to do: {already}.\n"
    said = f"Done: {counted(len(steps), 'step')}. To see what is protected, and what is let pass:"
    return f"{paragraph(said)}\n    promote guardrail check\n"


def findings(values: Iterable[GuardrailFinding], style: Style = unstyled) -> str:
    """Tell what was checked under a heading for each kind of check, and what helps."""
    values = tuple(values)
    lines = []
    for check, title in _TITLES.items():
        found = [each for each in values if each.check == check]
        if found:
            lines += [title, *(line for each in found for line in _finding(each, style)), ""]
    wrong = sum(not each.ok for each in values)
    checks = counted(len(values), "check")
    lines.append(f"{checks}, {wrong} failed" if wrong else f"{checks}, all passed")
    return "\n".join(lines) + "\n"


def _finding(value: GuardrailFinding, style: Style) -> Iterator[str]:
    verdict = style("ok  ", fg="green") if value.ok else style("FAIL", fg="red", bold=True)
    text = paragraph(clean(f"{value.subject}: {value.detail}"), first=" " * 8, indent=" " * 8)
    yield f"  {verdict}  {text.lstrip()}"
    for line in value.remedy.splitlines():
        yield f"        {clean(line) if not line.startswith(' ') else line}"
