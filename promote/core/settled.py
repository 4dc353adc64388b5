"""What promotions left in each target, as the ledger tells it: so others' writes are noticed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from promote.core.plan import Plan, Switch
from promote.core.result import Outcome, Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What the pointer of a target named when the last promotion to its environment had ended."""

    version: str | None
    """What it named, mostly the ARN of a version; None when it did not exist."""
    at: datetime
    """When that promotion ended, in UTC."""
    by: str
    """The ARN of the caller who ran it."""
    promotion: str


def left_by(
    plan: Plan, result: Result, *, at: datetime, by: str
) -> Mapping[tuple[str, str], Settled]:
    """Return what a promotion that ended left behind, by (environment, account).

    Args:
        plan: Its plan.
        result: Its end.
        at: When that was.
        by: The ARN of the caller who ran it.
    """
    through = result.result in {Outcome.PROMOTED, Outcome.UNCHANGED}
    # A plan that took an unfinished promotion over found pointers switched already.
    back = {step.account: step.undo for step in plan.steps if isinstance(step, Switch)}
    return {
        (plan.request.environment, target.account): Settled(
            version=plan.request.version if through else back.get(target.account, target.before),
            at=at,
            by=by,
            promotion=result.promotion,
        )
        for target in plan.targets
    }


def named_before(plan: Plan) -> frozenset[str]:
    """Return everything that the targets of a plan were found to name."""
    return frozenset(target.before for target in plan.targets if target.before is not None)
