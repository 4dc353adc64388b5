from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promote.report.layout import (
    Cell,
    account_list,
    clean,
    counted,
    dollars,
    duration,
    listing,
    short_resource,
    short_role,
    short_version,
    table,
)
from tests.builders import version_arn


class TestTable:
    def test_wraps_cells_between_words_to_stay_within_80_columns(self) -> None:
        output = table(("a", "b"), [("word " * 20, "other " * 20)])
        assert max(map(len, output.splitlines())) <= 80
        assert output.count("word") == output.count("other") == 20

    def test_becomes_a_block_a_row_where_names_are_too_long(self) -> None:
        assert table(("name", "arn"), [("x", "y" * 90), ("z", "y" * 90)]) == (
            f"  name  x\n  arn   {'y' * 90}\n\n  name  z\n  arn   {'y' * 90}"
        )

    def test_leaves_no_space_behind_the_name_of_an_empty_cell(self) -> None:
        assert table(("name", "arn"), [("", "y" * 90)], indent=0) == f"name\narn   {'y' * 90}"

    def test_pads_before_it_colours_and_leaves_no_space_at_the_end(self) -> None:
        def marked(text: str, /, *, fg: str | None = None, bold: bool | None = None) -> str:
            return f"<{fg}{bold}>{text}</>"

        assert table(("a", "b"), [(Cell("x", "red"), ""), ("long", "y")], marked, indent=0) == (
            "A     B\n<redNone>x</>\nlong  y"
        )

    @given(st.lists(st.tuples(st.text(), st.text(), st.text()), min_size=1, max_size=4))
    def test_never_ends_a_line_with_a_space_nor_prints_what_moves_the_cursor(
        self, rows: list[tuple[str, str, str]]
    ) -> None:
        output = table(("one", "two", "three"), rows, indent=0)
        assert output.replace("\n", "").isprintable()
        assert not any(line.endswith(" ") for line in output.splitlines())


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0s"),
        (0.04, "0s"),
        (1.5, "1.5s"),
        (9.96, "10s"),
        (59.4, "59s"),
        (59.6, "1m"),
        (95, "1m 35s"),
        (300, "5m"),
        (3600, "1h"),
        (3605, "1h"),
        (86400 * 7, "7d"),
        (86400 * 2 + 3 * 3600 + 60, "2d 3h"),
    ],
)
def test_duration_is_in_its_two_largest_units(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_clean_puts_a_text_on_one_printable_line() -> None:
    assert clean(" a\n\tb\x1b[0m\u2028c\ud800 ") == "a b [0m c"


def test_short_version_names_the_project_beside_a_version_of_another() -> None:
    foreign = version_arn("v1", project="hammers")
    assert short_version(foreign) == "v1"
    assert short_version(foreign, beside=version_arn("v2")) == "v1 of hammers"
    assert short_version(version_arn("v1"), beside=version_arn("v2")) == "v1"
    assert short_version(version_arn("v1", account="999999999999"), beside=version_arn("v2")) == (
        "v1 of tools-detector"
    )
    assert short_version(None) == "nothing"
    assert short_version("rubbish") == "rubbish"


def test_short_names_leave_what_is_no_arn_as_it_is() -> None:
    assert short_role("arn:aws:iam::222222222222:role/teams/tools-prod") == "tools-prod"
    assert short_role("tools-prod") == "tools-prod"
    assert short_resource("arn:aws:s3:::tools/*") == "tools/*"
    assert short_resource("*") == "*"


def test_lists_read_as_in_a_sentence() -> None:
    assert listing(["a"]) == "a"
    assert listing(["a", "b", "c"]) == "a, b and c"
    assert account_list(["1", "2", "3", "4"]) == "1, 2, 3 and 4"
    assert account_list(["1", "2", "3", "4", "5"]) == "5 accounts"
    assert (counted(1, "gate"), counted(0, "gate")) == ("1 gate", "0 gates")


def test_dollars_have_cents() -> None:
    assert dollars(1234.5) == "$1,234.50"
