"""Read requests and write answers of the query protocol, by botocore's model of the service.

Reference: Smithy, "AWS Query protocol".
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import escape

from promote.sandbox.exchange import Call, Response, ServiceError, xml_response
from promote.sandbox.validation import checked_params, operation_model

if TYPE_CHECKING:
    from botocore.model import Shape

_ENVELOPE: Final = frozenset({"Action", "Version"})


def read_params(call: Call) -> dict[str, Any]:
    """Return the parameters of a call as nested values, checked by the model.

    Raises:
        ServiceError: ValidationError; also for a parameter that the operation does not have.
    """
    try:
        shape = operation_model(call.service, call.operation).input_shape
        nested = {} if shape is None else _read(shape, _tree(call.params))
        return checked_params(call.service, call.operation, nested)
    except ServiceError as error:
        if error.code != "ValidationException":
            raise
        raise ServiceError("ValidationError", error.message) from error


def write_answer(call: Call, result: Mapping[str, Any], request_id: str) -> Response:
    """Write the result of an operation as XML."""
    shape = operation_model(call.service, call.operation).output_shape
    name = call.operation
    inner = ""
    if shape is not None:
        inner = f"<{name}Result>{_members(shape, result)}</{name}Result>"
    return xml_response(
        f"<{name}Response>{inner}<ResponseMetadata><RequestId>{request_id}</RequestId>"
        f"</ResponseMetadata></{name}Response>"
    )


def _tree(flat: Mapping[str, Any]) -> dict[str, Any]:
    """Turn ``A.member.1.B`` into nested dictionaries."""
    tree: dict[str, Any] = {}
    for name, value in flat.items():
        if name in _ENVELOPE:
            continue
        *path, last = name.split(".")
        place = tree
        for step in path:
            found = place.setdefault(step, {})
            if not isinstance(found, dict):
                raise ServiceError("MalformedInput", f"The parameter {name} is not well-formed.")
            place = found
        place[last] = value
    return tree


def _read(shape: Any, value: Any) -> Any:
    """Return a value of the tree as its shape has it; what does not fit stays as it is."""
    match shape.type_name:
        case "structure" if isinstance(value, dict):
            return {
                name: _read(shape.members[name], each) if name in shape.members else each
                for name, each in value.items()
            }
        case "list":
            members = value.get("member", {}) if isinstance(value, dict) else {}
            numbered = sorted(members.items(), key=lambda item: int(item[0]))
            return [_read(shape.member, each) for _, each in numbered]
        case "boolean" if value in {"true", "false"}:
            return value == "true"
        case "integer" | "long" if str(value).lstrip("-").isdigit():
            return int(value)
    return value


def _members(shape: Any, value: Mapping[str, Any]) -> str:
    """Write the members of a structure; what is None is left out."""
    unknown = value.keys() - shape.members.keys()
    if unknown:
        msg = f"{shape.name} has no {', '.join(sorted(unknown))}"
        raise KeyError(msg)
    return "".join(
        f"<{name}>{_written(shape.members[name], each)}</{name}>"
        for name, each in value.items()
        if each is not None
    )


def _written(shape: Shape, value: Any) -> str:
    """Write one value."""
    if shape.type_name == "structure":
        return _members(shape, value)
    if shape.type_name == "list":
        member: Shape = shape.member  # type: ignore[attr-defined]
        return "".join(f"<member>{_written(member, each)}</member>" for each in value)
    if shape.type_name == "timestamp":
        return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    if isinstance(value, bool):
        return "true" if value else "false"
    return escape(str(value))
