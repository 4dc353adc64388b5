"""The library on the world in memory: everything of `Promoter` but its AWS adapters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

from promote.core.events import Event
from promote.core.observation import Json
from promote.core.plan import Plan
from promote.core.policies.proof import Render
from promote.core.result import Result
from promote.promoter import Promoter
from tests.fake_world import FakeWorld

LONG = timedelta(hours=2)


class Promoting(Promoter):
    """A promoter of the model tools in a `FakeWorld`; `events` keeps what it announced."""

    def __init__(self, fake: FakeWorld, *, on_event: Callable[[Event], None] | None = None) -> None:
        self.events: list[Event] = []
        world = fake.ports()
        super().__init__(fake.topology, clock=world.clock, on_event=on_event or self.events.append)
        self.world = world

    def release(
        self, version: str = "v2", *, to: str = "qa", wait: timedelta = LONG, adopt: bool = False
    ) -> Result:
        """Plan and apply, as `promote release` does."""
        return self.apply(self.plan("tools", version, to=to, adopt=adopt), wait=wait)

    def rollback(
        self,
        version: str | None = None,
        *,
        of: str = "prod",
        wait: timedelta = LONG,
        reason: str | None = None,
    ) -> Result:
        """Go back, as `promote rollback --yes` does."""
        begun = self.abort_instead("tools", version, environment=of)
        if begun is not None:
            return self.abort("tools", environment=of, wait=wait)
        plan = self.plan_rollback("tools", version, environment=of, reason=reason)
        return self.apply(plan, wait=wait)

    def make(self, version: str = "v2", *, to: str = "qa") -> Plan:
        """Make a plan that another process will apply."""
        return self.plan("tools", version, to=to)

    @property
    def _render(self) -> Render:
        return _render


def _render(kind: str, context: Mapping[str, object]) -> Json:
    """Render the access role's policy without reading a template."""
    assert kind == "access-role"
    statement = {
        "Effect": "Allow",
        "Action": ["rekognition:DetectCustomLabels"],
        "Resource": context["resources"],
    }
    return {"Version": "2012-10-17", "Statement": [statement]}
