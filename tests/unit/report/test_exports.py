"""What a build exports of a plan is read by sh, pasted into JSON, and shown to who approves."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promote.core.plan import Plan
from promote.report.consoles import build_page, execution_page
from promote.report.exports import LONGEST, exports, harmless, summary
from tests.builders import a_plan, a_request, a_switch

URL = "https://us-east-1.console.aws.amazon.com/x/project%3A1/log?region=us-east-1"
HOSTILE = (
    "it's done; rm -rf / #",
    "$(touch /tmp/promote-was-here) `id` ${HOME} $HOME",
    'a "quote" and \\ and #{variables.REASON} and #{codepipeline.PipelineExecutionId}',
    "two\nlines\nexport PLAN_DIGEST='0'\n",
    "x" * 5000,
    "\u001b[31mred\u0000",
    "für die Werkstatt - ☃",
    "digest " + "0" * 64,
    "key AKIAIOSFODNN7EXAMPLE secret wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
)


def plan_because(reason: str | None) -> Plan:
    return a_plan(request=a_request(reason=reason))


class TestExports:
    def test_are_four_lines_of_one_form(self) -> None:
        lines = exports(plan_because("it's"), URL).splitlines()
        assert len(lines) == 4
        assert all(re.fullmatch(r"export [A-Z_]+='.*'", line) for line in lines)


class TestASummary:
    def test_says_what_changes_where_and_why(self) -> None:
        plan = a_plan(request=a_request(reason="Fewer false alarms"), steps=(a_switch(),))
        told = summary(plan)
        assert "tools v1 -> v2 in prod" in told
        assert "1 change, 1 target in 1 wave" in told
        assert told.endswith("why: Fewer false alarms")

    def test_says_that_nothing_changes(self) -> None:
        assert "no changes" in summary(a_plan(steps=(), changes=0))

    @pytest.mark.parametrize("reason", HOSTILE)
    def test_is_harmless_in_json_and_shows_no_digest(self, reason: str) -> None:
        told = summary(plan_because(reason))
        assert len(told) <= LONGEST
        pasted = f'[{{"name":"PLAN_SUMMARY","value":"{told}"}}]'
        assert json.loads(pasted) == [{"name": "PLAN_SUMMARY", "value": told}]
        assert re.search("[0-9a-f]{32}|AKIA|#{|wJalr", told) is None
        assert told.isprintable()

    @given(st.text())
    @settings(max_examples=40, deadline=None)
    def test_is_harmless_whatever_it_is_made_of(self, text: str) -> None:
        assert json.loads(f'"{harmless(text)}"') == harmless(text)
        assert not set(harmless(text)) & set('$`#{}\\"')


class TestThePageOfABuild:
    def test_is_made_of_its_arn(self) -> None:
        arn = "arn:aws:codebuild:eu-west-1:111111111111:build/promote-tools-plan-qa:0dc7-aa"
        assert build_page(arn) == (
            "https://eu-west-1.console.aws.amazon.com/codesuite/codebuild/111111111111/projects/"
            "promote-tools-plan-qa/build/promote-tools-plan-qa%3A0dc7-aa/log?region=eu-west-1"
        )

    @pytest.mark.parametrize("arn", ["", "x", "arn:aws:codebuild:r:1:project/p", "arn:a:s3:::b"])
    def test_is_none_of_anything_else(self, arn: str) -> None:
        assert build_page(arn) is None

    def test_has_one_for_an_execution_beside_it(self) -> None:
        page = execution_page("arn:aws:codepipeline:us-east-1:111111111111:promote-tools", "0dc7")
        assert page.endswith("/pipelines/promote-tools/executions/0dc7/timeline?region=us-east-1")
