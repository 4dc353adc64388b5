"""The records of the ledger, and the state that they add up to.

The ledger is an append-only list of records for each model. Nothing in it is ever changed: what is
claimed, verified or unfinished is computed by folding the list from its first record to its last.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Literal, assert_never

from promote.core.plan import Plan
from promote.core.result import Result


class Direction(enum.Enum):
    """Which way a promotion runs; once it goes back it never goes forward again."""

    FORWARD = "forward"
    ROLLING_BACK = "rolling-back"


@dataclass(frozen=True, slots=True, kw_only=True)
class PromotionStarted:
    """A promotion took the plan and will make its first write."""

    kind: Literal["promotion-started"] = "promotion-started"
    at: datetime
    promotion: str
    by: str
    """The ARN of the caller who runs it."""
    plan: Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimOpened:
    """We are about to start a version, so it is ours to stop."""

    kind: Literal["claim-opened"] = "claim-opened"
    at: datetime
    promotion: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimClosed:
    """The version that we started was stopped, or never came up."""

    kind: Literal["claim-closed"] = "claim-closed"
    at: datetime
    promotion: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackStarted:
    """The promotion turned back; written before its first compensating write."""

    kind: Literal["rollback-started"] = "rollback-started"
    at: datetime
    promotion: str
    reason: str
    switched: tuple[str, ...]
    """The accounts whose pointers had named the new version by then, so that it must drain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationDone:
    """A version was tried through a target's role and pointer."""

    kind: Literal["verification-done"] = "verification-done"
    at: datetime
    by: str
    version: str
    environment: str
    passed: bool
    accounts: tuple[str, ...]
    accuracy: float | None
    """The lowest over the accounts; None when no images are configured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessChanged:
    """A single `access grant` or `access revoke` was carried out."""

    kind: Literal["access-changed"] = "access-changed"
    at: datetime
    by: str
    environment: str
    version: str
    granted: bool
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PromotionEnded:
    """A promotion came to its end; a plan that ended is closed for good."""

    kind: Literal["promotion-ended"] = "promotion-ended"
    at: datetime
    promotion: str
    digest: str
    result: Result


Record = (
    PromotionStarted
    | ClaimOpened
    | ClaimClosed
    | RollbackStarted
    | VerificationDone
    | AccessChanged
    | PromotionEnded
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfinished:
    """A promotion that was started and has not ended."""

    promotion: str
    plan: Plan
    since: datetime
    by: str
    turned: RollbackStarted | None = None
    """When and why it turned back; None while it goes forward."""

    @property
    def direction(self) -> Direction:
        """Which way it runs."""
        return Direction.FORWARD if self.turned is None else Direction.ROLLING_BACK


@dataclass(frozen=True, slots=True)
class LedgerState:
    """What the records of one model add up to."""

    unfinished: Unfinished | None = None
    claims: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Promotion ids by the ARN of the version that each of them started."""
    verifications: Mapping[tuple[str, str], VerificationDone] = field(
        default_factory=lambda: MappingProxyType({})
    )
    """The last verification by (version ARN, environment)."""
    ended: Mapping[str, PromotionEnded] = field(default_factory=lambda: MappingProxyType({}))
    """How and when each plan ended last, by its digest."""

    def verification(self, version: str, environment: str) -> VerificationDone | None:
        """Return the last verification of a version in an environment, or None."""
        return self.verifications.get((version, environment))


def fold(records: Iterable[Record]) -> LedgerState:
    """Add up the records of one model, oldest first."""
    state = LedgerState()
    for record in records:
        state = _after(state, record)
    return state


def _after(state: LedgerState, record: Record) -> LedgerState:
    match record:
        case PromotionStarted():
            unfinished = Unfinished(
                promotion=record.promotion, plan=record.plan, since=record.at, by=record.by
            )
            return replace(state, unfinished=unfinished)
        case ClaimOpened():
            return replace(state, claims={**state.claims, record.version: record.promotion})
        case ClaimClosed():
            rest = {k: v for k, v in state.claims.items() if k != record.version}
            return replace(state, claims=rest)
        case RollbackStarted():
            return _turned(state, record)
        case VerificationDone():
            key = (record.version, record.environment)
            return replace(state, verifications={**state.verifications, key: record})
        case AccessChanged():
            return state
        case PromotionEnded():
            ended = {**state.ended, record.digest: record}
            return replace(state, unfinished=None, ended=ended)
        case _:
            assert_never(record)


def _turned(state: LedgerState, record: RollbackStarted) -> LedgerState:
    if state.unfinished is None or state.unfinished.promotion != record.promotion:
        return state
    return replace(state, unfinished=replace(state.unfinished, turned=record))
