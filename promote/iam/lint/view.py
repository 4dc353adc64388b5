"""A document as it is written, whatever it says: the rules' way to look at raw JSON.

Nothing here raises. What has not the form that IAM wants is left out of the view, and the rules
about the form of a document (`document`) look at the raw value instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from promote.iam.elements import Kind

ANY = "ForAnyValue"
ALL = "ForAllValues"

_OPERATOR = re.compile(rf"(?:({ANY}|{ALL}):)?(.+?)(IfExists)?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Text:
    """One text and its place."""

    value: str
    place: str


@dataclass(frozen=True, slots=True)
class Principal:
    """One principal as it is written; of ``"Principal": "*"`` the type is ``AWS``."""

    type: str
    value: str
    place: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """One test of one condition key.

    Attributes:
        place: Of the key.
        written: The operator as it is written.
        quantifier: ``ForAnyValue``, ``ForAllValues`` or nothing.
        operator: Without quantifier and ``IfExists``.
        if_exists: Whether it has ``IfExists``.
        key: As it is written.
        values: Its values, numbers and truth values as text.
    """

    place: str
    written: str
    quantifier: str
    operator: str
    if_exists: bool
    key: str
    values: tuple[Text, ...]

    @property
    def lower_key(self) -> str:
        """The key in lower case: IAM ignores the case of keys."""
        return self.key.lower()


@dataclass(frozen=True, slots=True)
class Clause:
    """One statement; what it does not have is empty."""

    place: str
    raw: Mapping[str, object]
    effect: str
    actions: tuple[Text, ...]
    not_actions: tuple[Text, ...]
    resources: tuple[Text, ...]
    not_resources: tuple[Text, ...]
    principals: tuple[Principal, ...]
    comparisons: tuple[Comparison, ...]

    @property
    def allows(self) -> bool:
        """Say whether it is an Allow."""
        return self.effect == "Allow"

    @property
    def denies(self) -> bool:
        """Say whether it is a Deny."""
        return self.effect == "Deny"


@dataclass(frozen=True, slots=True)
class Document:
    """A document of a kind; `raw` is any JSON value."""

    raw: object
    kind: Kind
    name: str
    clauses: tuple[Clause, ...] = field(default=())


def view(raw: object, kind: Kind, name: str) -> Document:
    """Look at a document; statements that are no objects are left out."""
    statements = raw.get("Statement", ()) if isinstance(raw, Mapping) else ()
    clauses = (_clause(value, place) for value, place in items(statements, "Statement"))
    return Document(raw, kind, name, tuple(clause for clause in clauses if clause is not None))


def items(value: object, place: str) -> Iterator[tuple[object, str]]:
    """Yield the items of a scalar-or-list, each with its place."""
    if isinstance(value, list | tuple):
        yield from ((item, f"{place}[{index}]") for index, item in enumerate(value))
    else:
        yield value, place


def leaves(value: object, place: str = "") -> Iterator[tuple[object, str]]:
    """Yield every value that is no container, with its place; an object's keys as well, as texts.

    A key's place is that of its object, followed by a colon.
    """
    match value:
        case Mapping():
            for key, of in value.items():
                yield key, f"{place}:"
                yield from leaves(of, f"{place}.{key}" if place else str(key))
        case list() | tuple():
            for index, of in enumerate(value):
                yield from leaves(of, f"{place}[{index}]")
        case _:
            yield value, place


def depth(value: object) -> int:
    """Measure how deep containers lie in each other, without recursion."""
    layers, layer = 0, [value]
    while layer:
        containers: list[Any] = [one for one in layer if isinstance(one, Mapping | list | tuple)]
        layer = [
            inner
            for one in containers
            for inner in (one.values() if isinstance(one, Mapping) else one)
        ]
        layers += 1
    return layers


def _clause(value: object, place: str) -> Clause | None:
    if not isinstance(value, Mapping):
        return None
    effect = value.get("Effect")
    return Clause(
        place=place,
        raw=value,
        effect=effect if isinstance(effect, str) else "",
        actions=_texts(value, "Action", place),
        not_actions=_texts(value, "NotAction", place),
        resources=_texts(value, "Resource", place),
        not_resources=_texts(value, "NotResource", place),
        principals=tuple(_principals(value.get("Principal"), f"{place}.Principal")),
        comparisons=tuple(_comparisons(value.get("Condition"), f"{place}.Condition")),
    )


def _texts(statement: Mapping[str, object], element: str, place: str) -> tuple[Text, ...]:
    if element not in statement:
        return ()
    found = items(statement[element], f"{place}.{element}")
    return tuple(Text(value, at) for value, at in found if isinstance(value, str))


def _principals(value: object, place: str) -> Iterator[Principal]:
    if isinstance(value, str):
        yield Principal("AWS", value, place)
    if isinstance(value, Mapping):
        for kind, values in value.items():
            for one, at in items(values, f"{place}.{kind}"):
                if isinstance(one, str):
                    yield Principal(str(kind), one, at)


def _comparisons(condition: object, place: str) -> Iterator[Comparison]:
    if not isinstance(condition, Mapping):
        return
    for written, keys in condition.items():
        match = _OPERATOR.fullmatch(str(written))
        if match is None or not isinstance(keys, Mapping):
            continue
        for key, values in keys.items():
            at = f"{place}.{written}.{key}"
            yield Comparison(
                place=at,
                written=str(written),
                quantifier=match[1] or "",
                operator=match[2],
                if_exists=match[3] is not None,
                key=str(key),
                values=tuple(_condition_values(values, at)),
            )


def _condition_values(values: object, place: str) -> Iterator[Text]:
    for value, at in items(values, place):
        if isinstance(value, bool):
            yield Text(str(value).lower(), at)
        elif isinstance(value, str | int | float):
            yield Text(str(value), at)
