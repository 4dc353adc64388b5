"""Decide which pointers switch, and in which wave.

The waves are those of all targets of the environment, whatever of them has switched already: a
target's wave is the same in the plan after a crash.
"""

from __future__ import annotations

from promote.core.plan import Bake, PlannedTarget, Switch
from promote.core.topology import Environment, Target
from promote.core.waves import wave_numbers
from promote.core.wish import Wish


def planned_targets(wish: Wish) -> tuple[PlannedTarget, ...]:
    """Return every target as it is found, with its wave."""
    waves = waves_of(wish.environment)
    return tuple(
        PlannedTarget(
            account=target.account,
            pointer=target.pointer.name,
            role=target.access_role,
            before=wish.observation.pointers[target].value,
            wave=waves[target.account],
        )
        for target in wish.targets
    )


def switches(wish: Wish) -> tuple[Switch | Bake, ...]:
    """Switch every target that names something else, wave by wave, and let each wave bake.

    What a killed run has switched stays a step, which is done already, for the sake of its undo.
    """
    steps = wish.begun.steps if wish.begun else ()
    begun = {step.account: step for step in steps if isinstance(step, Switch)}
    waves, found = waves_of(wish.environment), []
    for target in wish.targets:
        state, wave = wish.observation.pointers[target], waves[target.account]
        if state.value != wish.version.arn:
            found.append(_switch(wish, target, wave, state.revision, state.value))
        elif target.account in begun:
            earlier = begun[target.account]
            found.append(_switch(wish, target, wave, earlier.revision, earlier.undo))
    return _in_waves(wish.environment, tuple(found))


def waves_of(environment: Environment) -> dict[str, int]:
    """Return the number of each account's wave in an environment, from 1."""
    return wave_numbers(environment.accounts, environment.waves)


def _switch(wish: Wish, target: Target, wave: int, revision: int, undo: str | None) -> Switch:
    return Switch(
        environment=wish.environment.name,
        account=target.account,
        pointer=target.pointer.name,
        version=wish.version.arn,
        wave=wave,
        revision=revision,
        before=wish.observation.pointers[target].value,
        undo=undo,
    )


def _in_waves(environment: Environment, found: tuple[Switch, ...]) -> tuple[Switch | Bake, ...]:
    steps: list[Switch | Bake] = []
    for number in sorted({step.wave for step in found}):
        wave = [step for step in found if step.wave == number]
        steps += wave
        if environment.bake:
            steps.append(
                Bake(
                    environment=environment.name,
                    accounts=tuple(step.account for step in wave),
                    wave=number,
                    seconds=environment.bake.total_seconds(),
                )
            )
    return tuple(steps)
