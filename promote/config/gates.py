"""The keys of promote.yaml that say what must hold before a promotion."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from promote.config.kinds import Duration, Integer, JsonSchema, Number, UnusableError
from promote.config.shapes import Key, Listed, Section
from promote.config.source import Scalar
from promote.core.gates.calendar import Freeze, Window
from promote.core.gates.grammar import parse_freeze, parse_window


@dataclass(frozen=True, slots=True)
class Calendar:
    """A stretch of time, as `promote.core.gates.grammar` reads it."""

    parse: Callable[[str], Window | Freeze]
    example: str

    def value(self, scalar: Scalar) -> Window | Freeze:
        """Return the window or the freeze."""
        try:
            return self.parse(scalar.text)
        except ValueError as error:
            raise UnusableError(str(error)) from None

    def schema(self) -> JsonSchema:
        """Describe it by an example; what its parts mean is for the grammar."""
        return {"type": "string", "minLength": 1, "examples": [self.example]}


_WINDOW = "mon-thu 09:00-16:00 Europe/Berlin"
_FREEZE = "2026-12-20..2027-01-04 Europe/Berlin"


def _later(name: str, meaning: str) -> Key:
    return Key(name, None, meaning, later="gates on a version's quality")


GATES = Section(
    (
        Key(
            "soak",
            Duration(),
            "how long every verification in the environments of `after` must have passed",
            nullable=True,
        ),
        Key(
            "window",
            Listed(Calendar(parse_window, _WINDOW), least=1, alone=True),
            "when something may be promoted; null: at any time",
            nullable=True,
        ),
        Key(
            "freeze",
            Listed(Calendar(parse_freeze, _FREEZE), alone=True),
            "when nothing is promoted, whatever `window` says",
            default=(),
        ),
        Key(
            "approval",
            Integer(1),
            "how many people must approve the plan who did not ask for it",
            nullable=True,
        ),
        Key(
            "cost",
            Number(),
            "US dollars that it may cost that the old and the new version run together",
            nullable=True,
        ),
        Key(
            "quota",
            Section(
                (
                    Key(
                        "unit_hours",
                        Number(),
                        "inference units times hours that they may run together",
                        nullable=True,
                    ),
                )
            ),
            "how much the old and the new version may take together",
        ),
        _later("f1", "the least F1 of the evaluation"),
        _later("precision", "the least precision of the evaluation"),
        _later("recall", "the least recall of the evaluation"),
        _later("label_f1", "the least F1 of every label"),
        _later("labels", "how its labels may differ from those that applications know"),
        _later("golden", "what the golden images must show"),
        _later("alarm", "CloudWatch alarms that must be quiet"),
    )
)
