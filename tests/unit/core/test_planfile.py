"""The plan file: canonical, under a digest, and refused when a byte of it was changed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promote.core.codec import canonical
from promote.core.plan import Cost, Made
from promote.core.planfile import decode, digest, encode
from promote.errors import PlanFileError
from tests.builders import NOW, a_plan, a_request

PLAN = a_plan()
CONTENT = encode(PLAN)
MADE = CONTENT.index(b'"made":')
MADE_END = CONTENT.index(b"}", MADE)


def body(**changes: Any) -> dict[str, Any]:
    found = json.loads(CONTENT)
    assert isinstance(found, dict)
    return {**found, **changes}


def forged(**changes: Any) -> bytes:
    """Write a changed plan with the digest that it would have."""
    data = {key: value for key, value in body(**changes).items() if key not in {"digest", "made"}}
    stated = hashlib.sha256(canonical(data)).hexdigest()
    return canonical({**body(**changes), "digest": stated})


class TestEncode:
    def test_is_one_canonical_line_with_the_digest_in_it(self) -> None:
        assert canonical(json.loads(CONTENT)) + b"\n" == CONTENT
        assert json.loads(CONTENT)["digest"] == digest(PLAN)

    def test_is_given_back_by_decode(self) -> None:
        assert decode(CONTENT) == PLAN
        assert encode(decode(CONTENT)) == CONTENT

    def test_is_read_again_whatever_numbers_the_plan_was_built_of(self) -> None:
        plan = replace(PLAN, cost=Cost(before=0, during=4, after=4))

        assert decode(encode(plan)) == plan

    def test_of_a_plan_without_steps_is_read_again(self) -> None:
        plan = a_plan(steps=())

        assert decode(encode(plan)) == plan


class TestDigest:
    def test_is_the_same_whenever_and_by_whatever_the_plan_was_made(self) -> None:
        later = replace(PLAN, made=Made(at=NOW + timedelta(days=1), tool="promote 9"))

        assert digest(later) == digest(PLAN)

    def test_is_another_for_anything_else(self) -> None:
        others = [
            replace(PLAN, request=a_request(reason=None)),
            replace(PLAN, targets=PLAN.targets[:1]),
            replace(PLAN, gates=()),
            replace(PLAN, steps=PLAN.steps[::-1]),
            replace(PLAN, cost=Cost(before=4.0, during=8.0, after=4.5)),
            replace(PLAN, changes=0),
        ]

        assert len({digest(plan) for plan in [PLAN, *others]}) == len(others) + 1


class TestDecode:
    @settings(max_examples=50, deadline=None, database=None)
    @given(st.integers(0, len(CONTENT) - 2), st.integers(1, 255))
    def test_refuses_a_changed_byte_or_it_is_of_no_account(self, at: int, bits: int) -> None:
        changed = bytearray(CONTENT)
        changed[at] ^= bits
        try:
            plan = decode(bytes(changed))
        except PlanFileError:
            return
        assert MADE < at < MADE_END
        assert digest(plan) == digest(PLAN)

    @settings(max_examples=25, deadline=None, database=None)
    @given(st.integers(0, len(CONTENT) - 2))
    def test_refuses_a_file_that_was_cut_off(self, at: int) -> None:
        with pytest.raises(PlanFileError):
            decode(CONTENT[:at])

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"{}",
            b"[]",
            b"null",
            b"\xff\xfe",
            b'{"kind":"result","format":1}',
            b"[" * 200_000,
            b'{"kind":"plan","format":1,"x":' + b"9" * 5000 + b"}",
        ],
        ids=["empty", "object", "list", "null", "bytes", "result", "deep", "long-number"],
    )
    def test_refuses_what_is_no_plan_file(self, content: bytes) -> None:
        with pytest.raises(PlanFileError) as refused:
            decode(content)
        assert "promote plan MODEL VERSION --to ENVIRONMENT --out plan.json" in refused.value.remedy

    @pytest.mark.parametrize("number", [0, 2, "1", None])
    def test_refuses_a_format_that_it_does_not_know(self, number: object) -> None:
        with pytest.raises(PlanFileError, match="reads format 1"):
            decode(canonical(body(format=number)))

    def test_refuses_another_digest_than_its_own(self) -> None:
        with pytest.raises(PlanFileError, match="The plan file was changed"):
            decode(canonical(body(digest="0" * 64)))
        with pytest.raises(PlanFileError, match="Its digest says None"):
            decode(canonical({k: v for k, v in body().items() if k != "digest"}))

    def test_refuses_another_digest_than_the_expected_one(self) -> None:
        assert decode(CONTENT, expected_digest=digest(PLAN)) == PLAN
        with pytest.raises(PlanFileError, match="--digest asks for abc"):
            decode(CONTENT, expected_digest="abc")

    @pytest.mark.parametrize(
        "content",
        [
            json.dumps(json.loads(CONTENT)).encode(),
            json.dumps(json.loads(CONTENT), indent=2, sort_keys=True).encode(),
            canonical(dict(reversed(body().items()))).replace(b'{"changes"', b'{ "changes"'),
            CONTENT.replace(b'"kind":"plan"', b'"kind":"plan","kind":"plan"'),
            CONTENT.replace(b"two new labels", rb"two\u0020new labels"),
            b" " + CONTENT,
            CONTENT + b" ",
        ],
        ids=["spaces", "indented", "one-space", "repeated", "escaped", "before", "after"],
    )
    def test_refuses_other_bytes_that_say_the_same(self, content: bytes) -> None:
        with pytest.raises(PlanFileError, match="not canonical"):
            decode(content)

    @pytest.mark.parametrize(
        "changes",
        [
            {"format": True},
            {"extra": 1},
            {"changes": "1"},
            {"steps": [{"step": "delete"}]},
            {"facts": [{"fact": "weather", "subject": "x", "was": "y", "accepts": []}]},
        ],
        ids=["format", "extra", "type", "step", "fact"],
    )
    def test_refuses_what_is_no_plan_even_under_a_right_digest(
        self, changes: dict[str, Any]
    ) -> None:
        with pytest.raises(PlanFileError, match=r"Not a plan file|Unknown plan format"):
            decode(forged(**changes))

    @pytest.mark.parametrize(
        ("old", "new"),
        [(b"two new labels", rb"\ud800"), (b"promote 0.1.0", rb"\udfff")],
        ids=["content", "made"],
    )
    def test_refuses_half_a_character(self, old: bytes, new: bytes) -> None:
        with pytest.raises(PlanFileError):
            decode(CONTENT.replace(old, new))

    def test_does_not_mind_the_last_line_break(self) -> None:
        assert decode(CONTENT.rstrip(b"\n")) == PLAN
