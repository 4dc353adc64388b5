"""Dataclasses to JSON and back, strictly."""

from __future__ import annotations

import enum
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Literal

import pytest

from promote.core.codec import CodecError, canonical, from_json, to_json


class Colour(enum.Enum):
    RED = "red"


@dataclass(frozen=True)
class Circle:
    radius: float
    shape: Literal["circle"] = "circle"


@dataclass(frozen=True)
class Square:
    side: int
    shape: Literal["square"] = "square"


@dataclass(frozen=True)
class Drawing:
    at: datetime
    colour: Colour
    scale: float | None
    shapes: tuple[Circle | Square, ...]
    notes: Mapping[str, object]
    format: Literal[1] = 1
    open: bool = True


DRAWING = Drawing(
    at=datetime(2026, 3, 2, 14, 0, 0, 1, tzinfo=UTC),
    colour=Colour.RED,
    scale=None,
    shapes=(Circle(1.5), Square(2)),
    notes={"b": [1, {"c": None}]},
)


def plain(**changes: Any) -> dict[str, Any]:
    data = to_json(DRAWING)
    assert isinstance(data, dict)
    return {**data, **changes}


class TestToJson:
    def test_writes_plain_values(self) -> None:
        assert plain() == {
            "at": "2026-03-02T14:00:00.000001Z",
            "colour": "red",
            "scale": None,
            "shapes": [{"radius": 1.5, "shape": "circle"}, {"side": 2, "shape": "square"}],
            "notes": {"b": [1, {"c": None}]},
            "format": 1,
            "open": True,
        }

    def test_writes_times_in_utc(self) -> None:
        there = datetime(2026, 3, 2, 15, tzinfo=timezone(timedelta(hours=1)))

        assert to_json(there) == "2026-03-02T14:00:00Z"

    def test_writes_a_whole_number_in_a_field_of_floats_as_reading_makes_it(self) -> None:
        assert repr(to_json(Circle(2))) == "{'radius': 2.0, 'shape': 'circle'}"
        assert repr(to_json(Square(2))) == "{'side': 2, 'shape': 'square'}"


class TestFromJson:
    def test_gives_back_what_was_written(self) -> None:
        assert from_json(Drawing, json.loads(canonical(plain()))) == DRAWING

    def test_tells_a_union_by_its_tag(self) -> None:
        square: Circle | Square = from_json(Circle | Square, {"side": 2, "shape": "square"})

        assert square == Square(2)

    def test_reads_a_whole_number_where_a_float_is_meant(self) -> None:
        drawing: Drawing = from_json(Drawing, plain(scale=2))

        assert repr(drawing.scale) == "2.0"

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"size": 1}, "found 'size', expected one of the keys"),
            ({"at": "yesterday"}, "document.at: found 'yesterday', expected a time"),
            ({"at": "2026-03-02T14:00:00"}, "expected a time"),
            ({"at": "0001-01-01T00:00:00+23:59"}, "expected a time"),
            ({"at": 7}, "expected a time"),
            ({"colour": "green"}, r"document.colour: found 'green', expected one of \['red'\]"),
            ({"colour": []}, "expected one of"),
            ({"scale": "1"}, "expected a finite number"),
            ({"scale": True}, "expected a finite number"),
            ({"scale": 10**400}, "expected a finite number"),
            ({"scale": float("inf")}, "expected a finite number"),
            ({"scale": float("nan")}, "expected a finite number"),
            ({"shapes": {}}, "expected a list"),
            ({"shapes": [{"shape": "star"}]}, r"shapes\[0\]: .* expected one of \['Circle', 'Sq"),
            ({"shapes": [{"shape": "circle"}]}, r"shapes\[0\].radius: found nothing"),
            ({"shapes": [{"shape": "square", "side": 2.0}]}, r"shapes\[0\].side: .* expected int"),
            ({"notes": []}, "expected an object"),
            ({"format": 2}, "document.format: found 2"),
            ({"format": True}, "document.format: found True"),
            ({"format": 1.0}, "document.format: found 1.0"),
            ({"open": 1}, "document.open: found 1, expected bool"),
        ],
    )
    def test_refuses_anything_else_naming_the_place(
        self, change: dict[str, Any], message: str
    ) -> None:
        with pytest.raises(CodecError, match=message):
            from_json(Drawing, plain(**change))

    @pytest.mark.parametrize("key", plain())
    def test_refuses_a_missing_key(self, key: str) -> None:
        rest = {name: value for name, value in plain().items() if name != key}

        with pytest.raises(CodecError, match=f"document.{key}: found nothing, expected a value"):
            from_json(Drawing, rest)

    def test_lets_an_older_document_have_the_defaults_of_what_it_did_not_know(self) -> None:
        rest = plain(shapes=[{"side": 2, "shape": "square"}])
        del rest["open"]
        drawing: Drawing = from_json(Drawing, rest, lenient=True)
        assert drawing.open is True
        del rest["scale"]
        with pytest.raises(CodecError, match=r"document\.scale: found nothing"):
            from_json(Drawing, rest, lenient=True)
        with pytest.raises(CodecError, match="found 'shut'"):
            from_json(Drawing, plain(shut=False), lenient=True)

    @pytest.mark.parametrize("data", [None, [], "text", 1])
    def test_refuses_what_is_no_object(self, data: object) -> None:
        with pytest.raises(CodecError, match="expected an object"):
            from_json(Drawing, data)

    def test_has_no_rule_for_a_type_that_no_document_has(self) -> None:
        with pytest.raises(TypeError, match="the codec has no rule for"):
            from_json(timedelta, 1)


class TestCanonical:
    def test_sorts_keys_and_leaves_space_out(self) -> None:
        assert canonical({"b": [1, 2], "a": "ü"}) == '{"a":"ü","b":[1,2]}'.encode()
