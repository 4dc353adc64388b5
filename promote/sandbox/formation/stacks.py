"""Hold stacks: their resources, events, outputs and change sets."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from promote.sandbox.exchange import ServiceError
from promote.sandbox.formation.kinds import Made
from promote.sandbox.formation.template import Template


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a stack is to be: template, values of parameters, tags, capabilities."""

    template: Template
    parameters: Mapping[str, Any]
    tags: Mapping[str, str]
    capabilities: tuple[str, ...] = ()
    description: str = ""


@dataclass(slots=True, kw_only=True)
class Resource:
    """A resource of a stack as it is."""

    logical: str
    type: str
    made: Made
    properties: Mapping[str, Any]
    """With which it was made, resolved."""
    status: str
    reason: str = ""
    at: float = 0.0
    deletion: str = "Delete"
    replaced: str = "Delete"
    gone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to a stack or to one of its resources."""

    id: str
    at: float
    logical: str
    type: str
    physical: str
    status: str
    reason: str
    properties: str = ""


@dataclass(slots=True, kw_only=True)
class ChangeSet:
    """Changes that were worked out and wait to be executed."""

    id: str
    name: str
    kind: str
    at: float
    wanted: Wanted
    changes: list[dict[str, Any]]
    status: str
    reason: str
    execution: str
    description: str = ""


@dataclass(slots=True, kw_only=True)
class Stack:
    """A stack of one account and Region."""

    name: str
    id: str
    account: str
    region: str
    created: float
    status: str = ""
    reason: str = ""
    updated: float | None = None
    deleted: float | None = None
    wanted: Wanted | None = None
    resources: dict[str, Resource] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    outputs: list[dict[str, str]] = field(default_factory=list)
    change_sets: dict[str, ChangeSet] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=set)
    """Of the requests that were carried out."""
    work: threading.Thread | None = None
    cancelled: threading.Event = field(default_factory=threading.Event)

    @property
    def exports(self) -> dict[str, str]:
        """Return what other stacks may import, by its name."""
        return {
            each["ExportName"]: each["OutputValue"] for each in self.outputs if "ExportName" in each
        }

    def become(self, status: str, at: float, reason: str = "") -> None:
        """Take a status and note the event."""
        self.status, self.reason = status, reason
        self.note(at, self.name, "AWS::CloudFormation::Stack", self.id, status, reason)

    def note(  # noqa: PLR0917 - the fields of an event
        self, at: float, logical: str, kind: str, physical: str, status: str, reason: str = ""
    ) -> None:
        """Add an event."""
        event = Event(
            id=str(uuid.uuid4()),
            at=at,
            logical=logical,
            type=kind,
            physical=physical,
            status=status,
            reason=reason,
        )
        self.events.append(event)

    def set(self, resource: Resource, status: str, at: float, reason: str = "") -> None:
        """Give a resource a status and note the event."""
        resource.status, resource.reason, resource.at = status, reason, at
        physical = resource.made.physical
        self.note(at, resource.logical, resource.type, physical, status, reason)


class Stacks:
    """Every stack of the sandbox; safe for use by many threads under `lock`."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._stacks: list[Stack] = []

    def __iter__(self) -> Iterator[Stack]:
        """Go through all of them, deleted ones too, the newest first."""
        return reversed(self._stacks.copy())

    def clear(self) -> None:
        """Forget all; what is being made stops after its present resource."""
        with self.lock:
            stacks, self._stacks = self._stacks, []
        for stack in stacks:
            stack.cancelled.set()
        for stack in stacks:
            if stack.work is not None and stack.work is not threading.current_thread():
                stack.work.join(10.0)

    def of(self, account: str, region: str) -> Iterator[Stack]:
        """Go through those of an account and Region, the newest first."""
        return (each for each in self if (each.account, each.region) == (account, region))

    def find(self, account: str, region: str, name: str) -> Stack | None:
        """Return a stack by its id, or a stack that is not deleted by its name."""
        for each in self.of(account, region):
            if each.id == name or (each.name == name and each.deleted is None):
                return each
        return None

    def get(self, account: str, region: str, name: str) -> Stack:
        """Return a stack that must exist.

        Raises:
            ServiceError: ValidationError.
        """
        stack = self.find(account, region, name)
        if stack is None:
            raise ServiceError("ValidationError", f"Stack with id {name} does not exist")
        return stack

    def open(self, account: str, region: str, name: str, at: float) -> Stack:
        """Add an empty stack."""
        unique = uuid.uuid4()
        stack = Stack(
            name=name,
            id=f"arn:aws:cloudformation:{region}:{account}:stack/{name}/{unique}",
            account=account,
            region=region,
            created=at,
        )
        self._stacks.append(stack)
        return stack
