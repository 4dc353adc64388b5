"""The values of one condition key that conditions can tell apart, the absent key included."""

from __future__ import annotations

import ipaddress
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from promote.errors import PolicyError
from promote.iam.elements import Condition
from promote.iam.operators import holds
from promote.iam.prove import cells, forms

Given = tuple[str, ...]
"""The values of a key in one request; empty: the key is absent."""

_ANY, _ALL = "ForAnyValue:", "ForAllValues:"
_START = datetime(1970, 1, 1, tzinfo=UTC)
MOST_SETS = 4096
"""Beyond as many sets of values of one key the proof is given up."""


def values(key: str, conditions: Sequence[Condition]) -> tuple[Given, ...]:
    """Return one example of everything that a request can give for a key, the simplest first.

    Args:
        key: In lower case.
        conditions: Every condition on this key.

    Raises:
        PolicyError: The conditions cannot be decided together.
    """
    tests = [each for each in conditions if each.operator != "Null"]
    sets = [each for each in tests if each.operator.startswith((_ANY, _ALL))]
    if sets and len(sets) < len(tests):
        raise _undecidable(key, "is compared both as one value and as a set")
    singles = _distinct(((one,) for one in _singles(key, tests)), conditions)
    several = _sets([one for one in singles if one], sets) if sets else ()
    return tuple(_distinct(((), *singles, *several), conditions))


def _distinct(given: Iterable[Given], conditions: Sequence[Condition]) -> list[Given]:
    """Keep the first of those that every condition treats alike."""
    found: dict[tuple[bool, ...], Given] = {}
    for one in given:
        found.setdefault(truths(conditions, one), one)
    return list(found.values())


def truths(conditions: Sequence[Condition], given: Given) -> tuple[bool, ...]:
    """Say of each condition, all on one key, whether it holds for what a request gives."""
    return tuple(holds(each, {each.key.lower(): given} if given else {}) for each in conditions)


def _sets(singles: Sequence[Given], conditions: Sequence[Condition]) -> Iterator[Given]:
    """Yield sets of values for every outcome: one matching value is enough, or all are needed."""
    found = {truths(conditions, one): one for one in singles}
    queue = list(found.items())
    for outcome, given in queue:
        for one in singles:
            both = tuple(
                (a or b) if each.operator.startswith(_ANY) else (a and b)
                for each, a, b in zip(conditions, outcome, truths(conditions, one), strict=True)
            )
            if both not in found:
                found[both] = (*given, *one)
                queue.append((both, found[both]))
        if len(found) > MOST_SETS:
            raise _undecidable(conditions[0].key, "has too many combinations of values")
    yield from found.values()
    yield ("",)  # For ForAllValues an empty text is no value at all.


def _singles(key: str, tests: Sequence[Condition]) -> Iterable[str]:
    kinds = {_kind(each.operator) for each in tests}
    if len(kinds) > 1:
        raise _undecidable(key, f"is compared as {' and '.join(sorted(kinds))}")
    for kind in kinds:
        texts = sorted({value for each in tests for value in each.values})
        return _texts(key, tests) if kind == "text" else _BY_KIND[kind](texts)
    return ("x",)


def _kind(operator: str) -> str:
    name = operator.removeprefix(_ANY).removeprefix(_ALL)
    for kind, starts in (
        ("text", ("String", "Arn")),
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
    return [f"{each:f}" for each in _around(Decimal(text) for text in texts)]


def _dates(texts: Sequence[str]) -> list[str]:
    moments = (_START + timedelta(seconds=float(each)) for each in _around(map(_epoch, texts)))
    return [each.isoformat().replace("+00:00", "Z") for each in moments]


def _epoch(text: str) -> Decimal:
    """Return a date of a policy as seconds since 1970, in UTC."""
    if text.lstrip("-").isdigit():
        return Decimal(text)
    moment = datetime.fromisoformat(text)
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return Decimal((aware - _START) // timedelta(microseconds=1)) / 1_000_000


def _around(points: Iterable[Decimal]) -> list[Decimal]:
    """Return every point, one between each two, one before and one after all."""
    known = sorted(set(points))
    between = [(low + high) / 2 for low, high in itertools.pairwise(known)]
    return [known[0] - 1, *known, *between, known[-1] + 1]


def _addresses(texts: Sequence[str]) -> list[str]:
    found: set[str] = set()
    for network in (ipaddress.ip_network(text, strict=False) for text in texts):
        first, last = network[0], network[-1]
        found |= {str(first), str(last)}
        found |= {str(first - 1)} if int(first) else set()
        found |= {str(last + 1)} if int(last) < 2**last.max_prefixlen - 1 else set()
    return sorted(found | {"0.0.0.0", "::"})  # noqa: S104 - an address to decide, not to listen on


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
