"""Whether the waves of a plan file are those that its promote.yaml asks for."""

from __future__ import annotations

from collections.abc import Iterator

from promote.core.plan import Bake, Plan, Step, Switch
from promote.core.switching import waves_of
from promote.core.topology import Environment

ORDER = ("start", "grant", "prove", "switch", "bake", "drain", "revoke", "stop")


def rank(step: Step) -> tuple[int, int, bool]:
    """Return what sorts steps into their order: a wave switches and bakes before the next."""
    if isinstance(step, Switch | Bake):
        return (ORDER.index("switch"), step.wave, isinstance(step, Bake))
    return (ORDER.index(step.step), 0, False)


def misplaced(plan: Plan, environment: Environment) -> Iterator[str]:
    """Yield every way in which a plan's waves are not those of the environment."""
    waves = waves_of(environment)
    if plan.max_failures != environment.max_failures:
        yield f"its max_failures is {plan.max_failures}, expected {environment.max_failures}"
    for target in plan.targets:
        if target.wave != waves.get(target.account, target.wave):
            yield f"the wave of {target.account} is {target.wave}, expected {waves[target.account]}"
    yield from _bakes(plan, environment)


def _bakes(plan: Plan, environment: Environment) -> Iterator[str]:
    """Hold that every wave that switches bakes, and for as long as promote.yaml says."""
    switched: dict[int, list[str]] = {}
    for step in plan.steps:
        if isinstance(step, Switch):
            switched.setdefault(step.wave, []).append(step.account)
    bakes = {step.wave: step for step in plan.steps if isinstance(step, Bake)}
    if environment.bake:
        yield from (f"wave {number} does not bake" for number in switched if number not in bakes)
    for number, step in bakes.items():
        if list(step.accounts) != switched.get(number):
            yield f"the bake of wave {number} is not of the accounts that it switches"
