from __future__ import annotations

import functools
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promote.iam.patterns import action_matches, arn_matcher, resource_matches, text_matcher
from tests.unit.iam.documents import DETECT, ML, ROLE, V1, V2


@functools.cache
def _reference(pattern: str, text: str) -> bool:
    """Match by definition, slowly."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return _reference(pattern[1:], text) or (bool(text) and _reference(pattern, text[1:]))
    return bool(text) and pattern[0] in ("?", text[0]) and _reference(pattern[1:], text[1:])


class TestActionMatches:
    @pytest.mark.parametrize("pattern", ["*", DETECT, DETECT.upper(), "rekognition:Detect*Label?"])
    def test_in_any_case(self, pattern: str) -> None:
        assert action_matches(pattern, DETECT)
        assert action_matches(pattern, DETECT.lower())

    @pytest.mark.parametrize("pattern", ["rekognition:Detect", "rekognition:Detect?", "s3:*"])
    def test_not_another_action(self, pattern: str) -> None:
        assert not action_matches(pattern, DETECT)


class TestResourceMatches:
    @pytest.mark.parametrize(
        "pattern",
        [
            "*",
            V1,
            V1.replace("v1", "v?"),
            V1.replace("us-east-1", "*"),
            V1.replace("tools/version/v1", "*"),
            V1.replace(f"us-east-1:{ML}:project", "*"),
        ],
    )
    def test_across_slashes_and_colons(self, pattern: str) -> None:
        assert resource_matches(pattern, V1)

    @pytest.mark.parametrize(
        "pattern", [V2, V1.upper(), V1[:-1], V1 + "?", V1.replace(".", "x") + "."]
    )
    def test_not_another_resource(self, pattern: str) -> None:
        assert not resource_matches(pattern, V1)

    def test_takes_everything_but_wildcards_literally(self) -> None:
        assert not resource_matches("arn:aws:s3:::a.c[x]*", "arn:aws:s3:::abcx")
        assert resource_matches("arn:aws:s3:::a.c[x]*", "arn:aws:s3:::a.c[x]\ny")

    def test_of_a_hostile_pattern_ends_soon(self) -> None:
        start = time.perf_counter()

        assert not resource_matches(
            "arn:aws:s3:::" + "*a" * 200 + "*b", "arn:aws:s3:::" + "a" * 5000
        )

        assert time.perf_counter() - start < 0.5


class TestTextMatcher:
    @settings(max_examples=40, deadline=None, database=None)
    @given(st.text("ab?*", max_size=7), st.text("ab", max_size=7))
    def test_agrees_with_the_definition(self, pattern: str, text: str) -> None:
        assert bool(text_matcher(pattern)(text)) == _reference(pattern, text)


class TestArnMatcher:
    @pytest.mark.parametrize(
        "pattern",
        [ROLE, f"arn:aws:iam::{ML}:role/*", "arn:*:iam::*:*", "arn:aws:i?m::2*2:role*prod"],
    )
    def test_part_by_part(self, pattern: str) -> None:
        assert arn_matcher(pattern)(ROLE)

    @pytest.mark.parametrize("pattern", ["arn:aws:*:role/teams/ml/tools-prod:*:*", "arn:*:*:?:*:*"])
    def test_without_crossing_a_colon_before_the_resource(self, pattern: str) -> None:
        assert not arn_matcher(pattern)(ROLE)

    def test_crossing_colons_in_the_resource(self) -> None:
        assert arn_matcher("arn:aws:sns:*:*:a*c")("arn:aws:sns:us-east-1:1:a:b/c")

    @pytest.mark.parametrize("text", ["", "tools", "arn:aws:iam::222222222222"])
    def test_not_what_is_no_arn(self, text: str) -> None:
        assert not arn_matcher("arn:*:*:*:*:*")(text)

    def test_refuses_a_pattern_of_fewer_parts(self) -> None:
        with pytest.raises(ValueError, match="is not an ARN"):
            arn_matcher("arn:aws:iam:*")

    @settings(max_examples=30, deadline=None, database=None)
    @given(st.text("a?*", min_size=1, max_size=4), st.text("a:", min_size=1, max_size=4))
    def test_agrees_with_the_definition(self, part: str, text: str) -> None:
        expected = _reference(part, text) and text.count(":") == 0

        assert bool(arn_matcher(f"arn:p:s::{part}:r")(f"arn:p:s::{text}:r")) == expected
