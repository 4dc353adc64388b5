"""Retire what promotions left behind and is due by now: what `promote retire` does.

Everything is decided anew from the world, so it may run at any time and as often as one likes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial

from promote.arn import short_version
from promote.core.hands import set_by_hand_in
from promote.core.observation import Observation
from promote.core.plan import Plan, Request, Revoke, Step, Stop
from promote.core.planner import make_retirement
from promote.core.policies.proof import Render
from promote.core.record import RevocationStarted, Unfinished
from promote.core.result import Left, Retired, Retirement
from promote.core.topology import Environment
from promote.core.wish import Wish
from promote.errors import (
    InterruptedBySignalError,
    LockedError,
    NotFoundError,
    PromoteError,
    ProofError,
)
from promote.workflow.giving_way import giving_way
from promote.workflow.lease import holding
from promote.workflow.loose_ends import has_loose_ends, record_revoked, tie_up
from promote.workflow.retire import retire
from promote.workflow.run import Run
from promote.workflow.site import Site

_GRAVITY = (1, 11, 9, 6, 5, 4, 7, 2, 8, 75, 3, 10)
"""Exit codes, the one that asks a person for most first."""


@dataclass(frozen=True, slots=True)
class Retiring:
    """What `retire_model` is given."""

    site: Site
    """The model; its environment is the first one, others take its place in their turn."""
    render: Render
    tool: str
    wait_at_most: timedelta
    """What falls due within this time is finished, too."""


@dataclass(slots=True)
class _Tally:
    """What is done so far, and what went wrong."""

    model: str
    done: list[Retired] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    errors: list[PromoteError] = field(default_factory=list)

    @property
    def retirement(self) -> Retirement:
        return Retirement(
            model=self.model,
            done=tuple(self.done),
            left=tuple(dict.fromkeys(self.left)),
            skipped=tuple(self.skipped),
            failed=tuple(each.detail for each in self.errors),
        )

    @contextmanager
    def collecting(self, site: Site, where: str) -> Iterator[None]:
        """Keep what goes wrong in the body, so that the rest is retired all the same."""
        try:
            with giving_way(site.keep):
                yield
        except InterruptedBySignalError:
            raise
        except PromoteError as error:
            site.cancelled.clear()
            error.detail = f"{where}: {error.summary}. {error.detail}"
            self.errors.append(error)


def retire_all(
    models: Iterable[Retiring], told: Callable[[Retirement], None]
) -> tuple[Retirement, ...]:
    """Revoke and stop what no environment names, drains or keeps warm any more.

    A model that is locked, or whose promotion is unfinished, is skipped and said; a lock is taken
    only when something is there to be retired. What goes wrong in one keeps no other from going.

    Args:
        models: What to retire, one after the other.
        told: Handed what was done for each, also when something went wrong.

    Raises:
        PromoteError: The worst of what went wrong; its detail names all of it. The same command
            goes on with it later.
    """
    found: list[Retirement] = []
    errors: list[PromoteError] = []
    for given in models:
        tally = _Tally(given.site.model)
        with tally.collecting(given.site, given.site.model):
            _retire_model(given, tally)
        found.append(tally.retirement)
        errors += tally.errors
        told(tally.retirement)
    if errors:
        raise _worst(errors)
    return tuple(found)


def _worst(errors: list[PromoteError]) -> PromoteError:
    """Return the error whose exit code asks for most, and let it tell of all."""
    worst = min(errors, key=lambda each: _GRAVITY.index(each.exit_code))
    worst.detail = "\n\n".join(each.detail for each in errors)
    worst.remedy = "\n".join(dict.fromkeys(each.remedy for each in errors if each.remedy))
    return worst


def _retire_model(given: Retiring, tally: _Tally) -> None:
    site = given.site
    seen = site.observe()
    found = _look(given, seen)
    if not any(plan.steps for plan in found.plans) and not has_loose_ends(site, seen):
        tally.skipped += found.skipped
        return
    with ExitStack() as stack:
        try:
            lease = stack.enter_context(
                holding(
                    site.world,
                    model=site.model,
                    owner=site.caller.arn,
                    operation=f"retire of {site.model}",
                    length=site.topology.lease,
                )
            )
        except LockedError as error:
            tally.skipped.append(f"{error.summary}. {error.detail}")
            return
        _retire(replace(given, site=replace(site, keep=lease.keep)), tally)


@dataclass(frozen=True, slots=True)
class _Found:
    plans: tuple[Plan, ...] = ()
    skipped: tuple[str, ...] = ()


def _look(given: Retiring, observation: Observation) -> _Found:
    """Decide for every environment what it left behind."""
    model = given.site.model
    if observation.ledger.open:
        begun = observation.ledger.open
        said = f"The promotion {' and the one '.join(map(_unfinished, begun))}"
        verb = "is" if len(begun) == 1 else "are"
        return _Found(skipped=(f"{said} {verb} unfinished: promote resume {model}",))
    plans: list[Plan] = []
    skipped: list[str] = []
    for environment in given.site.topology.environments:
        one = _look_at(given, environment, observation)
        plans += one.plans
        skipped += one.skipped
    return _Found(tuple(plans), tuple(skipped))


def _unfinished(begun: Unfinished) -> str:
    request = begun.plan.request
    waits = "" if begun.paused is None else f", which waits after wave {begun.paused.wave},"
    return f"of {short_version(request.version)} to {request.environment}{waits}"


def _look_at(given: Retiring, environment: Environment, observation: Observation) -> _Found:
    site = given.site
    targets = site.topology.targets(site.model, environment)
    named = {observation.pointers[target].value for target in targets}
    if named == {None}:
        return _Found()
    hands = set_by_hand_in(site.topology, observation, environment.name)
    if hands:  # what the ledger says may be wanted back: `status` offers the choice
        return _Found(skipped=hands)
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


def _retire(given: Retiring, tally: _Tally) -> None:
    """Go through the environments; what one of them lets go may be what the next can stop."""
    site = given.site
    for environment in site.topology.environments:
        observation = site.observe()
        if observation.ledger.unfinished is not None:
            tally.skipped[:] = _look(given, observation).skipped
            return
        found = _look_at(given, environment, observation)
        tally.skipped += found.skipped
        for plan in found.plans:
            run = _run(given, environment, plan)
            with tally.collecting(site, f"{site.model} in {environment.name}"):
                begin = partial(_begin, run, observation)
                rest = retire(run, plan.steps, observation, begin=begin)
                tally.left += rest
                tally.done += () if rest else _done(run)
            if any(isinstance(error, LockedError) for error in tally.errors):
                return
    with tally.collecting(site, site.model):
        tally.done += tie_up(site)


def _begin(run: Run, observation: Observation, group: tuple[Step, ...]) -> None:
    """Record which access is about to be taken away, unless an earlier run has done so."""
    name = run.environment.name
    revoked = [v for step in group if isinstance(step, Revoke) for v in step.revoked]
    for version in dict.fromkeys(revoked):
        if (name, version) not in observation.ledger.revoking:
            begun = RevocationStarted(
                at=run.world.clock.now(),
                by=run.caller.arn,
                environment=name,
                version=version,
                execution=run.execution,
            )
            run.record(begun)


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
        execution=site.execution,
        plan=plan,
        wait_at_most=given.wait_at_most,
    )


def _done(run: Run) -> Iterator[Retired]:
    """Record what was revoked and say what is really gone."""
    name = run.environment.name
    revoked = [v for step in run.plan.steps if isinstance(step, Revoke) for v in step.revoked]
    for version in dict.fromkeys(revoked):
        record_revoked(run, name, version)
        yield Retired(step="revoke", environment=name, version=version)
    stops = [step.version for step in run.plan.steps if isinstance(step, Stop)]
    observation = run.observe() if stops else None
    for version in stops:
        found = observation.version(version) if observation else None
        if found is None or not found.status.occupies_slot:
            yield Retired(step="stop", environment=name, version=version)
