"""The records of the ledger, and the state that they add up to.

The ledger is an append-only list of records for each model. Nothing in it is ever changed: what is
claimed, verified or unfinished is folded from all of them, see `promote.core.fold`.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from promote.core.brought import VerificationBrought
from promote.core.executions import Heard
from promote.core.gates.result import GateResult
from promote.core.held import Place, VersionHeld
from promote.core.judged import GateJudged
from promote.core.overridden import Overridden
from promote.core.paused import PromotionPaused
from promote.core.plan import Plan
from promote.core.result import Result
from promote.core.settled import Settled
from promote.core.trace import PolicyDigest, StepTime


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
    person: str | None = None
    """Who that is, if it is a person, see `promote.core.gates.approval`."""
    execution: str | None = None
    """The id of the pipeline execution that it is a part of."""
    gates: tuple[GateResult, ...] = ()
    """As they were judged right before it; those in the plan are of the time it was made."""
    policies: tuple[PolicyDigest, ...] = ()
    """What the policies that it may write were then."""
    heard: Heard | None = None
    """What that execution said of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromotionResumed:
    """A later run took an unfinished promotion up with its plan, in the direction that it has."""

    kind: Literal["promotion-resumed"] = "promotion-resumed"
    at: datetime
    promotion: str
    by: str
    """The ARN of the caller who runs it."""
    execution: str | None = None
    """As that of a `PromotionStarted`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimOpened:
    """We are about to start a version, so it is ours to stop."""

    kind: Literal["claim-opened"] = "claim-opened"
    at: datetime
    promotion: str
    version: str
    by: str | None = None
    """The ARN of the caller who did it; None in records of the time before it was kept."""
    execution: str | None = None
    """As that of a `PromotionStarted`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimClosed:
    """The version that we started was stopped, or never came up."""

    kind: Literal["claim-closed"] = "claim-closed"
    at: datetime
    promotion: str
    version: str
    by: str | None = None
    """The ARN of the caller who did it; None in records of the time before it was kept."""
    execution: str | None = None
    """As that of a `PromotionStarted`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackStarted:
    """The promotion turned back; written before its first compensating write."""

    kind: Literal["rollback-started"] = "rollback-started"
    at: datetime
    promotion: str
    reason: str
    switched: tuple[str, ...]
    """The accounts whose pointers had named the new version by then, so that it must drain."""
    by: str | None = None
    """The ARN of the caller who did it; None in records of the time before it was kept."""
    execution: str | None = None
    """As that of a `PromotionStarted`."""


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
    promotion: str | None = None
    """The id of the promotion that it concludes, if it passed; None of one for itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationStarted:
    """`retire` is about to take the access to a version away; `AccessChanged` says that it did."""

    kind: Literal["revocation-started"] = "revocation-started"
    at: datetime
    by: str
    environment: str
    version: str
    execution: str | None = None
    """As that of a `PromotionStarted`."""


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
    execution: str | None = None
    """As that of a `PromotionStarted`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetFailed:
    """A target failed its verification; written before its pointer goes back, alone."""

    kind: Literal["target-failed"] = "target-failed"
    at: datetime
    promotion: str
    account: str
    reason: str
    """Measured beside required, or what went wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromotionEnded:
    """A promotion came to its end; a plan that ended is closed for good."""

    kind: Literal["promotion-ended"] = "promotion-ended"
    at: datetime
    promotion: str
    digest: str
    result: Result
    steps: tuple[StepTime, ...] = ()
    """What the run that ended it did; what one that was killed before it did is not timed."""
    policies: tuple[PolicyDigest, ...] = ()
    """What the policies that it may write are now."""
    by: str | None = None
    """The ARN of the caller who did it; None in records of the time before it was kept."""
    execution: str | None = None
    """As that of a `PromotionStarted`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """The record before it and, by their chain, every earlier one is signed."""

    kind: Literal["sealed"] = "sealed"
    at: datetime
    number: int
    """That record's."""
    link: str
    """The SHA-256 of the bytes of its object, in hex."""
    key: str
    """The ARN of the KMS key."""
    algorithm: str
    """As KMS spells it."""
    signature: str
    """Of `promote.core.seal.statement`, in base64."""


Record = (
    PromotionStarted
    | PromotionResumed
    | PromotionPaused
    | ClaimOpened
    | ClaimClosed
    | RollbackStarted
    | GateJudged
    | TargetFailed
    | VerificationDone
    | VerificationBrought
    | RevocationStarted
    | AccessChanged
    | VersionHeld
    | PromotionEnded
    | Sealed
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
    paused: PromotionPaused | None = None
    """Where it waits, as it was asked to; None when nobody took it so far, or took it on."""
    failed: tuple[TargetFailed, ...] = ()
    """Every failure of a target so far, oldest first; what a later plan of it took over, too."""
    named: frozenset[str] = frozenset()
    """Everything that its targets were found to name, by any of its plans."""
    lifted: tuple[Overridden, ...] = ()
    """The gates that refused it so far and were lifted."""
    judged: tuple[GateJudged, ...] = ()
    """How gates were judged on the way, by its last plan or one that asked for the same."""
    passed: bool = False
    """Whether every target has passed with its last plan, and every bake is over."""

    @property
    def direction(self) -> Direction:
        """Which way it runs."""
        return Direction.FORWARD if self.turned is None else Direction.ROLLING_BACK


@dataclass(frozen=True, slots=True)
class LedgerState:
    """What the records of one model add up to."""

    open: tuple[Unfinished, ...] = ()
    """Every unfinished promotion, in the order in which they were begun; to each place only one."""
    claims: Mapping[str, str] = field(default_factory=dict)
    """Promotion ids by the ARN of the version that each of them started."""
    verifications: Mapping[tuple[str, str], VerificationDone] = field(default_factory=dict)
    """The last verification by (version ARN, environment)."""
    passing: Mapping[Place, VerificationDone] = field(default_factory=dict)
    """The first of those that have all passed since, by the same; not where the last one failed."""
    ended: Mapping[str, PromotionEnded] = field(default_factory=dict)
    """How and when each plan ended last, by its digest."""
    revoking: frozenset[tuple[str, str]] = frozenset()
    """By (environment, version ARN): the revocations that are not on record as done."""
    settled: Mapping[tuple[str, str], Settled] = field(default_factory=dict)
    """What the last promotion that ended left in each target, by (environment, account)."""
    held: Mapping[Place, VersionHeld] = field(default_factory=dict)
    """Why a version is held in an environment, by (version ARN, environment)."""
    overridden: Mapping[Place, tuple[Overridden, ...]] = field(default_factory=dict)
    """The gates that were lifted when a version last came through, by the same."""
    put_back: frozenset[Place] = frozenset()
    """The versions whose last promotion to an environment was put back after it had switched."""

    @property
    def unfinished(self) -> Unfinished | None:
        """The promotion that was begun last of those that have not ended, or None."""
        return self.open[-1] if self.open else None

    def open_in(self, environment: str) -> Unfinished | None:
        """Return the unfinished promotion to an environment, or None."""
        return next((e for e in self.open if e.plan.request.environment == environment), None)

    def opened(self, promotion: str) -> Unfinished | None:
        """Return an unfinished promotion by its id, or None."""
        return next((each for each in self.open if each.promotion == promotion), None)

    def verification(self, version: str, environment: str) -> VerificationDone | None:
        """Return the last verification of a version in an environment, or None."""
        return self.verifications.get((version, environment))
