"""The gate `labels`: what a version may say, and what applications understand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promote.core.gates import GateResult, Moment, Verdict
from promote.core.gates.labels import Declaration, LabelRule, labels
from tests.unit.core.gates.laws import quick

KNOWN, SUPERSET, EXACT = LabelRule.KNOWN, LabelRule.SUPERSET, LabelRule.EXACT
VERSION = ("hammer", "saw")


def declared(*names: str, source: str = "promote.yaml") -> Declaration:
    return Declaration(source=source, labels=names)


def judged(rule: LabelRule, *declarations: Declaration) -> GateResult:
    return labels(rule, VERSION, declarations)


class TestLabels:
    @pytest.mark.parametrize("rule", LabelRule)
    def test_passes_the_same_labels_in_any_order(self, rule: LabelRule) -> None:
        result = judged(rule, declared("saw", "hammer"))

        assert (result.gate, result.moment, result.verdict) == (
            "labels",
            Moment.EVIDENCE,
            Verdict.PASS,
        )
        assert result.measured == "2 labels, held against promote.yaml"

    @pytest.mark.parametrize(
        ("rule", "names", "verdict", "measured"),
        [
            (KNOWN, ("hammer", "saw", "axe"), Verdict.PASS, "2 labels, held against promote.yaml"),
            (SUPERSET, ("hammer",), Verdict.PASS, "2 labels, held against promote.yaml"),
            (KNOWN, ("hammer",), Verdict.FAIL, "promote.yaml: new 'saw'"),
            (SUPERSET, ("hammer", "saw", "axe"), Verdict.FAIL, "promote.yaml: lost 'axe'"),
            (EXACT, ("hammer",), Verdict.FAIL, "promote.yaml: new 'saw'"),
            (EXACT, ("hammer", "saw", "axe"), Verdict.FAIL, "promote.yaml: lost 'axe'"),
            (EXACT, ("axe",), Verdict.FAIL, "promote.yaml: new 'hammer', 'saw'; lost 'axe'"),
        ],
    )
    def test_says_exactly_which_are_new_and_which_are_lost(
        self, rule: LabelRule, names: tuple[str, ...], verdict: Verdict, measured: str
    ) -> None:
        result = judged(rule, declared(*names))
        assert (result.verdict, result.measured) == (verdict, measured)

    @pytest.mark.parametrize(
        ("name", "shown"),
        [
            ("Hammer", "'Hammer'"),
            ("hammer ", "'hammer '"),
            (" ham-mer", "' ham-mer'"),
            ("ham_mer", "'ham_mer'"),
            ("\uff48ammer", "'\uff48ammer'"),
        ],
    )
    def test_names_a_label_that_is_nearly_the_same(self, name: str, shown: str) -> None:
        result = judged(EXACT, declared(name, "saw"))

        assert result.verdict is Verdict.FAIL
        assert result.measured == (
            f"promote.yaml: new 'hammer' (there is {shown}); lost {shown} (there is 'hammer')"
        )

    def test_judges_what_every_place_declares(self) -> None:
        result = judged(
            KNOWN,
            declared("hammer", "saw"),
            declared("hammer", source="/tools/labels in 444444444444"),
            Declaration(source="/tools/labels in 555555555555", labels=None, why="denied"),
        )

        assert result.verdict is Verdict.FAIL
        assert result.measured == (
            "/tools/labels in 444444444444: new 'saw'. /tools/labels in 555555555555: denied"
        )

    def test_cannot_tell_when_one_place_cannot_be_read(self) -> None:
        unread = Declaration(source="/tools/labels in 555555555555", labels=None)
        result = judged(KNOWN, declared(*VERSION), unread)

        assert result.verdict is Verdict.INCONCLUSIVE
        assert result.measured == "/tools/labels in 555555555555: declares no labels"

    @pytest.mark.parametrize("names", [(), None])
    def test_cannot_tell_without_the_version_s_labels(self, names: tuple[str, ...] | None) -> None:
        result = labels(KNOWN, names, [declared("saw")], why="no summary")
        assert (result.verdict, result.measured) == (Verdict.INCONCLUSIVE, "no summary")
        unknown = labels(KNOWN, names, [declared("saw")])
        assert unknown.measured == "the version's labels are not known"

    def test_cannot_tell_when_nobody_declares_any(self) -> None:
        assert judged(KNOWN).verdict is Verdict.INCONCLUSIVE
        assert judged(SUPERSET, declared()).verdict is Verdict.INCONCLUSIVE

    def test_says_what_each_rule_asks_for(self) -> None:
        required = {rule: judged(rule, declared(*VERSION)).required for rule in LabelRule}
        assert required == {
            KNOWN: "no label that the applications do not know",
            SUPERSET: "every label that the applications know",
            EXACT: "exactly the labels that the applications know",
        }

    @quick
    @given(
        st.sets(st.text(max_size=4), min_size=1, max_size=6),
        st.sets(st.text(max_size=4), min_size=1, max_size=6),
    )
    def test_is_set_arithmetic(self, has: set[str], knows: set[str]) -> None:
        passes = {
            rule: labels(rule, tuple(has), [declared(*knows)]).verdict is Verdict.PASS
            for rule in LabelRule
        }
        assert passes == {KNOWN: has <= knows, SUPERSET: has >= knows, EXACT: has == knows}
