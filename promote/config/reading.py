"""Read nodes by the table of keys: values of the declared types, each with its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from types import NoneType
from typing import TypeVar

from promote.config.kinds import Kind, UnusableError
from promote.config.problems import Position, Problems, shown, suggestion
from promote.config.shapes import Either, Key, Listed, Named, Section, Shape
from promote.config.source import Mapping as MappingNode
from promote.config.source import Node, Scalar, Unreadable
from promote.config.source import Sequence as SequenceNode

_Value = TypeVar("_Value")
_Otherwise = TypeVar("_Otherwise")
_COLLECTIONS = (NoneType, Named, Listed, Either, Section)


@dataclass(frozen=True, slots=True)
class Item:
    """A value and where it was written."""

    value: object
    position: Position


@dataclass(frozen=True, slots=True)
class Settings:
    """The values of one mapping; what was unusable is left out, its problem is noted."""

    position: Position
    items: Mapping[str, Item]

    def get(self, kind: type[_Value], name: str, otherwise: _Otherwise) -> _Value | _Otherwise:
        """Return a value of the given type, or `otherwise`."""
        item = self.items.get(name)
        return item.value if item is not None and isinstance(item.value, kind) else otherwise

    def section(self, name: str) -> Settings:
        """Return a nested mapping, an empty one if there is none."""
        return self.get(Settings, name, Settings(self.position, {}))

    def each(self, name: str) -> tuple[Item, ...]:
        """Return the items of a list."""
        return self.get(tuple, name, ())

    def texts(self, name: str) -> tuple[str, ...]:
        """Return the texts of a list."""
        return tuple(item.value for item in self.each(name) if isinstance(item.value, str))

    def where(self, name: str) -> Position:
        """Return where a value was written, or where this mapping begins."""
        return self.items[name].position if name in self.items else self.position


def complete(section: Section, *layers: Settings) -> Settings:
    """Lay settings over each other, the first on top and the built-in defaults below.

    Mappings are merged key by key, lists are replaced; a section that may be null is there only
    if a layer gives it. A built-in default is placed where the topmost mapping begins.
    """
    items = {}
    place = layers[0].position
    for key in section.keys:
        given = [layer.items[key.name] for layer in layers if key.name in layer.items]
        if isinstance(key.shape, Section) and (given or not key.nullable):
            items[key.name] = _merged(key.shape, given, place)
        elif given:
            items[key.name] = given[0]
        else:
            items[key.name] = Item(_default(key, place), place)
    return Settings(place, items)


def _merged(section: Section, given: Sequence[Item], place: Position) -> Item:
    """Merge the layers of a nested mapping; a null hides those below it, and on top it is none."""
    if given and given[0].value is None:
        return given[0]
    seen = takewhile(lambda item: item.value is not None, given)
    nested = [item.value for item in seen if isinstance(item.value, Settings)]
    whole = complete(section, *(nested or [Settings(place, {})]))
    return Item(whole, whole.position)


def _default(key: Key, place: Position) -> object:
    """Read a default as if it stood in the file; an empty list and nothing are themselves."""
    given, shape = key.default, key.shape
    if given is None or isinstance(given, tuple) or isinstance(shape, _COLLECTIONS):
        return given
    return shape.value(Scalar(str(given), plain=True, position=place))


class Reader:
    """Read nodes and note whatever does not fit."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems

    def section(self, node: Node, section: Section, path: str = "") -> Settings | None:
        """Read a mapping of known keys."""
        if not isinstance(node, MappingNode):
            self._expected("a mapping of keys", node, path)
            return None
        items: dict[str, Item] = {}
        known = {key.name: key for key in section.keys}
        for name, value in node.entries:
            key = known.get(name.text)
            if key is None:
                self._unknown(name, tuple(known), path)
            elif key.shape is None:
                reason = f"not supported yet: it comes with {key.later}"
                self._note(name.position, _join(path, key.name), reason, " is ")
            elif (item := self._item(value, key, _join(path, key.name))) is not None:
                items[key.name] = item
        self._missing(node, section, path)
        return Settings(node.position, items)

    def _missing(self, node: MappingNode, section: Section, path: str) -> None:
        given = {name.text for name, _ in node.entries}
        refused = {key.name for key in section.keys if key.later}
        for key in section.keys:
            # A kind of pointer that comes later was chosen instead: that is its own problem.
            alternative = key.default is not None and given & refused
            if key.required and key.name not in given and not alternative:
                text = f"{_join(path, key.name)} is missing: {key.meaning}"
                self._problems.note(node.position, text)

    def _unknown(self, name: Scalar, known: tuple[str, ...], path: str) -> None:
        inside = f" in {path}" if path else ""
        text = f"unknown key {shown(name.text)}{inside}{suggestion(name.text, known)}"
        self._problems.note(name.position, text)

    def _item(self, node: Node, key: Key, path: str) -> Item | None:
        if key.shape is None or isinstance(node, Unreadable):
            return None
        if key.nullable and isinstance(node, Scalar) and node.is_null:
            if isinstance(key.shape, Section) and not node.text:
                # Perhaps all of its keys are commented out: nobody switches a gate off like that.
                self._note(node.position, path, "empty; write {} for its defaults, or null", " is ")
                return None
            return Item(None, node.position)
        return self._shaped(node, key.shape, path)

    def _shaped(self, node: Node, shape: Shape, path: str) -> Item | None:
        match shape:
            case Section():
                value: object = self.section(node, shape, path)
            case Named():
                value = self._named(node, shape, path)
            case Listed():
                value = self._listed(node, shape, path)
            case Either():
                value = self._either(node, shape, path)
            case _:
                value = self._scalar(node, shape, path)
        return None if value is None else Item(value, node.position)

    def _named(self, node: Node, named: Named, path: str) -> Settings | None:
        if not isinstance(node, MappingNode) or not node.entries:
            self._expected("at least one name with its keys", node, path)
            return None
        items = {}
        for name, value in node.entries:
            self._scalar(name, named.names, path)
            settings = self.section(value, named.section, _join(path, name.text))
            if settings is not None:
                items[name.text] = Item(settings, name.position)
        return Settings(node.position, items)

    def _listed(self, node: Node, listed: Listed, path: str) -> tuple[Item, ...] | None:
        if listed.alone and isinstance(node, Scalar) and not node.is_null:
            node = SequenceNode((node,), node.position)
        if not isinstance(node, SequenceNode):
            self._expected("a name or a list of names" if listed.alone else "a list", node, path)
            return None
        if len(node.items) < listed.least:
            self._note(node.position, path, "the list is empty")
        return tuple(self._elements(node, listed, path))

    def _either(self, node: Node, either: Either, path: str) -> object:
        if isinstance(node, MappingNode):
            return self.section(node, either.section, path)
        if isinstance(node, SequenceNode):
            return self._listed(node, either.listed, path)
        names = ", ".join(f"{key.name}: …" for key in either.section.keys)
        self._expected(f"a list, or a mapping ({{{names}}})", node, path)
        return None

    def _elements(self, node: SequenceNode, listed: Listed, path: str) -> Iterator[Item]:
        for index, each in enumerate(node.items):
            item = self._shaped(each, listed.item, f"{path}[{index}]")
            if item is not None:
                yield item

    def _scalar(self, node: Node, kind: Kind, path: str) -> object:
        if not isinstance(node, Scalar) or node.is_null:
            self._expected("a value", node, path)
            return None
        try:
            return kind.value(node)
        except UnusableError as error:
            self._note(node.position, path, str(error))
            return error.kept

    def _expected(self, what: str, node: Node, path: str) -> None:
        match node:
            case Unreadable():
                return
            case MappingNode():
                found = "a mapping (quote a text that begins with a brace)"
                if what != "a value":
                    found = "an empty mapping" if not node.entries else "a mapping"
            case SequenceNode():
                found = "a list"
            case Scalar():
                found = "nothing" if node.is_null else shown(node.text)
        self._note(node.position, path, f"expected {what}, found {found}")

    def _note(self, position: Position, path: str, text: str, between: str = ": ") -> None:
        self._problems.note(position, f"{path}{between}{text}" if path else text)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
