"""What a plan makes run on top of what would have run anyway, and for how long."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from promote.core.gates.cost import Overlap
from promote.core.plan import Bake, Drain, Start, Step, Stop, Switch
from promote.core.version import ModelVersion


def overlap_of(steps: Iterable[Step], versions: Iterable[ModelVersion], *, price: float) -> Overlap:
    """Return the overlap of the old and the new version.

    While waves bake and the old version drains or stays warm, both run. What that adds is either of
    them: the one that the plan starts early or those that it stops late, whichever are more units.
    Old is what the pointers name that it switches; where they name nothing yet, nothing overlaps.

    Args:
        steps: The plan's.
        versions: Every version of the model's project.
        price: US dollars per inference unit and hour.
    """
    taken = tuple(steps)
    switches = [step for step in taken if isinstance(step, Switch)]
    old = {each for s in switches for each in (s.before, s.undo) if each not in {None, s.version}}
    late = {step.version for step in taken if isinstance(step, Stop)} & old
    stopped = sum(each.max_units or each.min_units or 1 for each in versions if each.arn in late)
    started = sum(step.max_units or step.min_units for step in taken if isinstance(step, Start))
    units = max(started, stopped) if old else 0
    seconds = sum(_seconds(step) for step in taken) if units else 0.0
    return Overlap(units=units, length=timedelta(seconds=seconds), price=price)


def _seconds(step: Step) -> float:
    match step:
        case Bake():
            return step.seconds
        case Drain():
            return max(step.seconds, step.keep_warm)
        case _:
            return 0.0
