"""Guardrails as text."""

from __future__ import annotations

from textwrap import dedent

from promote.core.events import GuardrailChanged
from promote.core.guardrails.attached import GuardrailFinding
from promote.core.guardrails.organization import ControlType
from promote.core.guardrails.steps import (
    AttachPolicy,
    CreatePolicy,
    DeletePolicy,
    DetachPolicy,
    EnableType,
    UpdatePolicy,
)
from promote.report import guardrails as report
from promote.report.telling import sentence
from tests.builders import ML, NOW

SCP = ControlType.SCP
STEPS = (
    EnableType(type=SCP, root="r-a1b2"),
    CreatePolicy(type=SCP, name="guard", content="{}"),
    UpdatePolicy(
        type=SCP,
        name="guard",
        policy="p-1",
        before="[]",
        content="{}",
        reaches=(ML, "ou-a1b2-workload"),
        departures=(
            "does not deny rekognition:StopProjectVersion in Statement[0] (OnlyOperators)",
        ),
    ),
    AttachPolicy(type=SCP, name="guard", target=ML),
    DetachPolicy(type=SCP, name="guard", target=ML),
    DeletePolicy(type=SCP, name="guard"),
)


class TestAPlan:
    def test_lists_every_step_and_how_an_updated_policy_departs(self) -> None:
        assert report.plan(STEPS) == dedent("""\
            Steps
               1  enable SCPs in the root r-a1b2
               2  create the SCP guard (2 characters)
               3  update the SCP guard, at once in force on 222222222222, ou-a1b2-workload
                    now it does not deny rekognition:StopProjectVersion in Statement[0]
                      (OnlyOperators)
               4  attach the SCP guard to 222222222222
               5  detach the SCP guard from 222222222222
               6  delete the SCP guard
            """)

    def test_of_nothing_says_why(self) -> None:
        assert report.done((), "all is as wanted") == "Nothing to do: all is as wanted.\n"

    def test_that_is_done_says_what_to_look_at(self) -> None:
        assert report.done(STEPS, "").startswith("Done: 6 steps.")
        assert report.done(STEPS, "").endswith("\n    promote guardrail check\n")


class TestAnEvent:
    def test_tells_the_step_that_is_done(self) -> None:
        event = GuardrailChanged(at=NOW, number=2, steps=6, step=STEPS[3])
        assert sentence(event) == "step 2 of 6: attach the SCP guard to 222222222222: done"


class TestFindings:
    def test_stand_below_what_was_checked_with_what_helps(self) -> None:
        found = (
            GuardrailFinding(ok=True, check="policy", subject="SCP guard", detail="is as wanted"),
            GuardrailFinding(
                ok=False,
                check="protection",
                subject="a session of tools-qa with rekognition:*",
                detail="is let pass StopProjectVersion: no SCP on the path of the account "
                "denies it",
                remedy="To attach it:\n    promote guardrail apply",
            ),
        )
        assert report.findings(found) == dedent("""\
            Policies
              ok    SCP guard: is as wanted

            What they protect from
              FAIL  a session of tools-qa with rekognition:*: is let pass
                    StopProjectVersion: no SCP on the path of the account denies it
                    To attach it:
                        promote guardrail apply

            2 checks, 1 failed
            """)

    def test_that_are_all_well_say_so(self) -> None:
        fine = GuardrailFinding(ok=True, check="policy", subject="a", detail="b")
        assert report.findings([fine]).endswith("\n1 check, all passed\n")
