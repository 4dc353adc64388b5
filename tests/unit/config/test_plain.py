"""YAML that is not ours is read as texts, lists and tables."""

from __future__ import annotations

import pytest

from promote.config.plain import plain
from promote.errors import InputError


class TestPlain:
    def test_keeps_every_scalar_as_the_text_that_it_is(self) -> None:
        read = plain("version: 0.20\nflag: yes\ncount: 010\nlist: [a, {b: c}]\n", "buildspec")
        assert read == {"version": "0.20", "flag": "yes", "count": "010", "list": ["a", {"b": "c"}]}

    def test_keeps_lines_of_a_block(self) -> None:
        assert plain("run: |\n  one\n  two\n", "buildspec") == {"run": "one\ntwo\n"}

    def test_has_nothing_where_nothing_stands(self) -> None:
        assert plain("a:\nb: ''\n", "buildspec") == {"a": None, "b": ""}

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("a: [", "this is not YAML"),
            ("a: 1\na: 2\n", "buildspec:2:1: the key 'a' is already given in line 1"),
            ("a: &x 1\nb: *x\n", "buildspec:2:4: aliases"),
            ("", "buildspec:1:1: the file is empty"),
        ],
    )
    def test_tells_where_it_is_no_yaml(self, text: str, told: str) -> None:
        with pytest.raises(InputError) as caught:
            plain(text, "buildspec")
        assert told in caught.value.detail
