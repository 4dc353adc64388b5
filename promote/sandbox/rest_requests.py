"""Understand requests of services that speak JSON over REST, by botocore's model of the service.

Reference: Smithy, "AWS restJson1 protocol": method and path name the operation; its parameters are
in the path, the query and the body.
"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, unquote

from promote.sandbox.dialect import common_error
from promote.sandbox.exchange import Call, Protocol, Request, ServiceError
from promote.sandbox.signature import Scope
from promote.sandbox.validation import service_model

if TYPE_CHECKING:
    from botocore.model import OperationModel

SERVICES: Final = frozenset({"scheduler"})
_LABEL: Final = re.compile(r"\{(\w+)(\+?)\}")


def rest_json_call(request: Request, scope: Scope) -> Call:
    """Return the call that a request makes.

    Raises:
        ServiceError: The service has no such operation, or the body is not JSON.
    """
    for model, pattern in _operations(scope.service):
        match = pattern.fullmatch(request.path)
        if match is not None and model.http["method"] == request.method:
            labels = {name: unquote(value) for name, value in match.groupdict().items()}
            params = {**_body(request), **_query(model, request), **_named(model, labels)}
            return Call(scope.service, model.name, scope.region, Protocol.JSON, params)
    text = f"{scope.service} has no {request.method} {request.path}."
    raise common_error("not_built", Protocol.JSON, text)


@cache
def _operations(service: str) -> tuple[tuple[OperationModel, re.Pattern[str]], ...]:
    """Return each operation of a service with the pattern of its path."""
    model = service_model(service)
    operations = (model.operation_model(name) for name in model.operation_names)
    return tuple((each, _pattern(each.http["requestUri"])) for each in operations)


def _pattern(uri: str) -> re.Pattern[str]:
    """Turn ``/schedules/{Name}`` into a pattern."""
    path = uri.partition("?")[0]
    parts, end = [], 0
    for label in _LABEL.finditer(path):
        parts.append(re.escape(path[end : label.start()]))
        parts.append(f"(?P<{label[1]}>{'.+' if label[2] else '[^/]+'})")
        end = label.end()
    return re.compile("".join(parts) + re.escape(path[end:]) + "/?")


def _body(request: Request) -> dict[str, Any]:
    if not request.body:
        return {}
    try:
        found = json.loads(request.body)
    except ValueError:
        raise ServiceError("SerializationException", "The body is not JSON.") from None
    if not isinstance(found, dict):
        raise ServiceError("SerializationException", "The body is not a JSON object.")
    return found


def _query(model: OperationModel, request: Request) -> dict[str, Any]:
    """Return the parameters in the query, by the names of the operation's members."""
    given = parse_qs(request.query, keep_blank_values=True)
    found: dict[str, Any] = {}
    members = model.input_shape.members if model.input_shape is not None else {}
    for name, shape in members.items():
        if shape.serialization.get("location") == "querystring":
            values = given.get(shape.serialization.get("name", name))
            if values:
                found[name] = values if shape.type_name == "list" else values[0]
    return found


def _named(model: OperationModel, labels: dict[str, str]) -> dict[str, Any]:
    """Return the parameters in the path, by the names of the operation's members."""
    members = model.input_shape.members if model.input_shape is not None else {}
    by_label = {
        shape.serialization.get("name", name): name
        for name, shape in members.items()
        if shape.serialization.get("location") == "uri"
    }
    return {by_label.get(label, label): value for label, value in labels.items()}
