"""Everything that gates are judged on, gathered before any of them is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING

from promote.core.evaluation import Evaluation
from promote.core.gates.alarm import Alarm
from promote.core.gates.approval import Review
from promote.core.gates.cost import Overlap
from promote.core.gates.labels import Declaration
from promote.core.gates.result import Override

if TYPE_CHECKING:
    from promote.core.record import LedgerState


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What was looked up in the world because gates of the environment ask for it."""

    evaluation: Evaluation | None = None
    no_evaluation: str = ""
    """Why there is no evaluation."""
    declarations: tuple[Declaration, ...] = ()
    """What the applications understand, from each place in which they say so."""
    alarms: Mapping[Alarm, str | None] = field(default_factory=lambda: MappingProxyType({}))
    """The state of each alarm that is asked for; None is one that does not exist."""
    no_alarms: str = ""
    """Why no alarm could be looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known when gates are judged; what is missing makes a gate inconclusive."""

    at: datetime
    """Now, in UTC."""
    version: str
    """The ARN of the version."""
    ledger: LedgerState
    f1: float | None = None
    """The F1 that the service itself says of the version, from 0 to 1."""
    findings: Findings = field(default_factory=Findings)
    reason: str | None = None
    """Why it is to be promoted, as the one who asks for it says."""
    overlap: Overlap | None = None
    digest: str = ""
    """The plan's; empty while it is made."""
    requesters: tuple[str, ...] = ()
    """The ARNs of everybody who asked for it."""
    reviews: tuple[Review, ...] = ()
    """What people said of it."""
    remarks: tuple[str, ...] = ()
    """What was said and does not count, each as a part of a sentence."""
    overrides: tuple[Override, ...] = ()
    """The gates that are to be lifted."""
