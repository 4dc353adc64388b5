"""Judge every gate of an environment for a version."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from promote.core.gates.approval import approval
from promote.core.gates.calendar import freeze, window
from promote.core.gates.cost import cost, quota
from promote.core.gates.held import held
from promote.core.gates.result import GateResult, Moment, Verdict
from promote.core.gates.soak import soak
from promote.core.gates.verified import verified

if TYPE_CHECKING:
    from promote.core.gates.evidence import Evidence
    from promote.core.topology import Environment


def judge(environment: Environment, evidence: Evidence) -> tuple[GateResult, ...]:
    """Judge every gate of `environment` on what is known now."""
    ledger, version = evidence.ledger, evidence.version
    return (
        *(verified(version, before, ledger) for before in environment.after),
        *held(version, environment, ledger, reason=evidence.reason),
        *_required(environment, evidence),
    )


def for_plan(judged: Iterable[GateResult]) -> tuple[GateResult, ...]:
    """Leave open what is judged at its moment: a plan shows it as pending."""
    return tuple(
        replace(each, verdict=Verdict.PENDING, measured="judged when the plan is applied")
        if each.moment is Moment.MOMENT
        else each
        for each in judged
    )


def of_the_moment(judged: Iterable[GateResult]) -> tuple[GateResult, ...]:
    """Return what is judged at its moment."""
    return tuple(each for each in judged if each.moment is Moment.MOMENT)


def _required(environment: Environment, evidence: Evidence) -> Iterator[GateResult]:
    """Judge what `gates` of promote.yaml asks for."""
    asked, at = environment.gates, evidence.at
    if asked.soak is not None:
        yield soak(evidence.version, environment.after, asked.soak, evidence.ledger, at)
    if asked.cost is not None:
        yield cost(asked.cost, evidence.overlap)
    if asked.unit_hours is not None:
        yield quota(asked.unit_hours, evidence.overlap)
    if asked.windows:
        yield window(asked.windows, asked.freezes, at)
    if asked.freezes:
        yield freeze(asked.windows, asked.freezes, at)
    if asked.approval is not None:
        yield approval(asked.approval, evidence.digest, evidence.reviews, evidence.requesters)
