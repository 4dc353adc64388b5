"""How a promotion ended."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime
from typing import Literal


class Outcome(enum.Enum):
    """The end of a promotion, as `result` documents spell it."""

    PROMOTED = "promoted"
    UNCHANGED = "unchanged"
    UNDER_WAY = "under-way"
    ROLLED_BACK = "rolled-back"
    REFUSED = "refused"
    FAILED = "failed"
    NEEDS_ATTENTION = "needs-attention"


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """A step that is still due, and when it may be taken."""

    step: str
    version: str
    not_before: datetime
    wave: int | None = None
    """Of a switch, the wave that it belongs to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The end of one promotion: what the `result` document says."""

    result: Outcome
    promotion: str
    environment: str
    version: str
    """The ARN of the version that was promoted."""
    previous: str | None
    """The ARN that every target named before; None when they named none or not the same."""
    left: tuple[Left, ...] = ()
    seconds: float = 0.0
    """How long the command took, on the monotonic clock."""
    rollback: bool = False
    """Whether going back to the version was what was asked for."""
    wave: int | None = None
    """After which wave it waits, as it was asked to; None when it went to its end."""
    waves: int | None = None
    """Of how many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retired:
    """One version that an environment let go: its access was revoked, or it was stopped."""

    step: Literal["revoke", "stop"]
    environment: str
    version: str
    """Its ARN."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retirement:
    """What `retire` did for one model."""

    model: str
    done: tuple[Retired, ...] = ()
    left: tuple[Left, ...] = ()
    """What is not due yet."""
    skipped: tuple[str, ...] = ()
    """What was left alone and why, in sentences."""
    failed: tuple[str, ...] = ()
    """What went wrong, in sentences; the rest was retired all the same."""
