"""Make the plan of a promotion, or find the one that is under way already."""

from __future__ import annotations

from promote.core.facts import changed_facts
from promote.core.plan import Plan
from promote.core.planner import make_plan
from promote.core.wish import Wish
from promote.workflow.endings import unfinished_of


def plan_promotion(wish: Wish, *, tool: str) -> Plan:
    """Return the plan of an unfinished promotion of the same kind, or make one.

    Args:
        wish: What is asked for, and the world.
        tool: The name and version of this program, for the plan's `made`.

    Raises:
        UnfinishedError: Another promotion is unfinished, and in the way.
        PromoteError: As `make_plan`.
    """
    return _plan_to_resume(wish) or make_plan(wish, tool=tool)


def _plan_to_resume(wish: Wish) -> Plan | None:
    """Return the plan of the unfinished promotion of a version, if it is still the one to do.

    Raises:
        UnfinishedError: Another one is unfinished, and in the way.
    """
    request, observation = wish.request, wish.observation
    unfinished = unfinished_of(observation.ledger, request.version, request.environment)
    if unfinished is None:
        return None
    holds = not changed_facts(unfinished.plan, wish.topology, observation)
    return unfinished.plan if holds or unfinished.turned is not None else None
