"""Condition operators: which there are, where they are read, when they hold.

Absent keys as in the IAM reference ("Condition operators", "Set operators for multivalued keys"):
a positive operator is false, a negated one is true, ``IfExists`` is true, ``ForAnyValue`` is false,
``ForAllValues`` is true, ``Null`` decides by exactly that.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass

from promote.errors import PolicyError
from promote.iam import comparisons
from promote.iam.comparisons import Comparison
from promote.iam.elements import Condition
from promote.iam.reading import Place, mapping, text, texts, undecided
from promote.iam.variables import MULTIVALUED, check, fill, has_variables

_KEY = re.compile(r"[A-Za-z0-9-]+:\S(?:.*\S)?")
_IF_EXISTS = "IfExists"
_NULL = "Null"
_BINARY = "BinaryEquals"


class _Quantifier(enum.Enum):
    """Which of the request's values an operator looks at."""

    ONE = ""
    ANY = "ForAnyValue:"
    ALL = "ForAllValues:"


@dataclass(frozen=True, slots=True)
class _Operator:
    comparison: Comparison
    negated: bool = False
    quantifier: _Quantifier = _Quantifier.ONE


def _with_negation(positive: str, negative: str, comparison: Comparison) -> dict[str, _Operator]:
    return {positive: _Operator(comparison), negative: _Operator(comparison, negated=True)}


# Multivalued keys are of the types ArrayOfString and ArrayOfARN (IAM reference, "Single-valued vs.
# multivalued context keys"): the set operators take these comparisons and no others.
_TEXTS = {
    **_with_negation("StringEquals", "StringNotEquals", comparisons.TEXT),
    **_with_negation("StringLike", "StringNotLike", comparisons.TEXT_LIKE),
    **_with_negation(
        "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", comparisons.TEXT_IGNORING_CASE
    ),
    **_with_negation("ArnEquals", "ArnNotEquals", comparisons.ARN),
    **_with_negation("ArnLike", "ArnNotLike", comparisons.ARN),
}
_SINGLE = {
    **_TEXTS,
    **{f"Numeric{name}": _Operator(one) for name, one in comparisons.NUMBERS.items()},
    "NumericNotEquals": _Operator(comparisons.NUMBERS["Equals"], negated=True),
    **{f"Date{name}": _Operator(one) for name, one in comparisons.DATES.items()},
    "DateNotEquals": _Operator(comparisons.DATES["Equals"], negated=True),
    **_with_negation("IpAddress", "NotIpAddress", comparisons.NETWORK),
    "Bool": _Operator(comparisons.TRUTH),
}
_SETS = {
    f"{quantifier.value}{name}": _Operator(one.comparison, one.negated, quantifier)
    for quantifier in (_Quantifier.ANY, _Quantifier.ALL)
    for name, one in _TEXTS.items()
}
_OPERATORS = {**_SINGLE, _NULL: _Operator(comparisons.TRUTH), **_SETS}
# Whether ForAnyValue:…IfExists holds for an absent key is contested, and on ForAllValues it changes
# nothing, so the set operators have no IfExists here.
_NAMES = {name: (name, False) for name in _OPERATORS} | {
    f"{name}{_IF_EXISTS}": (name, True) for name in _SINGLE
}


def read_conditions(value: object, at: Place, *, variables: bool = True) -> tuple[Condition, ...]:
    """Read a Condition element; `variables` says whether the kind of policy takes any.

    Raises:
        PolicyError: An operator, a key or a value is outside the fragment.
    """
    if value == {}:
        return ()
    found = []
    for name, tests in mapping(value, at).items():
        if name.removesuffix(_IF_EXISTS).endswith(_BINARY):
            raise at.key(name).problem("is not accepted: no key that we know has binary values.")
        if name not in _NAMES:
            raise at.unknown(name, _NAMES)
        found += _tests(name, tests, at.key(name), variables=variables)
    return tuple(sorted(found, key=lambda one: (one.operator, one.if_exists, one.key)))


def _tests(name: str, tests: object, at: Place, *, variables: bool) -> list[Condition]:
    operator, if_exists = _NAMES[name]
    found: dict[str, Condition] = {}
    for key, values in mapping(tests, at).items():
        _check_key(key, operator, at)
        if key.lower() in found:
            raise at.key(key).problem("appears twice: the case of condition keys does not count.")
        read = _values(operator, values, at.key(key), variables=variables)
        found[key.lower()] = Condition(operator, key, read, if_exists)
    return list(found.values())


def _check_key(key: str, operator: str, at: Place) -> None:
    if _KEY.fullmatch(text(key, at)) is None:
        raise at.key(key).problem("is no condition key. Expected service:Name.")
    if operator not in _SINGLE or key.lower() not in MULTIVALUED:
        return
    remedy = ""
    if operator in _TEXTS:
        remedy = f"Choose ForAnyValue:{operator} or ForAllValues:{operator}."
    raise at.key(key).problem("has several values in one request.", remedy)


def _values(operator: str, value: object, at: Place, *, variables: bool) -> tuple[str, ...]:
    comparison = _OPERATORS[operator].comparison
    found = texts(_spelt(value, comparison), at, variables=variables and comparison.text)
    for one, place in found:
        comparison.check(one, place)
        check(one, place, after_colons=comparison.arn)
        _check_set(operator, one, place)
    if operator == _NULL and len(found) > 1:
        raise at.refusal(value, "one value, true or false")
    return tuple(sorted({one for one, _ in found}))


def _spelt(value: object, comparison: Comparison) -> object:
    """Return JSON booleans and numbers as the strings that IAM compares (policy grammar)."""
    if isinstance(value, list | tuple):
        return [_spelt(one, comparison) for one in value]
    if comparison is comparisons.TRUTH and isinstance(value, bool):
        return str(value).lower()
    numeric = comparison in (*comparisons.NUMBERS.values(), *comparisons.DATES.values())
    return str(value) if numeric and type(value) in (int, float) else value


def _check_set(operator: str, value: str, at: Place) -> None:
    one = _OPERATORS[operator]
    if one.quantifier is _Quantifier.ONE or one.comparison.wildcards or not has_variables(value):
        return
    # "Single-valued vs. multivalued context keys", "Set operators for multivalued context keys".
    raise at.refusal(value, "no policy variable, which in a set only StringLike takes")


def holds(
    condition: Condition, context: Mapping[str, tuple[str, ...]], *, of_deny: bool = False
) -> bool:
    """Say whether a condition holds in a context whose keys are in lower case.

    Args:
        condition: The condition.
        context: The request's.
        of_deny: Whether a Deny depends on it: a value that cannot be compared is no match in an
            Allow, but must not silently keep a Deny from applying.

    Raises:
        PolicyError: IAM's documentation leaves a doubt.
    """
    found = tested(condition, context, of_deny=of_deny)
    if isinstance(found, PolicyError):
        raise found
    return found


def tested(
    condition: Condition, context: Mapping[str, tuple[str, ...]], *, of_deny: bool
) -> bool | PolicyError:
    """Say as `holds` whether a condition holds, or return why that cannot be decided."""
    given = context.get(condition.key.lower(), ())
    if condition.operator == _NULL:
        return (condition.values[0] == "true") is (not given)
    operator = _OPERATORS[condition.operator]
    single = operator.quantifier is _Quantifier.ONE
    # An empty text counts as no value at all for a set (IAM reference, "Set operators").
    if not given or (not single and not any(given)):
        return _absent(operator, condition, context)
    if single and len(given) > 1:
        return _ambiguous(condition, given)
    enough = operator.quantifier is not _Quantifier.ALL
    found: bool | PolicyError = not enough
    for value in given:
        outcome = _matches(operator, condition, value, context)
        if outcome is enough:
            return enough
        found = outcome if isinstance(outcome, PolicyError) else found
    in_doubt = isinstance(found, PolicyError)
    return False if in_doubt and not (operator.negated or of_deny) else found


def _absent(
    operator: _Operator, condition: Condition, context: Mapping[str, tuple[str, ...]]
) -> bool | PolicyError:
    if operator.quantifier is _Quantifier.ANY:
        return False
    if condition.if_exists:
        return True
    if operator.quantifier is _Quantifier.ONE and not operator.negated:
        return False
    # True, unless a variable without a value makes "the entire statement invalid" (IAM reference).
    for value in condition.values:
        if fill(value, context) is None:
            return _unresolved(value)
    return True


def _matches(
    operator: _Operator, condition: Condition, value: str, context: Mapping[str, tuple[str, ...]]
) -> bool | PolicyError:
    """Say whether an operator is true of one value of the request."""
    doubt = None
    for wanted in condition.values:
        pattern = fill(wanted, context)
        if pattern is None:
            doubt = _unresolved(wanted)
            continue
        try:
            if operator.comparison.matches(pattern, value):
                return not operator.negated
        except ValueError:
            doubt = undecided(
                f"Its value {value!r} for {condition.key} is none that {condition.operator} "
                "compares; what IAM does then is undocumented."
            )
    return operator.negated if doubt is None else doubt


def _unresolved(value: str) -> PolicyError:
    return undecided(
        f"It has no value for a variable in {value}; whether IAM then takes the statement for "
        "invalid is undocumented.",
        "Give the variable a default, such as ${aws:username, 'nobody'}.",
    )


def _ambiguous(condition: Condition, given: tuple[str, ...]) -> PolicyError:
    remedy = f"Choose ForAnyValue:{condition.operator} or ForAllValues:{condition.operator}."
    return undecided(
        f"It has {len(given)} values for {condition.key}, of which {condition.operator} compares "
        "one; what IAM does then is undocumented.",
        remedy if condition.operator in _TEXTS else "",
    )
