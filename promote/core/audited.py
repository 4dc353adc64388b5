"""What is audited: one model, as promote.yaml says and as one look at the world shows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from promote.core.observation import Observation
from promote.core.status import Finding
from promote.core.topology import Target, Topology

SKEW = timedelta(minutes=1)
"""How far two clocks may be apart: ours, that of a pointer's store, that of somebody else."""


@dataclass(frozen=True)
class Audited:
    """One model; a part of `promote.core.audit`."""

    topology: Topology
    observation: Observation

    @property
    def model(self) -> str:
        """The model's name."""
        return self.observation.model

    @cached_property
    def targets(self) -> tuple[Target, ...]:
        """The targets of the model, in every environment."""
        return self.topology.all_targets(self.model)

    def breach(self, promise: str, detail: str, remedy: str) -> Finding:
        """Return that a promise was broken, with the evidence and what helps."""
        return Finding(ok=False, subject=f"{self.model} {promise}", detail=detail, remedy=remedy)


def moment_of(at: datetime) -> str:
    """Write a moment to the second, in UTC."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
