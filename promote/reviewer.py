"""The library as far as people are concerned: what they say of a plan before it is applied."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from promote.inspector import Inspector
from promote.workflow import reviewing

if TYPE_CHECKING:
    from promote.core.plan import Plan
    from promote.core.reviews import Standing
    from promote.core.status import ModelStatus


class Reviewing(Inspector):
    """Looks at the models of one topology, and says yes or no to plans; see `Inspector`."""

    def status(self, model: str | None = None) -> tuple[ModelStatus, ...]:
        """Say where one model or every model stands, in every environment."""
        return tuple(
            replace(each, reviews=self.under_review(each.model)) for each in super().status(model)
        )

    def approve(self, plan: Plan, *, reason: str | None = None) -> Standing:
        """Record that the caller approves a plan, and say where its approval stands.

        Args:
            plan: A plan of somebody else.
            reason: Why; kept in the ledger.

        Raises:
            RefusedError: It needs no approval, or this caller's would not count.
            StalePlanError: The plan has ended, or promote.yaml has changed since.
            UnfinishedError: It was begun already.
        """
        return self._reviewer().say(plan, approved=True, reason=reason)

    def reject(self, plan: Plan, *, reason: str) -> Standing:
        """Record that the caller, who may be who asked, rejects a plan; see `approve`."""
        return self._reviewer().say(plan, approved=False, reason=reason)

    def expect_reviewable(self, plan: Plan, *, approved: bool) -> None:
        """Raise what `approve` or `reject` would raise, before anybody is asked."""
        self._reviewer().expect_open(plan, approved=approved)

    def refuse_unapproved(self, plan: Plan) -> None:
        """Raise `RefusedError` for a plan that is not begun and lacks approvals that it needs."""
        reviewing.refuse_unapproved(self.world, self._topology, plan)

    def standing(self, plan: Plan) -> Standing:
        """Say where the approval of a plan stands.

        Raises:
            RefusedError: It needs none.
        """
        reviewing.expect_people(plan, self._topology)
        return reviewing.standing(self.world.store, self._topology, plan)

    def under_review(self, model: str) -> tuple[Standing, ...]:
        """Say where the plans of a model stand that were not begun; at most the last five."""
        name = self._topology.model(model).name
        return reviewing.under_review(self.world.store, self._topology, name)

    def _reviewer(self) -> reviewing.Reviewer:
        return reviewing.Reviewer(self.world, self._topology, self.caller())
