from __future__ import annotations

from typing import Any

import pytest

from promote.core.policies.difference import Comparison, compare, foreign
from promote.iam.elements import Kind
from tests.builders import PROD, QA, a_topology, version_arn

VPCE = "aws:SourceVpce is vpce-1"
ROLE = "arn:aws:iam::222222222222:role/tools-qa"
DETECT = "rekognition:DetectCustomLabels"
V1, V2, V9 = version_arn("v1"), version_arn("v2"), version_arn("v9")
CONSUMER, INTRUDER = (f"arn:aws:iam::{QA}:role/{name}" for name in ("storefront", "intruder"))


def a_document(*statements: object) -> dict[str, object]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def a_grant(*versions: str, **changes: Any) -> dict[str, object]:
    return {
        "Sid": "Detect",
        "Effect": "Allow",
        "Action": DETECT,
        "Resource": list(versions),
        "Condition": {"StringEquals": {"aws:SourceVpce": "vpce-1"}},
        **changes,
    }


def a_trust(account: str = QA, **tests: dict[str, object]) -> dict[str, object]:
    return {
        "Effect": "Allow",
        "Principal": {"AWS": account},
        "Action": "sts:AssumeRole",
        "Condition": {
            "ArnEquals": {"aws:PrincipalArn": [CONSUMER]},
            "StringEquals": {"sts:ExternalId": "tools"},
            **tests,
        },
    }


def granted(live: object, wanted: object) -> Comparison:
    return compare(
        None if live is None else a_document(live),
        None if wanted is None else a_document(wanted),
        kind="access-role",
        attached_to=ROLE,
        name="promote-tools",
        topology=a_topology(),
    )


def trusted(live: object, wanted: object) -> Comparison:
    return compare(
        a_document(live),
        a_document(wanted),
        kind="access-role-trust",
        attached_to=ROLE,
        name=None,
        document_kind=Kind.TRUST,
        topology=a_topology(),
    )


def said(comparison: Comparison) -> list[str]:
    return [each.says for each in comparison.differences]


class TestAGrant:
    def test_is_the_same_in_another_spelling(self) -> None:
        spelled = a_grant(V2, V1, V1, Action=[DETECT], Sid="Detect")
        found = granted(spelled, a_grant(V1, V2))
        assert (found.same_access, said(found)) == (True, [])

    def test_is_the_same_when_it_is_split_in_two(self) -> None:
        live = a_document(a_grant(V1), a_grant(V2, Sid="More"))
        wanted = a_document(a_grant(V1, V2))
        found = compare(live, wanted, kind="access-role", attached_to=ROLE, name="p")
        assert found.same_access
        assert said(found) == ["allows exactly the same in other words"]

    def test_differs_by_its_sid_alone(self) -> None:
        found = granted(a_grant(V1, Sid="Other"), a_grant(V1))
        assert found.same_access
        assert said(found) == ["has the Sid Other; Detect is wanted"]

    @pytest.mark.parametrize(
        ("live", "says"),
        [
            (a_grant(V1, V9), "allows also version v9 of tools-detector"),
            (a_grant(V9), "does not allow version v1 of tools-detector"),
            (a_grant(V1, Action=[DETECT, "rekognition:StopProjectVersion"]),
             "allows also rekognition:StopProjectVersion"),
            (a_grant(V1, Condition={}), "does not demand that aws:SourceVpce is vpce-1"),
            (a_grant(V1, Condition={"StringEquals": {"aws:SourceVpce": ["vpce-1", "vpce-2"]}}),
             "accepts also vpce-2 as aws:SourceVpce"),
            (a_grant(V1, Condition={"StringEquals": {"aws:SourceVpce": "vpce-2"}}),
             "demands that aws:SourceVpce is vpce-2, not vpce-1"),
            (a_grant(V1, Condition={"StringEqualsIfExists": {"aws:SourceVpce": "vpce-1"}}),
             f"demands that {VPCE} (or is absent), not that {VPCE}"),
            (a_grant(V1, Condition={
                "StringEquals": {"aws:SourceVpce": "vpce-1"},
                "Bool": {"aws:SecureTransport": "true"},
             }), "demands also that aws:SecureTransport is true"),
        ],
    )  # fmt: skip
    def test_differs_by_what_it_says_and_a_request_shows_it(self, live: object, says: str) -> None:
        found = granted(live, a_grant(V1))
        assert not found.same_access
        assert says in said(found)
        assert found.witness is not None
        assert found.witness.principal == ROLE
        assert found.witness.document is not found.witness.plan

    def test_that_is_wider_is_not_told_to_allow_less(self) -> None:
        wide = a_grant("arn:aws:rekognition:*:*:*", Action="rekognition:Detect*")
        assert said(granted(wide, a_grant(V1))) == [
            "allows also rekognition:Detect*",
            "allows also arn:aws:rekognition:*:*:*",
        ]
        assert said(granted(a_grant(V1), wide)) == [
            "does not allow rekognition:Detect*",
            "does not allow arn:aws:rekognition:*:*:*",
        ]

    def test_that_does_not_exist_allows_nothing(self) -> None:
        found = granted(None, a_grant(V1))
        assert said(found) == [
            "does not exist",
            f"does not allow {DETECT} on version v1 of tools-detector if aws:SourceVpce is vpce-1",
        ]

    def test_that_nobody_wants_is_told_whole(self) -> None:
        found = granted(a_grant(V1, Condition={}), None)
        assert not found.same_access
        assert said(found) == [
            "is not wanted",
            f"allows {DETECT} on version v1 of tools-detector",
        ]

    def test_outside_what_we_read_is_a_difference_with_its_place(self) -> None:
        negated = {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}
        found = granted(negated, a_grant(V1))
        assert not found.same_access
        (says,) = said(found)
        assert says.startswith("cannot be judged: In the live document, Statement[0].NotAction ")

    def test_keeps_both_values_for_programs(self) -> None:
        (found,) = granted(a_grant(V1, Condition={}), a_grant(V1)).differences
        assert found.place == "Statement[0] (Detect)"
        assert found.element == "Condition StringEquals aws:SourceVpce"
        assert (found.live, found.wanted) == ((), ("vpce-1",))


class TestATrustPolicy:
    @pytest.mark.parametrize(
        ("live", "says"),
        [
            (a_trust(ArnEquals={"aws:PrincipalArn": [CONSUMER, INTRUDER]}),
             f"trusts also {INTRUDER}"),
            (a_trust(StringEquals={"aws:PrincipalOrgID": "o-a1b2c3d4e5"}),
             "does not demand that sts:ExternalId is tools"),
            (a_trust(StringEquals={"sts:ExternalId": "other"}),
             "demands that sts:ExternalId is other, not tools"),
            (a_trust(PROD[0]), f"trusts also arn:aws:iam::{PROD[0]}:root"),
        ],
    )  # fmt: skip
    def test_differs_by_whom_it_trusts_and_when(self, live: object, says: str) -> None:
        found = trusted(live, a_trust())
        assert says in said(found)
        assert found.witness is not None
        assert found.witness.request.resource == ROLE


class TestAForeignPolicy:
    def test_is_a_difference_where_it_concerns_what_promote_gives(self) -> None:
        document = a_document({"Effect": "Allow", "Action": "rekognition:*", "Resource": "*"})
        found = foreign(document, attached_to=ROLE, name="debug", concerns=True)
        assert not found.same_access
        assert said(found) == ["is not managed by promote", "allows rekognition:* on *"]

    def test_is_only_told_otherwise(self) -> None:
        found = foreign(a_document({"a": 1}), attached_to=ROLE, name="logs", concerns=False)
        assert found.same_access
        assert said(found)[1].startswith("cannot be judged: In the policy logs, ")


class TestWhatIsExcepted:
    def test_is_what_the_statement_is_not_about(self) -> None:
        def denied(*but: str) -> dict[str, object]:
            return {"Sid": "Rest", "Effect": "Deny", "NotAction": list(but), "Resource": "*"}

        looser = granted(denied("sts:*", "iam:*"), denied("sts:*"))
        assert [each.says for each in looser.differences] == ["does not deny iam:*"]
        stricter = granted(denied("sts:*"), denied("sts:*", "iam:*"))
        assert [each.says for each in stricter.differences] == ["denies also iam:*"]
