"""The gates `f1`, `precision`, `recall` and `label_f1`: what training's own test measured.

The aggregate F1 comes from the service's API; everything else from the evaluation summary. What
cannot be read is inconclusive, and never passes.
"""

from __future__ import annotations

from collections.abc import Iterable

from promote.core.evaluation import Evaluation
from promote.core.gates import wording
from promote.core.gates.result import GateResult, Moment, Verdict

_WEAKEST = 3
_WHY_NOT = "the version has no evaluation summary"


def f1(
    least: float, evaluation: Evaluation | None, *, reported: float | None = None, why: str = ""
) -> GateResult:
    """Judge the aggregate F1.

    Args:
        least: The least that passes.
        evaluation: The summary; without one the weakest labels are not named.
        reported: What the API says, which counts.
        why: Why there is no summary.
    """
    value = reported if reported is not None or evaluation is None else evaluation.f1
    return _aggregate("f1", value, least, evaluation, why)


def precision(least: float, evaluation: Evaluation | None, *, why: str = "") -> GateResult:
    """Judge the aggregate precision; `why` says why there is no summary."""
    value = None if evaluation is None else evaluation.precision
    return _aggregate("precision", value, least, evaluation, why)


def recall(least: float, evaluation: Evaluation | None, *, why: str = "") -> GateResult:
    """Judge the aggregate recall; `why` says why there is no summary."""
    value = None if evaluation is None else evaluation.recall
    return _aggregate("recall", value, least, evaluation, why)


def label_f1(least: float, evaluation: Evaluation | None, *, why: str = "") -> GateResult:
    """Judge the F1 of every label; `why` says why there is no summary."""
    required = f"{least:g} for every label"
    if evaluation is None:
        return _result("label_f1", Verdict.INCONCLUSIVE, why or _WHY_NOT, required)
    scores = [(each.f1, name) for name, each in evaluation.labels.items()]
    short = [(value, name) for value, name in scores if value < least]
    named = _weakest("f1", short or scores, least)
    if not short:
        labels = wording.counted(len(scores), "label")
        return _result("label_f1", Verdict.PASS, f"{labels}; weakest: {named}", required)
    measured = f"{len(short)} of {wording.counted(len(scores), 'label')} too low: {named}"
    return _result("label_f1", Verdict.FAIL, measured, required)


def _aggregate(
    gate: str, value: float | None, least: float, evaluation: Evaluation | None, why: str
) -> GateResult:
    if value is None:
        return _result(gate, Verdict.INCONCLUSIVE, why or _WHY_NOT, f"{least:g}")
    measured = wording.score(value, least)
    if evaluation is not None:
        scores = [(float(getattr(each, gate)), name) for name, each in evaluation.labels.items()]
        measured += f"; weakest labels: {_weakest(gate, scores, least)}"
    elif why:
        measured += f"; labels unknown: {why}"
    verdict = Verdict.FAIL if value < least else Verdict.PASS
    return _result(gate, verdict, measured, f"{least:g}")


def _weakest(what: str, scores: Iterable[tuple[float, str]], least: float) -> str:
    """Name the weakest, the very weakest first."""
    weakest = sorted(scores)
    shown = [f"{name!r} {wording.score(value, least)}" for value, name in weakest[:_WEAKEST]]
    more = len(weakest) - len(shown)
    return f"{what} of {', '.join(shown)}" if not more else f"{what} of {', '.join(shown)}, …"


def _result(gate: str, verdict: Verdict, measured: str, required: str) -> GateResult:
    return GateResult(
        gate=gate, moment=Moment.EVIDENCE, verdict=verdict, measured=measured, required=required
    )
