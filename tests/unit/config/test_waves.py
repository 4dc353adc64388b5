from __future__ import annotations

from datetime import timedelta

import pytest
import yaml

from promote.config import parse
from promote.config.resolved import show
from promote.core.waves import WaveSize
from tests.unit.config.files import GOOD, changed, spoiled

WAVES = "waves: [100%]"
PLACE = "36:12: environments[1].waves"


def sizes(text: str) -> tuple[WaveSize, ...]:
    return parse(changed(WAVES, f"waves: {text}")).environment("prod").waves


class TestWaves:
    def test_are_numbers_of_accounts_and_percentages(self) -> None:
        assert sizes("[1, 25%, 100%]") == (
            WaveSize(1),
            WaveSize(25, is_percentage=True),
            WaveSize(100, is_percentage=True),
        )

    def test_may_be_quoted_as_percentages_only(self) -> None:
        assert sizes('[1, "100%"]')[1] == WaveSize(100, is_percentage=True)
        assert spoiled(WAVES, 'waves: ["1", 100%]') == [
            (
                "36:13: environments[1].waves[0]: expected a number of accounts like 1, or a "
                "percentage from 1% to 100%, without quotes, found '1'"
            )
        ]

    @pytest.mark.parametrize("text", ["null", "~"])
    def test_can_be_taken_away_again(self, text: str) -> None:
        assert sizes(text) == ()

    def test_are_one_by_default_without_a_bake_and_no_failure(self) -> None:
        environment = parse(GOOD).environment("qa")
        assert environment.waves == ()
        assert (environment.max_failures, environment.bake) == (0, timedelta(0))

    @pytest.mark.parametrize("text", ["0", "0%", "101%", "1.5", "50 %", "all", "-1", "007", "1e3"])
    def test_of_any_other_spelling_are_refused(self, text: str) -> None:
        (found,) = spoiled(WAVES, f"waves: [{text}, 100%]")
        assert "expected a number of accounts like 1, or a percentage from 1% to 100%" in found

    @pytest.mark.parametrize(
        ("text", "problem"),
        [
            ("100%", f"{PLACE}: expected a list, found '100%'"),
            ("[]", f"{PLACE}: the list is empty"),
            ("[100%, [100%]]", "36:19: environments[1].waves[1]: expected a value, found a list"),
        ],
    )
    def test_are_a_list(self, text: str, problem: str) -> None:
        assert spoiled(WAVES, f"waves: {text}") == [problem]

    def test_that_leave_an_account_out_are_refused(self) -> None:
        assert spoiled(WAVES, "waves: [1]") == [
            "36:13: waves: the last, 1, covers 1 of the 2 accounts of prod; end the list with 100%"
        ]
        assert spoiled(WAVES, "waves: [1, 50%]") == [
            (
                "36:16: waves: the last, 50%, covers 1 of the 2 accounts of prod; end the list "
                "with 100%"
            )
        ]

    @pytest.mark.parametrize("text", ["[2]", "[1, 9]", "[51%]"])
    def test_that_reach_every_account_by_number_are_accepted(self, text: str) -> None:
        assert sizes(text)

    @pytest.mark.parametrize(
        ("text", "place", "said"),
        [
            ("[2, 1, 100%]", "36:16", "1 comes after 2"),
            ("[50%, 25%, 100%]", "36:18", "25% comes after 50%"),
            ("[2, 50%, 1, 100%]", "36:21", "1 comes after 2"),
        ],
    )
    def test_that_shrink_are_refused(self, text: str, place: str, said: str) -> None:
        assert spoiled(WAVES, f"waves: {text}") == [
            f"{place}: waves: {said}, but each wave counts those before it"
        ]

    def test_of_mixed_kinds_may_be_empty_for_few_accounts(self) -> None:
        assert len(sizes("[2, 25%, 100%]")) == 3

    def test_of_the_defaults_hold_for_every_environment(self) -> None:
        text = changed("granularity: version", "granularity: version\n  waves: [1, 100%]")
        assert parse(text).environment("qa").waves[0] == WaveSize(1)

    def test_are_shown_as_they_are_written(self) -> None:
        shown = show(parse(changed(WAVES, "waves: [1, 25%, 100%]\n    bake: 90s")))
        environments = shown["environments"]
        assert isinstance(environments, list)
        assert environments[1]["waves"] == [1, "25%", "100%"]
        assert environments[1]["bake"] == "90s"
        assert environments[0]["waves"] == []


@pytest.mark.parametrize(("key", "text"), [("max_failures", "-1"), ("bake", "5")])
def test_other_settings_of_waves_have_their_types(key: str, text: str) -> None:
    assert len(spoiled("drain: 30s", f"{key}: {text}")) == 1


def test_yaml_agrees_about_what_a_percentage_is() -> None:
    assert yaml.safe_load("[1, 25%]") == [1, "25%"]
