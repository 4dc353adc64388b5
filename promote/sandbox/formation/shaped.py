"""Turn properties of a template into parameters of an API by botocore's model of it.

Many types of resources have the members of their service's API, with a capital and with numbers and
truths that may be text.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from promote.sandbox.formation.kinds import ResourceError
from promote.sandbox.validation import operation_model

if TYPE_CHECKING:
    from botocore.model import Shape


def parameters(
    service: str, operation: str, properties: Mapping[str, Any], names: Iterable[str]
) -> dict[str, Any]:
    """Return the named properties as parameters of an operation.

    Raises:
        ResourceError: A property has a member that the API does not have.
    """
    shape = operation_model(service, operation).input_shape
    chosen = {name: properties[name] for name in names if name in properties}
    found: dict[str, Any] = fitted(shape, chosen, "")
    return found


def fitted(shape: Any, value: Any, place: str) -> Any:
    """Return a value as its shape has it.

    Raises:
        ResourceError: It has a member that the shape does not have, or is of another type.
    """
    match shape.type_name:
        case "structure":
            return _structure(shape, value, place)
        case "list":
            if not isinstance(value, list):
                raise ResourceError(f"#{place}: expected type: JSONArray")
            return [fitted(shape.member, each, f"{place}/{i}") for i, each in enumerate(value)]
        case "map":
            if not isinstance(value, Mapping):
                raise ResourceError(f"#{place}: expected type: JSONObject")
            return {
                str(name): fitted(shape.value, each, f"{place}/{name}")
                for name, each in value.items()
            }
    return _scalar(shape, value, place)


def _structure(shape: Any, value: Any, place: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise ResourceError(f"#{place}: expected type: JSONObject")
    members: dict[str, tuple[str, Shape]] = {
        name.lower(): (name, member) for name, member in shape.members.items()
    }
    found = {}
    for name, each in value.items():
        if name.lower() not in members:
            raise ResourceError(f"#{place}: extraneous key [{name}] is not permitted")
        member, inner = members[name.lower()]
        found[member] = fitted(inner, each, f"{place}/{name}")
    return found


def _scalar(shape: Any, value: Any, place: str) -> Any:
    kind = shape.type_name
    if kind == "boolean" and value in (True, False, "true", "false"):
        return value in (True, "true")
    try:
        if kind in {"integer", "long"} and not isinstance(value, bool):
            return int(value)
        if kind in {"float", "double"} and not isinstance(value, bool):
            return float(value)
    except (TypeError, ValueError):
        pass
    else:
        if kind == "string" and isinstance(value, dict):
            return json.dumps(value)
        if kind == "string" and isinstance(value, str | int | float):
            return str(value).lower() if isinstance(value, bool) else str(value)
    raise ResourceError(f"#{place}: expected type: {kind}, found: {value!r}")
