"""The prover against brute force: on a small universe, whatever differs is found and shown."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from promote.iam.document import Kind, Policy, parse
from promote.iam.evaluate import Request, Verdict, evaluate, evaluate_resource
from promote.iam.patterns import arn_matcher, text_matcher
from promote.iam.prove import equal
from promote.iam.prove.cells import Pattern, arn_like, examples, ignoring_case, wildcard

quick = settings(max_examples=40, deadline=None, database=None)

STEM = "arn:aws:s3:::"
TEXTS = ["".join(each) for n in range(4) for each in itertools.product("ab", repeat=n)]
RESOURCES = [STEM + text for text in TEXTS[1:12]] + ["*"]
ACTIONS = ["s3:GetObject", "s3:PutObject", "sts:AssumeRole"]
MEMBER = "arn:aws:iam::333333333333:role/a"
PRINCIPALS = [
    MEMBER,
    "arn:aws:iam::333333333333:role/b",
    "arn:aws:iam::444444444444:role/a",
    "arn:aws:iam::444444444444:root",
    "s3.amazonaws.com",
]
GIVEN: Mapping[str, Sequence[str | tuple[str, ...]]] = {
    "aws:SourceVpce": ["", "a", "b", "ab", "AB"],
    "aws:TagKeys": [("a",), ("b",), ("a", "b"), ("",), ("ab", "c"), ("a", "b", "c")],
    "s3:max-keys": ["4", "5", "5.5", "6", "7"],
    "aws:SecureTransport": ["true", "false"],
    "aws:SourceIp": ["10.0.0.1", "10.0.0.3", "10.0.0.4", "11.0.0.0", "2001:db8::1"],
    "aws:CurrentTime": ["2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z", "2025-12-31T23:59:59Z"],
}
"""By key, values that tell every test of `TESTS` apart from every other."""

TESTS: list[tuple[str, str, object]] = [
    *((operator, "aws:SourceVpce", value)
      for operator in ("StringEquals", "StringNotEquals", "StringLike", "StringNotLikeIfExists",
                       "StringEqualsIgnoreCase", "StringEqualsIfExists")
      for value in ("a", ["a", "b"], "ab")),
    ("StringLike", "aws:SourceVpce", "a*"),
    ("Null", "aws:SourceVpce", "true"),
    ("Null", "aws:SourceVpce", "false"),
    *((f"{quantifier}:{operator}", "aws:TagKeys", value)
      for quantifier in ("ForAnyValue", "ForAllValues")
      for operator in ("StringEquals", "StringNotEquals")
      for value in ("a", ["a", "b"])),
    ("NumericLessThan", "s3:max-keys", "6"),
    ("NumericLessThanEquals", "s3:max-keys", "6"),
    ("NumericGreaterThan", "s3:max-keys", "5"),
    ("NumericNotEquals", "s3:max-keys", "5"),
    ("Bool", "aws:SecureTransport", "false"),
    ("BoolIfExists", "aws:SecureTransport", "true"),
    ("IpAddress", "aws:SourceIp", "10.0.0.0/30"),
    ("NotIpAddress", "aws:SourceIp", "10.0.0.0/8"),
    ("DateLessThan", "aws:CurrentTime", "2026-01-01T00:00:00Z"),
    ("DateGreaterThanEquals", "aws:CurrentTime", "2026-01-01T00:00:00Z"),
]  # fmt: skip

tails = st.text("ab*?", min_size=1, max_size=3)
conditions = st.lists(st.sampled_from(TESTS), max_size=2).map(
    lambda found: {"Condition": {op: {key: value} for op, key, value in found}} if found else {}
)
effects = st.sampled_from(["Allow", "Allow", "Deny"])
actions = st.sampled_from(["*", "s3:*", *ACTIONS, "s3:?etObject", ["s3:GetObject", "sts:*"]])


@st.composite
def statements(draw: st.DrawFn, *, principals: bool) -> dict[str, Any]:
    """Draw one statement on the small universe."""
    effect = draw(effects)
    negated = effect == "Deny" and draw(st.booleans())
    found: dict[str, Any] = {
        "Effect": effect,
        "NotAction" if negated else "Action": draw(actions),
        "Resource": draw(st.lists(tails.map(STEM.__add__), min_size=1, max_size=3)),
        **draw(conditions),
    }
    if principals:
        arns = draw(st.lists(st.sampled_from(PRINCIPALS[:4]), min_size=1, max_size=2))
        found["Principal"] = draw(
            st.sampled_from(["*", {"AWS": arns}, {"AWS": arns, "Service": "s3.amazonaws.com"}])
        )
    return found


@st.composite
def pairs(draw: st.DrawFn, *, kind: Kind) -> tuple[Policy, Policy]:
    """Draw two policies that share most statements."""
    of_kind = statements(principals=kind is Kind.BUCKET)
    common = draw(st.lists(of_kind, min_size=1, max_size=2))
    left, right = (draw(st.lists(of_kind, max_size=1)) for _ in range(2))
    one, two = (
        parse({"Version": "2012-10-17", "Statement": [*common, *more]}, kind=kind, name="it")
        for more in (left, right)
    )
    return one, two


def contexts(policies: Sequence[Policy]) -> Iterator[dict[str, str | tuple[str, ...]]]:
    """Yield every combination of values of the keys that policies test."""
    keys = sorted({c.key for p in policies for s in p.statements for c in s.conditions})
    for found in itertools.product(*([None, *GIVEN[key]] for key in keys)):
        yield {key: one for key, one in zip(keys, found, strict=True) if one is not None}


def told_apart(one: Policy, two: Policy, principals: Sequence[str]) -> Request | None:
    """Try every request of the universe."""
    for principal, action, resource in itertools.product(principals, ACTIONS, RESOURCES):
        for context in contexts((one, two)):
            asked = Request(principal, action, resource, context)
            if decided(asked, one) != decided(asked, two):
                return asked
    return None


def decided(asked: Request, policy: Policy) -> tuple[Verdict, bool]:
    """Decide a request by one policy."""
    if policy.kind is Kind.IDENTITY:
        return evaluate(asked, [policy]).verdict, False
    decision = evaluate_resource(asked, policy)
    return decision.verdict, decision.direct


class TestEqual:
    @quick
    @given(pairs(kind=Kind.IDENTITY))
    def test_misses_nothing_that_brute_force_finds(self, pair: tuple[Policy, Policy]) -> None:
        found = equal([pair[0]], [pair[1]]).witness

        assert found or told_apart(*pair, PRINCIPALS[:1]) is None

    @settings(quick, max_examples=20)
    @given(pairs(kind=Kind.BUCKET))
    def test_misses_no_principal_either(self, pair: tuple[Policy, Policy]) -> None:
        found = equal([pair[0]], [pair[1]]).witness

        assert found or told_apart(*pair, PRINCIPALS) is None

    @quick
    @given(pairs(kind=Kind.IDENTITY) | pairs(kind=Kind.BUCKET))
    def test_a_witness_can_be_asked_again(self, pair: tuple[Policy, Policy]) -> None:
        found = equal([pair[0]], [pair[1]]).witness

        if found:
            assert decided(found.request, pair[0]) != decided(found.request, pair[1])
            assert tuple(decided(found.request, one)[0] for one in pair) == found.verdicts

    @quick
    @given(pairs(kind=Kind.IDENTITY) | pairs(kind=Kind.BUCKET))
    def test_is_symmetric(self, pair: tuple[Policy, Policy]) -> None:
        there, back = equal([pair[0]], [pair[1]]), equal([pair[1]], [pair[0]])

        assert (there.witness is None) is (back.witness is None)


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
