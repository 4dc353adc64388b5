"""A write changes what its step states, seen from the very document that is there."""

from __future__ import annotations

from typing import Any

import pytest

from promote.core.exactness import check_changes, prove_change
from promote.errors import ProofError
from tests.builders import a_grant, a_grant_step, version_arn

BY_HAND: dict[str, Any] = {
    "Effect": "Allow",
    "Action": "s3:GetObject",
    "Resource": "arn:aws:s3:::images/*",
}
PLAIN: Any = a_grant("v1")
EDITED = {**PLAIN, "Statement": [*PLAIN["Statement"], BY_HAND]}
SILENT = "would change more than access to versions"


class TestProveChange:
    def test_accepts_a_step_that_states_all_that_it_changes(self) -> None:
        prove_change(a_grant_step(), a_grant("v1"))

    def test_refuses_what_the_plan_saw_and_does_not_state(self) -> None:
        with pytest.raises(ProofError, match=SILENT) as caught:
            prove_change(a_grant_step(before=EDITED), EDITED)

        assert "allows s3:GetObject on arn:aws:s3:::images/" in caught.value.detail

    def test_looks_at_the_document_that_is_there_and_not_at_the_plans(self) -> None:
        with pytest.raises(ProofError, match=SILENT):
            prove_change(a_grant_step(before=a_grant("v1")), EDITED)

    def test_accepts_what_is_taken_away_on_purpose(self) -> None:
        prove_change(a_grant_step(before=EDITED, adopts=True), EDITED)

    @pytest.mark.parametrize(
        "stated",
        [{"adds": ()}, {"adds": (version_arn("v2"), "*")}, {"removes": (version_arn("v1"),)}],
        ids=["too little", "too much", "what stays"],
    )
    def test_refuses_a_statement_that_is_not_the_change(self, stated: dict[str, Any]) -> None:
        with pytest.raises(ProofError, match="does not say what a write changes"):
            prove_change(a_grant_step(**stated), a_grant("v1"))


class TestCheckChanges:
    def test_names_every_role_that_would_lose_something(self) -> None:
        roles = [f"arn:aws:iam::222222222222:role/tools-{name}" for name in ("a", "b")]
        steps = [a_grant_step(role=role, before=EDITED) for role in roles]

        with pytest.raises(ProofError, match=SILENT) as caught:
            check_changes([*steps, a_grant_step()], "promote plan --adopt")

        assert all(role in caught.value.detail for role in roles)
        assert caught.value.remedy.endswith("\n    promote plan --adopt")
