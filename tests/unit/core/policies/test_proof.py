"""A document is shown to allow exactly what is planned, or refused with a request showing why."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from promote.core.observation import Json
from promote.core.policies.proof import DiffersError, prove, proving
from promote.errors import ProofError
from promote.iam.evaluate import Verdict
from tests.builders import version_arn

V1, V2 = version_arn("v1"), version_arn("v2")
DETECT = "rekognition:DetectCustomLabels"
ENDPOINT = "vpce-0a1b2c3d4e5f60718"
CONTEXT = {"resources": [V1, V2], "vpc_endpoints": [ENDPOINT]}
THROUGH = {"StringEquals": {"aws:SourceVpce": ENDPOINT}}


def a_document(resource: object = (V1, V2), **more: object) -> Json:
    statement = {"Effect": "Allow", "Action": DETECT, "Resource": resource, "Condition": THROUGH}
    return {"Version": "2012-10-17", "Statement": [{**statement, **more}]}


class TestProve:
    def test_a_document_in_any_spelling_is_proved(self) -> None:
        proof = prove("access-role", a_document([V2, V1, V2], Sid="Detect"), CONTEXT)

        assert proof.kind == "access-role"
        assert proof.requests > 1

    @pytest.mark.parametrize(
        ("document", "summary", "says"),
        [
            (a_document([V1, V2, V1.replace("/v1/", "/v1*/")]), "more", "v10"),
            (a_document(Condition={}), "more", "(no condition key)"),
            (a_document(Action=[DETECT, "rekognition:StopProjectVersion"]), "more", "Stop"),
            (a_document([V1]), "less", V2),
        ],
        ids=["v1*", "no endpoint", "an action", "a version missing"],
    )
    def test_a_document_that_differs_is_refused_with_the_request_that_shows_it(
        self, document: Json, summary: str, says: str
    ) -> None:
        with pytest.raises(DiffersError) as caught:
            prove("access-role", document, CONTEXT)

        assert caught.value.exit_code == 4
        assert f"allows {summary} than planned" in caught.value.summary
        assert says in caught.value.detail
        assert "promote policy prove" in caught.value.remedy

    def test_the_witness_says_what_both_sides_say(self) -> None:
        with pytest.raises(DiffersError) as caught:
            prove("access-role", a_document([V1]), CONTEXT)

        witness = caught.value.witness
        assert (witness.request.resource, witness.request.action) == (V2, DETECT)
        assert witness.verdicts == (Verdict.IMPLICIT_DENY, Verdict.ALLOWED)

    @pytest.mark.parametrize(
        "document",
        [
            a_document(Condition={"StringEquals": {"aws:SourceVpce": "${aws:username}"}}),
            {**a_document(), "Version": "2008-10-17"},
            {"Version": "2012-10-17", "Statement": []},
        ],
        ids=["a variable", "an old version", "no statement"],
    )
    def test_what_cannot_be_decided_is_refused_as_well(self, document: Json) -> None:
        with pytest.raises(ProofError, match="could not be proved"):
            prove("access-role", document, CONTEXT)

    def test_the_account_is_told_from_everybody_behind_the_same_condition(self) -> None:
        trust = {"accounts": ["arn:aws:iam::333333333333:root"], "external_id": None}
        role = "arn:aws:iam::333333333333:role/storefront"
        context = {"trusts": [{**trust, "roles": [role]}], "organization": None}
        everybody = {
            "Version": "2012-10-17",
            "Statement": {
                "Effect": "Allow",
                "Principal": "*",
                "Action": "sts:AssumeRole",
                "Condition": {"ArnEquals": {"aws:PrincipalArn": role}},
            },
        }

        with pytest.raises(DiffersError, match="names the principal more closely"):
            prove("access-role-trust", everybody, context)


class TestProving:
    def test_lets_a_document_through_that_is_proved(self) -> None:
        render = proving(lambda _kind, _context: a_document())

        assert render("access-role", CONTEXT) == a_document()

    def test_lets_no_other_document_through(self) -> None:
        def wide(_kind: str, _context: Mapping[str, object]) -> Json:
            return a_document("*")

        with pytest.raises(ProofError):
            proving(wide)("access-role", CONTEXT)
        with pytest.raises(ProofError, match=r"template: +own/access-role"):
            proving(wide, lambda kind: f"own/{kind}")("access-role", CONTEXT)
