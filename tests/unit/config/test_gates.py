"""`gates` of an environment: what is read, what is refused, and how it is shown."""

from __future__ import annotations

from datetime import timedelta

import pytest

from promote.config import parse
from promote.config.resolved import show
from promote.core.gates.grammar import parse_freeze, parse_window
from promote.core.gates.requirements import Requirements
from tests.unit.config.files import GOOD, changed, problems

WINDOW = "mon-thu 09:00-16:00 Europe/Berlin"
FREEZE = "2026-12-20..2027-01-04 Europe/Berlin"


def gated(gates: str, *, text: str = GOOD) -> str:
    """Give prod gates."""
    return changed("after: qa", f"after: qa\n    gates: {gates}", text=text)


class TestGates:
    def test_are_none_by_themselves(self) -> None:
        assert parse(GOOD).environment("prod").gates == Requirements()

    def test_are_read(self) -> None:
        text = gated(
            f'{{soak: 24h, window: "{WINDOW}", freeze: ["{FREEZE}"], approval: 2, '
            "cost: 20.0, quota: {unit_hours: 10}}"
        )
        assert parse(text).environment("prod").gates == Requirements(
            soak=timedelta(hours=24),
            windows=(parse_window(WINDOW),),
            freezes=(parse_freeze(FREEZE),),
            approval=2,
            cost=20.0,
            unit_hours=10.0,
        )

    def test_of_the_defaults_hold_until_an_environment_says_otherwise(self) -> None:
        text = changed(
            "smoke: {images", "gates: {cost: 5, freeze: 2026-12-24 UTC}\n  smoke: {images"
        )
        topology = parse(gated("{cost: null, quota: {unit_hours: 3}}", text=text))
        qa, prod = (topology.environment(name).gates for name in ("qa", "prod"))
        assert qa == Requirements(cost=5.0, freezes=(parse_freeze("2026-12-24 UTC"),))
        assert prod == Requirements(unit_hours=3.0, freezes=qa.freezes)

    @pytest.mark.parametrize(
        ("gates", "problem"),
        [
            (
                "{sook: 1h}",
                "unknown key 'sook' in environments[1].gates; did you mean 'soak'?",
            ),
            (
                "{soak: 1 day}",
                (
                    "environments[1].gates.soak: '1 day' is not a duration; write it like 30s, "
                    "5m, 24h or 7d"
                ),
            ),
            (
                "{window: mon-thu 09:00-16:00}",
                (
                    "environments[1].gates.window[0]: 'mon-thu 09:00-16:00': names no time zone; "
                    "end with one, such as Europe/Berlin or UTC"
                ),
            ),
            (
                "{freeze: [2026-13-01 UTC]}",
                (
                    "environments[1].gates.freeze[0]: '2026-13-01 UTC': '2026-13-01' is no date "
                    "or time; write it like 2026-12-20 or 2026-12-20T18:00"
                ),
            ),
            (
                "{cost: -1}",
                "environments[1].gates.cost: expected a number of at least 0, found '-1'",
            ),
            (
                "{approval: 0}",
                "environments[1].gates.approval: expected a whole number of at least 1, found '0'",
            ),
            ("{window: []}", "environments[1].gates.window: the list is empty"),
        ],
    )
    def test_that_cannot_be_used_are_refused_at_their_place(self, gates: str, problem: str) -> None:
        (found,) = problems(gated(gates))
        place, _, message = found.partition(": ")
        assert place.startswith("34:")
        assert message == problem

    def test_let_nothing_soak_that_comes_from_nowhere(self) -> None:
        text = changed("drain: 30s", "gates: {soak: 1h}")
        assert problems(text) == [
            (
                "31:19: gates.soak: qa comes after no other environment, so a version would soak "
                "nowhere; name one with `after`, or set soak: null here"
            )
        ]

    def test_are_shown_as_they_are_written(self) -> None:
        text = gated(
            f'{{soak: 24h, window: "{WINDOW}", freeze: "{FREEZE}", quota: {{unit_hours: 2}}}}'
        )
        environments = show(parse(text))["environments"]
        assert isinstance(environments, list)
        assert [each["gates"] for each in environments] == [
            {},
            {"soak": "1d", "window": [WINDOW], "freeze": [FREEZE], "quota": {"unit_hours": 2.0}},
        ]
