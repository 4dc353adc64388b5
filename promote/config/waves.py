"""The keys of promote.yaml by which a promotion reaches its accounts in waves."""

from __future__ import annotations

import re
from dataclasses import dataclass

from promote.config.kinds import Duration, Integer, JsonSchema, UnusableError
from promote.config.problems import shown
from promote.config.shapes import Key, Listed
from promote.config.source import Scalar
from promote.core.waves import WaveSize

_PERCENTAGE = re.compile("(100|[1-9][0-9]?)%")
_COUNT = re.compile("[1-9][0-9]{0,5}")


@dataclass(frozen=True, slots=True)
class Wave:
    """How many accounts have switched after a wave: a whole number, or one with a per cent sign."""

    def value(self, scalar: Scalar) -> WaveSize:
        """Return the size."""
        share = _PERCENTAGE.fullmatch(scalar.text)
        if share is not None:
            return WaveSize(int(share[1]), is_percentage=True)
        if scalar.plain and _COUNT.fullmatch(scalar.text):
            return WaveSize(int(scalar.text))
        expected = "a number of accounts like 1, or a percentage from 1% to 100%"
        quoted = "" if scalar.plain else ", without quotes"
        raise UnusableError(f"expected {expected}{quoted}, found {shown(scalar.text)}")

    def schema(self) -> JsonSchema:
        """Describe it by its two spellings."""
        return {
            "anyOf": [
                {"type": "integer", "minimum": 1},
                {"type": "string", "pattern": f"^{_PERCENTAGE.pattern}$"},
            ]
        }


WAVES = (
    Key(
        "waves",
        Listed(Wave(), least=1),
        "how many accounts have switched after each wave: [1, 25%, 100%]; null: all at once",
        nullable=True,
    ),
    Key(
        "max_failures",
        Integer(0),
        "accounts that may fail their verification before everything is put back",
        default=0,
    ),
    Key(
        "bake",
        Duration(instant=True),
        "how long each wave is left alone before it is verified once more",
        default="0s",
    ),
)
"""Keys of an environment."""
