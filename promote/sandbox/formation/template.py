"""Read a template: its sections, its resources, what each of them refers to.

Reference: CloudFormation template reference, "Template sections" and "Resource attributes". What
the sandbox does not carry out is refused by name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from typing import Any, Final

from promote.sandbox.exchange import ServiceError

SECTIONS: Final = frozenset(
    {
        "AWSTemplateFormatVersion",
        "Conditions",
        "Description",
        "Mappings",
        "Metadata",
        "Outputs",
        "Parameters",
        "Resources",
    }
)
ATTRIBUTES: Final = frozenset(
    {
        "Condition",
        "DeletionPolicy",
        "DependsOn",
        "Metadata",
        "Properties",
        "Type",
        "UpdateReplacePolicy",
    }
)
KEEPING: Final = frozenset({"Delete", "Retain", "RetainExceptOnCreate"})
_LOGICAL: Final = re.compile(r"[A-Za-z0-9]{1,255}")
_MOST_RESOURCES: Final = 500
PLACEHOLDER: Final = re.compile(r"\$\{([^!}][^}]*)\}")


@dataclass(frozen=True, slots=True)
class Declared:
    """A resource as a template declares it."""

    logical: str
    type: str
    properties: Mapping[str, Any]
    condition: str | None
    depends_on: tuple[str, ...]
    deletion: str
    replaced: str


@dataclass(frozen=True)
class Template:
    """A template that is well-formed."""

    body: str
    document: Mapping[str, Any]
    resources: Mapping[str, Declared]

    def section(self, name: str) -> Mapping[str, Any]:
        """Return a section, empty if there is none."""
        found: Mapping[str, Any] = self.document.get(name, {})
        return found

    @cached_property
    def order(self) -> tuple[str, ...]:
        """The logical ids, each after everything that it needs; what IAM has to spread first.

        Raises:
            CycleError: Some need each other.
        """
        sorter = TopologicalSorter({name: self.needs(name) for name in self.resources})
        sorter.prepare()
        found: list[str] = []
        ready: set[str] = set()
        while sorter.is_active():
            ready.update(sorter.get_ready())
            chosen = min(ready, key=lambda each: (not self._is_of_iam(each), each))
            ready.remove(chosen)
            sorter.done(chosen)
            found.append(chosen)
        return tuple(found)

    def _is_of_iam(self, logical: str) -> bool:
        return self.resources[logical].type.startswith("AWS::IAM::")

    def needs(self, logical: str) -> set[str]:
        """Return the resources that one resource refers to or depends on."""
        declared = self.resources[logical]
        found = set(declared.depends_on)
        found |= {name for name in references(declared.properties) if name in self.resources}
        return found


def read_template(body: str) -> Template:
    """Read a template written in JSON.

    Raises:
        ServiceError: ValidationError, with what is wrong.
    """
    try:
        document = json.loads(body)
    except ValueError as error:
        text = f"JSON not well-formed ({error}); the sandbox reads templates in JSON"
        raise malformed(text) from None
    if not isinstance(document, dict) or not isinstance(document.get("Resources"), dict):
        raise malformed("At least one Resources member must be defined.")
    _expect_known(document, SECTIONS, "Invalid template property or properties")
    for name in SECTIONS - {"AWSTemplateFormatVersion", "Description"}:
        if not isinstance(document.get(name, {}), dict):
            raise malformed(f"{name} must be an object")
    resources = {name: _declared(name, each) for name, each in document["Resources"].items()}
    if not 0 < len(resources) <= _MOST_RESOURCES:
        raise malformed(f"Number of resources, {len(resources)}, is not from 1 to 500")
    template = Template(body, document, resources)
    _check_references(template)
    return template


def references(value: Any) -> Iterator[str]:
    """Yield the names that a value refers to: resources, parameters and pseudo parameters."""
    if isinstance(value, list):
        for each in value:
            yield from references(each)
    if not isinstance(value, dict):
        return
    if len(value) == 1:
        ((function, argument),) = value.items()
        if function == "Ref" and isinstance(argument, str):
            yield argument
            return
        if function == "Fn::GetAtt":
            yield (argument.partition(".")[0] if isinstance(argument, str) else str(argument[0]))
            return
        if function == "Fn::Sub":
            yield from _substituted(argument)
            return
    for each in value.values():
        yield from references(each)


def malformed(text: str) -> ServiceError:
    """Return the error for a template that cannot be read."""
    return ServiceError("ValidationError", f"Template format error: {text}")


def invalid(text: str) -> ServiceError:
    """Return the error for a template that makes no sense."""
    return ServiceError("ValidationError", f"Template error: {text}")


def _substituted(argument: Any) -> Iterator[str]:
    """Yield the names that a Fn::Sub refers to."""
    text, own = (argument, {}) if isinstance(argument, str) else (argument[0], argument[1])
    for name in PLACEHOLDER.findall(text):
        if name not in own:
            yield name.partition(".")[0]
    yield from references(list(own.values()))


def _declared(name: str, value: Any) -> Declared:
    """Read one resource."""
    if _LOGICAL.fullmatch(name) is None:
        raise malformed(f"Resource name {name} is non alphanumeric.")
    if not isinstance(value, dict) or not isinstance(value.get("Type"), str):
        raise malformed(f"[/Resources/{name}] Every Resources object must contain a Type member.")
    _expect_known(value, ATTRIBUTES, f"Invalid template resource property in {name}")
    properties = value.get("Properties", {})
    if not isinstance(properties, dict):
        raise malformed(f"[/Resources/{name}/Properties] must be an object")
    depends = value.get("DependsOn", [])
    policies = [value.get(each, "Delete") for each in ("DeletionPolicy", "UpdateReplacePolicy")]
    for each in policies:
        if each not in KEEPING:
            raise malformed(f"Unrecognized or not served DeletionPolicy {each} for {name}")
    return Declared(
        logical=name,
        type=value["Type"],
        properties=properties,
        condition=value.get("Condition"),
        depends_on=(depends,) if isinstance(depends, str) else tuple(depends),
        deletion=policies[0],
        replaced=policies[1],
    )


def _expect_known(value: Mapping[str, Any], known: frozenset[str], what: str) -> None:
    unknown = sorted(value.keys() - known)
    if unknown:
        raise malformed(f"{what} [{', '.join(unknown)}]")


def _check_references(template: Template) -> None:
    """Refuse references to nothing, and circles."""
    known = {*template.resources, *template.section("Parameters")}
    outputs = template.section("Outputs")
    places = [("Resources", template.document["Resources"]), ("Outputs", outputs)]
    for block, value in places:
        strange = sorted(
            name for name in set(references(value)) - known if not name.startswith("AWS::")
        )
        if strange:
            text = f"Unresolved resource dependencies [{', '.join(strange)}] in the {block} block"
            raise malformed(f"{text} of the template")
    for each in template.resources.values():
        missing = [name for name in each.depends_on if name not in template.resources]
        if missing:
            text = f"Unresolved resource dependencies [{', '.join(missing)}] in the Resources block"
            raise malformed(f"{text} of the template")
        if each.condition is not None and each.condition not in template.section("Conditions"):
            raise malformed(f"Template references a condition {each.condition} that is not defined")
    try:
        _ = template.order
    except CycleError as error:
        between = ", ".join(sorted(set(error.args[1])))
        text = f"Circular dependency between resources: [{between}]"
        raise ServiceError("ValidationError", text) from None
