"""What applications publish of the labels that they understand, as it is read."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promote.core.gates.labels import declared
from tests.unit.core.gates.laws import quick

LABEL = st.text(min_size=1, max_size=8).filter(lambda text: bool(text.strip()))
SOURCE = "/tools/labels in 444444444444"


def labels(text: str) -> tuple[str, ...] | None:
    return declared(SOURCE, text).labels


class TestDeclared:
    @pytest.mark.parametrize(
        "text",
        ['["hammer", "saw"]', ' [\n"hammer",\n"saw"]\n', "hammer,saw", " hammer , saw\n"],
    )
    def test_is_a_json_list_or_labels_between_commas(self, text: str) -> None:
        found = declared(SOURCE, text)
        assert (found.source, found.labels, found.why) == (SOURCE, ("hammer", "saw"), "")

    def test_may_be_one_label(self) -> None:
        assert labels("hammer") == ("hammer",)
        assert labels("claw hammer") == ("claw hammer",)

    def test_keeps_a_label_in_json_as_it_is_spelled(self) -> None:
        assert labels('[" saw", "a,b", "s\\u00e4ge"]') == (" saw", "a,b", "säge")

    @pytest.mark.parametrize("text", ["", " \n", "[]"])
    def test_that_says_nothing_declares_none(self, text: str) -> None:
        assert labels(text) == ()

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("hammer,", 'has "" for a label'),
            ("hammer, ,saw", 'has "" for a label'),
            ("hammer\nsaw", 'has "hammer\\nsaw" for a label'),
            ('["hammer", 1]', "has 1 for a label"),
            ('["hammer", null]', "has null for a label"),
            ('[["hammer"]]', "has a list for a label"),
            ('[{"Name": "hammer"}]', "has an object for a label"),
            ('["\\u0000"]', 'has "\\u0000" for a label'),
            ('{"labels": ["hammer"]}', "is neither a JSON list of labels nor labels between"),
            ('"hammer"', "is neither a JSON list of labels nor labels between commas"),
            ('"hammer","saw"', "is no JSON list of labels (Extra data"),
            ('["hammer"', "is no JSON list of labels (Expecting"),
            ("[" * 8192, "is no JSON list of labels (maximum recursion depth"),
            ("[" + "9" * 8000 + "]", "is no JSON list of labels (Exceeds the limit"),
            (f'["{"x" * 8000}\\n"]', f'has "{"x" * 59}… for a label'),
        ],
    )  # fmt: skip
    def test_that_is_no_list_of_labels_says_why(self, text: str, why: str) -> None:
        found = declared(SOURCE, text)
        assert found.labels is None
        assert found.why.startswith(why)

    @quick
    @given(st.lists(LABEL, max_size=4))
    def test_reads_what_json_writes_or_says_why_not(self, names: list[str]) -> None:
        found = declared(SOURCE, json.dumps(names))
        assert found.labels == tuple(names) or "for a label" in found.why

    @quick
    @given(st.text(max_size=60))
    def test_of_any_text_is_labels_or_a_reason(self, text: str) -> None:
        found = declared(SOURCE, text)
        assert (found.labels is None) == bool(found.why)
        assert all(each.strip() for each in found.labels or ())
