"""Whether the steps of a plan file that make room are ones that a planner could have planned.

They may write in another environment than the plan's own, so they are held narrower than the rest:
each takes away access to what the plan then stops, and to nothing that any pointer names.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from promote.core.facts import held_value
from promote.core.grants import allowed_patterns
from promote.core.plan import Plan, Revoke, Start, Stop, makes_room
from promote.core.topology import Target, Topology
from promote.iam.evaluate import resource_matches


def allowed_in(
    step: Revoke | Stop, plan: Plan, topology: Topology
) -> Mapping[str, Collection[object]]:
    """Return what each field of a step that makes room may be."""
    own = topology.environment(plan.request.environment)
    if isinstance(step, Stop):
        return {"environment": (own.name,), "deadline": (own.deadlines.stop.total_seconds(),)}
    users = _users(step, plan, topology)
    if not users:
        return {"role": ("an access role of its environment",)}
    return {
        "accounts": (tuple(target.account for target in users),),
        "policy": (users[0].policy_name,),
        "adds": ((),),
        "removes": (step.revoked,),
        "adopts": (False,),
        "remove": ((),),
    }


def wrong_in(step: Revoke | Stop, plan: Plan, topology: Topology) -> Iterator[str]:
    """Yield what else is wrong with a step that makes room."""
    if not any(isinstance(each, Start) for each in plan.steps):
        yield "it makes room, and the plan starts nothing"
    if isinstance(step, Stop):
        return
    stopped = {each.version for each in plan.steps if isinstance(each, Stop) and makes_room(each)}
    if not step.revoked or not stopped.issuperset(step.revoked):
        yield "it makes room by more than what the plan then stops"
    yield from _wrong_pointers(step, plan, topology)


def _wrong_pointers(step: Revoke, plan: Plan, topology: Topology) -> Iterator[str]:
    kept = allowed_patterns(step.after)
    named = {}
    for target in _users(step, plan, topology):
        named[target] = value = _named(target, plan)
        if value is None:
            yield f"no fact of the plan holds what the pointer of {target} names"
        elif value in step.revoked:
            yield f"it revokes what the pointer of {target} names"
    if not any(resource_matches(pattern, step.version) for pattern in kept):
        yield f"it does not leave {step.version} allowed"
    if step.version not in named.values():
        yield f"no pointer of the role's targets names {step.version}"


def _named(target: Target, plan: Plan) -> str | None:
    """Return what the plan says that a pointer names; its own targets are held elsewhere."""
    if target.environment != plan.request.environment:
        return held_value(plan, target)
    found = [each.before for each in plan.targets if each.account == target.account]
    return (found[0] or "nothing") if found else None


def _users(step: Revoke, plan: Plan, topology: Topology) -> tuple[Target, ...]:
    names = [environment.name for environment in topology.environments]
    if step.environment not in names:
        return ()
    targets = topology.targets(plan.request.model, topology.environment(step.environment))
    return tuple(target for target in targets if target.access_role == step.role)
