"""Describe promote.yaml in JSON Schema (draft 2020-12), for editors; made from the table of keys.

It knows the shape only. What lies between keys, such as two environments with one role, is found
by ``promote config check``.
"""

from __future__ import annotations

from promote.config.keys import ROOT
from promote.config.kinds import JsonSchema
from promote.config.shapes import Either, Key, Listed, Named, Section, Shape


def schema() -> JsonSchema:
    """Return the JSON Schema of promote.yaml."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "promote.yaml",
        **_section(ROOT),
    }


def _section(section: Section) -> JsonSchema:
    described: JsonSchema = {
        "type": "object",
        "properties": {key.name: _key(key) for key in section.keys},
        "additionalProperties": False,
    }
    required = [key.name for key in section.keys if key.required]
    return {**described, "required": required} if required else described


def _key(key: Key) -> JsonSchema:
    if key.shape is None:
        return {
            "description": f"{key.meaning} (not supported yet: comes with {key.later})",
            "not": {},
        }
    shape = _shape(key.shape)
    if key.nullable:
        shape = {"anyOf": [shape, {"type": "null"}]}
    described = {"description": key.meaning, **shape}
    if key.default is not None:
        described["default"] = list(key.default) if isinstance(key.default, tuple) else key.default
    return described


def _shape(shape: Shape) -> JsonSchema:
    match shape:
        case Section():
            return _section(shape)
        case Named():
            return {
                "type": "object",
                "propertyNames": shape.names.schema(),
                "additionalProperties": _section(shape.section),
                "minProperties": 1,
            }
        case Listed():
            item = _shape(shape.item)
            several: JsonSchema = {"type": "array", "items": item, "minItems": shape.least}
            return {"anyOf": [item, several]} if shape.alone else several
        case Either():
            return {"anyOf": [_shape(shape.listed), _section(shape.section)]}
        case _:
            return shape.schema()
