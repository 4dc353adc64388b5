"""The keys of promote.yaml that say what must hold before a promotion."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from promote.config.kinds import (
    Choice,
    Duration,
    Integer,
    JsonSchema,
    Location,
    Number,
    Template,
    UnusableError,
)
from promote.config.shapes import Key, Listed, Section
from promote.config.source import Scalar
from promote.core.gates.calendar import Freeze, Window
from promote.core.gates.grammar import parse_freeze, parse_window
from promote.core.gates.labels import LabelRule


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


_SHARE = Number(most=1)


def _least(name: str, of: str) -> Key:
    return Key(name, _SHARE, f"the least {of}, from 0 to 1; null: any will do", nullable=True)


_GOLDEN = Section(
    (
        Key(
            "images",
            Location(s3=True, placeholders=("model", "environment")),
            "as smoke.images, which null stands for",
            nullable=True,
        ),
        _least("min_accuracy", "share of the images to be recognised"),
        _least("min_precision", "precision of every label"),
        _least("min_recall", "recall of every label"),
        Key(
            "max_regression",
            _SHARE,
            "how much worse than the running version it may be, as a difference of accuracies",
            default=0,
        ),
        Key(
            "confidence",
            Number(between=(0.5, 1)),
            "of what is said of the regression, above 0.5 and below 1",
            default=0.95,
        ),
    )
)

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
        _least("f1", "F1 of the evaluation"),
        _least("precision", "precision of the evaluation"),
        _least("recall", "recall of the evaluation"),
        _least("label_f1", "F1 of every label in the evaluation"),
        Key(
            "labels",
            Choice(tuple(each.value for each in LabelRule), {}),
            "whether every label is one that applications know, every one that they know is there, "
            "or both (models.*.labels says which they know)",
            nullable=True,
        ),
        Key(
            "golden",
            _GOLDEN,
            "what labelled images must show, of the version and beside the running one, before the "
            "switch; {} is its defaults, null: nothing",
            nullable=True,
        ),
        Key(
            "alarm",
            Listed(Template(), least=1, alone=True),
            "CloudWatch alarms, by name in every target account or by ARN, that must be OK before "
            "and during each bake; without bake they are looked at before, and no more",
            nullable=True,
        ),
    )
)
