from __future__ import annotations

import pytest

from promote.errors import PolicyError
from promote.iam.evaluate import allows_action_on, evaluate
from promote.iam.patterns import literal, text_matcher
from promote.iam.variables import fill, keys_of, normal, widened
from tests.unit.iam.documents import DETECT, V1, allow, deny, identity, request

HOME = "arn:aws:s3:::b/home/"
TEAM = "${aws:PrincipalTag/team}"


def filled(text: str, **context: str) -> str | None:
    return fill(text, {key.replace("_", ":"): (value,) for key, value in context.items()})


def allowed(resource: object, asked: str, **context: str | tuple[str, ...]) -> bool:
    keys = {key.replace("_", ":"): value for key, value in context.items()}
    policies = [identity(allow("s3:GetObject", resource))]
    return evaluate(request("s3:GetObject", asked, context=keys), policies).allowed


class TestFill:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("home/${aws:username}/x", "home/ann/x"),
            ("${AWS:UserName}", "ann"),
            ("${ aws:username }", "ann"),
            ("${aws:username}${aws:username}", "annann"),
            ("${aws:username, 'nobody'}", "ann"),
            ("${aws:userid, 'nobody'}", "nobody"),
            ("${aws:userid,'no body'}", "no body"),
            ("${aws:userid, ''}", ""),
            ("${aws:userid}", None),
            ("plain $ text", "plain $ text"),
        ],
    )
    def test_puts_in_the_value_of_the_request_or_the_default(
        self, text: str, expected: str | None
    ) -> None:
        assert filled(text, aws_username="ann") == expected

    @pytest.mark.parametrize("value", ["*", "?", "a*b", "${*}", "${aws:username}", "$", "${", "$$"])
    def test_takes_a_value_for_literal_text(self, value: str) -> None:
        found = filled("x-${aws:username}-*", aws_username=value)

        assert found is not None
        assert text_matcher(found)(f"x-{value}-yes")
        assert not text_matcher(found)("x-abc-yes")
        assert literal(filled("${aws:username}", aws_username=value) or "") == value

    def test_makes_no_escape_of_a_value_and_what_follows_it(self) -> None:
        found = filled("${aws:username}{*}", aws_username="$")
        assert found is not None
        assert text_matcher(found)("${anything}")

    def test_leaves_the_escapes_in_place(self) -> None:
        assert filled("${*}${?}${$}") == "${*}${?}${$}"
        assert literal("${*}${?}${$}") == "*?$"

    def test_has_no_value_for_a_key_with_several(self) -> None:
        assert fill("${aws:x}", {"aws:x": ("a", "b")}) is None


class TestEscapes:
    @pytest.mark.parametrize(
        ("pattern", "text", "expected"),
        [
            ("a${*}b", "a*b", True),
            ("a${*}b", "axb", False),
            ("a${?}*", "a?bc", True),
            ("a${?}*", "abbc", False),
            ("${$}{x}", "${x}", True),
            ("*${*}", "ab*", True),
            ("*${*}", "ab", False),
        ],
    )
    def test_stand_for_the_character(self, pattern: str, text: str, *, expected: bool) -> None:
        assert bool(text_matcher(pattern)(text)) is expected


class TestResources:
    def test_with_a_variable_are_those_of_the_request(self) -> None:
        assert allowed(HOME + "${aws:username}/*", HOME + "ann/x", aws_username="ann")
        assert not allowed(HOME + "${aws:username}/*", HOME + "bob/x", aws_username="ann")

    def test_with_an_unresolvable_variable_match_nothing_in_an_allow(self) -> None:
        assert not allowed(HOME + "${aws:username}/*", HOME + "/x")
        assert not allowed(HOME + "${aws:username}/*", HOME + "${aws:username}/x")

    def test_leave_the_other_resources_of_the_statement_alone(self) -> None:
        assert allowed([HOME + "${aws:username}/*", HOME + "all"], HOME + "all")

    def test_with_an_unresolvable_variable_must_not_disarm_a_deny(self) -> None:
        policies = [identity(allow("*", "*"), deny("*", HOME + "${aws:username}"))]

        with pytest.raises(PolicyError, match="no value for a variable in arn:aws:s3:::b/home/"):
            evaluate(request("s3:GetObject", HOME + "x"), policies)

    def test_leave_no_doubt_where_another_part_of_the_statement_fails(self) -> None:
        condition = {"Bool": {"aws:SecureTransport": "false"}}
        policies = [
            identity(allow("*", "*"), deny("s3:*", HOME + "${aws:username}", Condition=condition))
        ]
        context = {"aws:SecureTransport": "true"}

        assert evaluate(request(DETECT, V1, context=context), policies).allowed
        assert evaluate(request("s3:GetObject", HOME, context=context), policies).allowed

    def test_with_an_unresolvable_variable_are_a_doubt_in_not_resource(self) -> None:
        spare = deny("*") | {"NotResource": [V1, HOME + "${aws:username}"]}
        del spare["Resource"]
        policies = [identity(allow("*", "*"), spare)]

        assert evaluate(request(), policies).allowed
        with pytest.raises(PolicyError, match="on which a Deny depends"):
            evaluate(request("s3:GetObject", HOME), policies)

    @pytest.mark.parametrize(
        "resource",
        [
            "${aws:username}",
            "arn:aws:s3:::${aws:username",
            "arn:aws:s3:::b/${username}",
            "arn:aws:s3:::b/${aws:username,nobody}",
            "arn:aws:s3:::b/${aws:username 'nobody'}",
            "arn:aws:s3:::b/${}",
            "arn:aws:s3:::b/${!}",
            "arn:aws:s3:::b/${aws:user${aws:x}}",
            "arn:aws:iam::${aws:PrincipalAccount}:role/x",
            "arn:aws:s3:::b/${aws:TagKeys}",
        ],
    )
    def test_are_refused_where_the_variable_is_not_one(self, resource: str) -> None:
        with pytest.raises(PolicyError, match=r"Statement\[0\]\.Resource"):
            identity(allow("s3:GetObject", resource))


class TestConditions:
    @pytest.mark.parametrize(
        ("operator", "text", "given", "expected"),
        [
            ("StringEquals", TEAM, "a*", True),
            ("StringEquals", TEAM, "ab", False),
            ("StringNotEquals", TEAM, "ab", True),
            ("StringNotEquals", TEAM, "a*", False),
            ("StringEqualsIgnoreCase", TEAM, "A*", True),
            ("StringLike", f"{TEAM}*", "a*b", True),
            ("StringLike", f"{TEAM}*", "ab", False),
            ("StringEquals", "${*}", "*", True),
            ("StringEquals", "${aws:PrincipalTag/x, 'z'}", "z", True),
            ("ForAnyValue:StringLike", TEAM, "a*", True),
            ("ArnLike", f"arn:aws:s3:::{TEAM}", "arn:aws:s3:::a*", True),
            ("ArnLike", f"arn:aws:s3:::{TEAM}", "arn:aws:s3:::ab", False),
        ],
    )
    def test_compare_with_the_value_of_the_request(
        self, operator: str, text: str, given: str, *, expected: bool
    ) -> None:
        policies = [identity(allow(Condition={operator: {"aws:Key": text}}))]
        context = {"aws:Key": given, "aws:PrincipalTag/team": "a*"}

        assert evaluate(request(context=context), policies).allowed is expected

    @pytest.mark.parametrize(
        ("operator", "context", "expected"),
        [
            ("StringEquals", {}, False),
            ("StringEquals", {"aws:Key": "x"}, False),
            ("StringLike", {"aws:Key": "x"}, False),
            ("StringEqualsIfExists", {}, True),
            ("StringNotEqualsIfExists", {}, True),
            ("ForAnyValue:StringLike", {}, False),
        ],
    )
    def test_with_an_unresolvable_variable_do_not_hold_in_an_allow(
        self, operator: str, context: dict[str, str], *, expected: bool
    ) -> None:
        policies = [identity(allow(Condition={operator: {"aws:Key": TEAM}}))]

        assert evaluate(request(context=context), policies).allowed is expected

    @pytest.mark.parametrize(
        ("effect", "operator", "context"),
        [
            ("Allow", "StringNotEquals", {}),
            ("Allow", "StringNotLike", {"aws:Key": "x"}),
            ("Allow", "ForAllValues:StringLike", {}),
            ("Deny", "StringNotEquals", {}),
            ("Deny", "StringEquals", {"aws:Key": "x"}),
            ("Deny", "StringEqualsIfExists", {"aws:Key": "x"}),
        ],
    )
    def test_with_an_unresolvable_variable_are_a_doubt_elsewhere(
        self, effect: str, operator: str, context: dict[str, str]
    ) -> None:
        statement = allow(Condition={operator: {"aws:Key": TEAM}}) | {"Effect": effect}

        with pytest.raises(PolicyError, match="It has no value for a variable in") as caught:
            evaluate(request(context=context), [identity(statement)])

        assert "default" in caught.value.remedy

    def test_decide_without_doubt_when_another_value_does(self) -> None:
        tests = {"StringNotEquals": {"aws:Key": [TEAM, "x"]}}
        policies = [identity(allow(Condition=tests))]

        assert not evaluate(request(context={"aws:Key": "x"}), policies).allowed

    @pytest.mark.parametrize(
        ("operator", "text"),
        [
            ("Bool", "${aws:SecureTransport}"),
            ("NumericEquals", "${aws:x}"),
            ("DateEquals", "${aws:CurrentTime}"),
            ("IpAddress", "${aws:SourceIp}"),
            ("Null", "${aws:x}"),
            ("ArnLike", "arn:aws:iam::${aws:PrincipalAccount}:role/x"),
            ("ArnLike", "${aws:PrincipalArn}"),
            ("ForAnyValue:StringEquals", TEAM),
        ],
    )
    def test_are_refused_where_iam_reads_no_variables(self, operator: str, text: str) -> None:
        with pytest.raises(PolicyError, match=r"Statement\[0\]\.Condition"):
            identity(allow(Condition={operator: {"aws:Key": text}}))


class TestKeysOf:
    def test_are_the_keys_whose_values_a_text_takes(self) -> None:
        text = HOME + "${AWS:UserName}/${aws:userid, 'nobody'}/${*}"

        assert keys_of(text) == {"aws:username", "aws:userid"}
        assert keys_of(text, needed=True) == {"aws:username"}
        assert keys_of(HOME + "${*}") == keys_of(HOME) == frozenset()


class TestNormal:
    def test_is_the_same_for_what_means_the_same(self) -> None:
        assert normal("A-${ AWS:UserName }-${*}") == "A-${aws:username}-${*}"
        assert normal("${aws:userid,'No one'}") == normal("${AWS:UserId, 'No one'}")
        assert normal("${aws:userid}") != normal("${aws:userid, ''}")
        assert normal("plain $ Text") == "plain $ Text"


class TestWidened:
    def test_covers_every_value(self) -> None:
        assert widened(HOME + "${aws:username}/${*}") == HOME + "*/${*}"
        assert allows_action_on(
            identity(allow("s3:*", [HOME + "${aws:username}"])), "s3:GetObject"
        ) == (HOME + "*",)
