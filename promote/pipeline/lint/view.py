"""Rendered stacks as the rules look at them: any JSON at all, which is never trusted."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from promote.core.topology import Topology

_PLAIN = re.compile(r"[\w:@-]+")
_STACK_SET = "AWS::CloudFormation::StackSet"


@dataclass(frozen=True, slots=True)
class Node:
    """A value of a file, and where it is; a value that is not there is None."""

    file: str
    root: str
    value: object
    way: tuple[str | int, ...] = ()

    @property
    def place(self) -> str:
        """Where it is in its file: ``Resources.Pipeline.Properties.Stages[0].Name``."""
        place = self.root
        for key in self.way:
            place += _step(key, place)
        return place

    def at(self, *keys: str | int) -> Node:
        """Return what is below, one key after the other."""
        value = self.value
        for key in keys:
            if isinstance(key, str):
                value = value.get(key) if isinstance(value, dict) else None
            else:
                value = value[key] if isinstance(value, list) and key < len(value) else None
        return Node(self.file, self.root, value, (*self.way, *keys))

    def each(self) -> tuple[Node, ...]:
        """Return the values of a list; what is no list has none."""
        values = self.value if isinstance(self.value, list) else []
        return tuple(self.at(index) for index in range(len(values)))

    def fields(self) -> tuple[tuple[str, Node], ...]:
        """Return the keys of an object with their values; what is no object has none."""
        keys = self.value if isinstance(self.value, dict) else {}
        return tuple((key, self.at(key)) for key in keys)

    def walk(self) -> Iterator[Node]:
        """Yield this value and all that are below it."""
        yield self
        for each in (*self.each(), *(below for _, below in self.fields())):
            yield from each.walk()

    @property
    def missing(self) -> bool:
        """Whether there is nothing."""
        return self.value is None

    @property
    def text(self) -> str | None:
        """The text that it is, if it is one."""
        return self.value if isinstance(self.value, str) else None

    @property
    def number(self) -> int | None:
        """The whole number that it is, or that its text writes, as CloudFormation takes both."""
        if isinstance(self.value, str) and re.fullmatch(r"-?[0-9]{1,18}", self.value, re.ASCII):
            return int(self.value)
        is_number = isinstance(self.value, int) and not isinstance(self.value, bool)
        return self.value if is_number and isinstance(self.value, int) else None

    @property
    def is_true(self) -> bool:
        """Whether it is true, also as CloudFormation's text."""
        return self.value is True or self.text == "true"

    @property
    def same(self) -> str:
        """A text that two values have in common when they say the same."""
        return json.dumps(self.value, sort_keys=True, default=str)

    def texts(self) -> tuple[str, ...]:
        """Return the text that it is, or the texts that it lists."""
        found = (self, *self.each())
        return tuple(each.text for each in found if each.text is not None)


def _step(key: str | int, place: str) -> str:
    if isinstance(key, int):
        return f"[{key}]"
    if not _PLAIN.fullmatch(key):
        return f"[{json.dumps(key)}]"
    return f".{key}" if place and not place.endswith(" ") else key


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of a template."""

    template: Node
    id: str
    node: Node

    @property
    def type(self) -> str:
        """Its type, such as ``AWS::IAM::Role``."""
        return self.node.at("Type").text or ""

    @property
    def properties(self) -> Node:
        """Its properties."""
        return self.node.at("Properties")


@dataclass(frozen=True)
class Bundle:
    """The templates that belong together.

    Attributes:
        templates: Each file, and each template that a StackSet carries as a text.
        topology: What promote.yaml says, if it is known.
    """

    templates: tuple[Node, ...]
    topology: Topology | None = None

    @cached_property
    def resources(self) -> tuple[Resource, ...]:
        """Every resource of every template."""
        return tuple(each for template in self.templates for each in _resources(template))

    def of(self, *types: str) -> tuple[Resource, ...]:
        """Return the resources of some types."""
        return tuple(each for type_ in dict.fromkeys(types) for each in self._by_type[type_])

    @cached_property
    def _by_type(self) -> Mapping[str, list[Resource]]:
        found: defaultdict[str, list[Resource]] = defaultdict(list)
        for each in self.resources:
            found[each.type].append(each)
        return found

    def pointed_at(self, resource: Resource, value: Node) -> Resource | None:
        """Return the resource of the same template that a Ref or Fn::GetAtt names."""
        named = value.at("Ref").text or value.at("Fn::GetAtt", 0).text
        mine = (each for each in self.resources if each.template is resource.template)
        return next((each for each in mine if each.id == named), None)


def bundle(files: Mapping[str, object], topology: Topology | None = None) -> Bundle:
    """Return the templates among some files of JSON, by their names."""
    found = [Node(name, "", content) for name, content in sorted(files.items())]
    templates = [each for each in found if each.at("Resources").fields()]
    carried = [body for each in templates for body in _carried(each)]
    return Bundle((*templates, *carried), topology)


def _resources(template: Node) -> tuple[Resource, ...]:
    return tuple(Resource(template, id_, node) for id_, node in template.at("Resources").fields())


def _carried(template: Node) -> Iterator[Node]:
    """Yield the templates that the StackSets of another have as texts of JSON."""
    for each in _resources(template):
        body = each.properties.at("TemplateBody")
        if each.type != _STACK_SET or body.text is None:
            continue
        try:
            yield Node(body.file, f"{body.place} ", json.loads(body.text))
        except (ValueError, RecursionError):
            yield Node(body.file, f"{body.place} ", None)
