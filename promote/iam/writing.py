"""Writing a policy as a document: the reverse of `promote.iam.document.parse`."""

from __future__ import annotations

from promote.iam.document import VERSION
from promote.iam.elements import Condition, Policy, Principal, Statement


def document_of(policy: Policy) -> dict[str, object]:
    """Write a policy as a document that `parse` reads as the same policy."""
    return {"Version": VERSION, "Statement": [_statement(each) for each in policy.statements]}


def _statement(statement: Statement) -> dict[str, object]:
    found: dict[str, object] = {} if statement.sid is None else {"Sid": statement.sid}
    found["Effect"] = statement.effect.value
    if statement.principals:
        found["Principal"] = _principals(statement.principals)
    found["NotAction" if statement.not_actions else "Action"] = list(statement.actions)
    if statement.resources:
        element = "NotResource" if statement.not_resources else "Resource"
        found[element] = list(statement.resources)
    if statement.conditions:
        found["Condition"] = _conditions(statement.conditions)
    return found


def _principals(principals: tuple[Principal, ...]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for each in principals:
        found.setdefault(each.type, []).append(each.value)
    return found


def _conditions(conditions: tuple[Condition, ...]) -> dict[str, dict[str, list[str]]]:
    found: dict[str, dict[str, list[str]]] = {}
    for each in conditions:
        operator = f"{each.operator}IfExists" if each.if_exists else each.operator
        found.setdefault(operator, {})[each.key] = list(each.values)
    return found
