"""One promotion under way: a plan at work on its site."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta

from promote.core.plan import Plan
from promote.workflow.chronicle import Chronicle
from promote.workflow.site import Site


@dataclass(frozen=True, kw_only=True)
class Run(Site):
    """Everything that the steps of one promotion share."""

    plan: Plan
    wait_at_most: timedelta = timedelta(minutes=10)
    """What falls due within this time is finished; the rest is left and said."""
    execution: str | None = None
    """The id of the pipeline execution that it is a part of."""
    chronicle: Chronicle = field(default_factory=Chronicle)

    def at(self, environment: str) -> Run:
        """Return the same run in an environment, given by its name, whose roles then act.

        Raises:
            NotFoundError: promote.yaml has no such environment.
        """
        if environment == self.environment.name:
            return self
        return replace(self, environment=self.topology.environment(environment))
