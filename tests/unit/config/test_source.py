"""Text to nodes: what is not our fragment of YAML is refused with its place, never crashes."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promote.config import parse
from promote.errors import ConfigError
from tests.unit.config.files import GOOD, SMALL, changed, problems, spoiled

DEFAULTS_SHARE = "are not read: `defaults` holds what environments share"


class TestUnreadableText:
    @pytest.mark.parametrize("text", ["", "\n\n", "# nothing but a comment\n", "\ufeff"])
    def test_an_empty_file_is_located(self, text: str) -> None:
        assert problems(text) == ["1:1: the file is empty"]

    @pytest.mark.parametrize(
        ("text", "problem"),
        [
            ("---\n", "2:1: expected a mapping of keys, found nothing"),
            ("promote", "1:1: expected a mapping of keys, found 'promote'"),
            ("- a", "1:1: expected a mapping of keys, found a list"),
            ("version: 1\nregion: \x07", "2:9: the character '\\x07' is not allowed in YAML"),
            ("a: \ud800", "1:4: the character '\\ud800' is not allowed in YAML"),
            ("[" * 50_000, "1:22: nested more than 20 levels deep"),
            ("- " * 50_000, "1:43: nested more than 20 levels deep"),
        ],
    )
    def test_what_is_no_yaml_is_located(self, text: str, problem: str) -> None:
        assert problems(text) == [problem]

    @pytest.mark.parametrize(
        ("text", "place"),
        [("a:\n\t- b", "2:1"), ("a: }", "1:4"), ("a: b: c", "1:5")],
    )
    def test_a_syntax_error_is_located(self, text: str, place: str) -> None:
        found = problems(text)
        assert len(found) == 1
        assert found[0].startswith(f"{place}: this is not YAML: ")

    @pytest.mark.parametrize(
        "line", ["access_role: {model}-{environment}", "pointer: {ssm: /models/{model}/arn}"]
    )
    def test_an_unquoted_placeholder_that_breaks_the_syntax_is_explained(self, line: str) -> None:
        found = problems(f"defaults:\n  {line}\n")
        assert len(found) == 1
        assert found[0].endswith("; a text with a placeholder in it must be quoted here")

    def test_a_second_document_is_refused(self) -> None:
        text = f"{SMALL}---\nversion: 1\n"
        assert problems(text) == ["9:1: a second document begins here; there may be only one"]

    def test_columns_count_characters_not_bytes(self) -> None:
        found = problems(f"{SMALL}ärger: {{größe: 1}}\n\N{PARTY POPPER}: 1\n")
        assert found == ["9:1: unknown key 'ärger'", "10:1: unknown key '\N{PARTY POPPER}'"]

    def test_windows_line_ends_and_a_byte_order_mark_are_read(self) -> None:
        text = "\ufeff" + SMALL.replace("\n", "\r\n")
        assert parse(text) == parse(SMALL)
        assert problems(f"{text}x: 1\r\n") == ["9:1: unknown key 'x'"]


class TestFragment:
    def test_duplicate_keys_are_refused(self) -> None:
        found = spoiled(
            "    price: 4.5\n",
            "    price: 4.5\n    price: 5\n",
        )
        assert found == ["15:5: the key 'price' is already given in line 14"]

    def test_aliases_are_refused_with_a_reason(self) -> None:
        text = changed('accounts: ["333333333333"]', 'accounts: &qa ["333333333333"]')
        text = changed('accounts: ["444444444444", "555555555555"]', "accounts: *qa", text=text)
        assert problems(text) == [f"34:15: aliases (*name) {DEFAULTS_SHARE}"]

    def test_merge_keys_are_refused_with_a_reason(self) -> None:
        found = spoiled("    drain: 30s\n", "    <<: {drain: 30s}\n")
        assert found == [f"31:5: merge keys (<<) {DEFAULTS_SHARE}"]

    def test_tags_are_refused_with_a_reason(self) -> None:
        found = spoiled("drain: 30s", "drain: !!python/object/apply:os.system [id]")
        assert found == ["31:12: tags (!name) are not read: promote knows the type of every key"]

    def test_a_key_that_is_no_text_is_refused(self) -> None:
        assert problems(f"{SMALL}? [a]\n: b\n") == ["9:3: a key must be a text"]

    def test_aliases_that_grow_or_recurse_end_at_once(self) -> None:
        lines = ["a0: &a0 [*a0]"]
        lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 60)]
        found = problems(SMALL + "\n".join(lines))
        assert f"9:10: aliases (*name) {DEFAULTS_SHARE}" in found


YAML_LIKE = st.text(alphabet=st.sampled_from("abv: {}[]-\n\"'#&*!|>%@`?,~<0123456789\t\u2028é"))


class TestAnyText:
    @given(st.text() | YAML_LIKE)
    def test_nothing_but_a_config_error_is_raised(self, text: str) -> None:
        with pytest.raises(ConfigError) as caught:
            parse(text)
        assert caught.value.problems

    @given(st.data())
    def test_a_damaged_file_is_read_or_refused(self, data: st.DataObject) -> None:
        start = data.draw(st.integers(0, len(GOOD)))
        end = data.draw(st.integers(start, min(len(GOOD), start + 40)))
        text = GOOD[:start] + data.draw(st.text(max_size=8) | YAML_LIKE) + GOOD[end:]
        with suppress(ConfigError):
            parse(text)

    @given(st.data())
    def test_any_value_of_any_key_is_read_or_refused(self, data: st.DataObject) -> None:
        lines = GOOD.splitlines()
        index = data.draw(st.integers(0, len(lines) - 1))
        key, colon, _ = lines[index].partition(": ")
        lines[index] = key + colon + data.draw(st.text(max_size=12) | YAML_LIKE)
        with suppress(ConfigError):
            parse("\n".join(lines))
