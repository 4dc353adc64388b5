"""Check the conditions of stages: rules that compare a variable with a value.

A condition is met if all of its rules are; if not, its result comes about. Reference: CodePipeline
user guide, "How do stage conditions work?" and "VariableCheck"; its expressions are Java's.
"""

from __future__ import annotations

import re
import uuid
from typing import Final

from promote.sandbox.pipeline_records import ConditionRun, Declaration, RuleRun
from promote.sandbox.pipeline_variables import Namespaces, UnresolvedError, resolved

_UNRESOLVED: Final = "One or more variables of the rule could not be resolved: "


def checked(condition: Declaration, values: Namespaces, now: float) -> ConditionRun:
    """Check every rule of a condition."""
    rules = tuple(_checked(rule, values, now) for rule in condition["rules"])
    failed = [each for each in rules if each.status != "Succeeded"]
    status = "Succeeded"
    if failed:
        status = "Errored" if any(each.error for each in failed) else "Failed"
    summary = f"Rules that failed: {', '.join(each.name for each in failed)}" if failed else ""
    return ConditionRun(status=status, at=now, summary=summary, rules=rules)


def _checked(rule: Declaration, values: Namespaces, now: float) -> RuleRun:
    error = None
    try:
        holds = _holds(resolved(rule["configuration"], values))
    except UnresolvedError as missing:
        holds, error = False, ("VariableResolution", f"{_UNRESOLVED}{missing}")
    except re.error as wrong:
        holds, error = False, ("InvalidConfiguration", f"The expression is not valid: {wrong}")
    status = "Succeeded" if holds else "Failed"
    return RuleRun(id=str(uuid.uuid4()), name=rule["name"], status=status, at=now, error=error)


def _holds(configuration: dict[str, str]) -> bool:
    variable, value = configuration["Variable"], configuration["Value"]
    match configuration["Operator"]:
        case "EQ":
            return variable == value
        case "NE":
            return variable != value
        case "CONTAINS":
            return value in variable
        case _:
            return re.fullmatch(value, variable) is not None
