"""CloudWatch alarms, as far as gates ask about them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol


class Alarms(Protocol):
    """Reads the states of alarms, of metrics and composite ones alike."""

    def states(self, names: Collection[str], *, role: str | None) -> Mapping[str, str]:
        """Return the states of one account's alarms by their names; what does not exist is missing.

        Raises:
            AccessError: The role may not be assumed, or may not describe alarms.
        """
        ...
