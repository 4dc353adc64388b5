"""The stages of a model's pipeline: the only place that knows them.

They follow from the environments, their waves and whether a promotion to one is approved; never
from accounts, which travel in the plan. So 3 accounts have the same pipeline as 300, a new account
needs no new pipeline, and a stage can still be rolled back afterwards.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass

from promote.core.topology import Environment, Topology
from promote.core.waves import most

MOST_STAGES = 50
"""CodePipeline user guide, "Quotas in AWS CodePipeline": stages in a pipeline."""
MOST_ACTIONS = 50
"""The same page: actions in a stage, and so people who approve."""
SOURCE = "Source"
VALIDATE = "Validate"


class StageKind(enum.Enum):
    """What happens in a stage."""

    SOURCE = "source"
    VALIDATE = "validate"
    PLAN = "plan"
    APPROVE = "approve"
    PROMOTE = "promote"
    VERIFY = "verify"
    RETIRE = "retire"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage of a pipeline."""

    name: str
    kind: StageKind
    environment: str | None = None
    wave: int | None = None
    """From 1, in the order of the environment's `waves`; only of promotions and verifications."""
    approvals: int = 0
    """How many people must approve; only of approvals."""

    @property
    def actions(self) -> tuple[str, ...]:
        """The names of its actions: one called as the stage is, and one more for each approver."""
        return (self.name, *(f"{self.name}-{n}" for n in range(2, self.approvals + 1)))


def waves(environment: Environment) -> int:
    """Return how many waves a promotion to an environment has, whatever its accounts.

    A wave that adds no account, since an earlier one had to round up, counts as well; so does what
    the last size may leave out.
    """
    return most(environment.waves)


def stages(topology: Topology, model: str) -> tuple[Stage, ...]:
    """Return the stages of a model's pipeline, in their order.

    Raises:
        NotFoundError: promote.yaml has no such model.
    """
    topology.model(model)
    first = (
        Stage(name=SOURCE, kind=StageKind.SOURCE),
        Stage(name=VALIDATE, kind=StageKind.VALIDATE),
    )
    return (*first, *(each for one in topology.environments for each in _of(one)))


def _of(environment: Environment) -> Iterator[Stage]:
    name = environment.name
    yield Stage(name=f"Plan-{name}", kind=StageKind.PLAN, environment=name)
    people = environment.gates.approval
    if people is not None:
        kind = StageKind.APPROVE
        yield Stage(name=f"Approve-{name}", kind=kind, environment=name, approvals=people)
    for wave in range(1, waves(environment) + 1):
        for word, kind in (("Promote", StageKind.PROMOTE), ("Verify", StageKind.VERIFY)):
            yield Stage(name=f"{word}-{name}-{wave}", kind=kind, environment=name, wave=wave)
    yield Stage(name=f"Retire-{name}", kind=StageKind.RETIRE, environment=name)
