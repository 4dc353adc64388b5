"""Whether what a plan file lifts is what a planner could have planned: see `promote.core.fitting`.

An override is as good as what it says of itself, so that nothing of it is believed: which gate, for
how long, why and by whom. When the plan was made is not under its digest; so that a plan made
tomorrow lifts nothing today, what its overrides are counted from is never later than now.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from promote.core.gates import Override, wording
from promote.core.gates.override import LONGEST, STANDING, liftable
from promote.core.plan import Plan, Request
from promote.core.topology import Environment

_SKEW = timedelta(minutes=5)
"""How far the clocks of who plans and who applies may be apart."""


def wrong_overrides(
    plan: Plan, environment: Environment, now: datetime | None = None
) -> Iterator[str]:
    """Yield everything that no planner asks to be lifted.

    Args:
        plan: A plan, perhaps from a file.
        environment: Where to, as it counts for the plan's request.
        now: In UTC; None, when only the plan is looked at, is when it was made.
    """
    asked, made = plan.request.overrides, plan.made.at
    counted_from = made if now is None else min(made, now)
    names = [each.gate for each in asked]
    if names != sorted(set(names)):
        yield "what it lifts is not in order, or is there twice"
    for each in asked:
        yield from _wrong(each, plan.request, environment)
        if each.expires > counted_from + LONGEST + _SKEW:
            yield (
                f"it lifts {each.gate} until {wording.moment(each.expires)}, more than "
                f"{wording.span(LONGEST)} from {wording.moment(counted_from)}"
            )


def _wrong(override: Override, request: Request, environment: Environment) -> Iterator[str]:
    gate = override.gate
    if gate in STANDING:
        yield f"it lifts {gate}, which nobody can lift: {STANDING[gate]}"
    elif gate not in liftable(environment):
        yield f"it lifts {gate}, which is no gate of {environment.name}"
    if not override.reason.strip() or override.reason != request.reason:
        yield f"it lifts {gate} without the reason of the request"
    if override.by != request.requested_by:
        yield f"it lifts {gate} by {override.by}, expected {request.requested_by}"
