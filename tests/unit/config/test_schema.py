"""The JSON Schema is the table of keys in another form: what the reader accepts, it accepts."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from promote.config import schema, starter
from promote.config.keys import ROOT
from promote.config.shapes import Either, Listed, Named, Section, Shape
from tests.unit.config.files import GOOD, PUBLISHED, QUALITY, SMALL, changed

PROJECT = "project: tools-detector"


def accepts(rule: dict[str, Any], value: Any) -> bool:
    """Judge a value by the few words of JSON Schema that ours is written in."""
    known = [word for word in _WORDS if word in rule]
    if not all(_WORDS[word](rule[word], value) for word in known):
        return False
    return not isinstance(value, dict) or _accepts_keys(rule, value)


def _accepts_keys(rule: dict[str, Any], value: dict[str, Any]) -> bool:
    properties = rule.get("properties", {})
    rest = rule.get("additionalProperties", {})
    return all(
        accepts(rule.get("propertyNames", {}), key)
        and (
            accepts(properties[key], each)
            if key in properties
            else rest is not False and accepts(rest, each)
        )
        for key, each in value.items()
    )


def _has_type(name: str, value: Any) -> bool:
    types: dict[str, Any] = {
        "object": dict,
        "array": list,
        "string": str,
        "integer": int,
        "number": (int, float),
        "null": type(None),
    }
    return isinstance(value, types[name]) and not isinstance(value, bool)


# In the order of judging, so that a length is only asked of what has one.
_WORDS: dict[str, Any] = {
    "type": _has_type,
    "required": lambda names, value: set(names) <= value.keys(),
    "minProperties": lambda least, value: len(value) >= least,
    "items": lambda item, value: all(accepts(item, each) for each in value),
    "minItems": lambda least, value: len(value) >= least,
    "anyOf": lambda rules, value: any(accepts(each, value) for each in rules),
    "not": lambda refused, value: not accepts(refused, value),
    "enum": lambda words, value: value in words,
    "const": lambda word, value: value == word,
    "pattern": lambda pattern, value: re.search(pattern, value) is not None,
    "minLength": lambda least, value: len(value) >= least,
    "maxLength": lambda most, value: len(value) <= most,
    "minimum": lambda least, value: value >= least,
    "maximum": lambda most, value: value <= most,
    "exclusiveMinimum": lambda low, value: value > low,
    "exclusiveMaximum": lambda high, value: value < high,
}

STARTER = starter(
    region="us-east-1",
    ml_account="222222222222",
    project="tools-detector",
    model="tools",
    environments=[("qa", ["333333333333"]), ("prod", ["444444444444"])],
)


class TestSchema:
    def test_it_uses_only_words_that_the_judge_of_this_test_knows(self) -> None:
        notes = {"$schema", "title", "description", "default", "examples"}
        notes |= {"properties", "propertyNames", "additionalProperties"}
        found: set[str] = set()

        def collect(rule: Any) -> None:
            found.update(rule)
            for each in (*rule.get("properties", {}).values(), *rule.get("anyOf", ())):
                collect(each)
            for word in ("items", "additionalProperties", "propertyNames"):
                if isinstance(rule.get(word), dict):
                    collect(rule[word])

        collect(schema())
        assert found <= _WORDS.keys() | notes

    @pytest.mark.parametrize("text", [GOOD, SMALL, STARTER, QUALITY, PUBLISHED])
    def test_what_the_reader_accepts_it_accepts(self, text: str) -> None:
        assert accepts(schema(), yaml.safe_load(text))

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("version: 1", "version: 2"),
            ("region: us-east-1", "region: eu-north-1"),
            ('"222222222222"', "222222222222"),
            (PROJECT, "project: a/b"),
            (PROJECT, "projekt: tools-detector"),
            ("service: rekognition", "service: transcribe"),
            (PROJECT, f"{PROJECT}\n    labels: []"),
            (PROJECT, f"{PROJECT}\n    labels: hammer"),
            (PROJECT, f"{PROJECT}\n    labels: [' ']"),
            (PROJECT, f"{PROJECT}\n    labels: {{ssn: /labels}}"),
            ("drain: 30s", "drain: 30 s"),
            ("drain: 30s", "keep_warm: 24 h"),
            ("start: 30m", "start: 00m"),
            ("[100%]", "[1, 0%]"),
            ("{model}-{environment}", "{modle}-{environment}"),
            ("ledger: .promote", "ledger: https://ledger"),
            ("min_accuracy: 0.9", "min_accuracy: 90%"),
            ("after: qa", "after: {qa: 1}"),
            ("name: qa", "name: QA"),
            ("  quotas: {", "  evaluations: s3://b/*\n  quotas: {"),
            ("drain: 30s", "gates: {f1: 1.01}"),
            ("drain: 30s", "gates: {labels: all}"),
            ("drain: 30s", "gates: {golden: {confidence: 1}}"),
            ("drain: 30s", "gates: {golden: {confidence: 0.5}}"),
            ("drain: 30s", "gates: {golden: {image: golden/}}"),
            ("drain: 30s", "gates: {alarm: []}"),
            ("drain: 30s", "gates: {alarm: '{modle}-errors'}"),
        ],
    )
    def test_what_the_reader_refuses_by_shape_it_refuses(self, old: str, new: str) -> None:
        assert not accepts(schema(), yaml.safe_load(changed(old, new)))

    def test_every_default_is_a_value_of_its_own_rule(self) -> None:
        def check(rule: Any) -> None:
            for name, each in rule.get("properties", {}).items():
                assert "default" not in each or accepts(each, each["default"]), name
                check(each)

        check(schema()["properties"]["ml"])  # type: ignore[index]  # a document is made of objects
        check(schema()["properties"]["defaults"])  # type: ignore[index]  # as above


class TestTable:
    def test_every_key_has_a_meaning_and_either_a_type_or_what_brings_it(self) -> None:
        seen = []

        def walk(shape: Shape | None) -> None:
            if isinstance(shape, Named):
                walk(shape.section)
            elif isinstance(shape, Listed) and isinstance(shape.item, Section):
                walk(shape.item)
            elif isinstance(shape, Either):
                walk(shape.section)
            elif isinstance(shape, Section):
                for key in shape.keys:
                    assert key.meaning
                    assert (key.shape is None) == bool(key.later), key.name
                    seen.append(key.name)
                    walk(key.shape)

        walk(ROOT)
        assert len(seen) > 60
