"""What helps with a gate that refuses: its own way, the command, and an override at last."""

from __future__ import annotations

import pytest

from promote.core.gates import GateResult, Verdict
from promote.core.remedies import to_pass
from tests.builders import a_gate, a_request

FAIL, UNCLEAR = Verdict.FAIL, Verdict.INCONCLUSIVE
AGAIN = "promote release tools v2 --to prod"


def ways(*gates: str, verdict: Verdict = FAIL) -> list[str]:
    """Return each line that helps with gates that all say the same."""
    failing = [a_gate(gate=gate, verdict=verdict) for gate in gates]
    return to_pass(failing, a_request(reason=None), ()).splitlines()


class TestToPass:
    def test_lowers_every_score_that_is_too_high_in_one_line(self) -> None:
        assert ways("f1", "label_f1")[:-2] == [
            (
                "Promote a version that was trained better, or lower gates.f1 and gates.label_f1 "
                "of prod."
            )
        ]

    def test_changes_labels_on_the_one_side_or_on_the_other(self) -> None:
        (line, *_) = ways("labels")
        assert "(models.tools.labels), or train a version with the labels that they" in line

    @pytest.mark.parametrize("gate", ["f1", "precision", "recall", "label_f1", "labels"])
    def test_trains_nothing_where_it_could_not_be_told(self, gate: str) -> None:
        assert ways(gate, verdict=UNCLEAR)[:2] == [
            "To see what cannot be read, and what it takes:",
            "    promote doctor",
        ]

    @pytest.mark.parametrize("verdict", [FAIL, UNCLEAR])
    def test_looks_at_an_alarm_and_comes_back(self, verdict: Verdict) -> None:
        lines = ways("alarm", verdict=verdict)
        assert "    aws cloudwatch describe-alarms --alarm-names NAME" in lines
        assert f"    {AGAIN}" in lines
        assert ("    promote doctor" in lines) is (verdict is UNCLEAR)

    def test_lifts_all_that_refuse_in_one_command_at_last(self) -> None:
        lines = ways("f1", "labels", "alarm")
        assert lines[-1] == (
            f"    {AGAIN} --override alarm --override f1 --override labels --reason TEXT"
        )
        assert sum("--override" in line for line in lines) == 1

    def test_says_each_way_once_and_every_command_on_its_own_line(self) -> None:
        every = ("f1", "precision", "recall", "label_f1", "labels", "alarm", "soak", "cost")
        failing: list[GateResult] = [
            a_gate(gate=gate, verdict=verdict) for gate in every for verdict in (FAIL, UNCLEAR)
        ]
        lines = to_pass(failing, a_request(), ("qa",)).splitlines()
        prose = [line for line in lines if not line.startswith("    ")]
        assert len(prose) == len(set(prose))
        assert not [line for line in prose if line.startswith(("promote ", "aws "))]
