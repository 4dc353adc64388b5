"""Check parameters by botocore's model of the service: types, required members, limits, patterns.

botocore itself checks types, required members and lower limits only; upper limits, patterns and
enumerations are checked here. The service answers all of them with ValidationException.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from promote.sandbox.exchange import ServiceError

if TYPE_CHECKING:
    from botocore.model import OperationModel, ServiceModel, Shape


def checked_params(service: str, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of a JSON call with their blobs decoded.

    Raises:
        ServiceError: ValidationException with every problem, or an operation the service lacks.
    """
    model = operation_model(service, operation)
    shape = model.input_shape
    if shape is None:
        return {}
    decoded = _decoded(shape, params)
    problems = [*_type_problems(shape, decoded), *_limit_problems(shape, decoded, "")]
    if problems:
        plural = "s" if len(problems) > 1 else ""
        text = f"{len(problems)} validation error{plural} detected: {'; '.join(problems)}"
        raise ServiceError("ValidationException", text)
    return cast("dict[str, Any]", decoded)


@cache
def operation_model(service: str, operation: str) -> OperationModel:
    """Return botocore's model of an operation.

    Raises:
        ServiceError: The service has no such operation.
    """
    model = service_model(service)
    if operation not in model.operation_names:
        raise ServiceError("UnknownOperationException", f"{service} has no {operation}.")
    return model.operation_model(operation)


@cache
def service_model(service: str) -> ServiceModel:
    """Return botocore's model of a service."""
    from botocore.loaders import Loader
    from botocore.model import ServiceModel

    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


def _type_problems(shape: Shape, params: Any) -> list[str]:
    """Return what botocore's own validator finds."""
    from botocore.validate import ParamValidator

    report = ParamValidator().validate(params, shape)
    return report.generate_report().splitlines() if report.has_errors() else []


def _decoded(shape: Any, value: Any) -> Any:
    """Return a value with its base64 blobs as bytes; what has the wrong type stays as it is."""
    if shape.type_name == "structure" and isinstance(value, Mapping):
        members = shape.members
        return {k: _decoded(members[k], v) if k in members else v for k, v in value.items()}
    if shape.type_name == "list" and isinstance(value, list):
        return [_decoded(shape.member, item) for item in value]
    if shape.type_name == "blob" and isinstance(value, str):
        try:
            return base64.b64decode(value, validate=True)
        except binascii.Error:
            raise ServiceError("SerializationException", "A blob is not base64.") from None
    return value


def _limit_problems(shape: Any, value: Any, where: str) -> Iterator[str]:
    """Yield the broken upper limits, patterns and enumerations."""
    if shape.type_name == "structure" and isinstance(value, Mapping):
        for name, member in shape.members.items():
            if name in value:
                path = f"{where}.{name[:1].lower()}{name[1:]}".lstrip(".")
                yield from _limit_problems(member, value[name], path)
        return
    if shape.type_name == "list" and isinstance(value, list):
        for index, item in enumerate(value, 1):
            yield from _limit_problems(shape.member, item, f"{where}.{index}.member")
    yield from (
        f"Value at '{where}' failed to satisfy constraint: Member must {rule}"
        for rule in _broken_rules(shape, value)
    )


def _broken_rules(shape: Any, value: Any) -> Iterator[str]:
    """Yield the rules of its shape that a value breaks."""
    most, least, pattern = (shape.metadata.get(name) for name in ("max", "min", "pattern"))
    sized = isinstance(value, str | bytes | list | dict)
    size = len(value) if sized else value
    if isinstance(size, int | float):
        what = "have length" if sized else "have value"
        if most is not None and size > most:
            yield f"{what} less than or equal to {most}"
        if least is not None and size < least and isinstance(value, str):
            yield f"{what} greater than or equal to {least}"
    if isinstance(value, str):
        if pattern and not _pattern(pattern).fullmatch(value):
            yield f"satisfy regular expression pattern: {pattern}"
        choices = getattr(shape, "enum", [])
        if choices and value not in choices:
            yield f"satisfy enum value set: [{', '.join(choices)}]"


@cache
def _pattern(pattern: str) -> re.Pattern[str]:
    """Compile a pattern of the model, which is written for Java."""
    for java, ours in (("\\p{L}", "\\w"), ("\\p{N}", "\\d"), ("\\p{Z}", "\\s")):
        pattern = pattern.replace(java, ours)
    return re.compile(pattern)
