"""The prover against brute force: on a small universe, whatever differs is found and shown."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from promote.arn import parse_arn
from promote.errors import PolicyError
from promote.iam.document import Kind, Policy, parse
from promote.iam.evaluate import (
    WITH_PRINCIPAL,
    Request,
    Verdict,
    evaluate,
    evaluate_resource,
)
from promote.iam.patterns import arn_matcher, text_matcher
from promote.iam.prove import Search, equal
from promote.iam.prove.cells import Pattern, arn_like, examples, ignoring_case, wildcard

quick = settings(max_examples=40, deadline=None, database=None)

MOST_TRIED = 2_500
STEM = "arn:aws:s3:::"
TEXTS = ["".join(each) for n in range(3) for each in itertools.product("ab", repeat=n)]
RESOURCES = [STEM + text for text in [*TEXTS[1:], "aab"]] + ["*"]
ACTIONS = ["s3:GetObject", "sts:AssumeRole", "sts:TagSession", "ec2:AssignIpv6Addresses"]

ACCOUNT = "333333333333"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
MEMBER, LEAD = (f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in ("a", "team/b"))
USER = f"arn:aws:iam::{ACCOUNT}:user/team/u"
NIGHT, LEADS = (f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/night" for name in "ab")
STRANGER = "arn:aws:iam::444444444444:role/a"
CALLERS: Mapping[str, str | None] = {
    MEMBER: MEMBER,
    NIGHT: MEMBER,
    NIGHT.replace("night", "day"): MEMBER,
    LEADS: LEAD,
    USER: USER,
    ROOT: ROOT,
    STRANGER: STRANGER,
    STRANGER.replace("444444444444", "1" * 12): STRANGER.replace("444444444444", "1" * 12),
    "s3.amazonaws.com": None,
    "ec2.amazonaws.com": None,
    "anonymous": None,
}
"""The principals of the universe, each with its aws:PrincipalArn, if it is of an account."""

GIVEN: Mapping[str, Sequence[str | tuple[str, ...]]] = {
    "aws:sourcevpce": ["", "a", "b", "ab", "AB"],
    "aws:sourcearn": [STEM + "a", STEM + "ab", "arn:aws:s3:r::a", "no ARN", ""],
    "aws:tagkeys": [("a",), ("b",), ("a", "b"), ("",), ("", "c"), ("ab", "c"), ("a", "b", "c")],
    "s3:max-keys": ["4", "5", "5.5", "6", "7"],
    "x:count": ["4", "5", "7", "many", ""],
    "aws:securetransport": ["true", "false", "TRUE"],
    "aws:sourceip": ["10.0.0.1", "10.0.0.3", "10.0.0.4", "11.0.0.0", "2001:db8::1", "2001:db9::"],
    "aws:currenttime": [
        "2026-01-01T00:00:00Z",
        "1767225600",
        "2026-01-01T00:00:00.000001Z",
        "2026-01-01T00:00:00.000002Z",
        "2025-12-31T23:59:59Z",
    ],
    "aws:principalservicename": ["s3.amazonaws.com", "ec2.amazonaws.com"],
    "aws:principalorgid": ["o-a", "o-b"],
    "aws:principalarn": [MEMBER, USER],
    "aws:principalaccount": [ACCOUNT, "anonymous"],
    "aws:principalisawsservice": ["true", "false"],
}
"""By key, in lower case, values that tell every test of `TESTS` apart from every other."""

TESTS: list[tuple[str, str, object]] = [
    *((operator, "aws:SourceVpce", value)
      for operator in ("StringEquals", "StringNotEquals", "StringLike", "StringNotLikeIfExists",
                       "StringEqualsIgnoreCase", "StringEqualsIfExists")
      for value in ("a", ["a", "b"], "ab", "")),
    ("StringNotEqualsIgnoreCase", "AWS:sourcevpce", "ab"),
    ("StringLike", "aws:sourceVpce", "a*"),
    ("Null", "aws:SourceVpce", "true"),
    ("Null", "aws:SourceVpce", "false"),
    *((operator, "aws:SourceArn", value)
      for operator in ("ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLikeIfExists")
      for value in (STEM + "a", [STEM + "a*", "arn:*:s3:r::*"])),
    ("StringLike", "aws:SourceArn", "*a"),
    *((f"{quantifier}:{operator}", "aws:TagKeys", value)
      for quantifier in ("ForAnyValue", "ForAllValues")
      for operator in ("StringEquals", "StringNotEquals", "StringLike")
      for value in ("a", ["a", "b"], "")),
    ("ForAllValues:StringNotLike", "aws:TagKeys", "a*"),
    ("Null", "aws:TagKeys", "false"),
    ("NumericLessThan", "s3:max-keys", "6"),
    ("NumericLessThanEquals", "s3:max-keys", "6"),
    ("NumericGreaterThan", "s3:max-keys", "5"),
    ("NumericGreaterThanEqualsIfExists", "s3:max-keys", "5.5"),
    ("NumericNotEquals", "s3:max-keys", "5"),
    ("NumericLessThanEquals", "x:Count", "5"),
    ("NumericGreaterThan", "x:count", "5"),
    ("Null", "x:count", "false"),
    ("Bool", "aws:SecureTransport", "false"),
    ("BoolIfExists", "aws:SecureTransport", "true"),
    ("Null", "aws:SecureTransport", "false"),
    ("IpAddress", "aws:SourceIp", ["10.0.0.0/30", "2001:db8::/32"]),
    ("IpAddress", "aws:SourceIp", "10.0.0.3"),
    ("NotIpAddress", "aws:SourceIp", "10.0.0.0/8"),
    ("NotIpAddressIfExists", "aws:SourceIp", "2001:db8::/32"),
    ("DateLessThan", "aws:CurrentTime", "2026-01-01T01:00:00+01:00"),
    ("DateGreaterThanEquals", "aws:CurrentTime", "1767225600"),
    ("DateLessThanEqualsIfExists", "aws:CurrentTime", "2026-01-01T00:00:00.000001Z"),
    ("DateNotEquals", "aws:CurrentTime", "2026-01-01T00:00:00Z"),
]  # fmt: skip
ON_CALLERS: list[tuple[str, str, object]] = [
    ("ArnEquals", "aws:PrincipalArn", MEMBER),
    ("ArnLike", "aws:PrincipalArn", ["arn:aws:iam::*:role/a", LEAD]),
    ("ArnNotLike", "aws:principalarn", f"arn:aws:iam::{ACCOUNT}:*/team/*"),
    ("ArnNotEqualsIfExists", "aws:PrincipalArn", MEMBER),
    ("StringLike", "aws:PrincipalArn", "*/team/*"),
    ("Null", "aws:PrincipalArn", "true"),
    ("StringEquals", "aws:PrincipalAccount", ACCOUNT),
    ("StringNotLike", "aws:PrincipalAccount", "33*"),
    ("StringEqualsIfExists", "aws:PrincipalAccount", [ACCOUNT, "anonymous"]),
    ("Bool", "aws:PrincipalIsAWSService", "true"),
    ("BoolIfExists", "aws:PrincipalIsAWSService", "false"),
    ("StringEquals", "aws:PrincipalServiceName", "s3.amazonaws.com"),
    ("StringNotEqualsIfExists", "aws:PrincipalOrgID", "o-a"),
]

tails = st.text("ab*?", min_size=1, max_size=3)
conditions = st.lists(st.sampled_from(TESTS) | st.sampled_from(ON_CALLERS), max_size=2).map(
    lambda found: {"Condition": {op: {key: value} for op, key, value in found}} if found else {}
)
actions = st.sampled_from(["*", "s3:*", *ACTIONS, "ec2:*6*", ["s3:GetObject", "sts:*"]])
of_trust = st.sampled_from(["sts:*", "sts:AssumeRole", ["sts:AssumeRole", "sts:TagSession"]])
named = st.lists(st.sampled_from([ROOT, MEMBER, LEAD, NIGHT, LEADS, USER, STRANGER]), min_size=1,
                 max_size=2)  # fmt: skip
principals = st.one_of(
    st.just("*"),
    named.map(lambda arns: {"AWS": arns}),
    named.map(lambda arns: {"AWS": arns, "Service": "s3.amazonaws.com"}),
    st.just({"Service": "s3.amazonaws.com"}),
)


@st.composite
def statements(draw: st.DrawFn, kind: Kind) -> dict[str, Any]:
    """Draw one statement on the small universe."""
    effect = "Deny" if kind is Kind.RCP else draw(st.sampled_from(["Allow", "Allow", "Deny"]))
    takes_others = effect == "Deny" and kind is not Kind.TRUST
    found: dict[str, Any] = {"Effect": effect, **draw(conditions)}
    but = takes_others and kind is not Kind.RCP and draw(st.booleans())
    found["NotAction" if but else "Action"] = draw(of_trust if kind is Kind.TRUST else actions)
    if kind is not Kind.TRUST:
        but = takes_others and draw(st.booleans())
        resources = st.lists(tails.map(STEM.__add__), min_size=1, max_size=3)
        found["NotResource" if but else "Resource"] = draw(resources)
    if kind in WITH_PRINCIPAL:
        found["Principal"] = "*" if kind is Kind.RCP else draw(principals)
    return found


@st.composite
def pairs(draw: st.DrawFn, kinds: Sequence[Kind]) -> tuple[Policy, Policy]:
    """Draw two policies of a kind that share most statements."""
    kind = draw(st.sampled_from(kinds))
    common = draw(st.lists(statements(kind), min_size=1, max_size=2))
    left, right = (draw(st.lists(statements(kind), max_size=1)) for _ in range(2))
    one, two = (
        parse({"Version": "2012-10-17", "Statement": [*common, *more]}, kind=kind, name="it")
        for more in (left, right)
    )
    return one, two


ATTACHED = [Kind.IDENTITY, Kind.SCP]
RESOURCE_BASED = [Kind.BUCKET, Kind.TRUST, Kind.RCP, Kind.ENDPOINT]


def asked(policies: Sequence[Policy]) -> Iterator[Request]:
    """Yield every request of the universe that these policies may tell from another."""
    keys = {c.key.lower() for p in policies for s in p.statements for c in s.conditions}
    among = RESOURCES if policies[0].kind is not Kind.TRUST else ["*"]
    for principal, arn in CALLERS.items():
        if arn is None and policies[0].kind in ATTACHED:
            continue
        follow = linked(principal, arn)
        free = sorted(keys - set(follow))
        for found in itertools.product(*([None, *GIVEN[key]] for key in free)):
            given = {k: one for k, one in zip(free, found, strict=True) if one is not None}
            for action, resource in itertools.product(ACTIONS, among):
                yield Request(principal, action, resource, {**follow, **given})


def linked(principal: str, arn: str | None) -> dict[str, str]:
    """Return the keys that follow from who asks."""
    if arn is None:
        is_service = principal.endswith(".amazonaws.com")
        return {"aws:principalisawsservice": "true"} if is_service else {}
    return {
        "aws:principalarn": arn,
        "aws:principalaccount": parse_arn(arn).account,
        "aws:principalisawsservice": "false",
    }


def told_apart(one: Policy, two: Policy) -> Request | None:
    """Try the requests of the universe, or as many of them as there is time for."""
    requests = list(asked((one, two)))
    if len(requests) > MOST_TRIED:
        requests = Random(len(requests)).sample(requests, MOST_TRIED)  # noqa: S311 - no secret
    for request in requests:
        if decided(request, one) != decided(request, two):
            return request
    return None


def decided(request: Request, policy: Policy) -> object:
    """Decide a request by one policy."""
    if policy.kind in ATTACHED:
        return evaluate(request, [policy]).verdict
    decision = evaluate_resource(request, policy)
    return decision.verdict, decision.direct, decision.unlimited


def compared(one: Policy, two: Policy) -> Search | None:
    """Compare two policies; None if that is refused."""
    try:
        return equal([one], [two])
    except PolicyError:
        return None


class TestEqual:
    @settings(quick, max_examples=50)
    @given(pairs(ATTACHED))
    def test_misses_nothing_that_brute_force_finds(self, pair: tuple[Policy, Policy]) -> None:
        found = compared(*pair)

        assert found is None or found.witness or told_apart(*pair) is None

    @settings(quick, max_examples=60)
    @given(pairs(RESOURCE_BASED))
    def test_misses_no_principal_either(self, pair: tuple[Policy, Policy]) -> None:
        found = compared(*pair)

        assert found is None or found.witness or told_apart(*pair) is None

    @quick
    @given(pairs(ATTACHED) | pairs(RESOURCE_BASED))
    def test_a_witness_can_be_asked_again(self, pair: tuple[Policy, Policy]) -> None:
        found = compared(*pair)

        if found and found.witness:
            request, verdicts = found.witness.request, found.witness.verdicts
            assert decided(request, pair[0]) != decided(request, pair[1])
            assert tuple(verdict_of(request, one) for one in pair) == verdicts

    @quick
    @given(pairs(ATTACHED) | pairs(RESOURCE_BASED))
    def test_is_symmetric(self, pair: tuple[Policy, Policy]) -> None:
        there, back = compared(*pair), compared(*reversed(pair))

        assert (there and there.witness is None) == (back and back.witness is None)

    @quick
    @given(pairs([*ATTACHED, *RESOURCE_BASED]))
    def test_refuses_nothing_that_is_plain(self, pair: tuple[Policy, Policy]) -> None:
        doubtful = {"x:count", "aws:tagkeys", "aws:sourcearn"}
        keys = {c.key.lower() for p in pair for s in p.statements for c in s.conditions}

        assert doubtful & keys or compared(*pair) is not None


def verdict_of(request: Request, policy: Policy) -> Verdict:
    """Return the verdict of one policy."""
    if policy.kind in ATTACHED:
        return evaluate(request, [policy]).verdict
    return evaluate_resource(request, policy).verdict


class TestExamples:
    @quick
    @given(st.lists(st.text("ab:*?", max_size=4), min_size=1, max_size=5))
    def test_there_is_one_for_every_way_of_matching(self, texts: list[str]) -> None:
        found = examples([wildcard(text) for text in texts])

        universe = ["".join(each) for n in range(6) for each in itertools.product("ab:", repeat=n)]
        possible = {matched(texts, text) for text in universe}
        assert possible <= set(found)
        assert all(matched(texts, text) == key for key, text in found.items())

    @quick
    @given(st.lists(st.text("ab*?:", min_size=1, max_size=3), min_size=1, max_size=4))
    def test_arn_operators_match_them_as_they_say(self, tails: list[str]) -> None:
        arns = [f"arn:{tail}:s3:r*:1?:b" for tail in tails if ":" not in tail]
        arns += [f"arn:aws:s3::1:{tail}" for tail in tails]
        patterns: list[Pattern] = [arn_like(arn) for arn in arns]

        for key, text in examples(patterns).items():
            assert {i for i, arn in enumerate(arns) if arn_matcher(arn)(text)} == key

    @quick
    @given(st.lists(st.text("aAkÅé", max_size=3), min_size=1, max_size=4))
    def test_ignoring_case_they_match_as_lower_case_does(self, texts: list[str]) -> None:
        for key, text in examples([ignoring_case(one) for one in texts]).items():
            assert {i for i, one in enumerate(texts) if one.lower() == text.lower()} == key


def matched(patterns: Sequence[str], text: str) -> frozenset[int]:
    """Return the indices of the patterns that match a text, as the evaluator sees it."""
    return frozenset(i for i, one in enumerate(patterns) if text_matcher(one)(text))
