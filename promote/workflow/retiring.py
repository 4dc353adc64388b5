"""Retire what promotions left behind and is due by now: what `promote retire` does, for one model.

Everything is decided anew from the world, so it may run at any time and as often as one likes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta

from promote.arn import short_version
from promote.core.observation import Observation
from promote.core.plan import Plan, Request, Revoke, Stop
from promote.core.planner import make_retirement
from promote.core.policies.proof import Render
from promote.core.record import AccessChanged
from promote.core.result import Left, Retired, Retirement
from promote.core.topology import Environment
from promote.core.wish import Wish
from promote.errors import LockedError, NotFoundError, ProofError
from promote.workflow.lease import holding
from promote.workflow.retire import retire
from promote.workflow.run import Run
from promote.workflow.site import Site


@dataclass(frozen=True, slots=True)
class Retiring:
    """What `retire_model` is given."""

    site: Site
    """The model; its environment is the first one, others take its place in their turn."""
    render: Render
    tool: str
    wait_at_most: timedelta
    """What falls due within this time is finished, too."""


def retire_model(given: Retiring) -> Retirement:
    """Revoke and stop what no environment names, drains or keeps warm any more.

    A model that is locked, or whose promotion is unfinished, is skipped and said; the lock is
    taken only when something is there to be retired.

    Raises:
        PromoteError: A step failed; the same command goes on with it later.
    """
    site = given.site
    found = _look(given, site.observe())
    if not any(plan.steps for plan in found.plans):
        return Retirement(model=site.model, skipped=found.skipped)
    operation = f"retire of {site.model}"
    with ExitStack() as stack:
        try:
            lease = stack.enter_context(
                holding(site.world, model=site.model, owner=site.caller.arn, operation=operation)
            )
        except LockedError as error:
            return Retirement(model=site.model, skipped=(f"{error.summary}. {error.detail}",))
        return _retire(replace(given, site=replace(site, keep=lease.keep)))


@dataclass(frozen=True, slots=True)
class _Found:
    plans: tuple[Plan, ...] = ()
    skipped: tuple[str, ...] = ()


def _look(given: Retiring, observation: Observation) -> _Found:
    """Decide for every environment what it left behind."""
    unfinished = observation.ledger.unfinished
    model = given.site.model
    if unfinished is not None:
        asked = unfinished.plan.request
        what = f"The promotion of {short_version(asked.version)} to {asked.environment}"
        return _Found(skipped=(f"{what} is unfinished: promote resume {model}",))
    plans: list[Plan] = []
    skipped: list[str] = []
    for environment in given.site.topology.environments:
        one = _look_at(given, environment, observation)
        plans += one.plans
        skipped += one.skipped
    return _Found(tuple(plans), tuple(skipped))


def _look_at(given: Retiring, environment: Environment, observation: Observation) -> _Found:
    site = given.site
    targets = site.topology.targets(site.model, environment)
    named = {observation.pointers[target].value for target in targets}
    if named == {None}:
        return _Found()
    version = named.pop() if len(named) == 1 else None
    if version is None:
        return _Found(skipped=(f"{environment.name}: its pointers do not name one version.",))
    if observation.version(version) is None:
        return _Found(skipped=(f"{environment.name}: its pointers name {version}.",))
    request = Request(
        model=site.model,
        version=version,
        environment=environment.name,
        requested_by=site.caller.arn,
        reason="retire",
    )
    wish = Wish(
        request=request, topology=site.topology, observation=observation, render=given.render
    )
    try:
        plan, skipped = make_retirement(wish, tool=given.tool)
    except (NotFoundError, ProofError) as error:
        return _Found(skipped=(f"{environment.name}: {error.summary}. {error.detail}",))
    return _Found((plan,), skipped)


def _retire(given: Retiring) -> Retirement:
    """Go through the environments; what one of them lets go may be what the next can stop."""
    site = given.site
    done: list[Retired] = []
    left: list[Left] = []
    skipped: list[str] = []
    for environment in site.topology.environments:
        observation = site.observe()
        if observation.ledger.unfinished is not None:
            found = _look(given, observation)
            return Retirement(model=site.model, done=tuple(done), skipped=found.skipped)
        found = _look_at(given, environment, observation)
        skipped += found.skipped
        for plan in found.plans:
            run = _run(given, environment, plan)
            rest = retire(run, plan.steps, observation)
            left += rest
            done += () if rest else _done(run)
    return Retirement(
        model=site.model, done=tuple(done), left=tuple(dict.fromkeys(left)), skipped=tuple(skipped)
    )


def _run(given: Retiring, environment: Environment, plan: Plan) -> Run:
    site = given.site
    return Run(
        world=site.world,
        topology=site.topology,
        model=site.model,
        environment=environment,
        promotion=site.promotion,
        caller=site.caller,
        announce=site.announce,
        keep=site.keep,
        plan=plan,
        wait_at_most=given.wait_at_most,
    )


def _done(run: Run) -> Iterator[Retired]:
    """Record what was revoked and say what is really gone."""
    name = run.environment.name
    revoked = [v for step in run.plan.steps if isinstance(step, Revoke) for v in step.revoked]
    for version in dict.fromkeys(revoked):
        at, by = run.world.clock.now(), run.caller.arn
        run.record(AccessChanged(at=at, by=by, environment=name, version=version, granted=False))
        yield Retired(step="revoke", environment=name, version=version)
    stops = [step.version for step in run.plan.steps if isinstance(step, Stop)]
    observation = run.observe() if stops else None
    for version in stops:
        found = observation.version(version) if observation else None
        if found is None or not found.status.occupies_slot:
            yield Retired(step="stop", environment=name, version=version)
