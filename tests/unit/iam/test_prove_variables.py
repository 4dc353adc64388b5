"""Proofs of policies with variables: what is equal, what shows a difference, what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from promote.errors import PolicyError
from promote.iam.document import Kind, Policy, parse
from promote.iam.evaluate import Request, evaluate_resource
from promote.iam.prove import equal

BUCKET = "arn:aws:s3:::b"
ID, NAME, ACCOUNT = "${aws:userid}", "${aws:username}", "${aws:PrincipalAccount}"
USERS = {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/*"}}
ROLES = {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}}


def bucket(*statements: dict[str, Any]) -> Policy:
    """Read the policy of a bucket; whoever is not named is everybody."""
    named = [{"Principal": "*", "Action": "s3:PutObject", **each} for each in statements]
    return parse({"Version": "2012-10-17", "Statement": named}, kind=Kind.BUCKET, name="it")


def allow(*names: str, **more: Any) -> dict[str, Any]:
    """Allow objects to be written."""
    return {"Effect": "Allow", "Resource": [f"{BUCKET}/{each}" for each in names], **more}


def only(*names: str, **more: Any) -> dict[str, Any]:
    """Deny every object but some to be written."""
    return {"Effect": "Deny", "NotResource": [f"{BUCKET}/{each}" for each in names], **more}


def told_apart(one: Policy, two: Policy) -> Request | None:
    """Return the request that shows a difference, asked once more."""
    witness = equal([one], [two]).witness
    if witness is None:
        return None
    found = [evaluate_resource(witness.request, each) for each in (one, two)]
    assert tuple(each.verdict for each in found) == witness.verdicts
    assert len({(each.verdict, each.unlimited) for each in found}) > 1
    return witness.request


EVERYTHING = allow("*")
OWN = only("x/*", f"own/{ID}:{NAME}", Condition=USERS)


class TestEqual:
    @pytest.mark.parametrize(
        ("one", "two"),
        [
            ([allow(f"own/{NAME}/*")], [allow(f"own/{NAME}/*")]),
            ([allow(f"own/{NAME}/*")], [allow("own/${ AWS:UserName }/*")]),
            ([allow("own/${aws:username, 'x'}")], [allow("own/${aws:username,'x'}")]),
            ([allow("a", f"own/{NAME}")], [allow("a"), allow(f"own/{NAME}")]),
            ([allow("*", f"own/{NAME}")], [allow("*")]),
            ([EVERYTHING, OWN], [OWN, EVERYTHING]),
            ([only("a", ID, NAME, Condition=USERS)], [only(NAME, ID, "a", Condition=USERS)]),
            ([only("*", NAME, Condition=USERS)], [only("*", Condition=USERS)]),
            ([allow("a${*}")], [allow("a${*}")]),
        ],
    )
    def test_is_whatever_is_the_same_for_everybody(self, one: Any, two: Any) -> None:
        assert told_apart(bucket(*one), bucket(*two)) is None

    def test_does_not_take_a_spelt_asterisk_for_a_wildcard(self) -> None:
        found = told_apart(bucket(allow("a${*}")), bucket(allow("a*")))
        assert found is not None
        assert found.resource != f"{BUCKET}/a*"


class TestADifference:
    @pytest.mark.parametrize(
        ("mutant", "shown"),
        [
            (only("x/*", f"own/AIDABOB:{NAME}", Condition=USERS), "own/AIDAEXAMPLEALICE:alice"),
            (only("x/*", f"own/{ID}:bob", Condition=USERS), "own/AIDAEXAMPLEALICE:alice"),
            (only("x/*", f"own/{ID}{NAME}", Condition=USERS), "own/AIDAEXAMPLEALICE"),
            (only("x/*", f"own/{NAME}:{ID}", Condition=USERS), "own/"),
            (only("x/*", f"own/{NAME}:{NAME}", Condition=USERS), "own/"),
            (only("x/*", f"own/{ID}:{NAME}*", Condition=USERS), "own/AIDAEXAMPLEALICE:alice"),
            (only("x/*", f"own/{ID}:*", Condition=USERS), "own/AIDAEXAMPLEALICE:"),
            (only("x/*", "own/*", Condition=USERS), "own/"),
            (only("x/*", Condition=USERS), "own/AIDAEXAMPLEALICE:alice"),
            (only(f"own/{ID}:{NAME}", Condition=USERS), "x/"),
            (only("x/*", f"own/{ACCOUNT}:{NAME}", Condition=USERS), "own/"),
        ],
    )
    def test_is_shown_by_somebody_who_has_a_name(self, mutant: Any, shown: str) -> None:
        request = told_apart(bucket(EVERYTHING, OWN), bucket(EVERYTHING, mutant))
        assert request is not None
        assert request.principal.endswith(":user/alice")
        assert request.resource.startswith(f"{BUCKET}/{shown}")
        assert set(request.context) <= {
            "aws:PrincipalArn", "aws:PrincipalAccount", "aws:userid", "aws:username",
        }  # fmt: skip
        assert request.context["aws:userid"] == "AIDAEXAMPLEALICE"

    def test_may_need_a_session(self) -> None:
        one, two = (bucket(EVERYTHING, only(each, Condition=ROLES)) for each in (ID, f"x{ID}"))
        request = told_apart(one, two)
        assert request is not None
        assert str(request.context["aws:userid"]).startswith("AROAEXAMPLE")
        assert str(request.context["aws:userid"]) in request.resource

    def test_may_need_somebody_without_a_value(self) -> None:
        request = told_apart(
            bucket(allow("own/${aws:userid, 'nobody'}")), bucket(allow(f"own/{ID}"))
        )
        assert request is not None
        assert request.principal in {"anonymous", "another.amazonaws.com"}
        assert request.resource == f"{BUCKET}/own/nobody"

    def test_may_be_of_a_value_that_a_literal_has_as_well(self) -> None:
        request = told_apart(bucket(allow(f"own/{NAME}")), bucket(allow(f"own/{NAME}", "own/bob")))
        assert request is not None
        assert request.resource == f"{BUCKET}/own/bob"


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        "deny",
        [
            only(f"own/{ID}"),
            only(f"own/{NAME}", Condition=ROLES),
            only(f"own/{ID}:{NAME}", Principal={"AWS": "333333333333"}),
            only(f"own/{NAME}", Condition={"ArnNotLike": USERS["ArnLike"]}),
            # The shortest of these ARNs is a user's, but not every one is.
            only(f"own/{NAME}", Condition={"StringLike": {"aws:PrincipalArn": "*u*/x"}}),
            only(f"own/{NAME}", Condition={"StringEqualsIfExists": {"aws:username": "a"}}),
            only(f"own/{NAME}", Condition={"StringNotEquals": {"aws:username": "a"}}),
            only(f"own/{NAME}", Condition={"Null": {"aws:username": "true"}}),
            only("own/${aws:PrincipalTag/team}", Condition=USERS),
            {"Effect": "Deny", "Resource": f"{BUCKET}/own/{NAME}"},
        ],
    )
    def test_a_deny_that_may_have_no_value(self, deny: Any) -> None:
        with pytest.raises(PolicyError, match="may have no value"):
            equal([bucket(deny)], [bucket(deny)])

    @pytest.mark.parametrize(
        "deny",
        [
            only(f"own/{NAME}", Condition={"Null": {"aws:username": "false"}}),
            only(f"own/{NAME}", Condition={"StringLike": {"aws:username": "*"}}),
            only("own/${aws:username, 'nobody'}"),
            only(f"own/{ID}", Principal={"AWS": "333333333333"}),
            only(f"own/{ACCOUNT}", Condition=ROLES),
        ],
    )
    def test_not_one_that_always_has_one(self, deny: Any) -> None:
        assert told_apart(bucket(deny), bucket(deny)) is None

    def test_variables_that_only_look_as_if_they_could_differ(self) -> None:
        # Whoever matches the one matches the other; what is compared with what is not looked at.
        one, two = bucket(allow(f"{ID}/*")), bucket(allow(f"{ID}/*", f"{ID}/a"))
        with pytest.raises(PolicyError, match="no request of anybody"):
            equal([one], [two])

    def test_too_many_of_them_in_one_not_resource(self) -> None:
        deny = only(*(f"{each}/{ID}" for each in "abcdefg"), Condition=USERS)
        with pytest.raises(PolicyError, match="7 patterns with variables"):
            equal([bucket(deny)], [bucket(deny)])

    def test_a_variable_in_a_condition(self) -> None:
        one = bucket(allow("a", Condition={"StringEquals": {"s3:prefix": NAME}}))
        with pytest.raises(PolicyError, match="policy variable"):
            equal([one], [one])
