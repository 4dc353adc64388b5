"""What a plan's writes were proved to change, and who else was asked about them, in words."""

from __future__ import annotations

from promote.arn import parse_version_arn
from promote.core.analysis import Analysis
from promote.core.exactness import prove_change
from promote.core.grants import allowed_patterns
from promote.core.plan import Grant, Json, Plan, Revoke, Step
from promote.errors import PolicyError, ProofError
from promote.report.layout import clean, counted, listing, short_version

_FEW = 4


def proof(step: Step) -> str:
    """Prove once more what a step changes and say it; empty for one that changes no policy.

    So that the text never says of a plan file what its documents do not hold.
    """
    if not isinstance(step, Grant | Revoke) or not (step.adds or step.removes or step.adopts):
        return ""
    try:
        prove_change(step, step.before)
    except (ProofError, PolicyError) as error:
        return f"NOT PROVED: {clean(error.detail)}"
    removes = isinstance(step, Revoke) and step.remove
    rest = f"nothing else in {clean(step.policy)} changes" if removes else "nothing else changes"
    rest = "what else the policy held goes" if step.adopts else rest
    return f"proved: {', '.join([*_clauses(step), rest])}"


def _clauses(step: Grant | Revoke) -> list[str]:
    old, new = _allowed(step.before), _allowed(step.after)
    found = (
        ("added", [each for each in step.adds if each not in old]),
        ("allowed in more cases", [each for each in step.adds if each in old]),
        ("taken away", [each for each in step.removes if each not in new]),
        ("allowed in fewer cases", [each for each in step.removes if each in new]),
    )
    return [f"{_names(these, step.version)} {verb}" for verb, these in found if these]


def _allowed(document: Json | None) -> tuple[str, ...]:
    return () if document is None else allowed_patterns(document)


def _names(patterns: list[str], version: str) -> str:
    verb = "is" if len(patterns) == 1 else "are"
    if len(patterns) > _FEW:
        return f"{counted(len(patterns), 'version')} {verb}"
    names = [
        short_version(each, beside=version) if parse_version_arn(each) else clean(each)
        for each in patterns
    ]
    return f"{listing(names)} {verb}"


def complement(plan: Plan, analysis: Analysis | None) -> str:
    """Say whether Access Analyzer was asked (None: it was not); empty when nothing is written."""
    writes = any(isinstance(step, Grant | Revoke) for step in plan.steps)
    return agreement(analysis) if writes else ""


def agreement(analysis: Analysis | None) -> str:
    """Say what Access Analyzer was asked; None: nothing."""
    if analysis is None:
        return "Access Analyzer: not asked (--access-analyzer asks it)"
    return (
        f"Access Analyzer: agrees on {counted(analysis.documents, 'document')} "
        f"({counted(analysis.checks, 'check')}, which AWS charges for)"
    )
