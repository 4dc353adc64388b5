"""What came of proving documents: a line for each one proved, a witness for each that is not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from promote.core.policies.trials import Trial
from promote.core.policies.witness import Shown
from promote.iam.evaluate import Verdict
from promote.report.json import document
from promote.report.layout import Style, clean, counted, paragraph, unstyled

Pair = tuple[Trial, str]
"""A trial, and the command that explains its witness; empty without one."""


def as_text(pairs: Iterable[Pair], style: Style = unstyled) -> str:
    """Tell what came of each document, and how many there were."""
    pairs = tuple(pairs)
    lines = [line for trial, command in pairs for line in _trial(trial, command, style)]
    wrong = sum(not trial.proved for trial, _ in pairs)
    total = counted(len(pairs), "document")
    requests = counted(sum(trial.requests for trial, _ in pairs), "request")
    verdict = f"{wrong} not proved" if wrong else f"all proved; {requests} stood for all there are"
    lines += ["", f"{total}, {verdict}"]
    return "\n".join(lines) + "\n"


def as_json(pairs: Iterable[Pair]) -> str:
    """Write what came of each document, under ``proofs``; ``ok`` says whether all are proved."""
    pairs = tuple(pairs)
    ok = all(trial.proved for trial, _ in pairs)
    return document("proofs", ok=ok, proofs=[_row(trial, command) for trial, command in pairs])


def _row(trial: Trial, command: str) -> dict[str, object]:
    problem = trial.unusable or trial.problem
    witness = trial.witness
    return {
        "kind": trial.wanted.kind,
        "attached_to": trial.wanted.attached_to,
        "name": trial.wanted.name,
        "template": trial.template,
        "proved": trial.proved,
        "requests": trial.requests,
        "problem": problem and (problem.detail or problem.summary),
        "witness": witness and witness_json(witness),
        "document": witness and witness.document,
        "statements": witness.statements if witness else (),
        "plan": witness and witness.plan,
        "explain": command or None,
    }


def witness_json(shown: Shown) -> dict[str, object]:
    """Write a witness as DESIGN has it; a key that is not in its context is absent."""
    request = shown.request
    return {
        "principal": request.principal,
        "action": request.action,
        "resource": request.resource,
        "context": dict(request.context),
    }


def _trial(trial: Trial, command: str, style: Style) -> Iterator[str]:
    wanted = trial.wanted
    name = f" ({wanted.name})" if wanted.name else ""
    subject = clean(f"{wanted.kind} {wanted.attached_to}{name}")
    if trial.proved:
        yield f"{style('proved', fg='green')}  {subject}: {counted(trial.requests, 'request')}"
        return
    yield f"{style('FAILED', fg='red', bold=True)}  {subject}"
    yield f"        template   {clean(trial.template)}"
    if trial.witness is None:
        problem = trial.unusable or trial.problem
        text = (problem.detail or problem.summary) if problem else ""
        yield from (paragraph(clean(text), first=" " * 8, indent=" " * 8).splitlines())
        return
    yield from _witness(trial.witness)
    yield "        To see it:"
    yield f"            {command}"


def _witness(shown: Shown) -> Iterator[str]:
    request = shown.request
    yield f"        {_direction(shown)}"
    yield f"        principal  {clean(shown.principal)}"
    yield f"        action     {clean(request.action)}"
    yield f"        resource   {clean(request.resource)}"
    yield from context_lines(shown.stated, " " * 8)
    by = f", by {', '.join(shown.statements)}" if shown.statements else ""
    yield f"        document   {shown.document.value}{clean(by)}"
    yield f"        plan       {shown.plan.value}"


def context_lines(context: Mapping[str, str | tuple[str, ...]], indent: str) -> Iterator[str]:
    """Write a context, a line for each key; an empty one as such."""
    label = "context"
    if not context:
        yield f"{indent}{label:<9}  no condition key"
    for key, value in context.items():
        text = value if isinstance(value, str) else ", ".join(value)
        yield f"{indent}{label:<9}  {clean(key)} = {clean(text)}"
        label = ""


def _direction(shown: Shown) -> str:
    if shown.document is shown.plan:
        return "It names the principal more or less closely than planned, for instance:"
    if shown.document is Verdict.ALLOWED:
        return "It allows more than planned, for instance:"
    if shown.plan is Verdict.ALLOWED:
        return "It allows less than planned, for instance:"
    return "It is not what is planned, for instance:"
