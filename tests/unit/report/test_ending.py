from __future__ import annotations

from textwrap import dedent
from typing import Any

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promote.core.gates import Verdict
from promote.core.record import VerificationDone
from promote.core.result import Left, Outcome, Result
from promote.core.status import Finding
from promote.errors import AccessDeniedError, ConfigError, PromoteError, RefusedError
from promote.report import text
from tests.builders import HOUR, NOW, PROMOTER, QA, a_gate, version_arn


def a_result(**changes: Any) -> Result:
    defaults: dict[str, Any] = {
        "result": Outcome.PROMOTED,
        "promotion": "p-1",
        "environment": "prod",
        "version": version_arn("v2"),
        "previous": version_arn("v1"),
        "seconds": 95.4,
    }
    return Result(**{**defaults, **changes})


class TestResult:
    @pytest.mark.parametrize(
        ("outcome", "sentence"),
        [
            (Outcome.PROMOTED, "Promoted: prod uses v2 instead of v1, after 1m 35s.\n"),
            (Outcome.UNCHANGED, "Nothing to do: prod uses v2 already.\n"),
            (
                Outcome.ROLLED_BACK,
                "Rolled back: every target of prod names v1 again, after 1m 35s.\n",
            ),
            (Outcome.REFUSED, "Refused: v2 was not promoted to prod; nothing was changed.\n"),
            (
                Outcome.FAILED,
                (
                    "Failed: v2 is not in prod; no pointer was switched, and what was granted or\n"
                    "started is undone, after 1m 35s.\n"
                ),
            ),
            (
                Outcome.NEEDS_ATTENTION,
                "Needs attention: prod is left half way to v2, after 1m 35s.\n",
            ),
        ],
    )
    def test_tells_each_outcome_in_a_sentence(self, outcome: Outcome, sentence: str) -> None:
        assert text.result(a_result(result=outcome)) == sentence

    def test_names_no_previous_version_when_there_was_none_or_more_than_one(self) -> None:
        assert text.result(a_result(previous=None)) == "Promoted: prod uses v2, after 1m 35s.\n"
        rolled_back = a_result(previous=None, result=Outcome.ROLLED_BACK)
        assert "every target of prod names what it named before" in text.result(rolled_back)

    def test_tells_what_is_left_and_how_it_is_finished(self) -> None:
        left = (
            Left(step="revoke", version=version_arn("v1"), not_before=NOW + HOUR),
            Left(step="stop", version=version_arn("v1"), not_before=NOW + HOUR),
        )
        assert text.result(a_result(left=left)) == dedent(
            """\
            Promoted: prod uses v2 instead of v1, after 1m 35s.

            Left to do:
              revoke v1, not before 2026-03-02 15:00 UTC
              stop v1, not before 2026-03-02 15:00 UTC

            After that, to finish it, also on a schedule:
                promote retire --all
            """
        )

    def test_takes_its_colour_from_click(self) -> None:
        coloured = text.result(a_result(), click.style)
        assert coloured.startswith("\x1b[")
        assert click.unstyle(coloured) == text.result(a_result())


class TestVerification:
    def done(self, **changes: Any) -> VerificationDone:
        defaults: dict[str, Any] = {
            "at": NOW,
            "by": PROMOTER,
            "version": version_arn("v2"),
            "environment": "qa",
            "passed": True,
            "accounts": (QA,),
            "accuracy": 0.95,
        }
        return VerificationDone(**{**defaults, **changes})

    def test_tells_the_accuracy_of_one_that_passed(self) -> None:
        assert text.verification(self.done()) == (
            "Passed: v2 in qa (333333333333), 95.0% of the images recognised, the lowest over\n"
            "its accounts.\n"
        )

    def test_tells_that_one_without_images_only_called_the_version(self) -> None:
        assert text.verification(self.done(passed=False, accuracy=None)) == (
            "Failed: v2 in qa (333333333333), no images are configured, so it was only\ncalled.\n"
        )


class TestError:
    def test_has_the_four_parts_of_every_error(self) -> None:
        error = AccessDeniedError(
            "Access denied while starting the version",
            "arn:aws:iam::222222222222:role/promote-operator-prod was denied "
            "rekognition:StartProjectVersion on v2 in account 222222222222. No policy of the role "
            "allows it.",
            "To see the policy that it needs:\n    promote policy render --kind operator",
        )
        assert text.error(error) == dedent(
            """\
            Error: Access denied while starting the version

            arn:aws:iam::222222222222:role/promote-operator-prod was denied
            rekognition:StartProjectVersion on v2 in account 222222222222. No policy of the
            role allows it.

            To see the policy that it needs:
                promote policy render --kind operator
            """
        )

    def test_leaves_out_the_parts_that_an_error_does_not_have(self) -> None:
        assert text.error(PromoteError("Declined")) == "Error: Declined\n"
        assert text.error(PromoteError("No", remedy="Ask:\n    promote status")) == (
            "Error: No\n\nAsk:\n    promote status\n"
        )

    def test_keeps_each_located_problem_on_its_line(self) -> None:
        problem = f"promote.yaml:3:5: {'a long explanation, ' * 8}"
        error = ConfigError("promote.yaml has problems", (problem, problem))
        lines = text.error(error).splitlines()
        assert lines[2:] == [problem.rstrip(), problem.rstrip()]

    def test_keeps_a_command_on_its_line_however_long(self) -> None:
        command = "    promote release tools v2 --to prod --reason 'a long reason' " + "--yes " * 9
        error = PromoteError("No", "Why.", f"Run:\n{command}")
        assert text.error(error).endswith(f"\nRun:\n{command.rstrip()}\n")

    def test_colours_the_word_error_alone(self) -> None:
        output = text.error(PromoteError("No", "Why."), click.style)
        assert click.unstyle(output) == "Error: No\n\nWhy.\n"
        assert output.endswith("\x1b[0m No\n\nWhy.\n")

    @given(st.text(), st.text(), st.text())
    def test_lets_nothing_from_outside_move_the_cursor(
        self, summary: str, detail: str, remedy: str
    ) -> None:
        output = text.error(PromoteError(summary, detail, remedy))
        assert output.replace("\n", "").isprintable()


class TestRefusal:
    def test_tells_every_gate_that_refused_measured_beside_required(self) -> None:
        gates = (
            a_gate(),
            a_gate(gate="f1", verdict=Verdict.FAIL, measured="0.871", required="0.900"),
            a_gate(
                gate="soak", verdict=Verdict.INCONCLUSIVE, measured="unknown", required="24h in qa"
            ),
            a_gate(gate="approval", verdict=Verdict.PENDING, measured="none", required="1"),
        )
        detail = text.refusal(gates, version_arn("v2"), "prod")
        assert text.error(RefusedError("Promotion refused", detail)) == dedent(
            """\
            Error: Promotion refused

            2 of 4 gates refused v2 for prod:
              f1    0.871 (measured), 0.900 (required)
              soak  unknown (measured), 24h in qa (required) — inconclusive
            """
        )


class TestFindings:
    def test_tells_each_on_a_line_with_its_remedy_below(self) -> None:
        found = (
            Finding(ok=True, subject="credentials", detail="account 111111111111"),
            Finding(
                ok=False,
                subject="reader role in 333333333333",
                detail="cannot be assumed",
                remedy="To see its policies:\n    promote policy render --kind reader-trust",
            ),
        )
        assert text.findings(found) == dedent(
            """\
            ok    credentials                  account 111111111111
            FAIL  reader role in 333333333333  cannot be assumed
                  To see its policies:
                      promote policy render --kind reader-trust

            2 checks, 1 failed
            """
        )

    def test_says_that_all_passed(self) -> None:
        output = text.findings([Finding(ok=True, subject="credentials", detail="fine")])
        assert output == "ok    credentials  fine\n\n1 check, all passed\n"
