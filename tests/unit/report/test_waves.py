"""What waves look like before, while and after they run."""

from __future__ import annotations

from dataclasses import replace
from textwrap import dedent

from promote.core.gates import Override
from promote.core.gates.alarm import Alarm, alarm
from promote.core.plan import Bake, Plan
from promote.core.record import LedgerState, PromotionStarted, TargetFailed, Unfinished
from promote.core.status import summarise
from promote.report import text
from promote.report.steps import words
from tests.builders import (
    NOW,
    PROD,
    PROMOTER,
    a_drain,
    a_grant_step,
    a_plan,
    a_planned_target,
    a_switch,
    a_topology,
    an_observation,
)

BAKE = Bake(environment="prod", accounts=PROD[:1], wave=1, seconds=600.0)


def in_waves(**changes: object) -> Plan:
    plan = a_plan(
        targets=tuple(a_planned_target(each, wave=n) for n, each in enumerate(PROD, start=1)),
        steps=(
            a_grant_step(),
            a_switch(),
            BAKE,
            a_switch(account=PROD[1], wave=2),
            replace(BAKE, accounts=PROD[1:], wave=2),
            a_drain(),
        ),
        gates=(),
    )
    return replace(plan, **changes)  # type: ignore[arg-type]  # as the caller says


class TestAPlanInWaves:
    def test_shows_the_wave_of_each_target(self) -> None:
        assert dedent(
            """\
            Targets
              ACCOUNT       POINTER                    ACCESS ROLE  NAMES NOW  WAVE
              444444444444  /models/tools/version-arn  tools-prod   v1         1
              555555555555  /models/tools/version-arn  tools-prod   v1         2
            """
        ) in text.plan(in_waves())

    def test_shows_no_wave_where_all_switch_at_once(self) -> None:
        assert "WAVE" not in text.plan(a_plan())

    def test_tells_how_a_wave_bakes_and_which_switch_is_of_a_later_one(self) -> None:
        told = " ".join(text.plan(in_waves()).split())
        assert (
            "3 bake leave wave 1 (444444444444) alone for 10m since its last switch, then verify "
            "it once more 4 switch wave 2: in 555555555555, let /models/tools/version-arn name v2"
        ) in told

    def test_says_what_becomes_of_a_failure_that_is_tolerated(self) -> None:
        told = " ".join(text.plan(in_waves(max_failures=1)).split())
        assert (
            "If verification fails: a target that fails is put back at once, alone, while at most "
            "1 of 2 targets have failed; the rest goes on, but nothing is drained, revoked or "
            "stopped until `promote resume tools` has tried it again. With one more, every pointer "
            "that was switched is put back at once, to v1 in 444444444444 and 555555555555."
        ) in told

    def test_says_what_an_alarm_does_unless_its_gate_is_lifted(self) -> None:
        said = "An alarm that rings while a wave bakes puts everything back, too."
        quiet = alarm({Alarm(account=PROD[0], name="errors"): "OK"})
        lifted = Override(gate="alarm", reason="a flood", by=PROMOTER, expires=NOW)
        assert said in " ".join(text.plan(in_waves(gates=(quiet,))).split())
        for gates in ((), (replace(quiet, override=lifted),)):
            assert said not in " ".join(text.plan(in_waves(gates=gates)).split())

    def test_says_nothing_of_failures_where_none_is_tolerated(self) -> None:
        told = " ".join(text.plan(in_waves()).split())
        assert "If verification fails: every pointer that was switched is put back" in told


def test_a_bake_in_words() -> None:
    assert words(BAKE) == (
        "leave wave 1 (444444444444) alone for 10m since its last switch, then verify it once more"
    )


def test_a_failed_target_in_the_status() -> None:
    failed = TargetFailed(at=NOW, promotion="p-1", account=PROD[0], reason="poor")
    begun = Unfinished(promotion="p-1", plan=in_waves(), since=NOW, by=PROMOTER, failed=(failed,))
    topology = a_topology()
    observation = an_observation(topology, ledger=LedgerState(open=(begun,)))
    status = summarise(topology, observation, None)
    assert status.unfinished is not None
    assert status.unfinished.failed == PROD[:1]
    told = " ".join(text.status([status]).split())
    assert (
        f"Unfinished: promotion p-1 of v2 to prod, since 2026-03-02 14:00 UTC, by {PROMOTER}."
        in told
    )
    assert "It failed in 444444444444." in told


def test_a_failed_target_in_the_history() -> None:
    records = (
        PromotionStarted(at=NOW, promotion="p-1", by=PROMOTER, plan=in_waves()),
        TargetFailed(
            at=NOW,
            promotion="p-1",
            account=PROD[0],
            reason="recognised 0.500 of the images; 0.900 required",
        ),
    )
    assert dedent(
        """\
        2026-03-02 14:00 UTC  target 444444444444 failed its verification and was put back
            promotion p-1
            recognised 0.500 of the images; 0.900 required
        """
    ) in text.history(records)
