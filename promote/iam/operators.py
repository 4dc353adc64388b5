"""Condition operators: which there are, what values they take, when they hold.

Absent keys as in the IAM reference ("Condition operators", "Set operators for multivalued keys"):
a positive operator is false, a negated one is true, ``IfExists`` is true, ``ForAnyValue`` is false,
``ForAllValues`` is true, ``Null`` decides by exactly that.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from promote.arn import parse_arn
from promote.errors import PolicyError
from promote.iam.elements import Condition
from promote.iam.patterns import arn_matcher, text_matcher
from promote.iam.reading import Place, mapping, text, texts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_KEY = re.compile(r"[A-Za-z0-9-]+:\S(?:.*\S)?")
_IF_EXISTS = "IfExists"

# Global keys with several values in one request. What a single-valued operator does with them is
# undocumented, so it is refused; Null is fine.
_MULTIVALUED = frozenset(
    key.lower()
    for key in (
        "aws:CalledVia",
        "aws:PrincipalOrgPaths",
        "aws:PrincipalServiceNamesList",
        "aws:ResourceOrgPaths",
        "aws:SourceOrgPaths",
        "aws:TagKeys",
        "aws:VpceOrgPaths",
        "sts:TransitiveTagKeys",
    )
)


class _Quantifier(enum.Enum):
    """Which of the request's values an operator looks at."""

    ONE = ""
    ANY = "ForAnyValue:"
    ALL = "ForAllValues:"


@dataclass(frozen=True, slots=True)
class _Operator:
    matches: Callable[[str, str], object]  # (value of the policy, value of the request)
    check: Callable[[str, Place], None]
    negated: bool = False
    quantifier: _Quantifier = _Quantifier.ONE


def _equals(pattern: str, value: str) -> object:
    return pattern == value


def _equals_ignoring_case(pattern: str, value: str) -> object:
    return pattern.lower() == value.lower()


def _like(pattern: str, value: str) -> object:
    return text_matcher(pattern)(value)


def _arn_like(pattern: str, value: str) -> object:
    return arn_matcher(pattern)(value)


def _any_text(value: str, at: Place) -> None:
    """Accept every text."""


def _arn_pattern(value: str, at: Place) -> None:
    try:
        parse_arn(value)
    except ValueError as error:
        raise at.refusal(value, "an ARN, wildcards allowed, with all its six parts") from error


def _truth(value: str, at: Place) -> None:
    if value not in {"true", "false"}:
        raise at.refusal(value, "true or false", known=("true", "false"))


_STRINGS = {
    "StringEquals": _Operator(_equals, _any_text),
    "StringNotEquals": _Operator(_equals, _any_text, negated=True),
    "StringLike": _Operator(_like, _any_text),
    "StringNotLike": _Operator(_like, _any_text, negated=True),
    "StringEqualsIgnoreCase": _Operator(_equals_ignoring_case, _any_text),
}
# ArnEquals and ArnLike behave identically, and so do their negations (IAM reference).
_SINGLE = _STRINGS | {
    "ArnEquals": _Operator(_arn_like, _arn_pattern),
    "ArnLike": _Operator(_arn_like, _arn_pattern),
    "ArnNotEquals": _Operator(_arn_like, _arn_pattern, negated=True),
    "ArnNotLike": _Operator(_arn_like, _arn_pattern, negated=True),
    "Bool": _Operator(_equals_ignoring_case, _truth),
}
_NULL = {"Null": _Operator(_equals, _truth)}
_SETS = {
    f"{quantifier.value}{name}": _Operator(one.matches, one.check, one.negated, quantifier)
    for quantifier in (_Quantifier.ANY, _Quantifier.ALL)
    for name, one in _STRINGS.items()
}
_OPERATORS = _SINGLE | _NULL | _SETS
# Whether ForAnyValue:…IfExists holds for an absent key is contested, and on ForAllValues it changes
# nothing, so the set operators have no IfExists here.
_NAMES = {name: (name, False) for name in _OPERATORS} | {
    f"{name}{_IF_EXISTS}": (name, True) for name in _SINGLE
}


def read_conditions(value: object, at: Place) -> tuple[Condition, ...]:
    """Read a Condition element.

    Raises:
        PolicyError: An operator, a key or a value is outside the fragment.
    """
    if value == {}:
        return ()
    found = []
    for name, tests in mapping(value, at).items():
        if name not in _NAMES:
            raise at.unknown(name, _NAMES)
        found += _tests(name, tests, at.key(name))
    return tuple(sorted(found, key=lambda one: (one.operator, one.if_exists, one.key)))


def _tests(name: str, tests: object, at: Place) -> list[Condition]:
    operator, if_exists = _NAMES[name]
    found: dict[str, Condition] = {}
    for key, values in mapping(tests, at).items():
        _check_key(key, operator, at)
        if key.lower() in found:
            raise at.key(key).problem("appears twice: the case of condition keys does not count.")
        found[key.lower()] = Condition(
            operator, key, _values(operator, values, at.key(key)), if_exists
        )
    return list(found.values())


def _check_key(key: str, operator: str, at: Place) -> None:
    if _KEY.fullmatch(text(key, at)) is None:
        raise at.key(key).problem("is no condition key. Expected service:Name.")
    single = operator in _SINGLE
    if single and key.lower() in _MULTIVALUED:
        remedy = f"Choose ForAnyValue:{operator} or ForAllValues:{operator}."
        raise at.key(key).problem("has several values in one request.", remedy)


def _values(operator: str, value: object, at: Place) -> tuple[str, ...]:
    check = _OPERATORS[operator].check
    if check is _truth and isinstance(value, bool):
        value = str(value).lower()
    values = texts(value, at)
    for one, place in values:
        check(one, place)
    if operator == "Null" and len(values) > 1:
        raise at.refusal(value, "one value, true or false")
    return tuple(sorted({one for one, _ in values}))


def holds(condition: Condition, context: Mapping[str, tuple[str, ...]]) -> bool:
    """Say whether a condition holds in a context whose keys are in lower case.

    Raises:
        PolicyError: The request has several values where the operator compares one.
    """
    given = context.get(condition.key.lower(), ())
    if condition.operator == "Null":
        return (condition.values[0] == "true") is (not given)
    operator = _OPERATORS[condition.operator]
    if operator.quantifier is _Quantifier.ANY:
        return any(_matches(operator, condition, value) for value in given)
    if operator.quantifier is _Quantifier.ALL:
        # An empty text counts as no value at all for ForAllValues (IAM reference).
        return not any(given) or all(_matches(operator, condition, value) for value in given)
    if not given:
        return condition.if_exists or operator.negated
    if len(given) > 1:
        raise _ambiguous(condition, given)
    return _matches(operator, condition, given[0])


def _matches(operator: _Operator, condition: Condition, value: str) -> bool:
    found = any(operator.matches(pattern, value) for pattern in condition.values)
    return found is not operator.negated


def _ambiguous(condition: Condition, given: tuple[str, ...]) -> PolicyError:
    return PolicyError(
        "Request cannot be decided",
        f"It has {len(given)} values for {condition.key}, of which {condition.operator} compares "
        "one; what IAM does then is undocumented.",
        f"Choose ForAnyValue:{condition.operator} or ForAllValues:{condition.operator}.",
    )
