"""Whether the room that a plan makes is still of use: it is until the start that it was made for.

What happens in other environments after that is no concern of the plan any more, a rollback that
starts again what had made room, for instance.
"""

from __future__ import annotations

from promote.core.observation import Json, Observation
from promote.core.plan import Fact, Grant, Plan, Revoke, Stop, makes_room
from promote.iam.document import same


def has_served(plan: Plan, observation: Observation) -> bool:
    """Say whether the version that a plan makes room for has been started."""
    version = observation.version(plan.request.version)
    return version is not None and version.status.on_the_way_up


def rests_on(plan: Plan, fact: Fact) -> bool:
    """Say whether a fact matters for the room alone."""
    match fact.fact:
        case "pointer":
            return not fact.subject.startswith(f"{plan.request.environment}/")
        case "policy":
            return fact.subject.partition(" ")[0] not in {each.role for each in plan.targets}
        case "status":
            stops = [step for step in plan.steps if isinstance(step, Stop) and makes_room(step)]
            return fact.subject in {step.version for step in stops}
        case _:
            return False


def superseded(step: Revoke, plan: Plan, live: Json | None) -> bool:
    """Say whether a policy that made room is already what a later step of the plan writes."""
    later = plan.steps[plan.steps.index(step) + 1 :]
    return any(
        same(live, each.after)
        for each in later
        if isinstance(each, Grant | Revoke) and (each.role, each.policy) == (step.role, step.policy)
    )
