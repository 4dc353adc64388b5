"""Which target accounts joined or left an environment since a plan was made.

The set of targets is frozen in the plan: a promotion never reaches an account that nobody has
reviewed, and never forgets one that it has switched.
"""

from __future__ import annotations

from promote.core.plan import Plan
from promote.core.topology import Topology


def joiners(plan: Plan, topology: Topology) -> tuple[str, ...]:
    """Return the accounts that promote.yaml lists by now and the plan does not know."""
    known = {target.account for target in plan.targets}
    accounts = topology.environment(plan.request.environment).accounts
    return tuple(account for account in accounts if account not in known)


def leavers(plan: Plan, topology: Topology) -> tuple[str, ...]:
    """Return the accounts of the plan that promote.yaml does not list any more, or not as then.

    An account whose pointer or access role is another one by now has left with the old one.
    """
    environment = topology.environment(plan.request.environment)
    now = {
        (target.account, target.pointer.name, target.access_role)
        for target in topology.targets(plan.request.model, environment)
    }
    return tuple(
        target.account
        for target in plan.targets
        if (target.account, target.pointer, target.role) not in now
    )
