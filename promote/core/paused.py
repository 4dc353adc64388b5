"""Stop after a wave, as the steps of a pipeline do: what the ledger keeps of it, and where that is.

A pause is no crash: a run came where it was asked to go, and everything there was verified. The
promotion stays unfinished, so that nothing that it may go back to is revoked or stopped meanwhile.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from promote.core.plan import Plan, Switch
from promote.core.result import Left
from promote.core.trace import StepTime
from promote.core.waves import WaveSize, most
from promote.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class PromotionPaused:
    """A run went as far as it was asked to: the targets of a wave, and of all before, passed."""

    kind: Literal["promotion-paused"] = "promotion-paused"
    at: datetime
    promotion: str
    wave: int
    """The last one that it reached."""
    by: str
    """The ARN of the caller who ran it."""
    execution: str | None = None
    """The id of the pipeline execution that it is a part of."""
    steps: tuple[StepTime, ...] = ()
    """What that run did."""


def last_wave(plan: Plan) -> int:
    """Return the number of a plan's last wave; 1 when nothing is switched."""
    if not any(isinstance(step, Switch) for step in plan.steps):
        return 1
    return max(target.wave for target in plan.targets)


def stops_after(plan: Plan, sizes: Collection[WaveSize], wave: int | None) -> int | None:
    """Return after which wave a run stops that is asked to go as far as `wave`.

    Args:
        plan: The plan.
        sizes: The sizes of the waves that promote.yaml gives its environment.
        wave: From 1; None is all of it. One that there is in larger environments, but not in this
            one, is empty: it goes to the end, too.

    Returns:
        The number of the wave; None when it goes to the end.

    Raises:
        InputError: There is never such a wave.
    """
    if wave is None:
        return None
    last, possible = last_wave(plan), max(last_wave(plan), most(sizes))
    if wave < 1 or (wave > possible and plan.steps):
        waves = "1 wave" if possible == 1 else f"{possible} waves"
        raise InputError(
            "No such wave",
            f"{plan.request.environment} is reached in {waves}, counting from 1; there is no wave "
            f"{wave}.",
            "To go to the end:\n    promote apply plan.json",
        )
    return wave if wave < last else None


def left_after(plan: Plan, wave: int, failed: Iterable[str], at: datetime) -> tuple[Left, ...]:
    """Return what is left to do after a wave: every later one, and what failed in those before.

    Args:
        plan: The plan.
        wave: The wave.
        failed: The accounts that failed and were put back alone.
        at: The present moment, from which on that may be done.
    """
    again = {target.wave for target in plan.targets if target.account in set(failed)}
    later = {target.wave for target in plan.targets if target.wave > wave}
    return tuple(
        Left(step="switch", version=plan.request.version, not_before=at, wave=number)
        for number in sorted(again | later)
    )
