"""Work out what a template changes in a stack: added, modified and removed resources.

Reference: CloudFormation API reference, ResourceChange, ResourceChangeDetail and
ResourceTargetDefinition.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from promote.sandbox.exchange import ServiceError
from promote.sandbox.formation.catalogue import kind_of
from promote.sandbox.formation.kinds import Properties, ResourceKind
from promote.sandbox.formation.stacks import Stack, Wanted
from promote.sandbox.formation.template import Declared, invalid
from promote.sandbox.formation.values import UNKNOWN, Scope


@dataclass(frozen=True, slots=True)
class Modification:
    """How one property of a resource changes."""

    name: str
    before: Any
    after: Any
    replaces: bool

    @property
    def sure(self) -> bool:
        """Say whether the value after is known before the change."""
        return not _is_open(self.after)


def scope_of(stack: Stack, wanted: Wanted, exports: Mapping[str, str], *, ahead: bool) -> Scope:
    """Return what the values of a stack's template are worked out with.

    Args:
        stack: The stack, with the resources that it has now.
        wanted: The template and its parameters.
        exports: What other stacks export.
        ahead: Whether what is not made yet is unknown, rather than an error.
    """

    def resource(logical: str, attribute: str | None) -> Any:
        declared = wanted.template.resources.get(logical)
        if declared is None:
            raise invalid(f"instance of Fn::GetAtt references undefined resource {logical}")
        kind = kind_of(declared.type)
        if attribute is not None and attribute not in kind.attributes:
            text = f"resource {logical} does not support attribute type {attribute} in Fn::GetAtt"
            raise invalid(text)
        held = stack.resources.get(logical)
        if held is None or held.gone or held.type != declared.type:
            if ahead:
                return UNKNOWN
            raise invalid(f"{logical} does not exist: its condition does not hold")
        return held.made.physical if attribute is None else held.made.attributes[attribute]

    pseudo = {
        "AWS::AccountId": stack.account,
        "AWS::NotificationARNs": [],
        "AWS::Partition": "aws",
        "AWS::Region": stack.region,
        "AWS::StackId": stack.id,
        "AWS::StackName": stack.name,
        "AWS::URLSuffix": "amazonaws.com",
    }
    return Scope(wanted.template, wanted.parameters, pseudo, resource, exports)


def properties_of(declared: Declared, scope: Scope, tags: Mapping[str, str]) -> dict[str, Any]:
    """Return the resolved properties of a resource, with the tags of its stack."""
    properties: dict[str, Any] = scope.resolve(declared.properties)
    if not tags or not kind_of(declared.type).tags:
        return properties
    own = properties.get("Tags", [])
    if isinstance(own, dict):
        return {**properties, "Tags": {**tags, **own}}
    named = {each.get("Key") for each in own if isinstance(each, dict)}
    more = [{"Key": k, "Value": v} for k, v in tags.items() if k not in named]
    return {**properties, "Tags": [*own, *more]}


def modifications(kind: ResourceKind, before: Properties, after: Properties) -> list[Modification]:
    """Return how the properties of a resource change."""
    names = sorted(before.keys() | after.keys())
    return [
        Modification(name, before.get(name), after.get(name), name in kind.fixed)
        for name in names
        if before.get(name) != after.get(name)
    ]


def active(wanted: Wanted, scope: Scope) -> list[Declared]:
    """Return the resources whose conditions hold, each after what it needs."""
    template = wanted.template
    declared = (template.resources[name] for name in template.order)
    return [each for each in declared if scope.holds(each.condition)]


def planned(stack: Stack, wanted: Wanted, exports: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the changes as DescribeChangeSet shows them."""
    scope = scope_of(stack, wanted, exports, ahead=True)
    shadow = _Shadow(stack, scope)
    found = []
    kept = active(wanted, scope)
    for declared in kept:
        change = shadow.change(declared, wanted.tags)
        if change is not None:
            found.append(change)
    names = {each.logical for each in kept}
    for logical, held in stack.resources.items():
        if logical not in names and not held.gone:
            policy = "Retain" if held.deletion.startswith("Retain") else "Delete"
            found.append(_shown("Remove", logical, held.type, held.made.physical, policy=policy))
    return found


class _Shadow:
    """Walks through a stack as it will be; what is replaced is unknown to what refers to it."""

    def __init__(self, stack: Stack, scope: Scope) -> None:
        self._stack = stack
        self._replaced: set[str] = set()

        def resource(logical: str, attribute: str | None) -> Any:
            return UNKNOWN if logical in self._replaced else scope.resource(logical, attribute)

        self._scope = Scope(scope.template, scope.parameters, scope.pseudo, resource, scope.exports)

    def change(self, declared: Declared, tags: Mapping[str, str]) -> dict[str, Any] | None:
        """Return the change of one resource, or None if it stays as it is."""
        after = properties_of(declared, self._scope, tags)
        held = self._stack.resources.get(declared.logical)
        if held is None or held.gone:
            return _shown("Add", declared.logical, declared.type, None, after=after)
        if held.type != declared.type:
            text = "Update of resource type is not permitted. The new template modifies resource "
            text += f"type of the following resources: [{declared.logical}]"
            raise ServiceError("ValidationError", text)
        kind = kind_of(declared.type)
        changed = modifications(kind, held.properties, after)
        if not changed:
            return None
        replacement = _replacement(changed)
        if replacement != "False":
            self._replaced.add(declared.logical)
        return {
            **_shown(
                "Modify",
                declared.logical,
                declared.type,
                held.made.physical,
                before=held.properties,
                after=after,
            ),
            "Replacement": replacement,
            "Scope": sorted({"Tags" if each.name == "Tags" else "Properties" for each in changed}),
            "Details": [_detail(each) for each in changed],
        }


def _replacement(changed: list[Modification]) -> str:
    """Say whether modifications replace a resource: True, False or Conditional."""
    if any(each.replaces and each.sure for each in changed):
        return "True"
    return "Conditional" if any(each.replaces for each in changed) else "False"


def _detail(change: Modification) -> dict[str, Any]:
    """Return a modification as a change set lists it."""
    recreation = "Never"
    if change.replaces:
        recreation = "Always" if change.sure else "Conditionally"
    attribute = "Tags" if change.name == "Tags" else "Properties"
    target: dict[str, Any] = {"Attribute": attribute, "RequiresRecreation": recreation}
    if attribute == "Properties":
        target["Name"] = change.name
    target["Path"] = f"/{attribute}/{change.name}" if attribute == "Properties" else "/Tags"
    if change.before is not None:
        target["BeforeValue"] = _text(change.before)
    if change.after is not None:
        target["AfterValue"] = _text(change.after)
    return {
        "Target": target,
        "Evaluation": "Static" if change.sure else "Dynamic",
        "ChangeSource": "DirectModification" if change.sure else "ResourceReference",
    }


def _shown(
    action: str,
    logical: str,
    kind: str,
    physical: str | None,
    *,
    policy: str | None = None,
    before: Properties | None = None,
    after: Properties | None = None,
) -> dict[str, Any]:
    """Return what every change has."""
    return {
        "PolicyAction": policy,
        "Action": action,
        "LogicalResourceId": logical,
        "PhysicalResourceId": physical,
        "ResourceType": kind,
        "BeforeContext": None if before is None else _context(before),
        "AfterContext": None if after is None else _context(after),
    }


def _context(properties: Properties) -> str:
    return json.dumps({"Properties": properties}, default=_placeholder)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=_placeholder)


def _placeholder(_: object) -> str:
    """Write what is known only after the change as change sets do."""
    return "{{changeSet:KNOWN_AFTER_APPLY}}"


def _is_open(value: Any) -> bool:
    """Say whether a value has something in it that is known only after the change."""
    if isinstance(value, list):
        return any(map(_is_open, value))
    if isinstance(value, dict):
        return any(map(_is_open, value.values()))
    return value is UNKNOWN
