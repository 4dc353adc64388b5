"""What a command of a buildspec expands outside of quotes, reads and sets."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promote.pipeline.lint.shell import read


class TestAnExpansion:
    @pytest.mark.parametrize(
        ("command", "bare"),
        [
            ('promote plan "$MODEL" "${VERSION}"', []),
            ("promote plan $MODEL", ["$MODEL"]),
            ("promote plan ${MODEL}", ["${MODEL}"]),
            ('promote plan --reason="$REASON"', []),
            ("promote plan --reason=$REASON", ["$REASON"]),
            ('promote plan "a"$REASON"b"', ["$REASON"]),
            ("echo '$REASON'", []),
            (r"echo \$REASON", []),
            (r'echo "\"$REASON\""', []),
            ("echo $(promote version)", ["$(promote version)"]),
            ('echo "$(promote show $PLAN)"', ["$PLAN"]),
            ('echo "$(promote show "$PLAN")"', []),
            ("echo `promote version`", ["`"]),
            ('echo "`promote version`"', ["`"]),
            ("X=$MODEL", []),
            ("X=$MODEL promote plan $X", ["$X"]),
            ("promote plan X=$MODEL", ["$MODEL"]),
            ("X=$(promote show $PLAN)", ["$PLAN"]),
            ("set -eu\nX=$MODEL\npromote plan $X", ["$X"]),
            ("true && X=$MODEL", []),
            ("for each in $ALL; do echo; done", ["$ALL"]),
            ("run $@", ["$@"]),
            ('run "$@" $? $$', []),
            ("# $REASON\ntrue", []),
            ("echo a#$REASON", ["$REASON"]),
            ("echo 'not closed $REASON", []),
            ("echo ${not closed", ["${not closed"]),
        ],
    )
    def test_is_bare_where_the_shell_would_split_it(self, command: str, bare: list[str]) -> None:
        assert read(command).bare == bare

    @settings(max_examples=200)
    @given(st.text(alphabet="$\"'\\`{}()#;|& \nA=", max_size=12))
    def test_of_any_text_is_read_to_its_end(self, command: str) -> None:
        read(command)


class TestACommand:
    def test_reads_and_sets_variables(self) -> None:
        seen = read('A=1 B="$C"; export D="${E:-x}" && echo "$(cat "$F")"')
        assert seen.names == {"C", "E", "F"}
        assert {"A", "B"} <= seen.assigned

    @pytest.mark.parametrize(
        ("command", "several", "pipes"),
        [
            ("promote plan", False, False),
            ("promote plan\n", False, False),
            ("promote plan\npromote apply", True, False),
            ("promote plan; promote apply", True, False),
            ("promote plan && promote apply", False, False),
            ("promote plan || true", False, False),
            ("promote plan | tee log", False, True),
            ("echo 'a; b | c'", False, False),
            ('python3 -c "a; b | c"', False, False),
        ],
    )
    def test_is_one_or_several(self, command: str, *, several: bool, pipes: bool) -> None:
        seen = read(command)
        assert (seen.several, seen.pipes) == (several, pipes)
