"""Frozen dataclasses to JSON and back, strictly: an unknown key or another type is an error.

Only what an older version of promote wrote may be read leniently: a key that it did not know yet
has its default. An unknown key is an error all the same, for it may say what must not be missed.

Covers what the core's documents are made of: dataclasses and unions of them told apart by a
`Literal` tag, enums by value, aware UTC times in RFC 3339, tuples, mappings and plain scalars.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import hashlib
import json
import sys
import types
import typing
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TypeVar, Union

_T = TypeVar("_T")
_MISSING = object()
_PLAIN = frozenset({str, int, float, bool, type(None)})
_CHECKED_BY_TYPE = _PLAIN - {float}
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


class CodecError(ValueError):
    """A JSON value is not what the type says; the message starts with its place."""


def canonical(value: object) -> bytes:
    """Write a JSON value with sorted keys and no insignificant space, in UTF-8."""
    return _CANONICAL.encode(value).encode()


def digest_besides(key: str, data: Mapping[str, object]) -> str:
    """Return the SHA-256, in hex, of an object's canonical JSON without one of its keys."""
    rest = {name: value for name, value in data.items() if name != key}
    return hashlib.sha256(canonical(rest)).hexdigest()


def to_json(value: object) -> object:
    """Turn a dataclass, or anything made of them, into plain JSON values."""
    kind: type = type(value)
    if kind in _PLAIN:
        return value
    fields = _written(kind)
    if fields is not None:
        return {
            name: to_json(float(found) if is_float and type(found) is int else found)
            for name, is_float in fields
            for found in (getattr(value, name),)
        }
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, Mapping):
        return {str(key): to_json(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json(each) for each in value]
    return value


@functools.cache
def _written(kind: type) -> tuple[tuple[str, bool], ...] | None:
    """Return the names of a dataclass's fields, and which are of floats; None for another type.

    A whole number in a field of floats is written as the float that reading makes of it.
    """
    if not dataclasses.is_dataclass(kind):
        return None
    hints = _hints(kind).items()
    return tuple((name, float in (hint, *typing.get_args(hint))) for name, hint in hints)


def from_json(
    kind: type[_T] | object, data: object, place: str = "", *, lenient: bool = False
) -> _T:
    """Read JSON values into the type `kind`, a dataclass or a union of tagged ones.

    Args:
        kind: The type.
        data: What was read.
        place: What the values are called in an error.
        lenient: Let keys be missing that have a default.

    Raises:
        CodecError: A key is missing or unknown, or a value has another type; says where.
    """
    return typing.cast("_T", _read(kind, data, place or "document", lenient))


def _read(kind: object, data: object, place: str, lenient: bool) -> object:  # noqa: FBT001
    if type(data) is kind and kind in _CHECKED_BY_TYPE:
        return data
    origin, arguments = _taken_apart(kind)
    if origin in (Union, types.UnionType):
        return _read_union(arguments, data, place, lenient)
    if origin is typing.Literal:
        return _checked(_is_one_of(kind, data), data, place, f"{arguments}")
    if origin is tuple:
        return _read_tuple(arguments[0], data, place, lenient)
    if origin in (Mapping, dict) or kind is dict:
        return _checked(isinstance(data, dict), data, place, "an object")
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return _read_dataclass(kind, data, place, lenient)
    return _read_scalar(kind, data, place)


def _read_scalar(kind: object, data: object, place: str) -> object:
    if kind is type(None):
        return _checked(data is None, data, place, "null")
    if kind is float:
        number = (
            type(data) in (int, float) and abs(typing.cast("float", data)) <= sys.float_info.max
        )
        return float(typing.cast("float", _checked(number, data, place, "a finite number")))
    if kind is datetime:
        return _read_time(data, place)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        values = [each.value for each in kind]
        return kind(_checked(data in values, data, place, f"one of {values}"))
    if kind in (str, int, bool):
        return _checked(type(data) is kind, data, place, getattr(kind, "__name__", str(kind)))
    msg = f"{place}: the codec has no rule for {kind!r}"
    raise TypeError(msg)


def _read_time(data: object, place: str) -> object:
    try:
        moment = datetime.fromisoformat(typing.cast("str", data))
        found = moment.astimezone(UTC) if moment.tzinfo is not None else None
    except (TypeError, ValueError, OverflowError):
        found = None
    _checked(found is not None, data, place, "a time such as 2026-01-31T12:00:00Z")
    return found


def _read_tuple(kind: object, data: object, place: str, lenient: bool) -> tuple[object, ...]:  # noqa: FBT001
    items = typing.cast("list[object]", _checked(isinstance(data, list), data, place, "a list"))
    return tuple(_read(kind, each, f"{place}[{i}]", lenient) for i, each in enumerate(items))


def _read_dataclass(kind: type, data: object, place: str, lenient: bool) -> object:  # noqa: FBT001
    values = typing.cast(
        "dict[str, object]", _checked(isinstance(data, dict), data, place, "an object")
    )
    hints = _hints(kind)
    for key in values:
        if key not in hints:
            _checked(False, key, place, f"one of the keys {sorted(hints)}")  # noqa: FBT003 (as below)
    for name, has_default in _fields(kind):
        if name not in values:
            _checked(lenient and has_default, _MISSING, f"{place}.{name}", "a value")
    return kind(**{k: _read(hints[k], each, f"{place}.{k}", lenient) for k, each in values.items()})


@functools.cache
def _fields(kind: type) -> tuple[tuple[str, bool], ...]:
    """Return the names of a dataclass's fields, and which of them have a default."""
    return tuple((each.name, _has_default(each)) for each in dataclasses.fields(kind))


def _has_default(field: dataclasses.Field[object]) -> bool:
    given = (field.default, field.default_factory)
    return any(each is not dataclasses.MISSING for each in given)


@functools.cache
def _taken_apart(kind: object) -> tuple[object, tuple[object, ...]]:
    return typing.get_origin(kind), typing.get_args(kind)


def _read_union(kinds: tuple[object, ...], data: object, place: str, lenient: bool) -> object:  # noqa: FBT001
    if data is None and type(None) in kinds:
        return None
    choices = [each for each in kinds if each is not type(None)]
    if len(choices) == 1:
        return _read(choices[0], data, place, lenient)
    for choice in choices:
        if isinstance(data, dict) and _tagged(typing.cast("type", choice), data):
            return _read(choice, data, place, lenient)
    names = sorted(getattr(each, "__name__", str(each)) for each in choices)
    return _checked(False, data, place, f"one of {names}")  # noqa: FBT003 (the check that fails)


def _tagged(kind: type, data: dict[str, object]) -> bool:
    tags = _tags(kind)
    return bool(tags) and all(_is_one_of(hint, data.get(name)) for name, hint in tags.items())


@functools.cache
def _tags(kind: type) -> dict[str, object]:
    hints = _hints(kind).items()
    return {name: hint for name, hint in hints if typing.get_origin(hint) is typing.Literal}


def _is_one_of(literal: object, data: object) -> bool:
    """Compare types, too: in Python, true equals 1."""
    _, choices = _taken_apart(literal)
    return any(type(data) is type(each) and data == each for each in choices)


@functools.cache
def _hints(kind: type) -> dict[str, object]:
    """Return the types of a dataclass's fields, in their order."""
    hints = typing.get_type_hints(kind)
    return {each.name: hints[each.name] for each in dataclasses.fields(kind)}


def _checked(fine: bool, data: object, place: str, expected: str) -> object:  # noqa: FBT001
    if fine:
        return data
    found = "nothing" if data is _MISSING else repr(data)[:80]
    msg = f"{place}: found {found}, expected {expected}"
    raise CodecError(msg)
