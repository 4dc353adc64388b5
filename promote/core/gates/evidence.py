"""Everything that gates are judged on, gathered before any of them is asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from promote.core.gates.approval import Review
from promote.core.gates.cost import Overlap

if TYPE_CHECKING:
    from promote.core.record import LedgerState


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known when gates are judged; what is missing makes a gate inconclusive."""

    at: datetime
    """Now, in UTC."""
    version: str
    """The ARN of the version."""
    ledger: LedgerState
    reason: str | None = None
    """Why it is to be promoted, as the one who asks for it says."""
    overlap: Overlap | None = None
    digest: str = ""
    """The plan's; empty while it is made."""
    requesters: tuple[str, ...] = ()
    """The ARNs of everybody who asked for it."""
    reviews: tuple[Review, ...] = ()
    """What people said of it."""
