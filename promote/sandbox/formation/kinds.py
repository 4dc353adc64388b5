"""Describe a type of resource: its properties, and how it is made, changed and deleted."""

from __future__ import annotations

import random
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

Properties = Mapping[str, Any]

_LETTERS: Final = string.ascii_uppercase + string.digits
_SUFFIX: Final = 12


@dataclass(frozen=True, slots=True)
class Site:
    """Where and as whom the resources of a stack are made."""

    account: str
    region: str
    stack: str
    client: Callable[[str], Any]
    """Returns a client of a service that acts as the caller of the stack."""

    def arn(self, service: str, resource: str) -> str:
        """Return the ARN of something in the stack's account and Region."""
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"


@dataclass(frozen=True, slots=True)
class Made:
    """A resource that exists: what Ref gives, and what Fn::GetAtt gives by attribute."""

    physical: str
    attributes: Mapping[str, Any] = field(default_factory=dict)


class ResourceError(Exception):
    """A resource cannot be as the template has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceKind:
    """A type of resource.

    Attributes:
        type: As templates name it.
        fixed: The properties whose change replaces the resource.
        loose: The properties that are changed in place.
        required: Those that must be there.
        named_by: The property that names it; "" if it has no name of its own.
        longest: How many characters a name may have that CloudFormation draws.
        lower: Whether drawn names are in lower case.
        tags: Whether it takes the tags of its stack.
        slow: Whether what is made spreads like IAM, so that others wait for it.
        attributes: What Fn::GetAtt may name.
    """

    type: str
    fixed: frozenset[str] = frozenset()
    loose: frozenset[str] = frozenset()
    required: frozenset[str] = frozenset()
    named_by: str = ""
    longest: int = 64
    lower: bool = False
    tags: bool = False
    slow: bool = False
    attributes: frozenset[str] = frozenset()
    recorded: str = ""
    """Why it is only recorded; "" if it is made."""
    create: Callable[[Site, str, Properties], Made]
    complete: Callable[[Site, Made, Properties], Made] | None = None
    """What is left to do once it exists; when that fails, it is deleted again."""
    update: Callable[[Site, Made, Properties, Properties], Made]
    delete: Callable[[Site, Made, Properties], None]

    @property
    def properties(self) -> frozenset[str]:
        """Return every property that it takes."""
        tags = {"Tags"} if self.tags else set()
        return self.fixed | self.loose | tags

    def check(self, logical: str, properties: Properties) -> None:
        """Return if the properties are ones of this type; what is only recorded has any.

        Raises:
            ResourceError: One is not, or is missing; in CloudFormation's words.
        """
        if self.recorded:
            return
        problems = [
            f"#: extraneous key [{name}] is not permitted"
            for name in sorted(properties.keys() - self.properties)
        ]
        problems += [
            f"#: required key [{name}] not found"
            for name in sorted(self.required - properties.keys())
        ]
        if problems:
            text = f"Properties validation failed for resource {logical} with message:\n"
            raise ResourceError(text + "\n".join(problems))

    def name(self, site: Site, logical: str, properties: Properties) -> str:
        """Return the name that the template gives, or draw one."""
        given = properties.get(self.named_by) if self.named_by else None
        if given is not None:
            return str(given)
        suffix = "".join(random.SystemRandom().choices(_LETTERS, k=_SUFFIX))
        stem = f"{site.stack}-{logical}"[: self.longest - _SUFFIX - 1]
        drawn = f"{stem}-{suffix}"
        return drawn.lower() if self.lower else drawn


def texts(value: Any) -> list[str]:
    """Return a list property as strings."""
    return [str(each) for each in value or []]


def tag_map(properties: Properties) -> dict[str, str]:
    """Return the tags of a resource by key, whether listed or a map."""
    tags = properties.get("Tags") or {}
    if isinstance(tags, Mapping):
        return {str(key): str(value) for key, value in tags.items()}
    return {str(each["Key"]): str(each["Value"]) for each in tags}


def tag_list(properties: Properties) -> list[dict[str, str]]:
    """Return the tags of a resource as services list them."""
    return [{"Key": key, "Value": value} for key, value in tag_map(properties).items()]
