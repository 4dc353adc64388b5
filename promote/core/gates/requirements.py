"""What the gates of an environment ask for: `gates` of promote.yaml, resolved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from promote.core.gates.calendar import Freeze, Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirements:
    """The gates of one environment; what is None or empty is not asked for."""

    soak: timedelta | None = None
    """How long the version must have been verified in every earlier environment."""
    windows: tuple[Window, ...] = ()
    """Outside all of them nothing is promoted; none is no limit."""
    freezes: tuple[Freeze, ...] = ()
    approval: int | None = None
    """How many people must approve the plan who did not ask for it."""
    cost: float | None = None
    """US dollars that the overlap of the old and the new version may cost."""
    unit_hours: float | None = None
    """Inference-unit hours that the overlap may take."""

    @property
    def ask_for_overlap(self) -> bool:
        """Whether any gate limits what the overlap takes."""
        return self.cost is not None or self.unit_hours is not None
