"""Work out the values of a template: parameters, conditions and intrinsic functions.

Reference: CloudFormation template reference, "Intrinsic functions", "Pseudo parameters" and
"Parameters". A function that is not here is refused by name.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from promote.sandbox.exchange import ServiceError
from promote.sandbox.formation.template import PLACEHOLDER, Template, invalid, malformed


class _Marker:
    """A value that stands for itself."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return self._name


UNKNOWN: Final = _Marker("known after the change")
"""What depends on a resource that is yet to be made."""
NO_VALUE: Final = _Marker("AWS::NoValue")

_PARAMETER: Final = frozenset(
    {
        "AllowedPattern",
        "AllowedValues",
        "ConstraintDescription",
        "Default",
        "Description",
        "MaxLength",
        "MaxValue",
        "MinLength",
        "MinValue",
        "NoEcho",
        "Type",
    }
)
_TYPES: Final = frozenset({"String", "Number", "CommaDelimitedList", "List<Number>"})

Reference = Callable[[str, str | None], Any]
"""Return what Ref gives of a resource, or, with an attribute, what Fn::GetAtt gives."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a template's values are worked out with."""

    template: Template
    parameters: Mapping[str, Any]
    pseudo: Mapping[str, Any]
    resource: Reference
    exports: Mapping[str, str] = field(default_factory=dict)

    def resolve(self, value: Any) -> Any:
        """Return a value with its functions worked out; without what is AWS::NoValue."""
        if isinstance(value, list):
            found = [self.resolve(each) for each in value]
            return [each for each in found if each is not NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((name, argument),) = value.items()
            if name == "Ref" or name.startswith("Fn::"):
                return self._function(name, argument)
            if name == "Condition" and isinstance(argument, str):
                conditions = self.template.section("Conditions")
                if argument in conditions:
                    return self.holds(argument)
        resolved = {name: self.resolve(each) for name, each in value.items()}
        return {name: each for name, each in resolved.items() if each is not NO_VALUE}

    def holds(self, condition: str | None) -> bool:
        """Say whether a condition of the template holds; none always does."""
        if condition is None:
            return True
        conditions = self.template.section("Conditions")
        if condition not in conditions:
            raise malformed(f"Unresolved condition dependency {condition}")
        return bool(self.resolve(conditions[condition]))

    def _function(self, name: str, argument: Any) -> Any:
        """Work out one function."""
        served = _FUNCTIONS.get(name)
        if served is None:
            text = f"Unrecognized or not served function {name}; the sandbox has "
            raise malformed(text + ", ".join(sorted(_FUNCTIONS)))
        return served(self, argument)

    def ref(self, name: Any) -> Any:
        """Return what a Ref gives."""
        if name == "AWS::NoValue":
            return NO_VALUE
        if name in self.pseudo:
            return self.pseudo[name]
        if name in self.parameters:
            return self.parameters[name]
        return self.resource(name, None)


def parameter_values(template: Template, given: Mapping[str, str]) -> dict[str, Any]:
    """Return the value of each parameter, given or by default.

    Raises:
        ServiceError: One has no value, a value that is not allowed, or is not in the template.
    """
    declared = template.section("Parameters")
    strange = sorted(given.keys() - declared.keys())
    if strange:
        text = f"Parameters: [{', '.join(strange)}] do not exist in the template"
        raise ServiceError("ValidationError", text)
    missing = sorted(
        name for name, each in declared.items() if name not in given and "Default" not in each
    )
    if missing:
        raise ServiceError(
            "ValidationError", f"Parameters: [{', '.join(missing)}] must have values"
        )
    return {
        name: _parameter(name, each, str(given.get(name, each.get("Default"))))
        for name, each in declared.items()
    }


def _parameter(name: str, declared: Mapping[str, Any], text: str) -> Any:
    """Check the value of one parameter and return it in its type."""
    kind = declared.get("Type")
    unknown = sorted(declared.keys() - _PARAMETER)
    if kind not in _TYPES or unknown:
        raise malformed(f"Parameter {name}: not served {', '.join(unknown) or kind}")
    pattern = declared.get("AllowedPattern")
    allowed = [str(each) for each in declared.get("AllowedValues", [])]
    values = text.split(",") if kind in {"CommaDelimitedList", "List<Number>"} else [text]
    for each in values:
        if allowed and each not in allowed:
            problem = f"must be one of AllowedValues: [{', '.join(allowed)}]"
        elif pattern is not None and re.fullmatch(pattern, each) is None:
            problem = f"must match pattern {pattern}"
        elif not _fits(declared, each, str(kind)):
            problem = "must keep to the limits of its declaration"
        else:
            continue
        text = declared.get("ConstraintDescription", problem)
        raise ServiceError("ValidationError", f"Parameter '{name}' {text}")
    return values if kind in {"CommaDelimitedList", "List<Number>"} else text


def _fits(declared: Mapping[str, Any], text: str, kind: str) -> bool:
    """Say whether a value keeps to the lengths, or as a number to the limits, of its parameter."""
    if kind in {"Number", "List<Number>"}:
        if re.fullmatch(r"-?\d+(\.\d+)?", text) is None:
            return False
        least, most, size = declared.get("MinValue"), declared.get("MaxValue"), float(text)
    else:
        least, most, size = declared.get("MinLength"), declared.get("MaxLength"), float(len(text))
    return (least is None or size >= float(least)) and (most is None or size <= float(most))


def _get_att(scope: Scope, argument: Any) -> Any:
    parts = argument.split(".", 1) if isinstance(argument, str) else list(argument)
    if len(parts) != 2 or not all(isinstance(each, str) for each in parts):  # noqa: PLR2004 - a pair
        raise invalid("every Fn::GetAtt object requires two non-empty parameters")
    return scope.resource(parts[0], parts[1])


def _join(scope: Scope, argument: Any) -> Any:
    if not isinstance(argument, list) or len(argument) != 2:  # noqa: PLR2004 - a pair
        raise invalid("every Fn::Join object requires two parameters")
    parts = scope.resolve(argument[1])
    if parts is UNKNOWN or UNKNOWN in parts:
        return UNKNOWN
    if not all(isinstance(each, str | int | float) for each in parts):
        raise invalid("every Fn::Join object requires a list of strings")
    return str(argument[0]).join(map(_text, parts))


def _select(scope: Scope, argument: Any) -> Any:
    index, values = (scope.resolve(each) for each in argument)
    if UNKNOWN in (index, values):
        return UNKNOWN
    if not isinstance(values, list) or not 0 <= int(index) < len(values):
        raise invalid("Fn::Select cannot select nonexistent value at index " + str(index))
    return values[int(index)]


def _split(scope: Scope, argument: Any) -> Any:
    text = scope.resolve(argument[1])
    return UNKNOWN if text is UNKNOWN else str(text).split(argument[0])


def _sub(scope: Scope, argument: Any) -> Any:
    text, own = (argument, {}) if isinstance(argument, str) else (argument[0], argument[1])
    values = {name: scope.resolve(each) for name, each in own.items()}
    unknown = False

    def value(match: re.Match[str]) -> str:
        nonlocal unknown
        name = match[1]
        if name in values:
            found = values[name]
        elif "." in name:
            found = _get_att(scope, name)
        else:
            found = scope.ref(name)
        unknown = unknown or found is UNKNOWN
        return _text(found)

    filled = PLACEHOLDER.sub(value, text)
    return UNKNOWN if unknown else filled.replace("${!", "${")


def _if(scope: Scope, argument: Any) -> Any:
    if not isinstance(argument, list) or len(argument) != 3:  # noqa: PLR2004 - a condition, two values
        raise invalid("Fn::If requires a list argument with three values")
    return scope.resolve(argument[1] if scope.holds(argument[0]) else argument[2])


def _equals(scope: Scope, argument: Any) -> bool:
    one, other = (scope.resolve(each) for each in argument)
    return bool(_text(one) == _text(other))


def _find(scope: Scope, argument: Any) -> Any:
    found: Any = scope.template.section("Mappings")
    for each in argument:
        key = scope.resolve(each)
        if not isinstance(found, dict) or key not in found:
            raise invalid(f"Unable to get mapping for {'::'.join(map(str, argument))}")
        found = found[key]
    return found


def _import(scope: Scope, argument: Any) -> str:
    name = scope.resolve(argument)
    if name not in scope.exports:
        raise ServiceError("ValidationError", f"No export named {name} found.")
    return scope.exports[name]


def _base64(scope: Scope, argument: Any) -> Any:
    text = scope.resolve(argument)
    return UNKNOWN if text is UNKNOWN else base64.b64encode(str(text).encode()).decode()


def _text(value: Any) -> str:
    """Write a value as a string as CloudFormation does."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


_FUNCTIONS: Final[dict[str, Callable[[Scope, Any], Any]]] = {
    "Ref": lambda scope, argument: scope.ref(argument),
    "Fn::And": lambda scope, argument: all(scope.resolve(each) for each in argument),
    "Fn::Base64": _base64,
    "Fn::Equals": _equals,
    "Fn::FindInMap": _find,
    "Fn::GetAtt": _get_att,
    "Fn::If": _if,
    "Fn::ImportValue": _import,
    "Fn::Join": _join,
    "Fn::Not": lambda scope, argument: not scope.resolve(argument[0]),
    "Fn::Or": lambda scope, argument: any(scope.resolve(each) for each in argument),
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::Sub": _sub,
}
