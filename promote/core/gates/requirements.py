"""What the gates of an environment ask for: `gates` of promote.yaml, resolved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from promote.core.gates.calendar import Freeze, Window
from promote.core.gates.golden import GoldenRule
from promote.core.gates.labels import LabelRule


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirements:
    """The gates of one environment; what is None or empty is not asked for."""

    soak: timedelta | None = None
    """How long the version must have been verified in every earlier environment."""
    f1: float | None = None
    """The least F1 of the evaluation, from 0 to 1; so are the next three."""
    precision: float | None = None
    recall: float | None = None
    label_f1: float | None = None
    """Of every label."""
    labels: LabelRule | None = None
    """How the version's labels may differ from those that applications declare."""
    golden: GoldenRule | None = None
    """What the golden images must show before the switch."""
    windows: tuple[Window, ...] = ()
    """Outside all of them nothing is promoted; none is no limit."""
    freezes: tuple[Freeze, ...] = ()
    approval: int | None = None
    """How many people must approve the plan who did not ask for it."""
    cost: float | None = None
    """US dollars that the overlap of the old and the new version may cost."""
    unit_hours: float | None = None
    """Inference-unit hours that the overlap may take."""
    alarms: tuple[str, ...] = ()
    """CloudWatch alarms that must be OK, as promote.yaml names them."""

    @property
    def ask_for_overlap(self) -> bool:
        """Whether any gate limits what the overlap takes."""
        return self.cost is not None or self.unit_hours is not None

    @property
    def ask_for_summary(self) -> bool:
        """Whether any gate needs the evaluation's summary."""
        scores = (self.f1, self.precision, self.recall, self.label_f1)
        return self.labels is not None or any(each is not None for each in scores)
