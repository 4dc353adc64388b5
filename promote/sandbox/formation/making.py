"""Make, change and delete single resources of a stack, and tell each as an event.

Reference: CloudFormation user guide, "Update behaviors of stack resources"; template reference,
"DeletionPolicy" and "UpdateReplacePolicy".
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from promote.sandbox.exchange import ServiceError
from promote.sandbox.formation.catalogue import kind_of
from promote.sandbox.formation.kinds import Made, ResourceError, ResourceKind, Site
from promote.sandbox.formation.planning import modifications, properties_of
from promote.sandbox.formation.stacks import Resource, Stack, Wanted
from promote.sandbox.formation.template import Declared
from promote.sandbox.formation.values import Scope

_REPLACING: Final = (
    "Requested update requires the creation of a new physical resource; hence creating one."
)
_CUSTOM: Final = (
    "CloudFormation cannot update a stack when a custom-named resource requires replacing."
)
_AGAIN: Final = "update the stack again."


class FailedError(Exception):
    """A resource could not be made or changed; `verb` is what was tried."""

    def __init__(self, logical: str, reason: str, verb: str) -> None:
        super().__init__(reason)
        self.logical = logical
        self.verb = verb


@dataclass(frozen=True, slots=True)
class Done:
    """What was done to one resource, how it was before, and what was tried."""

    logical: str
    before: Resource | None
    after: Mapping[str, Any]
    replaced: bool = False


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a deployment needs beside its stack."""

    site: Site
    now: Callable[[], float]
    settled: Callable[[], float]
    """In how many seconds IAM's writes are known everywhere."""
    exports: Mapping[str, str]


class Maker:
    """Works on the resources of one stack."""

    def __init__(self, stack: Stack, around: Surroundings) -> None:
        self._stack = stack
        self._around = around
        self._spreading = False
        self.done: list[Done] = []
        self.begun: list[Resource] = []
        """What was made of resources that were to take the place of others."""

    def now(self) -> float:
        """Return the time."""
        return self._around.now()

    def make(self, declared: Declared, scope: Scope, wanted: Wanted) -> Resource | None:
        """Make or change one resource; return the one that it took the place of."""
        held = self._stack.resources.get(declared.logical)
        kind = kind_of(declared.type)
        try:
            properties = properties_of(declared, scope, wanted.tags)
        except ServiceError as error:
            raise self._failure(declared, held, error.message) from error
        if held is None or held.gone:
            self._create(declared, kind, properties, None)
            return None
        changed = modifications(kind, held.properties, properties)
        if not changed:
            held.deletion, held.replaced = declared.deletion, declared.replaced
            return None
        if any(each.replaces for each in changed):
            name = properties.get(kind.named_by)
            if name is not None and name == held.properties.get(kind.named_by):
                raise self._failure(declared, held, f"{_CUSTOM} Rename {name} and {_AGAIN}")
            self._stack.set(held, "UPDATE_IN_PROGRESS", self.now(), _REPLACING)
            self._create(declared, kind, properties, held)
            return held
        self._update(declared, kind, held, properties)
        return None

    def _create(
        self,
        declared: Declared,
        kind: ResourceKind,
        properties: dict[str, Any],
        old: Resource | None,
    ) -> None:
        """Make a resource, in the place of an old one if it is replaced."""
        verb = "CREATE" if old is None else "UPDATE"
        new = _unmade(declared, properties)
        before = self._stack.resources.get(declared.logical)
        if old is None:
            self._stack.resources[declared.logical] = new
            self._stack.set(new, "CREATE_IN_PROGRESS", self.now())
        site = self._around.site

        def make() -> Made:
            kind.check(declared.logical, properties)
            return kind.create(site, kind.name(site, declared.logical, properties), properties)

        try:
            new.made = self._carefully(kind, make)
            if (complete := kind.complete) is not None:
                new.made = self._carefully(kind, lambda: complete(site, new.made, properties))
        except ResourceError as error:
            if old is not None:
                self.begun.append(new)
            raise self._failure(declared, old or new, str(error), verb) from error
        self._stack.resources[declared.logical] = new
        self.done.append(Done(declared.logical, before, properties, replaced=old is not None))
        self._stack.set(new, f"{verb}_COMPLETE", self.now(), _remark(kind))

    def _update(
        self, declared: Declared, kind: ResourceKind, held: Resource, properties: dict[str, Any]
    ) -> None:
        """Change a resource in place."""
        self._stack.set(held, "UPDATE_IN_PROGRESS", self.now())
        before = replace(held)
        self.done.append(Done(declared.logical, before, properties))

        def change() -> Made:
            kind.check(declared.logical, properties)
            return kind.update(self._around.site, held.made, held.properties, properties)

        try:
            held.made = self._carefully(kind, change)
        except ResourceError as error:
            raise self._failure(declared, held, str(error), "UPDATE") from error
        held.properties = properties
        held.deletion, held.replaced = declared.deletion, declared.replaced
        self._stack.set(held, "UPDATE_COMPLETE", self.now(), _remark(kind))

    def _carefully(self, kind: ResourceKind, act: Callable[[], Made]) -> Made:
        """Do something to a resource, once what it may rely on has spread.

        CloudFormation waits for IAM entities to be consistent before it calls them created.

        Raises:
            ResourceError: The service refused.
        """
        if self._spreading and not kind.slow:
            self._settle()
        try:
            made = _told(act)
        except ResourceError as error:
            if "nvalid principal" not in str(error) or not self._spreading:
                raise
            self._settle()
            made = _told(act)
        self._spreading = self._spreading or kind.slow
        return made

    def _settle(self) -> None:
        time.sleep(self._around.settled())
        self._spreading = False

    def _failure(
        self, declared: Declared, held: Resource | None, reason: str, verb: str = ""
    ) -> FailedError:
        """Note that a resource failed."""
        verb = verb or ("CREATE" if held is None or held.gone else "UPDATE")
        shown = held or _unmade(declared, {})
        self._stack.resources.setdefault(declared.logical, shown)
        self._stack.set(shown, f"{verb}_FAILED", self.now(), reason)
        if verb == "CREATE" and not shown.made.physical:
            shown.gone = True
        return FailedError(declared.logical, reason, verb.lower())

    def restore(self, present: Resource, before: Resource, tried: Mapping[str, Any]) -> bool:
        """Change one resource back from what was tried, however far that came."""
        kind = kind_of(present.type)
        self._stack.set(present, "UPDATE_IN_PROGRESS", self.now())
        try:
            present.made = _told(
                lambda: kind.update(self._around.site, present.made, tried, before.properties)
            )
        except ResourceError as error:
            self._stack.set(present, "UPDATE_FAILED", self.now(), str(error))
            return False
        present.properties = before.properties
        present.deletion, present.replaced = before.deletion, before.replaced
        self._stack.set(present, "UPDATE_COMPLETE", self.now())
        return True

    def delete(self, resources: Iterable[tuple[Resource, str]]) -> list[str]:
        """Delete resources, each by its policy, in this order; return those that could not be."""
        failed = []
        for each, policy in resources:
            if each.gone or not each.made.physical:
                continue
            if policy == "Retain":
                each.gone = True
                self._stack.set(each, "DELETE_SKIPPED", self.now())
                continue
            self._stack.set(each, "DELETE_IN_PROGRESS", self.now())
            try:
                self._remove(each)
            except ResourceError as error:
                self._stack.set(each, "DELETE_FAILED", self.now(), str(error))
                failed.append(each.logical)
                continue
            each.gone = True
            self._stack.set(each, "DELETE_COMPLETE", self.now())
        return failed

    def _remove(self, resource: Resource) -> None:
        kind = kind_of(resource.type)

        def act() -> Made:
            kind.delete(self._around.site, resource.made, resource.properties)
            return resource.made

        _told(act)


def _unmade(declared: Declared, properties: Mapping[str, Any]) -> Resource:
    """Return a resource that does not exist yet."""
    return Resource(
        logical=declared.logical,
        type=declared.type,
        made=Made(""),
        properties=properties,
        status="",
        deletion=declared.deletion,
        replaced=declared.replaced,
    )


def _told(act: Callable[[], Made]) -> Made:
    """Do something by calling a service; tell its refusal in CloudFormation's words."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return act()
    except ClientError as error:
        told = error.response.get("Error", {})
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400)
        text = f"{told.get('Message', '')} (Error Code: {told.get('Code')}; Status Code: {status}; "
        raise ResourceError(f"{text}Operation: {error.operation_name})") from error
    except BotoCoreError as error:
        raise ResourceError(str(error)) from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        text = f"A property has not the form that it must have: {type(error).__name__}: {error}"
        raise ResourceError(text) from error


def _remark(kind: ResourceKind) -> str:
    return f"recorded only: {kind.recorded}" if kind.recorded else ""
