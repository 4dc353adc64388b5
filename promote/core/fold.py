"""Add up the records of a ledger: what is claimed, verified, held or unfinished by now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import assert_never

from promote.core.brought import VerificationBrought
from promote.core.gates.result import GateResult
from promote.core.held import Place, VersionHeld, held_after, put_back_after
from promote.core.judged import GateJudged, added, carried
from promote.core.overridden import overridden, overridden_after, together
from promote.core.paused import PromotionPaused
from promote.core.plan import Switch
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
    Unfinished,
    VerificationDone,
)
from promote.core.settled import Settled, left_by, named_before


def fold(records: Iterable[Record]) -> LedgerState:
    """Add up the records of one model, oldest first."""
    state = LedgerState()
    for record in records:
        state = after(state, record)
    return state


def after(state: LedgerState, record: Record) -> LedgerState:  # noqa: C901, PLR0912 (a case for each kind)
    """Return what the records add up to when one more follows."""
    match record:
        case PromotionStarted():
            return _started(state, record)
        case ClaimOpened() | ClaimClosed():
            return replace(state, claims=_claims(state, record))
        case RollbackStarted():
            return _turned(state, record)
        case GateJudged():
            return _with_judged(state, record)
        case TargetFailed():
            return _with_failed(state, record)
        case VerificationDone():
            return _tried(state, record)
        case VerificationBrought():
            return state if record.passed else _tried(state, as_failed(record))
        case RevocationStarted():
            return replace(state, revoking=state.revoking | {(record.environment, record.version)})
        case AccessChanged():
            return replace(state, revoking=state.revoking - {(record.environment, record.version)})
        case VersionHeld():
            key = (record.version, record.environment)
            return replace(state, held={**state.held, key: record})
        case PromotionEnded():
            return _ended(state, record)
        case PromotionPaused() | PromotionResumed():
            return _paused(state, record)
        case Sealed():
            return state  # it adds to what can be proved, and to nothing else
        case _:
            assert_never(record)


def _started(state: LedgerState, record: PromotionStarted) -> LedgerState:
    begun = state.opened(record.promotion)
    switches = any(isinstance(step, Switch) for step in record.plan.steps)
    unfinished = Unfinished(
        promotion=record.promotion,
        plan=record.plan,
        since=record.at,
        by=record.by,
        failed=begun.failed if begun else (),
        named=named_before(record.plan) | (begun.named if begun else frozenset()),
        judged=carried(begun.judged, begun.plan, record.plan) if begun else (),
        lifted=begun.lifted if begun else (),
        passed=begun is not None and begun.passed and not switches,
    )
    return _with(state, _lifting(unfinished, record.gates, record.at))


def _paused(state: LedgerState, record: PromotionPaused | PromotionResumed) -> LedgerState:
    begun = state.opened(record.promotion)
    waits = record if isinstance(record, PromotionPaused) else None
    return state if begun is None else _with(state, replace(begun, paused=waits))


def _turned(state: LedgerState, record: RollbackStarted) -> LedgerState:
    begun = state.opened(record.promotion)
    return state if begun is None else _with(state, replace(begun, turned=record, paused=None))


def _tried(state: LedgerState, record: VerificationDone) -> LedgerState:
    begun = state.open_in(record.environment)
    if begun is not None and record.passed and place_of(begun)[0] == record.version:
        everywhere = {target.account for target in begun.plan.targets}
        if everywhere - set(record.accounts):
            return state  # it passed in the waves that it has reached: that is not all
    last = {**state.verifications, (record.version, record.environment): record}
    state = replace(state, verifications=last, passing=_passing(state, record))
    return _concluded(state, record)


def as_failed(record: VerificationBrought) -> VerificationDone:
    """Return what a failure that somebody brought comes to."""
    return VerificationDone(
        at=record.at,
        by=record.by,
        version=record.version,
        environment=record.environment,
        passed=False,
        accounts=record.accounts,
        accuracy=record.accuracy,
    )


def _passing(state: LedgerState, record: VerificationDone) -> Mapping[Place, VerificationDone]:
    """Keep the first of the verifications that pass, until one fails."""
    key = (record.version, record.environment)
    rest = {k: v for k, v in state.passing.items() if k != key}
    return {**rest, key: state.passing.get(key, record)} if record.passed else rest


def _concluded(state: LedgerState, record: VerificationDone) -> LedgerState:
    """Note that a promotion has come through, which a verification for itself cannot tell."""
    begun = state.opened(record.promotion) if record.promotion and record.passed else None
    if begun is None or place_of(begun) != (record.version, record.environment):
        return state
    return _with(state, replace(begun, passed=True))


def place_of(begun: Unfinished) -> Place:
    """Return the version of an unfinished promotion and where it goes."""
    return (begun.plan.request.version, begun.plan.request.environment)


def _claims(state: LedgerState, record: ClaimOpened | ClaimClosed) -> Mapping[str, str]:
    rest = {k: v for k, v in state.claims.items() if k != record.version}
    return rest if isinstance(record, ClaimClosed) else {**rest, record.version: record.promotion}


def _with(state: LedgerState, begun: Unfinished) -> LedgerState:
    """Put an unfinished promotion in the place of its former self, or after all others."""
    if state.opened(begun.promotion) is None:
        return replace(state, open=(*state.open, begun))
    changed = (begun if each.promotion == begun.promotion else each for each in state.open)
    return replace(state, open=tuple(changed))


def _with_judged(state: LedgerState, record: GateJudged) -> LedgerState:
    begun = state.opened(record.promotion)
    if begun is None:
        return state
    judged = replace(begun, judged=added(begun.judged, record))
    return _with(state, _lifting(judged, (record.gate,), record.at))


def _lifting(begun: Unfinished, gates: Iterable[GateResult], at: datetime) -> Unfinished:
    """Add the gates that were lifted to those of the promotion before."""
    found = overridden(gates, begun.plan.request, at=at, promotion=begun.promotion)
    return replace(begun, lifted=together(begun.lifted, found))


def _with_failed(state: LedgerState, record: TargetFailed) -> LedgerState:
    begun = state.opened(record.promotion)
    return state if begun is None else _with(state, replace(begun, failed=(*begun.failed, record)))


def _ended(state: LedgerState, record: PromotionEnded) -> LedgerState:
    begun = state.opened(record.promotion)
    lifted = begun.lifted if begun else ()
    return replace(
        state,
        open=tuple(each for each in state.open if each.promotion != record.promotion),
        ended={**state.ended, record.digest: record},
        settled={**state.settled, **_settled(state, record)},
        held=held_after(state.held, record.result),
        put_back=put_back_after(state.put_back, record.result),
        overridden=overridden_after(state.overridden, lifted, record.result),
    )


def _settled(state: LedgerState, record: PromotionEnded) -> Mapping[tuple[str, str], Settled]:
    begun = state.opened(record.promotion)
    if begun is None:
        return {}
    return left_by(begun.plan, record.result, at=record.at, by=begun.by)
