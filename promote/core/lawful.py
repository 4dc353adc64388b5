"""Which record may follow on which: the life of a promotion, as the workflow writes it down."""

from __future__ import annotations

from collections.abc import Collection

from promote.core.gates.result import Moment, Verdict
from promote.core.held import VersionHeld
from promote.core.judged import GateJudged
from promote.core.paused import PromotionPaused, last_wave
from promote.core.record import (
    ClaimClosed,
    Direction,
    LedgerState,
    PromotionEnded,
    PromotionResumed,
    PromotionStarted,
    Record,
    RollbackStarted,
    TargetFailed,
)
from promote.core.result import Outcome

_Wrong = tuple[str, str]


def unlawful(record: Record, state: LedgerState, ended: Collection[str]) -> _Wrong | None:
    """Return what was expected and what was found, when a record may not come here.

    Args:
        record: The record.
        state: What those before it add up to.
        ended: The ids of the promotions that have ended before it.
    """
    match record:
        case PromotionStarted():
            return _started(record, state, ended)
        case PromotionResumed() | RollbackStarted() | TargetFailed():
            return _of_open(record.promotion, record.kind, state)
        case GateJudged():
            return _of_open(record.promotion, record.kind, state) or _judged(record, state)
        case PromotionPaused():
            return _of_open(record.promotion, record.kind, state) or _paused(record, state)
        case VersionHeld():
            return _held(record, state)
        case PromotionEnded():
            return _of_open(record.promotion, record.kind, state) or _ended(record, state)
        case ClaimClosed() if record.version not in state.claims:
            return "the end of a claim that is open", f"one of {record.version}, which has none"
        case _:
            return None


def _started(record: PromotionStarted, state: LedgerState, ended: Collection[str]) -> _Wrong | None:
    request, begun = record.plan.request, state.opened(record.promotion)
    if record.promotion in ended:
        return "a promotion that has not ended", f"{record.promotion} is begun again"
    if begun is None:
        other = state.open_in(request.environment)
        if other is None:
            return None
        return f"{other.promotion} to end first", f"{record.promotion} is begun beside it"
    if begun.direction is not Direction.FORWARD:
        return f"{record.promotion} to go back, as it had begun to", "it is begun again"
    was = begun.plan.request
    if (was.version, was.environment) != (request.version, request.environment):
        now = f"{request.version} to {request.environment}"
        return f"the promotion of {was.version} to {was.environment} to go on", now
    return None


def _of_open(promotion: str, kind: str, state: LedgerState) -> _Wrong | None:
    if state.opened(promotion) is not None:
        return None
    return "a record of a promotion that was begun and has not ended", f"{kind} of {promotion}"


def _judged(record: GateJudged, state: LedgerState) -> _Wrong | None:
    """Hold that a promotion that goes forward says how a gate of its plan was judged."""
    begun, gate = state.opened(record.promotion), record.gate
    assert begun is not None  # noqa: S101 (asked just before)
    if begun.direction is not Direction.FORWARD:
        return f"{record.promotion} to go back, as it had begun to", f"{gate.gate} is judged"
    to_come = sorted(e.gate for e in begun.plan.gates if e.moment is Moment.GOLDEN)
    if gate.gate not in to_come:
        return f"a judgement of {' or '.join(to_come) or 'no gate'}", f"one of {gate.gate}"
    if gate.verdict is Verdict.PENDING:
        return f"what {gate.gate} says", "that it is still to be judged"
    return None


def _paused(record: PromotionPaused, state: LedgerState) -> _Wrong | None:
    begun = state.opened(record.promotion)
    assert begun is not None  # noqa: S101 (asked just before)
    if begun.direction is not Direction.FORWARD:
        return f"{record.promotion} to go back, as it had begun to", "it waits on its way forward"
    last = last_wave(begun.plan)
    if not 1 <= record.wave < last:
        return f"a wait after a wave before the last, {last}", f"one after wave {record.wave}"
    return None


def _held(record: VersionHeld, state: LedgerState) -> _Wrong | None:
    begun = state.opened(record.promotion)
    if begun is not None and begun.plan.request.rollback:
        return None
    return "a hold by a rollback that has not ended", f"one by {record.promotion}"


def _ended(record: PromotionEnded, state: LedgerState) -> _Wrong | None:
    begun, result = state.opened(record.promotion), record.result
    assert begun is not None  # noqa: S101 (asked just before)
    request = begun.plan.request
    wanted = (record.promotion, request.environment, request.version)
    if (result.promotion, result.environment, result.version) != wanted:
        said = (result.promotion, result.environment, result.version)
        return f"the end of {' '.join(wanted)}", " ".join(said)
    back = result.result in {Outcome.ROLLED_BACK, Outcome.FAILED}
    if back != (begun.direction is Direction.ROLLING_BACK):
        way = "forward" if back else "back"
        return f"the end of a promotion that goes {way}", result.result.value
    return None
