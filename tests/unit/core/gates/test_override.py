from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from promote.core.fold import fold
from promote.core.gates import Evidence, GateResult, Moment, Override, Verdict, for_plan, judge
from promote.core.gates.golden import GoldenRule
from promote.core.gates.grammar import parse_freeze, parse_window
from promote.core.gates.labels import LabelRule
from promote.core.gates.override import (
    LONGEST,
    NOTHING,
    STANDING,
    USUAL,
    Lifting,
    gates_of,
    liftable,
    lifted,
    lifting,
)
from promote.core.gates.requirements import Requirements
from promote.core.held import VersionHeld
from promote.errors import InputError
from tests.builders import NOW, PROMOTER, a_gate, prod, qa, version_arn

EVERYTHING = prod(
    gates=Requirements(
        soak=timedelta(hours=1),
        f1=0.8,
        precision=0.8,
        recall=0.8,
        label_f1=0.8,
        labels=next(iter(LabelRule)),
        golden=GoldenRule(images="golden/"),
        windows=(parse_window("mon-thu 09:00-16:00 UTC"),),
        freezes=(parse_freeze("2026-03-02 UTC"),),
        approval=1,
        cost=1.0,
        unit_hours=1.0,
        alarms=("errors",),
    )
)
CLOSED = a_gate(gate="window", moment=Moment.MOMENT, verdict=Verdict.FAIL)


def an_override(gate: str = "window", **changes: object) -> Override:
    usual = Override(gate=gate, reason="Hotfix", by=PROMOTER, expires=NOW + USUAL)
    return replace(usual, **changes)  # type: ignore[arg-type]


def asked(*gates: str, reason: str | None = "Hotfix", length: timedelta = USUAL) -> Lifting:
    return lifting(EVERYTHING, gates, reason=reason, length=length)


def refused(*gates: str, **changes: object) -> InputError:
    with pytest.raises(InputError) as caught:
        asked(*gates, **changes)  # type: ignore[arg-type]
    assert caught.value.exit_code == 2
    return caught.value


class TestTheGatesOfAnEnvironment:
    def test_are_those_that_are_judged_for_it(self) -> None:
        hold = VersionHeld(
            at=NOW, by=PROMOTER, promotion="p", version=version_arn("v2"), environment="prod"
        )
        evidence = Evidence(at=NOW, version=version_arn("v2"), ledger=fold([hold]))
        judged = [each.gate for each in judge(EVERYTHING, evidence)]
        assert sorted(gates_of(EVERYTHING)) == sorted(judged)

    def test_are_no_more_than_it_asks_for(self) -> None:
        assert gates_of(qa()) == ("held",)
        assert liftable(qa()) == ()
        assert liftable(prod()) == ("verified",)

    def test_can_be_lifted_all_but_two(self) -> None:
        assert set(gates_of(EVERYTHING)) - set(liftable(EVERYTHING)) == set(STANDING)


class TestAskingForAnOverride:
    def test_names_each_gate_once_and_in_order(self) -> None:
        assert asked("window", "soak", "window") == Lifting(("soak", "window"), USUAL)

    def test_of_nothing_needs_no_reason(self) -> None:
        assert asked(reason=None, length=timedelta(days=99)) == NOTHING

    @pytest.mark.parametrize("reason", [None, "", " \t"])
    def test_needs_a_reason(self, reason: str | None) -> None:
        assert "--reason" in refused("soak", reason=reason).remedy

    def test_says_which_gates_there_are_and_which_may_be_meant(self) -> None:
        error = refused("windw")
        assert "prod has no gate 'windw'. Did you mean window? What can be" in error.detail
        assert "approval" not in error.detail

    def test_says_so_when_there_is_none(self) -> None:
        with pytest.raises(InputError, match="None can be lifted there"):
            lifting(qa(), ["soak"], reason="Hotfix", length=USUAL)

    @pytest.mark.parametrize("gate", sorted(STANDING))
    def test_says_why_some_cannot_be_lifted(self, gate: str) -> None:
        error = refused(gate)
        assert error.summary == "This gate cannot be lifted"
        assert STANDING[gate] in error.detail

    @pytest.mark.parametrize("length", [timedelta(0), LONGEST + timedelta(seconds=1)])
    def test_lasts_a_week_at_most(self, length: timedelta) -> None:
        assert "from 1s to 7d" in refused("soak", length=length).detail
        assert asked("soak", length=LONGEST).length == LONGEST

    def test_expires_on_a_whole_second_counted_from_the_plan(self) -> None:
        at = NOW.replace(microsecond=999_999)
        (found,) = asked("soak").overrides("Hotfix", PROMOTER, at)
        assert found == an_override("soak")


class TestLifted:
    @pytest.mark.parametrize("verdict", [Verdict.FAIL, Verdict.INCONCLUSIVE])
    def test_is_what_does_not_pass(self, verdict: Verdict) -> None:
        gate = replace(CLOSED, verdict=verdict)
        (found,) = lifted([gate], [an_override()], NOW)
        assert found == replace(gate, override=an_override())
        assert found.lifted
        assert not found.refuses

    def test_is_nothing_that_passes(self) -> None:
        gate = replace(CLOSED, verdict=Verdict.PASS)
        assert list(lifted([gate], [an_override()], NOW)) == [gate]

    def test_is_no_other_gate(self) -> None:
        assert list(lifted([CLOSED], [an_override("soak")], NOW)) == [CLOSED]

    def test_is_nothing_from_the_second_on_in_which_it_expires(self) -> None:
        short = an_override(expires=NOW)
        assert next(lifted([CLOSED], [short], NOW - timedelta(microseconds=1))).lifted
        assert next(lifted([CLOSED], [short], NOW)).refuses

    @pytest.mark.parametrize("gate", sorted(STANDING))
    def test_is_never_what_nobody_lifts(self, gate: str) -> None:
        standing = replace(CLOSED, gate=gate)
        assert next(lifted([standing], [an_override(gate)], NOW)).refuses


class TestInAPlan:
    def gate(self, verdict: Verdict, *overrides: Override) -> GateResult:
        (found,) = for_plan([replace(CLOSED, verdict=verdict)], overrides)
        return found

    @pytest.mark.parametrize("verdict", [Verdict.PASS, Verdict.FAIL])
    def test_a_gate_of_the_moment_names_its_override_whatever_it_says_now(
        self, verdict: Verdict
    ) -> None:
        found = self.gate(verdict, an_override())
        assert found.verdict is Verdict.PENDING
        assert found.override == an_override()
        assert self.gate(verdict).override is None

    def test_nobody_lifts_what_nobody_can(self) -> None:
        (found,) = for_plan([replace(CLOSED, gate="approval")], [an_override("approval")])
        assert found.override is None
