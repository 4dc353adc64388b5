"""What a proof could be blind to: a statement too many that only an unusual request shows."""

from __future__ import annotations

import pytest

from promote.errors import PolicyError
from promote.iam.document import Kind, Policy, parse
from promote.iam.elements import Condition, Effect, Statement
from promote.iam.evaluate import Decision, Request, Verdict, evaluate, evaluate_resource
from promote.iam.prove import Search, equal, search
from promote.iam.prove.cells import examples, literal, wildcard
from tests.unit.iam.documents import (
    ML,
    PROD,
    Document,
    allow,
    deny,
    document,
    identity,
    trust,
    trusting,
)

ROOT = f"arn:aws:iam::{PROD}:root"
APP, LATE = (f"arn:aws:iam::{PROD}:role/{name}" for name in ("app", "zz"))
LEAD = f"arn:aws:iam::{PROD}:role/teams/reader"
READER = f"arn:aws:iam::{PROD}:role/reader"
NIGHT = f"arn:aws:sts::{PROD}:assumed-role/reader/night"
FEDERATED = f"arn:aws:sts::{PROD}:federated-user/bob"
STORAGE = "s3.amazonaws.com"

ARN, ACCOUNT, SERVICE = "aws:PrincipalArn", "aws:PrincipalAccount", "aws:PrincipalIsAWSService"
OURS = trusting({"AWS": f"arn:aws:iam::{ML}:role/ours"})


def when(operator: str, key: str, *values: object) -> Document:
    """Return the Condition element of one test."""
    return {"Condition": {operator: {key: list(values)}}}


def between(key: str, low: str, high: str, of: str = "Numeric") -> Document:
    """Return the Condition element of an open interval."""
    return {"Condition": {f"{of}GreaterThan": {key: low}, f"{of}LessThan": {key: high}}}


def shown_by(one: Policy, two: Policy) -> Request:
    """Return the request that tells two policies apart, asked once more."""
    witness = equal([one], [two]).witness
    assert witness is not None
    assert decided(witness.request, one) != decided(witness.request, two)
    return witness.request


def decided(request: Request, policy: Policy) -> Decision:
    """Decide a request by one policy, whoever decided."""
    attached = policy.kind in {Kind.IDENTITY, Kind.SCP}
    found = evaluate(request, [policy]) if attached else evaluate_resource(request, policy)
    return Decision(found.verdict, (), found.direct, found.unlimited)


def compared(kind: Kind, *statements: Document) -> Search:
    """Compare a policy with itself."""
    one = parse(document(*statements), kind=kind, name="it")
    return equal([one], [one])


class TestPrincipals:
    @pytest.mark.parametrize(
        ("principal", "more", "shown"),
        [
            ({"AWS": NIGHT}, when("ArnEquals", ARN, LEAD), NIGHT),
            ({"AWS": NIGHT}, when("ArnNotEquals", ARN, READER), NIGHT),
            ({"AWS": NIGHT}, {}, NIGHT),
            ({"AWS": f"arn:aws:iam::{PROD}:user/team/bob"}, {}, "user/team/bob"),
            ({"AWS": ROOT}, when("StringLike", ARN, "*:user/*"), f"{PROD}:user/"),
            ({"AWS": ROOT}, when("ArnEquals", ARN, ROOT), ROOT),
            ("*", when("StringLike", ARN, "*/a!b/*"), "/a!b/"),
            ("*", when("ArnLike", ARN, f"arn:aws-cn:iam::{PROD}:role/x"), "arn:aws-cn:"),
            ("*", when("StringLike", ACCOUNT, "7*3"), "::7"),
            ("*", when("StringNotLike", ACCOUNT, "0*", "1*"), "::2"),
            ({"Service": STORAGE}, {}, STORAGE),
            ({"Service": STORAGE}, when("StringEquals", "aws:PrincipalServiceName", "x"), STORAGE),
            ({"Service": STORAGE}, when("StringEquals", "aws:PrincipalOrgID", "o-a"), STORAGE),
            ({"Service": STORAGE}, when("StringEquals", ACCOUNT, PROD), STORAGE),
            ({"Service": STORAGE}, when("ArnLike", ARN, "arn:*:*:*:*:*"), STORAGE),
            ("*", when("Null", SERVICE, "true"), "anonymous"),
            ("*", when("Bool", SERVICE, "true"), "amazonaws.com"),
        ],
        ids=[
            "session of a role with a path", "session of a role with any path", "session",
            "user with a path", "users", "root user", "odd path", "partition", "account pattern",
            "no account pattern", "service",
            "service by name", "service in an organization", "service of an account",
            "service with an ARN", "anonymous", "any service",
        ],
    )  # fmt: skip
    def test_whoever_a_statement_lets_in_is_found(
        self, principal: object, more: Document, shown: str
    ) -> None:
        found = shown_by(trust(OURS, trusting(principal, **more)), trust(OURS))

        assert shown in found.principal

    @pytest.mark.parametrize("role", [APP, LATE, f"arn:aws:iam::{PROD}:role/a"])
    def test_a_role_beside_its_account_is_told_from_its_account(self, role: str) -> None:
        both = trust(trusting({"AWS": [ROOT, role]}))

        assert shown_by(both, trust(trusting({"AWS": ROOT}))).principal == role

    def test_everyone_is_told_from_a_role_whose_boundary_still_limits(self) -> None:
        everyone, role = (
            trust(trusting(one, **when("ArnEquals", ARN, APP))) for one in ("*", {"AWS": APP})
        )

        found = shown_by(everyone, role)

        assert ":assumed-role/app/" in found.principal
        assert found.context[ARN] == APP

    def test_a_named_session_is_told_from_its_role(self) -> None:
        both = trust(trusting({"AWS": [READER, NIGHT]}))

        assert shown_by(both, trust(trusting({"AWS": READER}))).principal == NIGHT

    def test_a_session_that_nobody_names_is_tried_whatever_the_named_ones_are_called(self) -> None:
        named = NIGHT.replace("night", "session")
        everyone, two = (
            trust(trusting(one, **when("ArnEquals", ARN, READER)))
            for one in ("*", {"AWS": [READER, named]})
        )

        found = shown_by(everyone, two).principal

        assert found.startswith(named.removesuffix("session"))
        assert found != named

    def test_a_federated_user_that_a_guardrail_exempts_is_found(self) -> None:
        one, two = (
            parse(document(deny("*", "*", **when("ArnNotLike", ARN, *arns))),
                  kind=Kind.SCP, name="scp")
            for arns in ((APP, FEDERATED), (APP,))
        )  # fmt: skip

        assert shown_by(one, two).principal == FEDERATED

    def test_a_federated_user_of_a_resource_is_refused_since_it_is_not_decided(self) -> None:
        with pytest.raises(PolicyError, match="neither a user nor a session"):
            equal([trust(OURS, trusting("*", **when("ArnLike", ARN, FEDERATED)))], [trust(OURS)])

    def test_a_principals_account_compared_as_a_number_is_refused(self) -> None:
        with pytest.raises(PolicyError, match="a text, with NumericLessThan"):
            compared(Kind.IDENTITY, allow(**when("NumericLessThan", ACCOUNT, 5)))

    def test_what_holds_for_a_role_is_not_taken_to_hold_for_services(self) -> None:
        """A service has no aws:PrincipalArn: the two tests hold together for the role alone."""
        plain, lax = (
            trusting("*", **when(name, ARN, APP)) for name in ("ArnEquals", "ArnEqualsIfExists")
        )

        assert not shown_by(trust(plain, lax), trust(plain)).principal.startswith("arn:")


class TestActions:
    @pytest.mark.parametrize("action", ["ec2:*6*", "ec2:AssignIpv6Addresses", "foo:Do2", "2a:b"])
    def test_digits_are_part_of_names(self, action: str) -> None:
        found = shown_by(identity(allow(), allow(action, "*")), identity(allow()))

        assert found.action.lower().startswith(action.partition(":")[0])

    def test_an_action_without_a_resource_is_shown_on_the_asterisk(self) -> None:
        more = allow("rekognition:DescribeProjects", "*")

        assert shown_by(identity(allow(), more), identity(allow())).resource == "*"

    def test_an_exception_of_a_denial_is_told(self) -> None:
        denying = {**deny(), "NotAction": ["s3:Get*", "sts:AssumeRole"]}
        fewer = {**denying, "NotAction": ["s3:Get*"]}
        for each in (denying, fewer):
            del each["Action"]

        assert shown_by(identity(denying), identity(fewer)).action == "sts:AssumeRole"

    def test_a_resource_left_out_of_a_denial_is_told(self) -> None:
        buckets = [f"arn:aws:s3:::{name}" for name in "ab"]
        one, two = ({**deny(), "NotResource": found} for found in (buckets, buckets[:1]))
        for each in (one, two):
            del each["Resource"]

        assert shown_by(identity(one), identity(two)).resource == buckets[1]


INSIDE = {
    "Condition": {
        "IpAddress": {"aws:SourceIp": "10.0.0.0/8"},
        "NotIpAddress": {"aws:SourceIp": "10.0.0.0/9"},
    }
}
NO_FOURS, NO_SIXES = (
    {"Condition": {"NotIpAddress": {"aws:SourceIp": every}, "Null": {"aws:SourceIp": "false"}}}
    for every in ("0.0.0.0/0", "::/0")
)
# The wildcards of an ARN operator stay inside the first five parts, those of a text do not.
ACROSS = {
    "Condition": {"StringLike": {"x:s": "arn:aws:*:r::b"}, "ArnNotLike": {"x:s": "arn:aws:*:r::b"}}
}
BOTH = {
    "Condition": {
        "ForAnyValue:StringEquals": {"x:s": "a"},
        "ForAnyValue:StringLike": {"x:s": "b"},
    }
}
NONE = {
    "Condition": {
        "ForAllValues:StringEquals": {"x:s": "a"},
        "ForAllValues:StringNotEquals": {"x:s": "a"},
        "Null": {"x:s": "false"},
    }
}


class TestValues:
    @pytest.mark.parametrize(
        ("more", "key", "value"),
        [
            (between("x:n", "1" + "0" * 29, "1" + "0" * 28 + "2"), "x:n", "1" + "0" * 28 + "1"),
            (between("x:n", "0.1", "0.3"), "x:n", "0.2"),
            (when("NumericLessThan", "x:n", 5), "x:n", "4"),
            (when("NumericGreaterThan", "x:n", -0.5), "x:n", "0.5"),
            (when("NumericEquals", "x:n", 5), "x:n", "5"),
            (between("x:t", "9000-12-31T00:00:00.000001Z", "9000-12-31T00:00:00.000003Z", "Date"),
             "x:t", "9000-12-31T00:00:00.000002Z"),
            (when("DateEquals", "x:t", "1767225600"), "x:t", "2026-01-01T00:00:00Z"),
            (when("DateEquals", "x:t", "2026-01-01T02:00:00+02:00"), "x:t", "2026-01-01T00:00:00Z"),
            (when("DateLessThan", "x:t", "9999-12-31T23:59:59Z"), "x:t", "9999-12-31T23:59:58Z"),
            (when("DateGreaterThan", "x:t", "0001-01-01T00:00:00Z"), "x:t", "0001-01-01T00:00:01Z"),
            (when("IpAddress", "x:ip", "255.255.255.255"), "x:ip", "255.255.255.255"),
            (when("IpAddress", "x:ip", "2001:db8::/32"), "x:ip", "2001:db8::"),
            (INSIDE, "aws:SourceIp", "10.128.0.0"),
            (NO_FOURS, "aws:SourceIp", "::"),
            (NO_SIXES, "aws:SourceIp", "0.0.0.0"),  # noqa: S104 - an address to decide
            (when("Bool", "x:b", "true"), "x:b", "true"),
            (ACROSS, "x:s", "arn:aws:::r::b"),
            (when("StringEquals", "x:s", ""), "x:s", ""),
            (when("ForAnyValue:StringEquals", "x:s", ""), "x:s", ("", "0")),
            (when("ForAllValues:StringEquals", "x:s", "a"), "x:s", None),
            (BOTH, "x:s", ("a", "b")),
            (NONE, "x:s", ""),
            (when("ForAnyValue:StringNotEquals", "x:s", "a"), "x:s", "0"),
            (when("StringEqualsIgnoreCase", "x:s", "\u00df"), "x:s", "\u00df"),
            (when("ArnNotLike", "x:s", "arn:aws:s3:::b"), "x:s", None),
            (when("ArnLike", "x:s", "arn:aws:s3:::b?"), "x:s", "arn:aws:s3:::b0"),
            (when("Null", "x:s", "false"), "x:s", "x"),
        ],
    )  # fmt: skip
    def test_the_value_that_a_condition_waits_for_is_found(
        self, more: Document, key: str, value: object
    ) -> None:
        found = shown_by(identity(allow(), allow("s3:PutObject", "*", **more)), identity(allow()))

        assert found.context.get(key) == value

    def test_every_spelling_of_a_letter_is_tried(self) -> None:
        test = {"StringEqualsIgnoreCase": {"x:s": "\u00df"}, "StringNotEquals": {"x:s": "\u00df"}}

        found = shown_by(identity(allow(), allow("s3:*", "*", Condition=test)), identity(allow()))

        assert found.context == {"x:s": "\u1e9e"}

    def test_a_value_that_is_no_number_is_tried_on_a_key_of_unknown_type(self) -> None:
        given, compared_so = (
            identity(
                *(allow("s3:GetObject", "*", **when(operator, "x:n", value))
                  for operator, value in tests)
            )
            for tests in (
                [("Null", "false")],
                [("NumericLessThanEquals", 5), ("NumericGreaterThan", 5)],
            )
        )  # fmt: skip

        assert shown_by(given, compared_so).context == {"x:n": "unreadable"}

    def test_a_value_of_the_keys_own_type_can_be_read(self) -> None:
        both = [allow("s3:ListBucket", "*", **when("Bool", "aws:SecureTransport", value))
                for value in ("true", "false")]  # fmt: skip
        present = allow("s3:ListBucket", "*", **when("Null", "aws:SecureTransport", "false"))

        assert equal([identity(*both)], [identity(present)]).witness is None

    def test_a_denial_that_compares_what_may_be_no_number_is_refused(self) -> None:
        with pytest.raises(PolicyError, match="undocumented"):
            compared(Kind.IDENTITY, deny(**when("NumericLessThan", "x:n", 5)))

    def test_letter_case_of_keys_does_not_matter(self) -> None:
        one, two = (
            identity(allow(**when("StringEquals", key, "a")))
            for key in ("aws:SourceVpce", "AWS:sourcevpce")
        )

        assert equal([one], [two]).witness is None

    @pytest.mark.parametrize(
        ("operator", "value", "why"),
        [
            ("NumericEquals", "9" * 30, "more digits"),
            ("DateEquals", "0001-01-01T00:00:00+05:00", "all time"),
        ],
    )
    def test_values_at_the_edge_of_what_can_be_compared_are_refused(
        self, operator: str, value: str, why: str
    ) -> None:
        with pytest.raises(PolicyError, match=why):
            compared(Kind.IDENTITY, allow(**when(operator, "x:y", value)))

    def test_a_key_compared_as_a_number_and_as_a_text_is_refused(self) -> None:
        both = {**when("StringEquals", "x:n", "5")["Condition"], "NumericEquals": {"x:n": 5}}

        with pytest.raises(PolicyError, match="compared as number and text"):
            compared(Kind.IDENTITY, allow(Condition=both))

    def test_letters_beyond_what_iam_accepts_are_refused_whatever_their_case(self) -> None:
        test = Condition("StringEqualsIgnoreCase", "x:s", ("\u0130",))
        statement = Statement(None, Effect.ALLOW, ("s3:*",), ("*",), (), (test,))
        built = Policy(Kind.IDENTITY, (statement,), "built")

        with pytest.raises(PolicyError, match="Latin-1"):
            equal([built], [built])

    def test_an_example_is_empty_only_where_no_other_will_do(self) -> None:
        assert examples([wildcard("*")]) == {frozenset({0}): "0"}
        assert examples([literal("")])[frozenset({0})] == ""

    def test_a_character_that_no_pattern_names_is_always_left(self) -> None:
        every = [literal(chr(code)) for code in range(0x20, 0x100)]

        assert frozenset({len(every)}) in examples([*every, wildcard("?")])


class TestSides:
    def test_a_search_through_too_many_requests_is_given_up(self) -> None:
        ours = [identity(allow(**when("StringEquals", "x:s", "a")))]

        needed = search([ours], lambda _: False).requests

        assert search([ours], lambda _: False, most=needed).witness is None
        with pytest.raises(PolicyError, match="requests apart"):
            search([ours], lambda _: False, most=needed - 1)

    def test_each_side_is_asked_by_itself(self) -> None:
        """Statements on both sides are one question, and each side keeps its own answer."""
        sides = [[identity(allow(), name="a")], [identity(deny(), name="b")]]

        found = search(sides, lambda v: v == (Verdict.ALLOWED, Verdict.EXPLICIT_DENY))

        assert found.witness is not None

    def test_a_denial_in_one_policy_of_a_resource_wins_over_the_others(self) -> None:
        denial = trust({**trusting({"AWS": APP}), "Effect": "Deny"})
        allowing = trust(trusting({"AWS": ROOT}))

        found = equal([allowing, denial], [allowing]).witness

        assert found is not None
        assert found.request.principal == APP
