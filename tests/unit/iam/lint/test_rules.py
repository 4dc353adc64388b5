from __future__ import annotations

import re
from typing import Any

import pytest

from promote.iam.elements import Kind
from promote.iam.lint import RULES, Finding, Rule, Severity, lint
from promote.iam.lint.examples import (
    CONSUMER,
    DETECT,
    ENDPOINT,
    ML,
    ROLE,
    VERSION,
    bucket,
    identity,
    policy,
    project,
    rcp,
    scp,
    statement,
    trust,
)
from promote.iam.lint.rules import Example

every_rule = pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.id)


def when(operator: str, key: str, value: object, **elements: object) -> Example:
    """Return an identity policy that is good but for this condition."""
    return identity(Condition={operator: {key: value}}, **elements)


# Defects that a rule is for besides the one of its bad example.
MORE: list[tuple[str, tuple[Kind, Any]]] = [
    ("PR101", (Kind.IDENTITY, policy(statement(), Version=None))),
    ("PR103", (Kind.IDENTITY, [1, 2])),
    ("PR103", (Kind.IDENTITY, policy("all of it"))),
    ("PR103", identity(Effect="allow")),
    ("PR103", when("StringEquals", "aws:userid", None)),
    ("PR103", identity(Condition={"Bool": True})),
    ("PR103", bucket(Principal=None)),
    ("PR103", trust(Principal={"AWS": 222222222222})),
    ("PR104", (Kind.IDENTITY, {"Version": "2012-10-17", "Statement": []})),
    ("PR104", when("StringEquals", "aws:userid", [])),
    ("PR106", identity(Sid="{% if x %}")),
    ("PR106", identity(Resource=VERSION.replace("churn", "${var.name}"))),
    ("PR106", identity(Resource=VERSION.replace("churn", "{project}"))),
    ("PR106", identity(Resource=VERSION.replace("churn", "<project>"))),
    ("PR106", identity(Resource="${AWS::AccountId}")),
    ("PR112", (Kind.IDENTITY, policy(statement(), statement()))),
    ("PR203", identity(Action="rekognition:Detct*")),
    ("PR205", project(Effect="Deny", Action=None, NotAction=DETECT)),
    ("PR302", bucket(Action="s3:ListBucket")),
    ("PR304", identity(Action="iam:GetRole", Resource=ROLE.replace("::", ":us-east-1:", 1))),
    ("PR304", bucket(Resource=f"arn:aws:s3::{ML}:churn-data/*")),
    ("PR306", identity(Resource=VERSION.replace(ML, "1111"))),
    ("PR401", when("stringequals", "aws:userid", "x")),
    ("PR401", when("NullIfExists", "aws:userid", "true")),
    ("PR402", when("StringEquals", "rekognition:ProjectVersionArn", VERSION)),
    ("PR402", when("StringEquals", "SourceVpce", ENDPOINT)),
    ("PR405", when("ForAllValues:StringEquals", "aws:SourceVpce", ENDPOINT)),
    ("PR411", when("StringNotEquals", "aws:PrincipalArn", CONSUMER + "-*", Effect="Deny")),
    ("PR413", when("DateLessThan", "aws:CurrentTime", "tomorrow")),
    ("PR413", when("IpAddress", "aws:SourceIp", "203.0.113.0/33")),
    ("PR413", when("ArnLike", "aws:PrincipalArn", "role/x")),
    ("PR413", when("Null", "aws:SourceVpce", "maybe")),
    (
        "PR415",
        identity(
            Condition={
                "IpAddress": {"aws:SourceIp": "203.0.113.0/24"},
                "StringEquals": {"aws:SourceVpce": ENDPOINT},
            }
        ),
    ),
    ("PR501", scp(Principal="*")),
    ("PR504", trust(Principal={"AWS": ["*"]}, Condition=None)),
    ("PR606", rcp(Principal={"AWS": ML})),
    ("PR702", identity(Action="sts:AssumeRole", Resource=f"arn:aws:iam::{ML}:role/*")),
]


def rules(document: object, kind: Kind = Kind.IDENTITY) -> set[str]:
    """Return the ids of the rules that find something."""
    return {finding.rule for finding in lint(document, kind=kind, name="x")}


class TestEachRule:
    @every_rule
    def test_finds_its_defect_and_no_other_rule_does(self, rule: Rule) -> None:
        kind, document = rule.bad
        assert rules(document, kind) == {rule.id}

    @every_rule
    def test_is_silent_like_all_others_on_the_document_put_right(self, rule: Rule) -> None:
        kind, document = rule.good
        assert rules(document, kind) == set()

    @every_rule
    def test_says_what_and_what_to_do(self, rule: Rule) -> None:
        kind, document = rule.bad
        for finding in lint(document, kind=kind, name="x"):
            for text in (finding.message, finding.remedy):
                assert text[-1] in ".?"
                assert not re.search(r"\{[a-z]+\}", text)
            assert finding.severity is rule.severity

    @pytest.mark.parametrize(("rule", "example"), MORE, ids=range(len(MORE)))
    def test_finds_what_else_it_is_for(self, rule: str, example: tuple[Kind, Any]) -> None:
        kind, document = example
        assert rule in rules(document, kind)


class TestRules:
    def test_are_known_by_ids_that_never_change_their_form(self) -> None:
        assert all(re.fullmatch(r"PR[1-7]\d\d", name) for name in RULES)
        assert [rule.id for rule in RULES.values()] == list(RULES) == sorted(RULES)


class TestLint:
    def test_names_document_and_place(self) -> None:
        document = policy(statement(), statement(Action="rekognition:DescribeProject"))
        (finding,) = lint(document, kind=Kind.IDENTITY, name="access-role")
        assert finding == Finding(
            rule="PR203",
            severity=Severity.ERROR,
            place="Statement[1].Action",
            message="rekognition:DescribeProject is, or matches, no action of its service.",
            remedy="Did you mean rekognition:DescribeProjects?",
            document="access-role",
        )

    def test_follows_the_order_of_the_document(self) -> None:
        statements = [
            statement(Resource=f"{VERSION}{number}", Action="rekognition:Nothing")
            for number in range(11)
        ]
        found = lint(policy(*statements), kind=Kind.IDENTITY, name="x")
        assert [one.place for one in found] == [f"Statement[{n}].Action" for n in range(11)]

    def test_takes_a_single_statement_for_a_list_of_one(self) -> None:
        document = {**identity()[1], "Statement": statement(Action="rekognition:Nothing")}
        (finding,) = lint(document, kind=Kind.IDENTITY, name="x")
        assert finding.place == "Statement.Action"

    def test_judges_only_the_form_of_what_is_nested_without_end(self) -> None:
        nested: object = VERSION
        for _ in range(5_000):
            nested = [nested]
        assert rules(policy(statement(Resource=nested))) == {"PR103"}


class TestWhatIsNoDefect:
    @pytest.mark.parametrize(
        "example",
        [
            identity(Action="s3:GetObject", Resource="arn:aws:s3:::a-${aws:PrincipalAccount}/*"),
            identity(
                Action="dynamodb:GetItem", Resource=f"arn:aws:dynamodb:eu-west-1:{ML}:table/x"
            ),
            identity(Action="iam:GetRole", Resource=f"arn:aws:iam::{ML}:role/teams/ml/*"),
            identity(Action="kms:Decrypt", Resource=f"arn:aws:kms:us-east-1:{ML}:key/1234abcd"),
            identity(Resource=VERSION.replace("us-east-1", "*")),
            identity(Action="REKOGNITION:detectcustomlabels"),
            when("DateLessThan", "aws:CurrentTime", "2026-11-30T00:00:00Z"),
            when("NumericLessThan", "aws:MultiFactorAuthAge", 3600),
            when("Bool", "aws:SecureTransport", value=True),
            when("StringEquals", "aws:ResourceTag/stage", "prod"),
            when("StringEquals", "AWS:SOURCEVPCE", ENDPOINT),
            when("StringNotEqualsIfExists", "aws:SourceVpce", ENDPOINT, Effect="Deny"),
            when("StringEquals", "aws:PrincipalArn", CONSUMER),
            trust(Action=["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]),
            scp(Effect="Allow", Action="*", Condition=None),
            rcp(Effect="Allow", Action="*", Resource="*", Condition=None),
        ],
        ids=range(16),
    )
    def test_is_left_alone(self, example: Example) -> None:
        kind, document = example
        assert rules(document, kind) == set()


def test_a_document_larger_than_any_policy_is_told_so_at_once() -> None:
    many = [statement(Sid=f"S{number}", Resource=VERSION) for number in range(3_000)]
    (finding,) = lint(policy(*many), kind=Kind.IDENTITY, name="many")
    assert finding.rule == "PR110"
