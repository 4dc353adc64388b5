"""What a plan is applied with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from promote.core.executions import Execution
from promote.core.observation import Observation
from promote.core.plan import Plan
from promote.core.topology import Topology
from promote.ports import World
from promote.workflow.site import Announcer


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """What `apply` is given."""

    world: World
    topology: Topology
    plan: Plan
    promotion: str
    """The id to use if this is a new promotion and not the rest of one."""
    announce: Announcer
    wait_at_most: timedelta = timedelta(minutes=10)
    """What falls due within this time is finished; the rest is left and said."""
    observation: Observation | None = None
    """A look at the world a moment ago, if the caller has one."""
    execution: str | None = None
    """The id of the pipeline execution that it is a part of."""
    wave: int | None = None
    """As far as which it goes; None is to the end."""
    pipeline: Execution | None = None
    """That execution, if it was looked up."""
