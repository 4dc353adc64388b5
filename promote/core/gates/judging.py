"""Judge every gate of an environment for a version."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from promote.core.gates import measures
from promote.core.gates.alarm import alarm
from promote.core.gates.approval import approval
from promote.core.gates.calendar import freeze, window
from promote.core.gates.cost import cost, quota
from promote.core.gates.golden import to_come
from promote.core.gates.held import held
from promote.core.gates.labels import labels
from promote.core.gates.override import announced, lifted
from promote.core.gates.result import GateResult, Moment, Override, Verdict
from promote.core.gates.soak import soak
from promote.core.gates.verified import verified

if TYPE_CHECKING:
    from promote.core.gates.evidence import Evidence
    from promote.core.topology import Environment


def judge(environment: Environment, evidence: Evidence) -> tuple[GateResult, ...]:
    """Judge every gate of `environment` on what is known now; `golden` is still to come."""
    ledger, version = evidence.ledger, evidence.version
    judged = (
        *(verified(version, before, ledger) for before in environment.after),
        *held(version, environment, ledger, reason=evidence.reason),
        *_of_the_version(environment, evidence),
        *_of_the_promotion(environment, evidence),
    )
    return tuple(lifted(judged, evidence.overrides, evidence.at))


def for_plan(
    judged: Iterable[GateResult], overrides: Iterable[Override] = ()
) -> tuple[GateResult, ...]:
    """Leave open what is judged at its moment: a plan shows it as pending, and what would lift it.

    Args:
        judged: What the gates say now.
        overrides: The gates that are to be lifted.
    """
    gates = (
        replace(each, verdict=Verdict.PENDING, measured="judged when the plan is applied")
        if each.moment is Moment.MOMENT
        else each
        for each in judged
    )
    return tuple(announced(gates, overrides))


def of_the_moment(judged: Iterable[GateResult]) -> tuple[GateResult, ...]:
    """Return what is judged at its moment."""
    return tuple(each for each in judged if each.moment is Moment.MOMENT)


def _of_the_version(environment: Environment, evidence: Evidence) -> Iterator[GateResult]:
    """Judge what `gates` of promote.yaml asks of the version itself."""
    asked, found = environment.gates, evidence.findings
    evaluation, why = found.evaluation, found.no_evaluation
    if asked.f1 is not None:
        yield measures.f1(asked.f1, evaluation, reported=evidence.f1, why=why)
    if asked.precision is not None:
        yield measures.precision(asked.precision, evaluation, why=why)
    if asked.recall is not None:
        yield measures.recall(asked.recall, evaluation, why=why)
    if asked.label_f1 is not None:
        yield measures.label_f1(asked.label_f1, evaluation, why=why)
    if asked.labels is not None:
        known = None if evaluation is None else tuple(evaluation.labels)
        yield labels(asked.labels, known, found.declarations, why=why)
    if asked.golden is not None:
        yield to_come(asked.golden)


def _of_the_promotion(environment: Environment, evidence: Evidence) -> Iterator[GateResult]:
    """Judge what `gates` of promote.yaml asks of this promotion, now and here."""
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
    if asked.alarms:
        yield alarm(evidence.findings.alarms, why=evidence.findings.no_alarms)
    if asked.approval is not None:
        said = (evidence.reviews, evidence.requesters, evidence.remarks)
        yield approval(asked.approval, evidence.digest, *said)
