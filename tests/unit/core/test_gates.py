"""The gate `verified`, which `after` implies."""

from __future__ import annotations

from datetime import timedelta

from promote.core.fold import fold
from promote.core.gates import (
    Evidence,
    GateResult,
    Moment,
    Verdict,
    for_plan,
    judge,
    of_the_moment,
)
from promote.core.gates.cost import Overlap
from promote.core.gates.grammar import parse_freeze, parse_window
from promote.core.gates.requirements import Requirements
from promote.core.record import VerificationDone
from promote.core.topology import Environment
from tests.builders import NOW, PROMOTER, a_gate, prod, qa, version_arn


def verified(passed: bool = True, version: str = "v2", environment: str = "qa") -> VerificationDone:  # noqa: FBT001, FBT002 (the tests say which)
    return VerificationDone(
        at=NOW - timedelta(hours=1),
        by=PROMOTER,
        version=version_arn(version),
        environment=environment,
        passed=passed,
        accounts=("333333333333",),
        accuracy=1.0 if passed else 0.5,
    )


def judged(*records: VerificationDone, environment: Environment | None = None) -> list[GateResult]:
    evidence = Evidence(at=NOW, version=version_arn("v2"), ledger=fold(records))
    return list(judge(environment or prod(), evidence))


class TestJudge:
    def test_asks_nothing_of_an_environment_that_comes_after_none(self) -> None:
        assert judged(environment=qa()) == []

    def test_passes_what_was_verified_in_the_earlier_environment(self) -> None:
        assert judged(verified()) == [a_gate()]

    def test_fails_what_was_never_verified_there(self) -> None:
        (gate,) = judged()

        assert (gate.verdict, gate.measured) == (Verdict.FAIL, "never verified there")
        assert (gate.gate, gate.moment) == ("verified", Moment.EVIDENCE)
        assert gate.required == "a passed verification in qa"

    def test_fails_what_failed_its_verification(self) -> None:
        (gate,) = judged(verified(passed=False))

        assert gate.verdict is Verdict.FAIL
        assert gate.measured == "verification failed at 2026-03-02T13:00:00+00:00"

    def test_counts_the_last_verification(self) -> None:
        assert judged(verified(), verified(passed=False))[0].verdict is Verdict.FAIL
        assert judged(verified(passed=False), verified())[0].verdict is Verdict.PASS

    def test_counts_no_other_version_and_no_other_environment(self) -> None:
        (gate,) = judged(verified(version="v1"), verified(environment="prod"))

        assert gate.measured == "never verified there"

    def test_asks_every_environment_that_it_comes_after(self) -> None:
        gates = judged(verified(), environment=prod(after=("qa", "staging")))

        assert [gate.verdict for gate in gates] == [Verdict.PASS, Verdict.FAIL]

    def test_asks_all_that_promote_yaml_asks_for(self) -> None:
        asked = Requirements(
            soak=timedelta(hours=2),
            cost=4.0,
            unit_hours=1.0,
            windows=(parse_window("mon-fri 09:00-16:00 Europe/Berlin"),),
            freezes=(parse_freeze("2026-03-02 UTC"),),
        )
        evidence = Evidence(
            at=NOW,
            version=version_arn("v2"),
            ledger=fold([verified()]),
            overlap=Overlap(units=1, length=timedelta(hours=1), price=4.0),
        )
        gates = judge(prod(gates=asked), evidence)

        assert [(gate.gate, gate.verdict) for gate in gates] == [
            ("verified", Verdict.PASS),
            ("soak", Verdict.FAIL),
            ("cost", Verdict.PASS),
            ("quota", Verdict.PASS),
            ("window", Verdict.PASS),
            ("freeze", Verdict.FAIL),
        ]
        assert [gate.gate for gate in of_the_moment(gates)] == ["window", "freeze"]
        pending = [gate.gate for gate in for_plan(gates) if gate.verdict is Verdict.PENDING]
        assert pending == ["window", "freeze"]
