"""Make the plan of a promotion, or find the one that is under way already."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from promote.arn import short_version
from promote.core.facts import changed_facts
from promote.core.gates.override import NOTHING, Lifting
from promote.core.history import History, history_of
from promote.core.observation import Observation
from promote.core.plan import Plan, Request
from promote.core.planner import make_plan
from promote.core.policies.proof import Render
from promote.core.wish import Wish
from promote.workflow.endings import refuse_leavers
from promote.workflow.evidence import Gathering
from promote.workflow.observe import Observer
from promote.workflow.single import find
from promote.workflow.unfinished import in_the_way_of_rollback, unfinished_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody asks for, and what is needed to plan it."""

    observer: Observer
    """Of the model, in the environment."""
    requested_by: str
    """The caller's ARN."""
    reason: str | None
    adopt: bool
    render: Render
    tool: str
    """The name and version of this program, for the plan's `made`."""
    warn: Callable[[str], None]
    """Told which versions a rollback passes over."""
    lifts: Lifting = NOTHING
    """The gates that are lifted for this once."""

    def wish(self, version: str, observation: Observation, *, rollback: bool) -> Wish:
        """Return the wish for a version, by its ARN, in the world as observed."""
        request = Request(
            model=self.observer.model,
            version=version,
            environment=self.observer.environment.name,
            requested_by=self.requested_by,
            reason=self.reason,
            rollback=rollback,
            overrides=self.lifts.overrides(self.reason, self.requested_by, observation.at),
        )
        return Wish(
            request=request,
            topology=self.observer.topology,
            observation=observation,
            render=self.render,
            adopt=self.adopt,
        )


def plan_promotion(asked: Asked, version: str) -> tuple[Plan, Observation]:
    """Return the plan of a promotion, or of the same one that is unfinished, and the world.

    Args:
        asked: What is asked for.
        version: The version's name or ARN.

    Raises:
        NotFoundError: No such version.
        UnfinishedError: Another promotion is unfinished, and in the way.
        PromoteError: As `make_plan`.
    """
    observation = asked.observer.observe(version)
    found = find(observation, version, observation.model)
    wish = asked.wish(found.arn, observation, rollback=False)
    look = Gathering(asked.observer.world, wish.topology, observation.model, wish.environment)
    begun = _plan_to_resume(wish)
    if begun is not None:
        _tell_unlifted(asked, begun)
        return begun, observation
    return make_plan(replace(wish, findings=look.findings(found)), tool=asked.tool), observation


def _tell_unlifted(asked: Asked, begun: Plan) -> None:
    """Say that a plan which was begun lifts what it lifted then, and nothing else."""
    lifted = {each.gate for each in begun.request.overrides}
    more = [gate for gate in asked.lifts.gates if gate not in lifted]
    if more:
        asked.warn(
            f"The promotion was begun already and goes on as it was planned then: it does not lift "
            f"{', '.join(more)}."
        )


def plan_rollback(asked: Asked, version: str | None) -> tuple[Plan, Observation]:
    """Return the plan of a rollback, or of the same one that is unfinished, and the world.

    Args:
        asked: What is asked for.
        version: The name or ARN of the version to go back to; None is the version before.

    Raises:
        NotFoundError: No such version, or none to go back to.
        RefusedError: No pointer ever named it, or the targets do not agree on the one before.
        UnfinishedError: A promotion to the environment, or another rollback, is unfinished.
        PromoteError: As `make_plan`.
    """
    observer = replace(asked.observer, must_read=frozenset({asked.observer.environment.name}))
    observation = observer.observe(version)
    for why in observation.unread.values():
        asked.warn(f"{why}: no version is stopped that may be in use there.")
    arn = _way_back(asked, version, observation)
    if version is None:  # it may have to be started: now count the slots of other projects
        found = observation.version(arn)
        starts = found is not None and not found.status.occupies_slot
        observation = observer.observe(arn) if starts else observation
    wish = asked.wish(arn, observation, rollback=True)
    return _plan_to_resume(wish) or make_plan(wish, tool=asked.tool), observation


def _way_back(asked: Asked, version: str | None, observation: Observation) -> str:
    """Return the ARN of the version to go back to."""
    environment, ledger = asked.observer.environment.name, observation.ledger
    wanted = None if version is None else find(observation, version, observation.model).arn
    begun = ledger.open_in(environment)
    if begun is not None:
        request = begun.plan.request
        if request.rollback and wanted in {None, request.version}:
            return request.version
        raise in_the_way_of_rollback(ledger, begun, wanted)
    history = history_of(observation, environment)
    if wanted is not None:
        return _by_name(asked, history, wanted)
    choice = history.choose()
    for value, why in choice.passed_over.items():
        asked.warn(f"{short_version(value)} is passed over: {why}.")
    if choice.is_back:
        back = f"{environment} is back to {short_version(choice.version)} already"
        asked.warn(f"{back}. To go further back, name the version.")
    return choice.version


def _by_name(asked: Asked, history: History, wanted: str) -> str:
    """Return a version that was asked for, and warn of what speaks against it."""
    found = history.expect(wanted)
    if doubts := history.doubts(found):
        name, place = short_version(found), history.environment
        asked.warn(f"{name} is no version that a rollback of {place} picks by itself: {doubts}.")
    return found


def _plan_to_resume(wish: Wish) -> Plan | None:
    """Return the plan of the unfinished promotion of a version, if it is still the one to do.

    Raises:
        UnfinishedError: Another one is unfinished, and in the way.
    """
    request, observation = wish.request, wish.observation
    unfinished = unfinished_of(observation.ledger, request)
    if unfinished is None:
        return None
    refuse_leavers(unfinished.plan, wish.topology)
    holds = not changed_facts(unfinished.plan, wish.topology, observation)
    return unfinished.plan if holds or unfinished.turned is not None else None
