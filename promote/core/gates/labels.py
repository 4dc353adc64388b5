"""The gate `labels`: what a version may say against what the applications understand.

Labels are compared as they are spelled: an application that looks for ``hammer`` never meets
``Hammer``. Two that differ in case, in space or in the form of their letters alone are named
together, because that is a slip and no new label.
"""

from __future__ import annotations

import enum
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from promote.core.gates import wording
from promote.core.gates.result import GateResult, Moment, Verdict

_JSON = ("[", "{", '"')  # how a text begins that is meant to be JSON
_LONG = 60


class LabelRule(enum.Enum):
    """How a version's labels may differ from those that the applications declare."""

    KNOWN = "known"
    """Every label of the version is declared: no application meets one that it does not know."""
    SUPERSET = "superset"
    """Every declared label is one of the version's: none disappears."""
    EXACT = "exact"
    """Both."""


_REQUIRED = {
    LabelRule.KNOWN: "no label that the applications do not know",
    LabelRule.SUPERSET: "every label that the applications know",
    LabelRule.EXACT: "exactly the labels that the applications know",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """What the applications of one place understand."""

    source: str
    """Where it is written: ``promote.yaml``, or ``/tools/labels in 444444444444``."""
    labels: tuple[str, ...] | None
    """None when it could not be read."""
    why: str = ""
    """Why it could not be read."""


def declared(source: str, text: str) -> Declaration:
    """Read what an application publishes: a JSON list of labels, or labels between commas.

    Space around a label counts in JSON, where it was meant, and does not beside a comma.
    """
    if text.lstrip().startswith(_JSON):
        try:
            found = json.loads(text)
        except (ValueError, RecursionError) as error:
            why = f"is no JSON list of labels ({error})"
            return Declaration(source=source, labels=None, why=why)
        if not isinstance(found, list):
            why = "is neither a JSON list of labels nor labels between commas"
            return Declaration(source=source, labels=None, why=why)
    else:
        found = [each.strip() for each in text.split(",")] if text.strip() else []
    wrong = [each for each in found if not _is_label(each)]
    if wrong:
        return Declaration(source=source, labels=None, why=f"has {_shown(wrong[0])} for a label")
    return Declaration(source=source, labels=tuple(found))


def _is_label(value: object) -> bool:
    if not isinstance(value, str) or not value.strip():
        return False
    return not any(unicodedata.category(each) == "Cc" for each in value)


def _shown(value: object) -> str:
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "an object"
    text = json.dumps(value)
    return text if len(text) <= _LONG else text[:_LONG] + "…"


def labels(
    rule: LabelRule,
    version: Sequence[str] | None,
    declarations: Sequence[Declaration],
    *,
    why: str = "",
) -> GateResult:
    """Judge the version's labels against every declaration.

    Args:
        rule: How they may differ.
        version: The labels of the version; None when they could not be read.
        declarations: What the applications understand, wherever they say so.
        why: Why the version's labels could not be read.
    """
    if not version:
        return _result(rule, Verdict.INCONCLUSIVE, why or "the version's labels are not known")
    if not declarations:
        measured = "no application declares its labels; name them in models.<name>.labels"
        return _result(rule, Verdict.INCONCLUSIVE, measured)
    wrong, unread = [], []
    for each in declarations:
        if not each.labels:
            unread.append(f"{each.source}: {each.why or 'declares no labels'}")
        elif differences := tuple(_differences(rule, version, each.labels)):
            wrong.append(f"{each.source}: {'; '.join(differences)}")
    if wrong or unread:
        verdict = Verdict.FAIL if wrong else Verdict.INCONCLUSIVE
        return _result(rule, verdict, ". ".join((*wrong, *unread)))
    sources = ", ".join(each.source for each in declarations)
    found = wording.counted(len(set(version)), "label")
    return _result(rule, Verdict.PASS, f"{found}, held against {sources}")


def _differences(rule: LabelRule, version: Iterable[str], declared: Iterable[str]) -> Iterator[str]:
    has, knows = set(version), set(declared)
    if rule is not LabelRule.SUPERSET and has - knows:
        yield f"new {_named(has - knows, knows)}"
    if rule is not LabelRule.KNOWN and knows - has:
        yield f"lost {_named(knows - has, has)}"


def _named(found: Iterable[str], others: Iterable[str]) -> str:
    """List labels in quotes, each with the one on the other side that it is nearly the same as."""
    near: dict[str, list[str]] = {}
    for other in sorted(others):
        near.setdefault(_form(other), []).append(other)
    return ", ".join(
        f"{label!r} (there is {' and '.join(map(repr, near[_form(label)]))})"
        if _form(label) in near
        else repr(label)
        for label in sorted(found)
    )


def _form(label: str) -> str:
    """Return what is left of a label without case, space, hyphens and underscores."""
    return re.sub(r"[\s_\-]+", "", unicodedata.normalize("NFKC", label).casefold())


def _result(rule: LabelRule, verdict: Verdict, measured: str) -> GateResult:
    return GateResult(
        gate="labels",
        moment=Moment.EVIDENCE,
        verdict=verdict,
        measured=measured,
        required=_REQUIRED[rule],
    )
