"""What the ledger keeps of a gate that is judged on the way, between the proofs and the switch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from promote.core.gates.result import GateResult, Moment, Verdict
from promote.core.plan import Plan, Request, Switch


@dataclass(frozen=True, slots=True, kw_only=True)
class GateJudged:
    """A gate was judged on the way; written before the first switch, whatever the gate said."""

    kind: Literal["gate-judged"] = "gate-judged"
    at: datetime
    promotion: str
    gate: GateResult
    against: str | None = None
    """What the version was compared with: the ARN of a running one; None when there was none."""
    evidence: str | None
    """The SHA-256 of what it was judged on, see `promote.core.gates.golden.evidence_of`, in hex."""
    by: str
    """The ARN of the caller who runs the promotion."""
    execution: str | None = None
    """The id of the pipeline execution that it is a part of."""


def added(judged: tuple[GateJudged, ...], record: GateJudged) -> tuple[GateJudged, ...]:
    """Return the judgements with one more, which takes the place of an earlier one of the same."""
    return (*(each for each in judged if _of(each) != _of(record)), record)


def carried(judged: tuple[GateJudged, ...], was: Plan, now: Plan) -> tuple[GateJudged, ...]:
    """Return the judgements that count for a plan that takes an unfinished promotion over.

    All of them, unless it asks for something else than the plan that they were made for, or rests
    on another promote.yaml: the images may be others by that, and every setting of the gate. One
    that switches nothing has nothing to let through.
    """
    switches = any(isinstance(step, Switch) for step in now.steps)
    return judged if not switches or _asked(was) == _asked(now) else ()


def stands(judged: GateJudged, request: Request) -> bool:
    """Say whether a judgement need not be made again.

    One that was lifted stands although the override has expired since: it had not by then.
    """
    gate = judged.gate
    return gate.verdict is Verdict.PASS or gate.override in request.overrides


def final(gates: Iterable[GateResult], judged: Iterable[GateJudged]) -> tuple[GateResult, ...]:
    """Return gates as they were judged in the end, what is still to come included."""
    found = tuple(each.gate for each in judged)
    return tuple(
        result
        for gate in gates
        for result in (tuple(each for each in found if each.gate == gate.gate) or (gate,))
    )


def _of(judged: GateJudged) -> tuple[str, str | None]:
    return (judged.gate.gate, judged.against)


def _asked(plan: Plan) -> tuple[tuple[str, str], ...]:
    gates = ((each.gate, each.required) for each in plan.gates if each.moment is Moment.GOLDEN)
    settings = ((each.fact, each.was) for each in plan.facts if each.fact == "configuration")
    return (*gates, *settings)
