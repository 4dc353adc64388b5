"""Carry like steps out side by side, announcing each."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

from promote.core.events import StepDone, StepStarted
from promote.core.plan import Step, Switch
from promote.workflow.run import Run
from promote.workflow.side_by_side import side_by_side

Do = Callable[[Step], str]


def groups(steps: tuple[Step, ...]) -> Iterator[tuple[Step, ...]]:
    """Yield the runs of like steps; two waves of switches are two groups."""

    def kind(step: Step) -> object:
        return (step.step, step.wave if isinstance(step, Switch) else 0)

    for _kind, group in itertools.groupby(steps, kind):
        yield tuple(group)


def carry_out(run: Run, group: tuple[Step, ...], steps: tuple[Step, ...], do: Do) -> None:
    """Do like steps side by side, announcing each."""

    def one(step: Step) -> None:
        number, clock = steps.index(step) + 1, run.world.clock
        began = clock.monotonic()
        run.announce(StepStarted(at=clock.now(), number=number, step=step))
        detail = do(step)
        seconds = clock.monotonic() - began
        run.announce(
            StepDone(at=clock.now(), number=number, step=step, detail=detail, seconds=seconds)
        )

    side_by_side(one, group, cancelled=run.cancelled)
