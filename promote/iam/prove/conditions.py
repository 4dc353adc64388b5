"""The values of one condition key that conditions can tell apart, the absent key included."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import localcontext

from promote.errors import PolicyError
from promote.iam.comparisons import read_date, read_network, read_number
from promote.iam.condition_keys import condition_key
from promote.iam.elements import Condition
from promote.iam.operators import holds
from promote.iam.prove import cells, forms

Given = tuple[str, ...]
"""The values of a key in one request; empty: the key is absent."""

Test = tuple[Condition, bool]
"""A condition, and whether a Deny depends on it."""

_ANY, _ALL = "ForAnyValue:", "ForAllValues:"
_TEXT = "text"
_UNREADABLE = "unreadable"
_SECOND = timedelta(seconds=1)
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_PRECISION = 100  # Digits; more than any number that can be compared has.
MOST_SETS = 4096
"""Beyond as many sets of values of one key the proof is given up."""


def values(key: str, tests: Sequence[Test]) -> tuple[Given, ...]:
    """Return one example of everything that a request can give for a key, the simplest first.

    Args:
        key: In lower case.
        tests: Every condition on this key.

    Raises:
        PolicyError: The conditions cannot be decided together.
    """
    comparing = [each for each, _ in tests if each.operator != "Null"]
    sets = [test for test in tests if test[0].operator.startswith((_ANY, _ALL))]
    if sets and len(sets) < len(comparing):
        raise _undecidable(key, "is compared both as one value and as a set")
    singles = [(one,) for one in _singles(key, comparing)]
    several = _sets(singles, sets) if sets else ()
    return tuple(_distinct(((), *singles, *several), tests))


def _distinct(given: Iterable[Given], tests: Sequence[Test]) -> list[Given]:
    """Keep the first of those that every condition treats alike."""
    found: dict[tuple[bool, ...], Given] = {}
    for one in given:
        found.setdefault(truths(tests, one), one)
    return list(found.values())


def truths(tests: Sequence[Test], given: Given) -> tuple[bool, ...]:
    """Say of each condition, all on one key, whether it holds for what a request gives.

    Raises:
        PolicyError: Of one it cannot be decided.
    """
    return tuple(
        holds(each, {each.key.lower(): given} if given else {}, of_deny=of_deny)
        for each, of_deny in tests
    )


def _sets(singles: Sequence[Given], tests: Sequence[Test]) -> Iterator[Given]:
    """Yield sets of values for every outcome: one matching value is enough, or all are needed."""
    full = _distinct((one for one in singles if any(one)), tests)
    found = {truths(tests, one): one for one in full}
    queue = list(found.items())
    for outcome, given in queue:
        for one in full:
            both = tuple(
                (a or b) if each.operator.startswith(_ANY) else (a and b)
                for (each, _), a, b in zip(tests, outcome, truths(tests, one), strict=True)
            )
            if both not in found:
                found[both] = (*given, *one)
                queue.append((both, found[both]))
        if len(found) > MOST_SETS:
            raise _undecidable(tests[0][0].key, "has too many combinations of values")
    yield from found.values()
    # Alone, an empty text is no value at all of a set; beside others it is one of them.
    yield from (("", *given) for given in ((), *found.values()))


def _singles(key: str, tests: Sequence[Condition]) -> Sequence[str]:
    kinds = {_kind(each.operator) for each in tests}
    if not kinds:
        return ["x"]
    if len(kinds) > 1:
        raise _undecidable(key, f"is compared as {' and '.join(sorted(kinds))}")
    kind = kinds.pop()
    if kind == _TEXT:
        return _texts(key, tests)
    found = _BY_KIND[kind](sorted({value for each in tests for value in each.values}))
    entry = condition_key(key)
    # AWS sees to it that a key's value is of the key's type; "" is a date or a number.
    is_typed = entry is not None and entry.type in ("", _TYPES[kind])
    return found if is_typed else [*found, _UNREADABLE]


def is_of_texts(operator: str) -> bool:
    """Say whether an operator compares texts or ARNs."""
    return _kind(operator) == _TEXT


def _kind(operator: str) -> str:
    name = operator.removeprefix(_ANY).removeprefix(_ALL)
    for kind, starts in (
        (_TEXT, ("String", "Arn")),
        ("truth", ("Bool",)),
        ("number", ("Numeric",)),
        ("date", ("Date",)),
        ("address", ("IpAddress", "NotIpAddress")),
    ):
        if name.startswith(starts):
            return kind
    raise _undecidable(name, "is an operator that proofs do not know")


def _texts(key: str, tests: Sequence[Condition]) -> list[str]:
    """Return a text for every way of matching, those of the key's usual form first."""
    patterns = {_pattern(each.operator, value): None for each in tests for value in each.values}
    found = cells.examples([*patterns, *forms.of_key(key)])
    usual = len(patterns)
    return [text for _, text in sorted(found.items(), key=lambda item: usual not in item[0])]


def text_pattern(operator: str, value: str) -> cells.Pattern:
    """Return the pattern by which a text operator compares, negated or not."""
    return _pattern(operator, value)


def _pattern(operator: str, value: str) -> cells.Pattern:
    if "${" in value:
        raise _undecidable(value, "is a policy variable, whose value is unknown")
    name = operator.removeprefix(_ANY).removeprefix(_ALL).replace("Not", "", 1)
    if name.startswith("Arn"):
        return cells.arn_like(value)
    if name == "StringEqualsIgnoreCase":
        return cells.ignoring_case(value)
    return cells.wildcard(value) if name == "StringLike" else cells.literal(value)


def _truths(_: Sequence[str]) -> list[str]:
    return ["true", "false"]


def _numbers(texts: Sequence[str]) -> list[str]:
    with localcontext(prec=_PRECISION):
        known = sorted({read_number(text) for text in texts})
        between = [(low + high) / 2 for low, high in itertools.pairwise(known)]
        found = [f"{each:f}" for each in (known[0] - 1, *known, *between, known[-1] + 1)]
    for each in found:
        try:
            read_number(each)
        except ValueError as error:
            raise _undecidable(each, "has more digits than can be compared") from error
    return found


def _dates(texts: Sequence[str]) -> list[str]:
    """Return moments; the evaluator tells them apart by the microsecond."""
    try:
        known = sorted({read_date(text).astimezone(UTC) for text in texts})
    except OverflowError as error:
        raise _undecidable(f"One of {', '.join(texts)}", "is before or after all time") from error
    between = [low + (high - low) // 2 for low, high in itertools.pairwise(known)]
    before = max(known[0], _FIRST + _SECOND) - _SECOND
    after = min(known[-1], _LAST - _SECOND) + _SECOND
    return [each.isoformat().replace("+00:00", "Z") for each in (before, *known, *between, after)]


def _addresses(texts: Sequence[str]) -> list[str]:
    """Return the addresses where a network begins or has just ended."""
    found = {"0.0.0.0", "::"}  # noqa: S104 - an address to decide, not to listen on
    for network in map(read_network, texts):
        last = network[-1]
        found.add(str(network[0]))
        if int(last) < 2**last.max_prefixlen - 1:
            found.add(str(last + 1))
    return sorted(found)


_TYPES = {"truth": "Bool", "number": "Numeric", "date": "Date", "address": "IPAddress"}
_BY_KIND: dict[str, Callable[[Sequence[str]], list[str]]] = {
    "truth": _truths,
    "number": _numbers,
    "date": _dates,
    "address": _addresses,
}


def _undecidable(what: str, why: str) -> PolicyError:
    return PolicyError(
        "Policy cannot be proved",
        f"{what} {why}; no request can stand for all others.",
        "Write the condition in a simpler way.",
    )
