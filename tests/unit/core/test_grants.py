"""Reading what live documents let an access role detect with."""

from __future__ import annotations

import pytest

from promote.core.grants import (
    allowed_patterns,
    covers,
    exact_versions,
    exactly_granted,
    foreign_grants,
)
from promote.core.observation import Json
from tests.builders import a_grant, a_topology, an_access_role, version_arn

V1, V2 = version_arn("v1"), version_arn("v2")
PROJECT = V1.replace("v1", "*")
ROLE = an_access_role(a_topology().all_targets("tools")[0])


def statement(**elements: object) -> Json:
    given = {"Effect": "Allow", "Action": "rekognition:DetectCustomLabels", "Resource": V1}
    return {"Version": "2012-10-17", "Statement": {**given, **elements}}


def conditional(endpoint: str) -> Json:
    return statement(Condition={"StringEquals": {"aws:SourceVpce": endpoint}})


DENYING = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": "rekognition:DetectCustomLabels", "Resource": [V1, V2]},
        {"Effect": "Deny", "Action": "rekognition:DetectCustomLabels", "Resource": V1},
    ],
}


class TestAllowedPatterns:
    @pytest.mark.parametrize(
        "action", ["rekognition:DetectCustomLabels", "rekognition:*", "*", "REKOGNITION:detect*"]
    )
    def test_are_the_resources_of_every_spelling_of_the_action(self, action: str) -> None:
        assert allowed_patterns(statement(Action=["s3:Get*", action])) == (V1,)

    def test_are_none_of_another_action(self) -> None:
        assert allowed_patterns(statement(Action="rekognition:DetectLabels")) == ()

    def test_are_none_of_a_denial(self) -> None:
        assert allowed_patterns(statement(Effect="Deny")) == ()

    def test_are_those_of_a_condition_too(self) -> None:
        assert allowed_patterns(conditional("vpce-1")) == (V1,)

    def test_are_none_of_no_statement_at_all(self) -> None:
        assert allowed_patterns({"Version": "2012-10-17"}) == ()
        assert allowed_patterns({"Version": "2012-10-17", "Statement": []}) == ()

    @pytest.mark.parametrize("document", [{"Statement": "?"}, {"Statement": [7]}])
    def test_are_everything_where_the_document_cannot_be_read(self, document: Json) -> None:
        assert allowed_patterns(document) == ("*",)


class TestExactVersions:
    def test_are_arns_of_versions_and_no_patterns(self) -> None:
        assert exact_versions(a_grant("v1", PROJECT, "*", "arn:aws:s3:::b")) == {V1}

    def test_are_none_without_a_document(self) -> None:
        assert exact_versions(None) == frozenset()

    def test_of_a_role_come_from_all_its_policies(self) -> None:
        role = type(ROLE)(
            arn=ROLE.arn, trust={}, inline={"x": a_grant("v1")}, attached={"y": a_grant("v2")}
        )

        assert exactly_granted(role) == {V1, V2}


class TestForeignGrants:
    def found(self, document: Json) -> object:
        role = type(ROLE)(arn=ROLE.arn, trust={}, inline={"p": a_grant("v9"), "x": document})
        return foreign_grants(role, "p", a_grant("v2"))

    def test_are_what_other_policies_allow_beyond_the_plan(self) -> None:
        assert self.found(a_grant("v1", "v2")) == {"x": (V1, V2)}

    def test_are_none_where_others_allow_what_is_planned(self) -> None:
        assert self.found(a_grant("v2")) == {}
        assert self.found(a_grant("*", action="s3:GetObject")) == {}

    def test_are_those_that_leave_a_planned_condition_out(self) -> None:
        role = type(ROLE)(arn=ROLE.arn, trust={}, inline={"x": a_grant("v1")})
        assert foreign_grants(role, "p", conditional("vpce-1")) == {"x": (V1,)}
        narrower = type(ROLE)(arn=ROLE.arn, trust={}, inline={"x": conditional("vpce-1")})
        assert foreign_grants(narrower, "p", a_grant("v1")) == {}


class TestCovers:
    @pytest.mark.parametrize(
        "live",
        [a_grant("v1"), a_grant("v2", "v1"), a_grant(PROJECT), a_grant("*")],
        ids=["same", "more", "pattern", "everything"],
    )
    def test_a_document_that_allows_the_same_or_more(self, live: Json) -> None:
        assert covers(live, a_grant("v1"))

    @pytest.mark.parametrize(
        "live",
        [
            a_grant("v2"),
            conditional("vpce-1"),
            DENYING,
            statement(Action="rekognition:*"),
            {"Statement": "?"},
        ],
        ids=["other", "condition", "denial", "action", "unreadable"],
    )
    def test_no_document_of_which_that_is_not_certain(self, live: Json) -> None:
        assert not covers(live, a_grant("v1"))

    def test_no_pattern_but_the_very_same(self) -> None:
        assert covers(a_grant(PROJECT), a_grant(PROJECT))
        assert not covers(a_grant("v1", "v2"), a_grant(PROJECT))

    def test_the_same_condition_only(self) -> None:
        assert covers(conditional("vpce-1"), conditional("vpce-1"))
        assert not covers(conditional("vpce-1"), conditional("vpce-2"))
