"""Find a type of resource; every type is either made, or recorded, or refused by name."""

from __future__ import annotations

from typing import Final

from promote.sandbox.formation import (
    access,
    buckets,
    delivery,
    keys,
    messages,
    recorded,
    watching,
)
from promote.sandbox.formation.kinds import ResourceKind
from promote.sandbox.formation.template import Template, malformed

_MODULES: Final = (access, buckets, delivery, keys, messages, recorded, watching)
KINDS: Final[dict[str, ResourceKind]] = {
    kind.type: kind for module in _MODULES for kind in module.KINDS
}


def kind_of(name: str) -> ResourceKind:
    """Return a type by its name.

    Raises:
        ServiceError: ValidationError, as CloudFormation answers for types that it does not know.
    """
    if name not in KINDS:
        raise malformed(f"Unrecognized resource types: [{name}]")
    return KINDS[name]


def expect_served(template: Template) -> None:
    """Refuse a template with a type that is neither made nor recorded here.

    Raises:
        ServiceError: ValidationError, with every such type.
    """
    types = {each.type for each in template.resources.values()}
    unknown = sorted(types - KINDS.keys())
    if unknown:
        raise malformed(f"Unrecognized resource types: [{', '.join(unknown)}]")


def required_capabilities(template: Template) -> tuple[str, ...]:
    """Return the capability that a template's resources take."""
    resources = {name: (each.type, each.properties) for name, each in template.resources.items()}
    return access.capabilities(resources)
