"""What a document of each kind may have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from promote.errors import PolicyError
from promote.iam.document import Effect, Kind, Principal, parse
from tests.unit.iam.documents import (
    DETECT,
    ML,
    ROLE,
    V1,
    Document,
    allow,
    deny,
    denying,
    document,
    granting,
    trusting,
)

if TYPE_CHECKING:
    from collections.abc import Callable

COPY = "rekognition:CopyProjectVersion"
OF_PRINCIPALS = (Kind.IDENTITY, Kind.BOUNDARY, Kind.SESSION, Kind.SCP)
OF_RESOURCES = (Kind.BUCKET, Kind.KEY, Kind.PROJECT, Kind.ENDPOINT)
RCP_FULL_ACCESS = document(granting("*", "*", "*"))


def usual(kind: Kind) -> Document:
    """Return a statement that is right in every respect."""
    if kind is Kind.RCP:
        return denying("*", "sts:AssumeRole", "*")
    if kind is Kind.TRUST:
        return trusting({"AWS": ML})
    if kind is Kind.PROJECT:
        return granting({"AWS": ROLE}, COPY, V1)
    return granting({"AWS": ROLE}, "s3:GetObject") if kind in OF_RESOURCES else allow()


def refusal(kind: Kind, *statements: Document, **top: Any) -> str:
    with pytest.raises(PolicyError) as caught:
        parse(document(*statements) | top, kind=kind, name="it")
    return caught.value.detail


def each(*kinds: Kind) -> Callable[..., Any]:
    return pytest.mark.parametrize("kind", kinds, ids=lambda kind: kind.value)


class TestEveryKind:
    @each(*Kind)
    def test_takes_its_usual_statement_with_a_condition(self, kind: Kind) -> None:
        condition = {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}

        found = parse(document(usual(kind) | {"Condition": condition}), kind=kind)

        assert found.kind is kind
        assert found.statements[0].conditions[0].key == "aws:PrincipalOrgID"

    @each(*Kind)
    def test_never_takes_not_principal(self, kind: Kind) -> None:
        detail = refusal(kind, usual(kind) | {"NotPrincipal": {"AWS": ROLE}})

        assert "Statement[0].NotPrincipal is not accepted" in detail

    @each(*Kind)
    def test_takes_not_action_in_no_allow(self, kind: Kind) -> None:
        statement = usual(kind) | {"Effect": "Allow", "NotAction": "iam:*"}
        del statement["Action"]

        assert "Statement[0].NotAction is not accepted" in refusal(kind, statement)

    @each(*Kind)
    def test_takes_not_resource_in_no_allow(self, kind: Kind) -> None:
        statement = usual(kind) | {"Effect": "Allow", "NotResource": V1}
        statement.pop("Resource", None)

        assert "Statement[0].NotResource is not accepted" in refusal(kind, statement)

    @each(*Kind)
    def test_needs_an_effect(self, kind: Kind) -> None:
        statement = {key: value for key, value in usual(kind).items() if key != "Effect"}

        assert "Statement[0] has no Effect" in refusal(kind, statement)

    @each(*(kind for kind in Kind if kind not in OF_PRINCIPALS))
    def test_needs_a_principal_unless_it_is_attached_to_one(self, kind: Kind) -> None:
        statement = {key: value for key, value in usual(kind).items() if key != "Principal"}

        assert "Statement[0] has no Principal" in refusal(kind, statement)

    @each(*OF_PRINCIPALS)
    def test_takes_no_principal_if_it_is_attached_to_one(self, kind: Kind) -> None:
        detail = refusal(kind, usual(kind) | {"Principal": "*"})

        assert "Statement[0].Principal has no place in a" in detail

    @each(*(kind for kind in Kind if kind is not Kind.TRUST))
    def test_needs_a_resource_unless_it_is_a_trust_policy(self, kind: Kind) -> None:
        statement = {key: value for key, value in usual(kind).items() if key != "Resource"}

        assert "Statement[0] has no Resource" in refusal(kind, statement)


class TestNegatedElements:
    @each(*OF_PRINCIPALS, Kind.BUCKET, Kind.KEY, Kind.ENDPOINT)
    def test_are_taken_in_a_deny(self, kind: Kind) -> None:
        statement = usual(kind) | {"Effect": "Deny", "NotAction": "iam:*", "NotResource": V1}
        del statement["Action"], statement["Resource"]

        (found,) = parse(document(statement), kind=kind).statements

        assert (found.actions, found.not_actions) == (("iam:*",), True)
        assert (found.resources, found.not_resources) == ((V1,), True)

    @each(Kind.TRUST, Kind.PROJECT, Kind.RCP)
    def test_not_action_has_no_place_in_some_kinds(self, kind: Kind) -> None:
        statement = usual(kind) | {"Effect": "Deny", "NotAction": "iam:*"}
        del statement["Action"]

        assert "Statement[0].NotAction is not accepted in a" in refusal(kind, statement)

    @each(Kind.TRUST, Kind.PROJECT)
    def test_not_resource_has_no_place_in_some_kinds(self, kind: Kind) -> None:
        detail = refusal(kind, usual(kind) | {"Effect": "Deny", "NotResource": V1})

        assert "Statement[0].NotResource is not accepted in a" in detail

    def test_a_resource_control_policy_takes_not_resource(self) -> None:
        statement = usual(Kind.RCP) | {"NotResource": ROLE}
        del statement["Resource"]

        assert parse(document(statement), kind=Kind.RCP).statements[0].not_resources

    @pytest.mark.parametrize("element", ["Action", "Resource"])
    def test_do_not_stand_beside_the_element_itself(self, element: str) -> None:
        detail = refusal(Kind.SCP, deny() | {f"Not{element}": DETECT})

        assert f"Statement[0] has both {element} and Not{element}" in detail


class TestIdAndSid:
    @each(*(kind for kind in Kind if kind in (*OF_RESOURCES, Kind.TRUST)))
    def test_are_free_in_policies_of_resources(self, kind: Kind) -> None:
        found = parse(document(usual(kind) | {"Sid": "let it in"}) | {"Id": "x y"}, kind=kind)

        assert found.statements[0].sid == "let it in"

    @each(*OF_PRINCIPALS, Kind.RCP)
    def test_are_strict_elsewhere(self, kind: Kind) -> None:
        assert "In it, Id is not known here" in refusal(kind, usual(kind), Id="x")
        assert "Statement[0].Sid" in refusal(kind, usual(kind) | {"Sid": "let it in"})

    def test_an_id_is_text(self) -> None:
        assert "In it, Id is 7." in refusal(Kind.KEY, usual(Kind.KEY), Id=7)


class TestResourceControlPolicies:
    def test_are_read_as_aws_attaches_them(self) -> None:
        (found,) = parse(RCP_FULL_ACCESS, kind=Kind.RCP).statements

        assert found.effect is Effect.ALLOW

    @pytest.mark.parametrize(
        "statements",
        [
            [granting("*", "sts:*", "*")],
            [granting("*", "*", ROLE)],
            [granting("*", "*", "*", Condition={"Bool": {"aws:SecureTransport": "true"}})],
            [granting("*", "*", "*"), denying("*", "sts:AssumeRole", "*")],
        ],
    )
    def test_allow_nothing_else(self, statements: list[Document]) -> None:
        detail = refusal(Kind.RCP, *statements)

        assert 'Statement[0].Effect is "Allow". Expected Deny' in detail

    @pytest.mark.parametrize("principal", [{"AWS": ROLE}, {"AWS": "*"}, ML, ["*"]])
    def test_are_about_everyone(self, principal: object) -> None:
        detail = refusal(Kind.RCP, denying(principal, "sts:AssumeRole", "*"))

        assert "Statement[0].Principal is" in detail
        assert 'Expected "*"' in detail

    def test_take_no_variables(self) -> None:
        tests = {"StringEquals": {"aws:ResourceAccount": "${aws:PrincipalAccount}"}}

        detail = refusal(Kind.RCP, usual(Kind.RCP) | {"Condition": tests})
        of_resource = refusal(Kind.RCP, usual(Kind.RCP) | {"Resource": ROLE + "${aws:username}"})

        assert "Expected no policy variable" in detail
        assert "Expected no policy variable" in of_resource


class TestProjectPolicies:
    @pytest.mark.parametrize("action", ["*", "rekognition:*", DETECT, [COPY, "rekognition:Copy*"]])
    def test_allow_copying_and_nothing_else(self, action: object) -> None:
        detail = refusal(Kind.PROJECT, granting({"AWS": ROLE}, action, V1))

        assert "Statement[0].Action" in detail
        assert f"Expected {COPY}, the only action of a project policy" in detail


class TestPrincipals:
    @each(*OF_RESOURCES, Kind.TRUST)
    def test_are_accounts_roles_users_sessions_services_and_everyone(self, kind: Kind) -> None:
        aws = [ML, ROLE, f"arn:aws:iam::{ML}:user/ann", f"arn:aws:sts::{ML}:assumed-role/r/s"]
        principal = {"AWS": aws, "Service": "rekognition.amazonaws.com"}

        one, other = (
            parse(document(usual(kind) | {"Principal": value}), kind=kind).statements[0].principals
            for value in (principal, "*")
        )

        assert len(one) == 5
        assert Principal("AWS", f"arn:aws:iam::{ML}:root") in one
        assert other == (Principal("AWS", "*"),)

    @pytest.mark.parametrize("name", ["Federated", "CanonicalUser"])
    @each(*OF_RESOURCES, Kind.TRUST)
    def test_of_other_types_are_refused_by_name(self, kind: Kind, name: str) -> None:
        detail = refusal(kind, usual(kind) | {"Principal": {name: "x"}})

        assert f"Statement[0].Principal.{name} is not accepted" in detail
