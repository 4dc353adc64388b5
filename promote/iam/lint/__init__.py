"""Rules for the defects that policy templates produce, on raw JSON.

The strict parser refuses what it cannot decide without doubt; the proof shows that a document says
what the plan says. The rules see what neither of them can: a document that says exactly what was
written, but not what was meant, and foreign documents that are outside our fragment. They never
raise, whatever JSON value they are given.

A module for each topic, which is the first digit of its rules' ids: `document` and `overlap` 1,
`actions` 2, `resources` and `arns` 3, `conditions`, `keys` and `values` 4, `principals` 5, `kinds`
6, `reach` 7.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from promote.iam.elements import Kind
from promote.iam.lint import (
    actions,
    arns,
    conditions,
    document,
    keys,
    kinds,
    overlap,
    principals,
    reach,
    resources,
    values,
)
from promote.iam.lint.rules import Finding, Rule, Severity
from promote.iam.lint.view import Document, depth, view
from promote.iam.quota import QUOTAS

__all__ = ["RULES", "Finding", "Rule", "Severity", "lint"]

_TOPICS = (
    document,
    overlap,
    actions,
    resources,
    arns,
    conditions,
    keys,
    values,
    principals,
    kinds,
    reach,
)

_ALL = tuple(rule for topic in _TOPICS for rule in topic.RULES)

RULES: Mapping[str, Rule] = MappingProxyType(
    {rule.id: rule for rule in sorted(_ALL, key=lambda rule: rule.id)}
)
"""Every rule by its id."""

# Deeper than any policy: beyond it only the form is judged.
_DEEPEST = 50
# Larger than any policy: beyond it only what is wrong by itself is found, its size first of all.
_LARGEST = max(quota.limit for quota in QUOTAS.values())


def lint(raw: object, *, kind: Kind, name: str) -> tuple[Finding, ...]:
    """Find the defects of a document of a kind, in the order of its elements.

    Args:
        raw: The document as it was read from JSON: any value at all.
        kind: What it is, or would be, attached to.
        name: What the findings call it.
    """
    seen = view(None if depth(raw) > _DEEPEST else raw, kind, name)
    rules = document.RULES if _is_oversize(seen) else RULES.values()
    found = {finding for rule in rules for finding in rule.findings(seen)}
    return tuple(sorted(found, key=lambda one: (_order(one.place), one.rule, one.message)))


def _is_oversize(seen: Document) -> bool:
    raw = seen.raw
    return isinstance(raw, Mapping) and QUOTAS[seen.kind].size(raw) > _LARGEST


def _order(place: str) -> list[tuple[int, str]]:
    """Return a key that sorts ``Statement[10]`` behind ``Statement[2]``."""
    pieces = re.split(r"(\d+)", place)
    return [(int(piece), "") if index % 2 else (0, piece) for index, piece in enumerate(pieces)]
