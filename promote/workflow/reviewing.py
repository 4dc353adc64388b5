"""Approve and reject plans, and judge what was said of them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from promote.arn import short_version
from promote.core import asked, reviews
from promote.core.approved import Said
from promote.core.fitting import misfits
from promote.core.gates.approval import Review, person
from promote.core.gates.result import GateResult, Verdict
from promote.core.plan import Plan
from promote.core.planfile import digest
from promote.core.reviews import ForeignReviewError, Reviewed, Standing
from promote.core.topology import Environment, Topology
from promote.errors import (
    NeedsAttentionError,
    RefusedError,
    StalePlanError,
    UnfinishedError,
)
from promote.ports import Caller, Store, World
from promote.workflow.contention import Turns
from promote.workflow.endings import unfitting
from promote.workflow.journal import Journal
from promote.workflow.side_by_side import side_by_side

_LOG = logging.getLogger("promote")
_MANY = 5
"""How many plans are shown of which something was said."""


@dataclass(frozen=True, slots=True)
class Reviews:
    """What was said of the plans of one model."""

    store: Store
    model: str
    say: Callable[[str], None] = _LOG.warning
    """Told of a torn object."""

    def of(self, plan: str = "") -> tuple[Reviewed, ...]:
        """Read what was said of a plan, by its digest, or of every plan.

        Raises:
            NeedsAttentionError: An object is not what its name says; names it.
        """
        names = self.store.keys(reviews.folder(self.model, plan))
        found = side_by_side(self._read, [name for name in names if reviews.is_review(name)])
        return tuple(each for each in found if each is not None)

    def legible(self) -> Said:
        """Read all that can be read, and say of the rest why not."""
        names = self.store.keys(reviews.folder(self.model))
        found = side_by_side(self._tried, [name for name in names if reviews.is_review(name)])
        reviewed = tuple(each for each in found if isinstance(each, Reviewed))
        return Said(reviewed, tuple(each for each in found if isinstance(each, str)))

    def _tried(self, name: str) -> Reviewed | str | None:
        try:
            return self._read(name)
        except NeedsAttentionError as error:
            return error.detail

    def write(self, reviewed: Reviewed, by: str) -> None:
        """Write what an author says of a plan, over what the same one said of it before."""
        name = reviews.key(self.model, reviewed.review.digest, by)
        content = reviews.encode(reviewed)
        turns = Turns(name)
        while True:
            turns.take()
            found = self.store.read(name)
            if found is not None and found.content == content:
                return
            if found is None:
                written = self.store.create(name, content)
            else:
                written = self.store.replace(name, content, found.tag)
            if written is not None:
                return

    def _read(self, name: str) -> Reviewed | None:
        stored = self.store.read(name)
        if stored is None:
            return None
        try:
            found = reviews.decode(name, stored.content)
        except ForeignReviewError as error:
            raise NeedsAttentionError(
                "A review in the ledger cannot be read",
                f"{name}: {error}. Without it nobody can tell what people said of the plan.",
                "Find out who wrote the object. If it is no review, move it away; if it is one, "
                "let its author say it again:\n    promote approve plan.json",
            ) from error
        if found is None:
            self.say(f"The review {name} is torn; it is skipped, as if nothing had been said.")
        return found


def people_asked(plan: Plan, topology: Topology) -> int:
    """Return how many people must approve a plan; 0 when it needs nobody."""
    if plan.request.rollback or not plan.changes:
        return 0
    return topology.environment(plan.request.environment).gates.approval or 0


def expect_people(plan: Plan, topology: Topology) -> int:
    """Return how many people must approve a plan.

    Raises:
        RefusedError: Nobody must.
    """
    people = people_asked(plan, topology)
    if people:
        return people
    why = f"`gates` of {plan.request.environment} in promote.yaml asks for no approval"
    if plan.request.rollback:
        why = "It is a rollback, which nobody needs to approve"
    elif not plan.changes:
        why = "It changes nothing"
    raise RefusedError(
        "The plan needs no approval",
        f"{why}.",
        "To do it:\n    promote apply plan.json",
    )


def as_asked(environment: Environment, plan: Plan) -> Environment:
    """Return an environment that asks nobody about a plan that changes nothing."""
    if plan.changes:
        return environment
    return replace(environment, gates=replace(environment.gates, approval=None))


def what_was_said(store: Store, topology: Topology, plan: Plan) -> tuple[Review, ...]:
    """Return what was said of a plan; nothing is read when nobody is asked about it.

    Raises:
        NeedsAttentionError: An object is not what its name says; names it.
    """
    if not people_asked(plan, topology):
        return ()
    found = Reviews(store, plan.request.model).of(digest(plan))
    return tuple(each.review for each in found)


def standing(store: Store, topology: Topology, plan: Plan) -> Standing:
    """Say where the approval of a plan stands.

    Raises:
        NeedsAttentionError: An object is not what its name says; names it.
    """
    said = what_was_said(store, topology, plan)
    return reviews.standing(plan, people_asked(plan, topology), said)


def under_review(store: Store, topology: Topology, model: str) -> tuple[Standing, ...]:
    """Say where the plans of a model stand that have not begun and of which anything was said."""
    if not any(each.gates.approval for each in topology.environments):
        return ()
    state = Journal(store, model).state()
    begun = {digest(each.plan) for each in state.open} | set(state.ended)
    said = Reviews(store, model).legible()
    for why in said.illegible:  # it keeps a plan from being applied, and no status
        _LOG.warning("A review in the ledger cannot be read. %s", why)
    found = reviews.standings(said.reviewed)
    return tuple(each for each in found if each.digest not in begun)[-_MANY:]


def refuse_unapproved(world: World, topology: Topology, plan: Plan) -> None:
    """Refuse to release at once what somebody must approve first; what was begun goes on.

    Raises:
        RefusedError: See above; names the commands.
    """
    if not people_asked(plan, topology):
        return
    if digest(plan) in {
        digest(e.plan) for e in Journal(world.store, plan.request.model).state().open
    }:
        return
    found = standing(world.store, topology, plan)
    if found.gate.verdict is Verdict.PASS:
        return
    request = plan.request
    raise RefusedError(
        "The plan must be approved first",
        f"{told(found.gate)}.",
        "Save the plan, have it approved, then apply it:\n"
        f"    {asked.plan(request)} --out plan.json\n"
        "    promote approve plan.json\n"
        "    promote apply plan.json",
    )


def told(gate: GateResult) -> str:
    """Write what a gate measured beside what it requires."""
    return f"{gate.gate}  {gate.measured}; required: {gate.required}"


@dataclass(frozen=True, slots=True)
class Reviewer:
    """Somebody who says something of a plan."""

    world: World
    topology: Topology
    caller: Caller

    def expect_open(self, plan: Plan, *, approved: bool) -> int:
        """Return how many people are asked for, if it is of use to say something of a plan now.

        Raises:
            PlanFileError: It is no plan of this promote.yaml.
            StalePlanError: promote.yaml has changed since, or the plan has ended.
            UnfinishedError: It was begun, and is not stopped by what people say.
            RefusedError: It needs no approval; or the approval of this caller would not count.
        """
        people = expect_people(plan, self.topology)
        self._expect_fit(plan)
        self._expect_unused(plan)
        if approved:
            self._expect_another(plan)
        return people

    def say(self, plan: Plan, *, approved: bool, reason: str | None) -> Standing:
        """Record that a plan is approved or rejected, and say where its approval stands.

        Raises:
            PromoteError: As `expect_open`.
        """
        people = self.expect_open(plan, approved=approved)
        review = Review(
            at=self.world.clock.now(),
            by=self.caller.arn,
            digest=digest(plan),
            approved=approved,
            reason=reason,
        )
        own = reviews.author(self.caller.arn, self.caller.user_id)
        reviewed = Reviewed(review=review, request=plan.request, people=people)
        Reviews(self.world.store, plan.request.model).write(reviewed, own)
        return standing(self.world.store, self.topology, plan)

    def _expect_fit(self, plan: Plan) -> None:
        request = plan.request
        now = self.topology.fingerprint(request.model, request.environment)
        again = asked.still_liftable(request, self.topology)
        held = [each for each in plan.facts if each.fact == "configuration"]
        if any(now not in each.accepts for each in held):
            raise StalePlanError(
                "The plan is stale",
                f"What promote.yaml says of {request.model} in {request.environment} has changed "
                "since it was made. Nothing was recorded.",
                f"Make it again:\n    {asked.plan(again)} --out plan.json",
            )
        found = misfits(plan, self.topology, now=self.world.clock.now())
        if found:
            raise unfitting(plan, found)

    def _expect_unused(self, plan: Plan) -> None:
        state, request = Journal(self.world.store, plan.request.model).state(), plan.request
        what = f"{short_version(request.version)} to {request.environment}"
        if digest(plan) in {digest(each.plan) for each in state.open}:
            raise UnfinishedError(
                "The plan was begun already",
                f"The promotion of {what} is under way, and what people say now does not stop it. "
                "Nothing was recorded.",
                f"To put it back:\n    promote abort {request.model} "
                f"--environment {request.environment}",
            )
        ended = state.ended.get(digest(plan))
        if ended is not None and plan.made.at <= ended.at:
            raise StalePlanError(
                "The plan was applied before",
                f"The promotion of {what} ended as {ended.result.result.value} "
                f"({ended.promotion}). Nothing was recorded.",
                f"Make a plan anew:\n    {asked.plan(request)} --out plan.json",
            )

    def _expect_another(self, plan: Plan) -> None:
        request, who = plan.request, person(self.caller.arn)
        if who is None:
            raise RefusedError(
                "This approval would not count",
                f"{self.caller.arn} is neither an IAM user nor signed in through Identity Center, "
                "so nobody can tell whether it is who asked. Nothing was recorded.",
                "Approve it with the credentials of a person:\n    promote approve plan.json",
            )
        same = [each for each in asked.requesters(request) if person(each) == who]
        if same:
            raise RefusedError(
                "Nobody approves their own plan",
                f"{same[0]} asked for it, and {self.caller.arn} is the same person. "
                "Nothing was recorded.",
                "Let somebody else approve it:\n    promote approve plan.json",
            )
