"""Rules for rendered stacks, on their JSON: what CloudFormation takes and a pipeline then fails on.

Schemas of CloudFormation are what public linters know; these rules know what an execution needs,
what an approval is worth and what a build may hide. The policies in the stacks are judged by
`promote.iam.lint` besides. They never raise, whatever JSON they are given.

A module for each topic, which is the first digit of its rules' ids: `structure` and `naming` 1,
`actions` and `approvals` 2, `variables` 3, `conditions` 4, `builds` 5, `projects` 6, `roles` 7,
`storage` 8, `events` 9. `view`, `steps`, `specs` and `shell` are how they look at a stack.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from promote.core.topology import Topology
from promote.iam.lint import Finding, Severity
from promote.pipeline.lint import (
    actions,
    approvals,
    builds,
    conditions,
    events,
    naming,
    projects,
    roles,
    storage,
    structure,
    variables,
)
from promote.pipeline.lint.rules import Rule
from promote.pipeline.lint.view import bundle

__all__ = ["RULES", "Finding", "Rule", "Severity", "lint"]

_TOPICS = (
    structure,
    naming,
    actions,
    approvals,
    variables,
    conditions,
    builds,
    projects,
    roles,
    storage,
    events,
)

RULES: Mapping[str, Rule] = MappingProxyType(
    {rule.id: rule for topic in _TOPICS for rule in topic.RULES}
)
"""Every rule by its id."""


def lint(files: Mapping[str, object], topology: Topology | None = None) -> tuple[Finding, ...]:
    """Find the defects of stacks that belong together, in the order of files and places.

    Args:
        files: The JSON of each file, by name; what is no template, such as a manifest, is left out.
        topology: What promote.yaml says; None leaves out what only it can tell.
    """
    seen = bundle(files, topology)
    found = {each for rule in RULES.values() for each in rule.findings(seen)}
    found |= set(roles.documents(seen))
    return tuple(sorted(found, key=_order))


def _order(found: Finding) -> tuple[str, list[tuple[int, str]], str, str]:
    """Return a key that sorts ``Stages[10]`` behind ``Stages[2]``."""
    pieces = re.split(r"(\d+)", found.place)
    place = [(int(piece), "") if n % 2 else (0, piece) for n, piece in enumerate(pieces)]
    return found.document, place, found.rule, found.message
