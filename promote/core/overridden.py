"""Which versions came through although a gate refused them, by the ledger alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from promote.core.gates.result import GateResult
from promote.core.held import Place
from promote.core.plan import Request
from promote.core.result import Outcome, Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Overridden:
    """A gate that did not pass, and that somebody lifted."""

    gate: str
    version: str
    """The ARN of the version that it refused."""
    reason: str
    by: str
    """The ARN of the caller who asked for it."""
    at: datetime
    """When the gate was judged, in UTC."""
    promotion: str
    measured: str
    required: str


def overridden(
    gates: Iterable[GateResult], request: Request, *, at: datetime, promotion: str
) -> tuple[Overridden, ...]:
    """Return the gates that were lifted.

    Args:
        gates: As they were judged.
        request: What was asked for.
        at: When they were.
        promotion: Its id.
    """
    return tuple(
        Overridden(
            gate=each.gate,
            version=request.version,
            reason=each.override.reason,
            by=each.override.by,
            at=at,
            promotion=promotion,
            measured=each.measured,
            required=each.required,
        )
        for each in gates
        if each.lifted and each.override is not None
    )


def together(
    earlier: tuple[Overridden, ...], later: tuple[Overridden, ...]
) -> tuple[Overridden, ...]:
    """Return what was lifted for one promotion, each gate as it was judged last."""
    return tuple({each.gate: each for each in (*earlier, *later)}.values())


def overridden_after(
    known: Mapping[Place, tuple[Overridden, ...]], lifted: tuple[Overridden, ...], ended: Result
) -> Mapping[Place, tuple[Overridden, ...]]:
    """Return by which overrides versions came through, when a promotion has ended.

    One that goes through without any clears what an earlier one of the same version needed. A
    rollback is judged by no gate, so that it brings a version back as it once came through.

    Args:
        known: What was so before.
        lifted: What was lifted for this promotion.
        ended: Its end.
    """
    if ended.result is not Outcome.PROMOTED or ended.rollback:
        return known
    place = (ended.version, ended.environment)
    rest = {each: found for each, found in known.items() if each != place}
    return {**rest, place: lifted} if lifted else rest
