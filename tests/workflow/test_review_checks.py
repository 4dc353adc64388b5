"""The doctor tries to write a review in the name of others, where IAM could forbid it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from promote.core.gates.requirements import Requirements
from promote.core.topology import Topology
from promote.errors import AccessDeniedError, RefusedError
from promote.workflow.review_checks import review_checks
from tests.builders import a_topology, qa
from tests.fake_world import FakeWorld

ASKING = a_topology(replace(qa(), gates=Requirements(approval=1)), ledger="s3://team-ledger/a")


def check(fake: FakeWorld) -> str:
    ((subject, check),) = review_checks(fake.ports(), ASKING)
    assert subject == "reviews"
    return check()


class TestReviews:
    @pytest.mark.parametrize(
        "topology",
        [replace(ASKING, ledger=None), replace(ASKING, ledger="/mnt/ledger"),
         a_topology(qa(), ledger="s3://team-ledger/a")],
        ids=["no ledger", "a directory", "nobody is asked"],
    )  # fmt: skip
    def test_are_not_looked_at_where_iam_proves_nothing(self, topology: Topology) -> None:
        assert list(review_checks(FakeWorld(ASKING).ports(), topology)) == []

    def test_that_can_be_forged_are_told_and_nothing_is_left(self) -> None:
        fake = FakeWorld(ASKING)
        with pytest.raises(RefusedError) as caught:
            check(fake)
        assert "s3://team-ledger/a/tools/approvals/doctor.review" in caught.value.detail
        assert "promote policy render --kind ledger" in caught.value.remedy
        assert not fake.objects

    def test_that_cannot_be_forged_are_fine(self) -> None:
        fake = FakeWorld(ASKING)
        fake.fail(
            "store.create", AccessDeniedError("Access denied", "By the policy of the bucket.")
        )
        assert check(fake) == "these credentials can write none in the name of others"
