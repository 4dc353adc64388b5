"""Which versions are held in an environment, and which were put back there, by the ledger alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from promote.core.result import Outcome, Result

Place = tuple[str, str]
"""A version, by its ARN, in an environment, by its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionHeld:
    """A rollback left a version: it is not released there again without a reason."""

    kind: Literal["version-held"] = "version-held"
    at: datetime
    by: str
    """The ARN of the caller who ran the rollback."""
    promotion: str
    """The rollback's id."""
    version: str
    environment: str
    reason: str | None = None
    """Why it was rolled back."""


def held_after(held: Mapping[Place, VersionHeld], ended: Result) -> Mapping[Place, VersionHeld]:
    """Return what is held when a promotion has ended.

    One that went through lifts the hold on what it brought. What a rollback had held already that
    was put back itself after all is not held, either.
    """
    through = ended.result is Outcome.PROMOTED
    brought = (ended.version, ended.environment)
    return {
        place: each
        for place, each in held.items()
        if not (place == brought if through else each.promotion == ended.promotion)
    }


def put_back_after(put_back: frozenset[Place], ended: Result) -> frozenset[Place]:
    """Return what was put back last when a promotion has ended; a rollback says nothing of it."""
    brought = {(ended.version, ended.environment)}
    match ended.result:
        case Outcome.PROMOTED:
            return put_back - brought
        case Outcome.ROLLED_BACK if not ended.rollback:
            return put_back | brought
        case _:
            return put_back
