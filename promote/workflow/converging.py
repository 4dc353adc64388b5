"""A pipeline that rolls a stage back brings the plan of an earlier execution once more."""

from __future__ import annotations

from dataclasses import replace

from promote.core.plan import Plan
from promote.core.planfile import digest
from promote.core.result import Outcome, Result
from promote.ports import Store
from promote.workflow.journal import Journal


def went_through(store: Store, plan: Plan) -> bool:
    """Say whether a plan is over because all that it asks for was so, before it or by it."""
    state = Journal(store, plan.request.model).state()
    if digest(plan) in {digest(each.plan) for each in state.open}:
        return False
    ended = state.ended.get(digest(plan))
    return not plan.steps if ended is None else ended.result.result is Outcome.PROMOTED


def is_back(plan: Plan, aborted: Result) -> Result:
    """Return what came of going back by putting another promotion back: the version is live."""
    version = plan.request.version
    done = Outcome.PROMOTED
    return replace(aborted, result=done, version=version, previous=None, rollback=True)
