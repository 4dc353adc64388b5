from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from promote.errors import PolicyError
from promote.iam.document import Condition, Effect, Kind, Policy, Principal, Statement, parse
from tests.unit.iam.documents import (
    DETECT,
    ML,
    PROD,
    ROLE,
    SESSION,
    V1,
    V2,
    Document,
    allow,
    document,
    identity,
    trust,
    trusting,
)

if TYPE_CHECKING:
    from collections.abc import Mapping


def refusal(found: str | Mapping[str, object], kind: Kind = Kind.IDENTITY) -> PolicyError:
    with pytest.raises(PolicyError) as caught:
        parse(found, kind=kind, name="inline")
    return caught.value


def refused_condition(condition: object) -> PolicyError:
    return refusal(document(allow(), allow(Condition=condition)))


class TestParse:
    def test_reads_every_element_of_an_identity_statement(self) -> None:
        condition = {"StringEqualsIfExists": {"aws:SourceVpce": ["vpce-2", "vpce-1"]}}

        found = identity(allow(resource=[V2, V1, V2], Sid="Use", Condition=condition))

        conditions = (
            Condition("StringEquals", "aws:SourceVpce", ("vpce-1", "vpce-2"), if_exists=True),
        )
        statement = Statement("Use", Effect.ALLOW, (DETECT,), (V1, V2), (), conditions)
        assert found == Policy(Kind.IDENTITY, (statement,), "inline")

    def test_reads_every_kind_of_principal(self) -> None:
        found = trust(
            trusting({"AWS": [SESSION, PROD, ROLE], "Service": "codebuild.amazonaws.com"}),
            trusting("*"),
        )

        assert [statement.principals for statement in found.statements] == [
            (
                Principal("AWS", ROLE),
                Principal("AWS", f"arn:aws:iam::{PROD}:root"),
                Principal("AWS", SESSION),
                Principal("Service", "codebuild.amazonaws.com"),
            ),
            (Principal("AWS", "*"),),
        ]

    def test_reads_text_as_well_as_objects(self) -> None:
        text = '{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}'

        (statement,) = parse(text, kind=Kind.IDENTITY).statements

        assert statement.effect is Effect.DENY

    def test_reads_an_empty_sid_as_none_however_often(self) -> None:
        found = trust(trusting("*", Sid=""), trusting({"AWS": PROD}, Sid=""))

        assert [statement.sid for statement in found.statements] == [None, None]

    def test_reads_a_trust_policy_with_an_id_and_a_sid_of_words(self) -> None:
        found = parse(document(trusting("*", Sid="let prod in")) | {"Id": "x"}, kind=Kind.TRUST)

        assert found.statements[0].sid == "let prod in"

    def test_reads_json_booleans_where_true_or_false_is_meant(self) -> None:
        condition = {"Bool": {"aws:SecureTransport": True}, "Null": {"aws:SourceVpce": False}}

        (statement,) = identity(allow(Condition=condition)).statements

        assert [one.values for one in statement.conditions] == [("true",), ("false",)]

    def test_reads_an_empty_condition_as_none(self) -> None:
        assert identity(allow(Condition={})).statements[0].conditions == ()

    def test_keeps_the_order_of_statements(self) -> None:
        found = identity(allow(Sid="b"), allow(Sid="a"))

        assert [statement.sid for statement in found.statements] == ["b", "a"]


class TestParseNamesThePlace:
    def test_of_a_misspelt_operator_and_suggests_the_right_one(self) -> None:
        error = refused_condition({"StringEqual": {"aws:SourceVpce": "vpce-1"}})

        assert error.summary == "Policy document not accepted"
        assert error.detail.startswith(
            "In inline, Statement[1].Condition.StringEqual is not known here. Expected one of Arn"
        )
        assert error.remedy == "Did you mean StringEquals?"

    def test_of_a_value_inside_a_list(self) -> None:
        error = refusal(document(allow(action=[DETECT, "DetectCustomLabels"])))

        assert error.detail == (
            'In inline, Statement[0].Action[1] is "DetectCustomLabels". '
            "Expected * or service:Name, with * and ? only in the name."
        )

    def test_of_a_condition_value(self) -> None:
        error = refused_condition({"Bool": {"aws:SecureTransport": ["true", "True"]}})

        assert error.detail == (
            "In inline, Statement[1].Condition.Bool.aws:SecureTransport[1] is "
            '"True". Expected true or false.'
        )
        assert error.remedy == "Did you mean true?"

    def test_of_the_document_itself(self) -> None:
        assert refusal("[]").detail == "In inline, the document is []. Expected an object."

    def test_and_shortens_a_long_value(self) -> None:
        error = refusal(document(allow(resource="x" * 1000)))

        assert len(error.detail) < 300
        assert "xxx…" in error.detail


class TestParseRefuses:
    @pytest.mark.parametrize(
        ("found", "place"),
        [
            ({}, "the document"),
            ({"Statement": [allow()]}, "the document has no Version"),
            ({"Version": "2012-10-17"}, "the document has no Statement"),
            (document(allow()) | {"Version": "2008-10-17"}, "Version"),
            (document(allow()) | {"Id": "x"}, "Id"),
            (document(allow()) | {"Statements": []}, "Statements"),
            (document(), "Statement"),
            (document(allow()) | {"Statement": ["x"]}, "Statement[0]"),
        ],
    )
    def test_a_wrong_top_level(self, found: Document, place: str) -> None:
        assert f"In inline, {place}" in refusal(found).detail

    @pytest.mark.parametrize(
        ("change", "place"),
        [
            ({"Effect": "allow"}, "Effect"),
            ({"Effect": ["Allow"]}, "Effect"),
            ({"Sid": "use-model"}, "Sid"),
            ({"Sid": 7}, "Sid"),
            ({"Acton": DETECT}, "Acton"),
            ({"action": DETECT}, "action"),
            ({"Action": []}, "Action"),
            ({"Action": ""}, "Action"),
            ({"Action": 7}, "Action"),
            ({"Action": "rek*:DetectCustomLabels"}, "Action"),
            ({"Action": "**"}, "Action"),
            ({"Action": "rekognition:"}, "Action"),
            ({"Action": "rekognition:Detect:x"}, "Action"),
            ({"Action": {"a": "b"}}, "Action"),
            ({"Resource": []}, "Resource"),
            ({"Resource": "arn:aws:s3:*"}, "Resource"),
            ({"Resource": "arn:*"}, "Resource"),
            ({"Resource": "tools"}, "Resource"),
            ({"Resource": "arn:aws:s3:${aws:username}::b"}, "Resource"),
            ({"Resource": "arn:aws:s3:::b/\u20ac"}, "Resource"),
            ({"Resource": "arn:aws:s3:::b/\x00"}, "Resource"),
            ({"Principal": "*"}, "Principal"),
            ({"NotAction": "s3:*"}, "NotAction"),
            ({"NotResource": "*"}, "NotResource"),
            ({"NotPrincipal": "*"}, "NotPrincipal"),
        ],
    )
    def test_in_an_identity_statement(self, change: Document, place: str) -> None:
        assert f"In inline, Statement[0].{place}" in refusal(document(allow() | change)).detail

    @pytest.mark.parametrize("element", ["Effect", "Action", "Resource"])
    def test_an_identity_statement_without(self, element: str) -> None:
        found = {key: value for key, value in allow().items() if key != element}

        assert f"Statement[0] has no {element}" in refusal(document(found)).detail

    @pytest.mark.parametrize(
        ("principal", "place"),
        [
            ("arn:aws:iam::222222222222:root", "Principal"),
            ({}, "Principal"),
            ({"Federated": "accounts.google.com"}, "Principal.Federated"),
            ({"aws": ML}, "Principal.aws"),
            ({"AWS": []}, "Principal.AWS"),
            ({"AWS": [ML, "22222222222"]}, "Principal.AWS[1]"),
            ({"AWS": f"arn:aws:iam::{ML}:role/*"}, "Principal.AWS"),
            ({"AWS": f"arn:aws:iam::{ML}:group/x"}, "Principal.AWS"),
            ({"AWS": "arn:aws:iam::*:root"}, "Principal.AWS"),
            ({"AWS": f"arn:aws:iam:us-east-1:{ML}:root"}, "Principal.AWS"),
            ({"AWS": f"arn:aws:s3::{ML}:root"}, "Principal.AWS"),
            ({"AWS": "AROAEXAMPLEEXAMPLEEXA"}, "Principal.AWS"),
            ({"Service": "*"}, "Principal.Service"),
            ({"Service": "codebuild"}, "Principal.Service"),
        ],
    )
    def test_a_principal(self, principal: object, place: str) -> None:
        error = refusal(document(trusting(principal)), Kind.TRUST)

        assert f"In inline, Statement[0].{place}" in error.detail

    @pytest.mark.parametrize("action", ["*", "s3:GetObject", ["sts:AssumeRole", "iam:PassRole"]])
    def test_an_action_that_no_trust_policy_has(self, action: object) -> None:
        error = refusal(document(trusting("*", action)), Kind.TRUST)

        assert "In inline, Statement[0].Action" in error.detail
        assert "Expected an action of sts" in error.detail

    def test_a_resource_in_a_trust_policy(self) -> None:
        error = refusal(document(trusting("*", Resource="*")), Kind.TRUST)

        assert "Statement[0].Resource has no place in a trust policy" in error.detail

    def test_two_statements_of_one_sid(self) -> None:
        error = refusal(document(allow(Sid="Use"), allow(), allow(Sid="Use")))

        assert "Statement[2].Sid" in error.detail

    @pytest.mark.parametrize(
        ("condition", "place"),
        [
            ([], ""),
            ({"StringEquals": {}}, ".StringEquals"),
            ({"StringEquals": "vpce-1"}, ".StringEquals"),
            ({"stringequals": {"aws:SourceVpce": "x"}}, ".stringequals"),
            ({"NumericEqual": {"aws:TokenAge": "1"}}, ".NumericEqual"),
            ({"BinaryEquals": {"aws:Key": "eA=="}}, ".BinaryEquals"),
            ({"ForAnyValue:Bool": {"aws:TagKeys": "true"}}, ".ForAnyValue:Bool"),
            ({"NullIfExists": {"aws:SourceVpce": "true"}}, ".NullIfExists"),
            ({"ForAnyValue:ArnLike": {"aws:Arns": "x"}}, ".ForAnyValue:ArnLike.aws:Arns"),
            (
                {"ForAnyValue:StringEqualsIfExists": {"aws:TagKeys": "x"}},
                ".ForAnyValue:StringEqualsIfExists",
            ),
            ({"StringEquals": {"SourceVpce": "x"}}, ".StringEquals.SourceVpce"),
            ({"StringEquals": {"aws:SourceVpce": []}}, ".StringEquals.aws:SourceVpce"),
            ({"StringEquals": {"aws:SourceVpce": 7}}, ".StringEquals.aws:SourceVpce"),
            ({"StringEquals": {"aws:SourceVpce": True}}, ".StringEquals.aws:SourceVpce"),
            ({"StringEquals": {"aws:SourceVpce": "${x}"}}, ".StringEquals.aws:SourceVpce"),
            ({"StringLike": {"aws:x": "1", "AWS:X": "2"}}, ".StringLike.AWS:X"),
            ({"StringLike": {"aws:PrincipalOrgPaths": "o/*"}}, ".StringLike.aws:PrincipalOrgPaths"),
            ({"ArnLike": {"aws:PrincipalArn": "*"}}, ".ArnLike.aws:PrincipalArn"),
            ({"Null": {"aws:SourceVpce": ["true", "false"]}}, ".Null.aws:SourceVpce"),
            ({"Null": {"aws:SourceVpce": "yes"}}, ".Null.aws:SourceVpce"),
        ],
    )
    def test_a_condition(self, condition: object, place: str) -> None:
        assert f"In inline, Statement[1].Condition{place} " in refused_condition(condition).detail
