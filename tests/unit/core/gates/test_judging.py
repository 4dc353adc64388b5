"""All gates of one environment together: what is asked is judged, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from promote.core.evaluation import Evaluation, LabelMetrics
from promote.core.fold import fold
from promote.core.gates import (
    Evidence,
    Findings,
    GateResult,
    Moment,
    Override,
    Verdict,
    for_plan,
    judge,
    of_the_moment,
)
from promote.core.gates.alarm import Alarm
from promote.core.gates.cost import Overlap
from promote.core.gates.golden import GoldenRule
from promote.core.gates.grammar import parse_freeze, parse_window
from promote.core.gates.labels import Declaration, LabelRule
from promote.core.gates.requirements import Requirements
from promote.core.record import VerificationDone
from tests.builders import NOW, PROMOTER, QA, prod, qa, version_arn

EVERYTHING = prod(
    gates=Requirements(
        soak=timedelta(hours=1),
        f1=0.8,
        precision=0.8,
        recall=0.8,
        label_f1=0.8,
        labels=LabelRule.EXACT,
        golden=GoldenRule(),
        windows=(parse_window("mon-thu 09:00-16:00 UTC"),),
        freezes=(parse_freeze("2026-12-24 UTC"),),
        cost=1.0,
        unit_hours=1.0,
        alarms=("errors",),
    )
)
ALL = (
    "verified",
    "f1",
    "precision",
    "recall",
    "label_f1",
    "labels",
    "golden",
    "soak",
    "cost",
    "quota",
    "window",
    "freeze",
    "alarm",
)
ERRORS = Alarm(account=QA, name="errors")
VERIFIED = VerificationDone(
    at=NOW - timedelta(hours=2),
    by=PROMOTER,
    version=version_arn("v2"),
    environment="qa",
    passed=True,
    accounts=(QA,),
    accuracy=1.0,
)


def an_evaluation(score: float = 0.9, *labels: str) -> Evaluation:
    metrics = LabelMetrics(f1=score, precision=score, recall=score, threshold=0.5, images=40)
    names = labels or ("hammer", "saw")
    return Evaluation(f1=score, precision=score, recall=score, labels=dict.fromkeys(names, metrics))


GOOD = Evidence(
    at=NOW,
    version=version_arn("v2"),
    ledger=fold([VERIFIED]),
    f1=0.9,
    findings=Findings(
        evaluation=an_evaluation(),
        declarations=(Declaration(source="promote.yaml", labels=("hammer", "saw")),),
        alarms={ERRORS: "OK"},
    ),
    overlap=Overlap(units=1, length=timedelta(minutes=5), price=4.0),
)
UNKNOWN = Evidence(at=NOW, version=version_arn("v2"), ledger=fold([]))
BAD = replace(
    GOOD,
    at=NOW + timedelta(hours=12),
    ledger=fold([replace(VERIFIED, passed=False)]),
    f1=0.7,
    findings=Findings(
        evaluation=an_evaluation(0.7, "hammer", "axe"),
        declarations=GOOD.findings.declarations,
        alarms={ERRORS: "ALARM"},
    ),
    overlap=Overlap(units=2, length=timedelta(hours=5), price=4.0),
)


def verdicts(judged: tuple[GateResult, ...]) -> dict[str, Verdict]:
    return {each.gate: each.verdict for each in judged}


class TestJudge:
    def test_judges_every_gate_that_is_asked_for_once_and_in_order(self) -> None:
        judged = judge(EVERYTHING, GOOD)
        assert tuple(each.gate for each in judged) == ALL
        assert verdicts(judged) == {
            **dict.fromkeys(ALL, Verdict.PASS),
            "golden": Verdict.PENDING,
        }

    def test_judges_nothing_that_nobody_asks_for(self) -> None:
        assert judge(qa(), BAD) == ()

    def test_tells_everything_that_fails_at_once(self) -> None:
        failing = [each.gate for each in judge(EVERYTHING, BAD) if each.refuses]
        assert failing == [each for each in ALL if each not in {"golden", "freeze"}]

    def test_passes_nothing_without_evidence(self) -> None:
        said = verdicts(judge(EVERYTHING, UNKNOWN))
        assert {gate for gate, verdict in said.items() if verdict is Verdict.INCONCLUSIVE} == {
            "f1",
            "precision",
            "recall",
            "label_f1",
            "labels",
            "cost",
            "quota",
            "alarm",
        }
        assert {gate for gate, verdict in said.items() if verdict is Verdict.PASS} == {
            "window",
            "freeze",
        }

    def test_says_why_there_is_no_evidence(self) -> None:
        findings = Findings(no_evaluation="gone", no_alarms="denied")
        said = {e.gate: e.measured for e in judge(EVERYTHING, replace(UNKNOWN, findings=findings))}
        assert {said[gate] for gate in ("f1", "precision", "recall", "label_f1", "labels")} == {
            "gone"
        }
        assert said["alarm"] == "denied"

    def test_judges_the_f1_that_the_service_reports_whatever_the_summary_does(self) -> None:
        only = prod(after=(), gates=Requirements(f1=0.8))
        for findings in (Findings(no_evaluation="gone"), Findings(evaluation=an_evaluation(0.1))):
            (gate,) = judge(only, replace(GOOD, findings=findings))
            assert gate.verdict is Verdict.PASS


class TestOverrides:
    def test_lift_what_they_name_and_leave_the_rest(self) -> None:
        lifts = tuple(
            Override(gate=gate, reason="hotfix", by=PROMOTER, expires=BAD.at + timedelta(hours=1))
            for gate in ("f1", "alarm", "golden")
        )
        judged = judge(EVERYTHING, replace(BAD, overrides=lifts))
        assert {each.gate for each in judged if each.override} == {"f1", "alarm", "golden"}
        assert not {each.gate for each in judged if each.refuses} & {"f1", "alarm", "golden"}
        assert verdicts(judged) == verdicts(judge(EVERYTHING, BAD))

    def test_that_have_expired_lift_nothing(self) -> None:
        lapsed = Override(gate="f1", reason="hotfix", by=PROMOTER, expires=BAD.at)
        assert judge(EVERYTHING, replace(BAD, overrides=(lapsed,))) == judge(EVERYTHING, BAD)


class TestMoments:
    def test_are_those_of_the_gates(self) -> None:
        moments = {each.gate: each.moment for each in judge(EVERYTHING, GOOD)}
        assert {gate for gate, moment in moments.items() if moment is Moment.MOMENT} == {
            "window",
            "freeze",
            "alarm",
        }
        assert {gate for gate, moment in moments.items() if moment is Moment.GOLDEN} == {"golden"}

    def test_leave_open_in_a_plan_what_is_judged_later(self) -> None:
        judged = judge(EVERYTHING, BAD)
        planned = verdicts(for_plan(judged))
        assert {gate for gate, verdict in planned.items() if verdict is Verdict.PENDING} == {
            "window",
            "freeze",
            "alarm",
            "golden",
        }
        assert [each.gate for each in of_the_moment(judged)] == ["window", "freeze", "alarm"]
