"""What `status` tells from the ledger: what is unfinished, what is held, what was lifted."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import datetime

from promote.core.observation import Observation
from promote.core.overridden import Overridden
from promote.core.paused import last_wave
from promote.core.progress import failed_targets
from promote.core.record import Direction, Unfinished


@dataclass(frozen=True, slots=True, kw_only=True)
class UnfinishedStatus:
    """A promotion that was started and has not ended."""

    promotion: str
    version: str
    """The version's ARN."""
    environment: str
    rollback: bool = False
    """Whether it is a rollback to the version."""
    since: datetime
    """In UTC."""
    by: str
    direction: Direction
    reason: str
    """Why it turned back; empty while it goes forward."""
    failed: tuple[str, ...] = ()
    """The accounts that failed their verification and do not name the version."""
    waits_after: int | None = None
    """The wave after which it waits, as it was asked to; None is a run that was cut short."""
    waves: int = 1
    """How many there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldStatus:
    """A version that a rollback left: it is not released there again without a reason."""

    version: str
    """Its ARN."""
    since: datetime
    """In UTC."""
    by: str
    """The ARN of the caller who rolled back."""
    reason: str | None


def unfinished_in(observation: Observation) -> tuple[UnfinishedStatus, ...]:
    """Return every unfinished promotion, the one that was begun last at the end."""
    return tuple(_unfinished(each, observation) for each in observation.ledger.open)


def reached_so_far(begun: Unfinished) -> frozenset[str]:
    """Return the accounts that a promotion has reached which waits after a wave; else none."""
    if begun.paused is None:
        return frozenset()
    failed = {each.account for each in begun.failed}
    reached = (each for each in begun.plan.targets if each.wave <= begun.paused.wave)
    return frozenset(target.account for target in reached if target.account not in failed)


def held_in(observation: Observation, environment: str) -> tuple[HeldStatus, ...]:
    """Return what is held in an environment, what was held first at the front."""
    found = [
        HeldStatus(version=version, since=each.at, by=each.by, reason=each.reason)
        for (version, place), each in observation.ledger.held.items()
        if place == environment
    ]
    return tuple(sorted(found, key=lambda each: (each.since, each.version)))


def overridden_in(observation: Observation, environment: str) -> tuple[Overridden, ...]:
    """Return the gates that were lifted for what the pointers of an environment name now."""
    ledger = observation.ledger
    pointers = observation.pointers.items()
    named = {state.value for target, state in pointers if target.environment == environment}
    begun = ledger.open_in(environment)
    ended = (each for (_, place), each in ledger.overridden.items() if place == environment)
    found = (*itertools.chain.from_iterable(ended), *(begun.lifted if begun else ()))
    last = {(each.version, each.gate): each for each in found if each.version in named}
    return tuple(sorted(last.values(), key=lambda each: (each.at, each.version, each.gate)))


def _unfinished(found: Unfinished, observation: Observation) -> UnfinishedStatus:
    request = found.plan.request
    return UnfinishedStatus(
        promotion=found.promotion,
        version=request.version,
        environment=request.environment,
        rollback=request.rollback,
        since=found.since,
        by=found.by,
        direction=found.direction,
        reason="" if found.turned is None else found.turned.reason,
        failed=failed_targets(found, observation),
        waits_after=None if found.paused is None else found.paused.wave,
        waves=last_wave(found.plan),
    )
