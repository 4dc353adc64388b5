"""What a plan says of the room that it makes, and a retirement of what went wrong."""

from __future__ import annotations

from textwrap import dedent

from promote.core.result import Retirement
from promote.report import text
from tests.unit.core.test_room import PLAN


def test_a_plan_says_what_it_gives_up_for_a_free_slot() -> None:
    shown = text.plan(PLAN)
    steps = shown[shown.index("Steps\n") : shown.index("   4  start")]
    arn = "arn:aws:rekognition:us-east-1:222222222222:project/tools-detector/version/v1"
    assert steps == dedent(f"""\
        Steps
           1  revoke  give up the instant rollback of qa to v1, to make room for the
                      start: take v1 from tools-qa (policy promote-tools) and prove that
                      v1 is denied
                      - {arn}/1767312000000
                      proved: v1 is taken away, nothing else changes
           2  revoke  give up the instant rollback of prod to v1, to make room for the
                      start: take v1 from tools-prod (policy promote-tools) and prove
                      that v1 is denied
                      - {arn}/1767312000000
                      proved: v1 is taken away, nothing else changes
           3  stop    give up the instant rollback to v1: stop it, so that a running
                      slot is free for the start (at most 30m)
        """)


def test_a_plan_says_that_no_undo_brings_it_back() -> None:
    shown = " ".join(text.plan(PLAN).split())
    assert shown.endswith("v1, which made room for the start, stays stopped.")


def test_a_retirement_says_what_went_wrong() -> None:
    wrong = Retirement(model="tools", failed=("tools in qa: Access denied. No.",))
    assert text.retirement([wrong]) == "tools:\n  failed: tools in qa: Access denied. No.\n"
