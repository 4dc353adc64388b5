"""One promotion under way: a plan at work on its site."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cached_property

from promote.arn import parse_arn
from promote.core.executions import Execution, Heard, Response, heard_in
from promote.core.plan import Plan
from promote.core.planfile import digest
from promote.ports import LabelledImage
from promote.workflow.chronicle import Chronicle
from promote.workflow.site import Site


@dataclass(frozen=True, kw_only=True)
class Run(Site):
    """Everything that the steps of one promotion share."""

    plan: Plan
    wait_at_most: timedelta = timedelta(minutes=10)
    """What falls due within this time is finished; the rest is left and said."""
    stops_after: int | None = None
    """The wave after which it stops, its promotion unfinished; None goes to the end."""
    chronicle: Chronicle = field(default_factory=Chronicle)
    pipeline: Execution | None = None
    """The pipeline's execution that it is a part of, if it was looked up."""

    @cached_property
    def responses(self) -> tuple[Response, ...]:
        """What people decided in that execution, read once; none when nobody is asked."""
        if self.pipeline is None or not self.environment.gates.approval or not self.plan.changes:
            return ()
        name = parse_arn(self.pipeline.pipeline).resource
        return self.world.pipelines.responses(name, self.pipeline.id)

    @property
    def heard(self) -> Heard | None:
        """What that execution says of the plan."""
        if self.pipeline is None:
            return None
        return heard_in(self.pipeline, self.responses, digest(self.plan))

    @cached_property
    def golden_images(self) -> tuple[LabelledImage, ...]:
        """The images of the gate `golden`, read once; the smoke test's where they are the same.

        Raises:
            InputError: There are none there, or one is unusable; names it and says why.
        """
        rule, smoke = self.environment.gates.golden, self.environment.smoke.images
        if rule is None or rule.images in {None, smoke}:
            return self.images
        place = self.topology.fill(rule.images, model=self.model, environment=self.environment.name)
        return self.world.images.load(place)

    def at(self, environment: str) -> Run:
        """Return the same run in an environment, given by its name, whose roles then act.

        Raises:
            NotFoundError: promote.yaml has no such environment.
        """
        if environment == self.environment.name:
            return self
        return replace(self, environment=self.topology.environment(environment))
