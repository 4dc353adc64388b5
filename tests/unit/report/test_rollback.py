"""How a rollback is told: its plan, its end, its records."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from textwrap import dedent
from xml.etree import ElementTree as ET

from promote.core.fold import fold
from promote.core.held import VersionHeld
from promote.core.observation import Observation
from promote.core.plan import Plan
from promote.core.planfile import digest
from promote.core.record import PromotionEnded, PromotionStarted, Record
from promote.core.result import Outcome, Result
from promote.core.status import summarise
from promote.report import junit, text
from tests.builders import (
    NOW,
    PROMOTER,
    a_drain,
    a_grant_step,
    a_plan,
    a_prove,
    a_request,
    a_start,
    a_switch,
    a_topology,
    an_observation,
    version_arn,
)

V1, V2 = version_arn("v1"), version_arn("v2")


def a_rollback(*, cold: bool = False) -> Plan:
    """Build the rollback of prod from v1 to v2 (the builders' versions, the other way round)."""
    up = (a_start(), a_grant_step()) if cold else ()
    return a_plan(
        request=a_request(rollback=True, reason="wrong answers"),
        gates=(),
        steps=(*up, a_prove(images=None), a_switch(), a_drain()),
    )


def an_end(outcome: Outcome = Outcome.PROMOTED, **changes: object) -> Result:
    end = Result(
        result=outcome,
        promotion="p-1",
        environment="prod",
        version=V2,
        previous=V1,
        seconds=2.5,
        rollback=True,
    )
    return replace(end, **changes)  # type: ignore[arg-type]


def _seen(records: Iterable[Record]) -> Observation:
    return an_observation(ledger=fold(records))


class TestThePlan:
    def test_says_what_it_is_for_and_that_it_stands(self) -> None:
        told = text.plan(a_rollback())
        assert told.startswith("Plan: roll tools back to v2 in prod\n")
        assert told.endswith(
            dedent(
                """\
                Once a pointer is switched, the rollback stands, whatever fails: promote resume
                tools finishes it. Images that are not recognised are a warning.
                """
            )
        )

    def test_says_what_is_put_back_before_the_switch(self) -> None:
        told = " ".join(text.plan(a_rollback(cold=True)).split())
        assert (
            "If it fails before a pointer is switched, tools-prod loses the access to v2 again and "
            "v2 is stopped, if this rollback started it." in told
        )

    def test_is_named_in_a_junit_report(self) -> None:
        report = ET.fromstring(junit.promotion(a_rollback(), (), an_end()))  # noqa: S314 (our own)
        assert report.attrib["name"] == "roll tools back to v2 in prod"


class TestTheEnd:
    def test_says_what_is_used_again_and_what_is_held(self) -> None:
        assert " ".join(text.result(an_end()).split()) == (
            "Rolled back: prod uses v2 again instead of v1, after 2.5s. v1 is held: to release it "
            "again, say why."
        )

    def test_names_nothing_that_the_targets_did_not_agree_on(self) -> None:
        assert text.result(an_end(previous=None)) == (
            "Rolled back: prod uses v2 again, after 2.5s.\n"
        )

    def test_of_one_that_was_aborted_is_another(self) -> None:
        told = text.result(an_end(Outcome.ROLLED_BACK))
        assert told == "Put back: every target of prod names v1 again, after 2.5s.\n"


class TestTheRecords:
    def test_tell_it_from_a_promotion(self) -> None:
        plan = a_rollback()
        records: list[Record] = [
            PromotionStarted(at=NOW, promotion="p-1", by=PROMOTER, plan=plan),
            VersionHeld(
                at=NOW,
                by=PROMOTER,
                promotion="p-1",
                version=V1,
                environment="prod",
                reason="wrong answers",
            ),
            PromotionEnded(at=NOW, promotion="p-1", digest=digest(plan), result=an_end()),
        ]
        assert text.history(records) == dedent(
            """\
            2026-03-02 14:00 UTC  prod  rollback v1 -> v2  done in 2.5s
                promotion p-1
                by arn:aws:sts::111111111111:assumed-role/release/alice
                reason: wrong answers
            2026-03-02 14:00 UTC  prod  v1 held: it was rolled back
                by arn:aws:sts::111111111111:assumed-role/release/alice
                reason: wrong answers
            """
        )
        told = " ".join(text.status([summarise(a_topology(), _seen(records))]).split())
        assert (
            f"Held: prod was rolled back from v1 at 2026-03-02 14:00 UTC by {PROMOTER}, reason: "
            "wrong answers. To release it there again, say why: --reason." in told
        )

    def test_tell_every_one_that_is_unfinished(self) -> None:
        begun: list[Record] = [
            PromotionStarted(at=NOW, promotion="p-1", by=PROMOTER, plan=a_plan()),
            PromotionStarted(at=NOW, promotion="p-2", by=PROMOTER, plan=a_rollback()),
        ]
        told = " ".join(text.status([summarise(a_topology(), _seen(begun))]).split())
        assert "Unfinished: promotion p-1 of v2 to prod, since" in told
        assert "Unfinished: rollback p-2 of prod to v2, since" in told
