"""The README's table of what the proofs tried is the one that they print."""

from __future__ import annotations

from tests.artifacts.readme import README
from tests.reliability.__main__ import tasks
from tests.reliability.table import ROWS, Proof, shown, table, written

CRASH = Proof(name="crash: release", counts={"crash points": 1200}, seconds=1.0, wrong=())


class TestTheTable:
    def test_adds_up_what_is_of_one_kind(self) -> None:
        said = table(
            (
                CRASH,
                Proof(name="crash: abort", counts={"crash points": 34}, seconds=2.0, wrong=("P1",)),
            )
        )
        assert f"| {ROWS['crash']} | 1,234 crash points | 1 |" in said

    def test_takes_the_place_of_the_one_before(self) -> None:
        before = "a\n<!-- made by make proof -->\n\nold\n\n<!-- end -->\nz\n"
        after = written(before, (CRASH,))
        assert shown(after) == table((CRASH,))
        assert after.startswith("a\n")
        assert after.endswith("\nz\n")

    def test_in_the_readme_has_a_row_with_counts_and_nothing_wrong_for_each_kind(self) -> None:
        lines = shown(README.read_text("utf-8")).splitlines()[2:]
        assert [line.split(" | ")[0].removeprefix("| ") for line in lines] == list(ROWS.values())
        for line in lines:
            _, tried, wrong = line.strip("| ").split(" | ")
            assert any(character.isdigit() for character in tried)
            assert wrong == "0"

    def test_has_a_row_for_whatever_is_proved(self) -> None:
        named = {work.__name__ for work, _ in tasks()}
        assert len(named) == len(ROWS)
