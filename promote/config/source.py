"""Read YAML as nodes: raw texts with their places, so that nothing is converted behind our back.

Only PyYAML's events are used. Its constructors would turn 012345670123 into another number and
``no`` into a boolean. The fragment is smaller than YAML on purpose: one document, without aliases,
merge keys and tags, so that every value has exactly one place and nothing can grow or recurse.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import yaml

from promote.config.problems import Position, Problems, shown
from promote.core.topology import PLACEHOLDERS

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DEPTH = 20
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
# The characters that YAML 1.1 allows, and its line breaks.
_FORBIDDEN = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Scalar:
    """A text as it stands in the file; `plain` means without quotes."""

    text: str
    plain: bool
    position: Position

    @property
    def is_null(self) -> bool:
        """Whether this is YAML's nothing."""
        return self.plain and self.text in _NULLS


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    items: tuple[Node, ...]
    position: Position


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys with their values, in the order of the file; no key comes twice."""

    entries: tuple[tuple[Scalar, Node], ...]
    position: Position


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Something outside the fragment; its problem is noted already."""

    position: Position


Node: TypeAlias = Scalar | Sequence | Mapping | Unreadable


class _StopError(Exception):
    """The rest of the text cannot be read; the problem is noted already."""


def compose(text: str, problems: Problems) -> Node | None:
    """Read the one document of `text`; None, with the reason noted, if there is none."""
    text = text.removeprefix("\ufeff")
    forbidden = _FORBIDDEN.search(text)
    if forbidden is not None:
        place = position_at(text, forbidden.start())
        problems.note(place, f"the character {forbidden[0]!a} is not allowed in YAML")
        return None
    try:
        return _Composer(text, problems).document()
    except _StopError:
        return None
    except yaml.MarkedYAMLError as error:
        problems.note(*_syntax_error(text, error))
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        problems.note(Position(1, 1), f"this is not YAML: {' '.join(str(error).split())}")
    return None


def _syntax_error(text: str, error: yaml.MarkedYAMLError) -> tuple[Position, str]:
    """Place an error of PyYAML, and explain the one that our placeholders lead to."""
    place = _position(error.problem_mark or error.context_mark)
    reason = " ".join(str(part) for part in (error.context, error.problem) if part)
    line = _BREAK.split(text)[place.line - 1 : place.line]
    quoted = "; a text with a placeholder in it must be quoted here"
    hint = quoted if any(f"{{{each}}}" in "".join(line) for each in PLACEHOLDERS) else ""
    return place, f"this is not YAML: {reason}{hint}"


def position_at(text: str, offset: int) -> Position:
    """Return the place of the character at `offset`."""
    breaks = [match.end() for match in _BREAK.finditer(text, 0, offset)]
    return Position(len(breaks) + 1, offset - (breaks[-1] if breaks else 0) + 1)


def _position(mark: Any) -> Position:  # noqa: ANN401 - PyYAML and libyaml have two classes for it
    return Position(1, 1) if mark is None else Position(mark.line + 1, mark.column + 1)


class _Composer:
    """Build nodes from events; PyYAML's own composer knows no depth limit and keeps aliases."""

    def __init__(self, text: str, problems: Problems) -> None:
        self._events: Iterator[yaml.Event] = iter(yaml.parse(text, Loader=_LOADER))
        self._problems = problems

    def document(self) -> Node | None:
        """Read the whole stream."""
        next(self._events)
        if isinstance(next(self._events), yaml.StreamEndEvent):
            self._problems.note(Position(1, 1), "the file is empty")
            return None
        node = self._node(next(self._events), 0)
        next(self._events)
        following = next(self._events)
        if isinstance(following, yaml.DocumentStartEvent):
            place = _position(following.start_mark)
            self._problems.note(place, "a second document begins here; there may be only one")
        return node

    def _node(self, event: yaml.Event, depth: int) -> Node:
        place = _position(event.start_mark)
        if depth > _DEPTH:
            self._problems.note(place, f"nested more than {_DEPTH} levels deep")
            raise _StopError
        if isinstance(event, yaml.AliasEvent):
            reason = "aliases (*name) are not read: `defaults` holds what environments share"
            self._problems.note(place, reason)
            return Unreadable(place)
        node = self._content(event, place, depth)
        if getattr(event, "tag", None) is not None:
            reason = "tags (!name) are not read: promote knows the type of every key"
            self._problems.note(place, reason)
            return Unreadable(place)
        return node

    def _content(self, event: yaml.Event, place: Position, depth: int) -> Node:
        if isinstance(event, yaml.SequenceStartEvent):
            items = tuple(
                self._node(each, depth + 1) for each in self._until(yaml.SequenceEndEvent)
            )
            return Sequence(items, place)
        if isinstance(event, yaml.MappingStartEvent):
            return Mapping(tuple(self._entries(depth + 1)), place)
        return Scalar(
            text=getattr(event, "value", ""),
            plain=getattr(event, "style", None) in (None, ""),
            position=place,
        )

    def _until(self, end: type[yaml.Event]) -> Iterator[yaml.Event]:
        """Yield the events that begin a node, up to the collection's end."""
        while not isinstance(event := next(self._events), end):
            yield event

    def _entries(self, depth: int) -> Iterator[tuple[Scalar, Node]]:
        lines: dict[str, int] = {}
        for event in self._until(yaml.MappingEndEvent):
            key = self._node(event, depth)
            value = self._node(next(self._events), depth)
            if isinstance(key, Unreadable):
                continue
            if not isinstance(key, Scalar):
                self._problems.note(key.position, "a key must be a text")
            elif key.text == "<<" and key.plain:
                reason = "merge keys (<<) are not read: `defaults` holds what environments share"
                self._problems.note(key.position, reason)
            elif key.text in lines:
                first = lines[key.text]
                reason = f"the key {shown(key.text)} is already given in line {first}"
                self._problems.note(key.position, reason)
            else:
                lines[key.text] = key.position.line
                yield key, value
