"""What Access Analyzer is asked of a plan, and what a disagreement says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from promote.core.analysis import (
    Answer,
    Answers,
    Remark,
    Subject,
    judge,
    of_document,
    of_plan,
)
from promote.errors import ProofError
from promote.iam.document import Kind, same
from tests.builders import (
    PROD,
    a_grant,
    a_grant_step,
    a_plan,
    a_revoke,
    a_topology,
    prod,
    version_arn,
)

ENDPOINT = "vpce-0a1b2c3d4e5f60718"
PASS = Answer(passed=True)


class TestTheSubjectsOfAPlan:
    def test_are_its_documents_beside_what_is_planned(self) -> None:
        granted, final = of_plan(a_plan(), a_topology())

        assert granted.name.startswith("the policy promote-tools of arn:aws:iam::222222222222")
        assert (granted.document, granted.denied) == (a_grant("v1", "v2"), ())
        assert (final.document, final.denied) == (a_grant("v2"), (version_arn("v1"),))
        for each in (granted, final):
            assert each.kind is Kind.IDENTITY
            assert same(each.planned, each.document)

    def test_are_planned_from_the_topology_and_not_from_the_document(self) -> None:
        guarded = a_topology(prod(vpc_endpoints=(ENDPOINT,)))
        _, final = of_plan(a_plan(), guarded)

        assert ENDPOINT in str(final.planned)
        assert ENDPOINT not in str(final.document)

    def test_are_each_asked_about_once_however_many_roles_have_them(self) -> None:
        roles = [f"arn:aws:iam::222222222222:role/{account}" for account in PROD]
        steps = (
            *(a_grant_step(role=role) for role in roles),
            *(a_revoke(role=role) for role in roles),
            a_revoke(role="another", revoked=(version_arn("v0"),)),
        )
        _, final = of_plan(a_plan(steps=steps), a_topology())

        assert final.denied == (version_arn("v0"), version_arn("v1"))

    def test_are_none_where_no_policy_is_written(self) -> None:
        assert of_plan(a_plan(steps=()), a_topology()) == ()


def test_a_document_of_any_kind_is_a_subject() -> None:
    trusted = ["arn:aws:iam::111111111111:root"]
    context = {"trusted": trusted, "organization": None, "builds": [], "root": None}
    found = of_document("role-trust", "the trust", {}, context)

    assert found.kind is Kind.TRUST
    assert "sts:AssumeRole" in str(found.planned)


SUBJECT = Subject(
    name="the policy p", kind=Kind.IDENTITY, document=a_grant("v2"), planned=a_grant("v2")
)


@contextmanager
def disagreement() -> Iterator[list[str]]:
    """Give the lines of what Access Analyzer says, once the body has raised them."""
    lines: list[str] = []
    with pytest.raises(ProofError) as caught:
        yield lines
    assert "promote has proved over all requests that the policy p allows" in caught.value.detail
    lines += caught.value.detail.splitlines()[1:]


class TestADisagreement:
    def test_is_none_where_everything_passes(self) -> None:
        remarks = (Remark(severity="WARNING", code="A", detail="Hm."),)
        judge(SUBJECT, Answers(remarks=remarks, checks={"CheckNoNewAccess": PASS}))

    @pytest.mark.parametrize("severity", ["ERROR", "SECURITY_WARNING"])
    def test_is_a_finding_that_aws_calls_an_error(self, severity: str) -> None:
        with disagreement() as lines:
            judge(SUBJECT, Answers(remarks=(Remark(severity=severity, code="X", detail="Bad."),)))
        assert lines == [f"  ValidatePolicy: {severity} X: Bad."]

    def test_is_a_check_that_fails_with_all_that_it_says(self) -> None:
        failed = replace(PASS, passed=False, message="New access.", reasons=("One.", "Two."))
        with disagreement() as lines:
            judge(SUBJECT, Answers(checks={"first": PASS, "second": failed}))
        assert lines == ["  second: FAIL. New access. One. Two."]
