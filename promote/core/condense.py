"""Leave out the records that add nothing to the state any more, so that reading stays short.

A law that its tests hold for every kind of record: whatever comes after them, the records that are
kept add up to the same state as all of them.
"""

from __future__ import annotations

from collections.abc import Sequence

from promote.core.brought import VerificationBrought
from promote.core.fold import as_failed, fold, place_of
from promote.core.judged import GateJudged
from promote.core.paused import PromotionPaused
from promote.core.record import (
    AccessChanged,
    ClaimClosed,
    ClaimOpened,
    LedgerState,
    PromotionEnded,
    PromotionResumed,
    PromotionStarted,
    Record,
    RevocationStarted,
    RollbackStarted,
    Sealed,
    TargetFailed,
    VerificationDone,
)

RULE = 3
"""Which rule this is: one higher whenever `fold` begins to need a record that was left out."""


def condensed(records: Sequence[Record]) -> tuple[Record, ...]:
    """Return the records that still matter, in their order; a kind not named here always does."""
    state = fold(records)
    ended = {each.promotion for each in records if isinstance(each, PromotionEnded)}
    over = ended - _in_use(state)
    kept = [each for each in records if not _adds_nothing(each, over, state)]
    return tuple(kept)


def _in_use(state: LedgerState) -> set[str]:
    """Return the promotions whose plan the state was made from."""
    unfinished = {each.promotion for each in state.open}
    lifted = {each.promotion for found in state.overridden.values() for each in found}
    return unfinished | lifted | {each.promotion for each in state.settled.values()}


def _adds_nothing(record: Record, over: set[str], state: LedgerState) -> bool:
    match record:
        case PromotionStarted() | RollbackStarted() | TargetFailed() | GateJudged():
            return record.promotion in over
        case ClaimOpened():
            return state.claims.get(record.version) != record.promotion
        case ClaimClosed():
            return record.version not in state.claims
        case VerificationDone():
            key = (record.version, record.environment)
            counts = record in (state.verifications.get(key), state.passing.get(key))
            return not counts and key not in map(place_of, state.open)
        case VerificationBrought():
            key = (record.version, record.environment)
            return record.passed or as_failed(record) != state.verifications.get(key)
        case RevocationStarted():
            return (record.environment, record.version) not in state.revoking
        case AccessChanged():
            return True  # all that it ends is the revocation that is left out with it
        case PromotionPaused():
            return record not in (each.paused for each in state.open)
        case PromotionResumed() | Sealed():
            return True  # where one was taken on from is left out with it
        case _:
            return False
