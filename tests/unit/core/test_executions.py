"""What counts of what was said in an execution of a pipeline."""

from __future__ import annotations

from typing import Any

import pytest

from promote.core.executions import (
    Execution,
    Response,
    heard_in,
    requesters_in,
    unheard_in,
)
from tests.builders import NOW, a_request

DIGEST, OTHER = "a" * 64, "0b" * 32
ALICE = "arn:aws:iam::111111111111:user/alice"
PIPELINE = "arn:aws:codepipeline:us-east-1:111111111111:promote-tools"
EXECUTION = Execution(
    pipeline=PIPELINE, id="0dc7", trigger="StartPipelineExecution", started_by=ALICE
)


def a_response(**changes: Any) -> Response:
    """Build an approval of the plan whose digest is `DIGEST`."""
    values: dict[str, Any] = {
        "stage": "Approve-prod",
        "action": "Approve-prod",
        "at": NOW,
        "by": ALICE,
        "approved": True,
        "text": f"Digest {DIGEST}: 3 changes",
    }
    return Response(**{**values, **changes})


class TestAResponseThatCounts:
    def test_is_an_approval_of_a_text_that_shows_the_digest(self) -> None:
        (review,) = heard_in(EXECUTION, [a_response(summary="Fine")], DIGEST).reviews
        assert (review.by, review.approved, review.digest) == (ALICE, True, DIGEST)
        assert review.reason == "Fine"
        assert review.source == f"{PIPELINE}/Approve-prod/Approve-prod in execution 0dc7"

    @pytest.mark.parametrize("text", ["", f"{DIGEST}", f"{DIGEST} and {OTHER}"])
    def test_is_a_rejection_that_may_be_of_the_plan(self, text: str) -> None:
        found = [a_response(approved=False, text=text)]
        assert [each.approved for each in heard_in(EXECUTION, found, DIGEST).reviews] == [False]
        assert not list(unheard_in(found, DIGEST))


class TestAResponseThatDoesNotCount:
    @pytest.mark.parametrize(
        ("changes", "why"),
        [
            ({"text": ""}, "shows no digest"),
            ({"text": OTHER}, "the digest of another plan"),
            ({"text": f"{DIGEST} {OTHER}"}, "several digests"),
            ({"text": f"x{DIGEST}"}, "shows no digest"),
            ({"text": f"{DIGEST}0"}, "shows no digest"),
            ({"text": DIGEST.upper()}, "shows no digest"),
            ({"by": None}, "does not say who decided"),
            ({"by": "codepipeline.amazonaws.com"}, "does not say who decided"),
            ({"by": PIPELINE}, "does not say who decided"),
            ({"approved": False, "text": OTHER}, "the digest of another plan"),
        ],
    )
    def test_is_named_with_the_reason(self, changes: dict[str, Any], why: str) -> None:
        found = [a_response(**changes)]
        assert not heard_in(EXECUTION, found, DIGEST).reviews
        (said,) = unheard_in(found, DIGEST)
        assert why in said
        assert "in Approve-prod/Approve-prod does not count" in said


class TestWhoAsked:
    def test_is_who_made_the_plan_and_who_started_the_execution(self) -> None:
        asked = requesters_in(a_request(), heard_in(EXECUTION, [], DIGEST))
        assert asked == (a_request().requested_by, ALICE)

    def test_is_not_known_when_the_pipeline_does_not_say_who_started_it(self) -> None:
        nobody = Execution(pipeline=PIPELINE, id="0dc7", trigger="unknown", started_by=None)
        assert requesters_in(a_request(), heard_in(nobody, [], DIGEST)) == ()

    def test_is_who_made_the_plan_outside_of_pipelines(self) -> None:
        assert requesters_in(a_request(), None) == (a_request().requested_by,)
