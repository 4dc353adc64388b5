"""What a document must say: stated for every kind, and never more where a value is missing."""

from __future__ import annotations

import pytest

from promote.core.policies.intent import planned
from promote.core.policies.needs import NEEDS
from promote.errors import PolicyError
from promote.iam.document import Condition, Effect, Kind, Principal
from tests.builders import ML, QA, version_arn

ROOT = f"arn:aws:iam::{QA}:root"
ROLE = f"arn:aws:iam::{QA}:role/storefront"
TRUST = {"accounts": [QA], "roles": [ROLE], "external_id": None}


class TestPlanned:
    def test_there_is_an_intent_for_every_kind_of_document(self) -> None:
        for kind in NEEDS:
            with pytest.raises(PolicyError, match="No such policy can be meant"):
                planned(kind, {})

    def test_an_unknown_kind_cannot_be_proved(self) -> None:
        with pytest.raises(PolicyError, match="cannot be proved") as caught:
            planned("acess-role", {})
        assert "'acess-role'" in caught.value.detail

    def test_values_are_spelled_as_a_parsed_document_spells_them(self) -> None:
        given = {"resources": ["b", "a", "b"], "vpc_endpoints": "vpce-1"}
        (statement,) = planned("access-role", given).statements
        assert statement.resources == ("a", "b")
        assert statement.conditions == (Condition("StringEquals", "aws:SourceVpce", ("vpce-1",)),)

    def test_an_account_is_trusted_by_its_root(self) -> None:
        policy = planned("access-role-trust", {"trusts": [TRUST], "organization": None})
        assert policy.kind is Kind.TRUST
        assert policy.statements[0].principals == (Principal("AWS", ROOT),)
        assert [one.key for one in policy.statements[0].conditions] == ["aws:PrincipalArn"]

    def test_a_boundary_allows_what_the_access_role_of_these_values_does(self) -> None:
        given = {"resources": [version_arn("v1")], "vpc_endpoints": []}
        boundary, role = planned("boundary", given), planned("access-role", given)
        assert boundary.statements == role.statements
        assert boundary.kind is Kind.BOUNDARY

    def test_control_policies_only_deny(self) -> None:
        scp = planned("scp", {"operators": [ROLE], "trainers": [ROLE]})
        rcp = planned("rcp", {"access_roles": [ROLE], "organization": "o-a1b2c3d4e5"})
        assert {one.effect for one in (*scp.statements, *rcp.statements)} == {Effect.DENY}


class TestMissingValues:
    GRANT = {"roles": [ROLE], "resources": [version_arn("v1")]}  # noqa: RUF012
    LAKE = {  # noqa: RUF012
        "bucket": "arn:aws:s3:::lake", "objects": "arn:aws:s3:::lake/*", "ml_account": ML,
        "projects": [version_arn("v1")], "root": ROOT, "trainers": [ROLE], "organization": None,
        "readers": [ROLE], "evaluations": "arn:aws:s3:::lake/evaluation/*",
    }  # fmt: skip

    LEDGER = {  # noqa: RUF012
        "bucket": "arn:aws:s3:::b", "objects": "arn:aws:s3:::b/a/*", "prefix": "a/*",
        "trusted": [ROLE], "organization": None,
    }  # fmt: skip

    @pytest.mark.parametrize(
        ("kind", "context"),
        [
            ("access-role", {"resources": [], "vpc_endpoints": []}),
            ("access-role-trust", {"trusts": [{**TRUST, "roles": []}], "organization": None}),
            ("access-role-trust", {"trusts": [{**TRUST, "accounts": []}], "organization": None}),
            ("access-role-trust", {"trusts": "all", "organization": None}),
            ("role-trust", {"trusted": [], "organization": None, "builds": [], "root": None}),
            ("deployer", {"parameters": None}),
            ("deployer", {"parameters": [1]}),
            ("deployer", {"parameters": {"a": "b"}}),
            ("rekognition-endpoint", {"grants": [{**GRANT, "roles": []}]}),
            ("sts-endpoint", {"grants": [{**GRANT, "resources": []}]}),
            ("data-lake-bucket", {**LAKE, "projects": []}),
            ("data-lake-bucket", {**LAKE, "ml_account": ""}),
            ("data-lake-bucket", {**LAKE, "evaluations": None}),
            ("data-lake-key", {**LAKE, "storage": ""}),
            ("data-lake-key", {**LAKE, "storage": "s3", "trainers": []}),
            ("ledger", {**LEDGER, "prefix": ""}),
            ("ledger", {**LEDGER, "trusted": []}),
            ("project-policy", {"trusted": [], "versions": [version_arn("v1")]}),
            ("scp", {"operators": [], "trainers": [ROLE]}),
            ("rcp", {"access_roles": [ROLE], "organization": None}),
        ],
    )
    def test_a_statement_without_what_narrows_it_is_never_meant(
        self, kind: str, context: dict[str, object]
    ) -> None:
        with pytest.raises(PolicyError, match="No such policy can be meant"):
            planned(kind, context)
