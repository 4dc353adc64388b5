"""Who had a promotion in their hands: who began it, took it up again, turned it back, ended it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from promote.core.gates.approval import person
from promote.core.paused import PromotionPaused
from promote.core.record import (
    PromotionEnded,
    PromotionResumed,
    PromotionStarted,
    Record,
    RollbackStarted,
)

_Deed = PromotionStarted | PromotionResumed | PromotionPaused | RollbackStarted | PromotionEnded
_Kind = Literal["begun", "resumed", "paused", "turned back", "ended"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What a run did with the promotion as a whole."""

    act: _Kind
    at: datetime
    """In UTC."""
    by: str | None
    """The ARN of the caller; None in records of the time before it was kept."""
    person: str | None
    """Who that is, if it is a person."""
    execution: str | None
    """The id of the pipeline execution that it was a part of."""


def acts(records: Iterable[Record]) -> Iterator[Act]:
    """Yield what was done with a promotion as a whole, from the records of that one alone."""
    for each in records:
        match each:
            case PromotionStarted():
                yield _act("begun", each)
            case PromotionResumed():
                yield _act("resumed", each)
            case PromotionPaused():
                yield _act("paused", each)
            case RollbackStarted():
                yield _act("turned back", each)
            case PromotionEnded():
                yield _act("ended", each)
            case _:
                pass


def _act(act: _Kind, record: _Deed) -> Act:
    who = None if record.by is None else person(record.by)
    return Act(act=act, at=record.at, by=record.by, person=who, execution=record.execution)
