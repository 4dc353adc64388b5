"""The prover against brute force where policies have variables: equal is equal for everybody."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from promote.errors import PolicyError
from promote.iam.document import Kind, Policy, parse
from promote.iam.elements import Statement
from promote.iam.evaluate import Request, evaluate, evaluate_resource
from promote.iam.prove import Search, equal
from promote.iam.variables import normal

quick = settings(max_examples=60, deadline=None, database=None)

MOST_TRIED = 1_500
STEM = "arn:aws:s3:::"
ACCOUNT = "333333333333"
ROOT, USER, ROLE = (f"arn:aws:iam::{ACCOUNT}:{name}" for name in ("root", "user/t/u", "role/r"))
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/r/night"
VALUES = ["a", "b", "ab", "*", "${*}"]
"""Values of variables: what literal patterns say as well, and what would be a wildcard."""
RESOURCES = [
    STEM + "".join(each) for n in range(1, 4) for each in itertools.product("ab*", repeat=n)
]
ACTIONS = ["s3:GetObject", "s3:PutObject"]

pieces = st.sampled_from(
    ["a", "b", "*", "?", "${*}", "${aws:userid}", "${aws:username}", "${aws:username, 'b'}",
     "${AWS:UserID}", "${aws:PrincipalTag/t}", "${aws:PrincipalTag/t,'ab'}"]
)  # fmt: skip
patterns = st.lists(pieces, min_size=1, max_size=3).map(lambda found: STEM + "".join(found))
CONDITIONS: list[Mapping[str, Mapping[str, str]]] = [
    {},
    {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:user/*"}},
    {"ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:user/*"}},
    {"StringLike": {"aws:PrincipalArn": f"*{ACCOUNT}:*"}},
    {"StringLike": {"aws:userid": "a*"}},
    {"StringNotEquals": {"aws:username": "a"}},
    {"Null": {"aws:username": "false"}},
    {"StringEqualsIfExists": {"aws:PrincipalTag/t": "a"}},
    {"Null": {"aws:PrincipalTag/t": "false"}, "Bool": {"aws:SecureTransport": "true"}},
]
KINDS = [Kind.IDENTITY, Kind.BUCKET]


@st.composite
def statements(draw: st.DrawFn, kind: Kind) -> dict[str, Any]:
    """Draw one statement."""
    effect = draw(st.sampled_from(["Allow", "Deny"]))
    but = effect == "Deny" and draw(st.booleans())
    found: dict[str, Any] = {
        "Effect": effect,
        "Action": draw(st.sampled_from(["s3:*", *ACTIONS])),
        "NotResource" if but else "Resource": draw(st.lists(patterns, min_size=1, max_size=3)),
        "Condition": draw(st.sampled_from(CONDITIONS)),
    }
    if kind is Kind.BUCKET:
        found["Principal"] = draw(st.sampled_from(["*", {"AWS": ROOT}, {"AWS": [USER, ROLE]}]))
    return found


def read(kind: Kind, found: Sequence[Mapping[str, Any]]) -> Policy:
    """Parse the statements of one policy."""
    return parse({"Version": "2012-10-17", "Statement": list(found)}, kind=kind, name="it")


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Policy, Policy]:
    """Draw two policies of a kind that share most statements."""
    kind = draw(st.sampled_from(KINDS))
    common = draw(st.lists(statements(kind), min_size=1, max_size=2))
    left, right = (draw(st.lists(statements(kind), max_size=1)) for _ in range(2))
    return read(kind, [*common, *left]), read(kind, [*common, *right])


@st.composite
def edited(draw: st.DrawFn) -> tuple[Policy, Policy]:
    """Draw a policy, and the same with one pattern of one statement changed."""
    kind = draw(st.sampled_from(KINDS))
    found = draw(st.lists(statements(kind), min_size=1, max_size=2))
    element = "NotResource" if "NotResource" in found[0] else "Resource"
    changed = {**found[0], element: [*found[0][element][1:], draw(patterns)]}
    return read(kind, found), read(kind, [changed, *found[1:]])


def requests(kind: Kind) -> Iterator[Request]:
    """Yield every request of the universe, each with the keys that AWS would give it."""
    everybody: list[tuple[str, str | None]] = [(USER, USER), (SESSION, ROLE), (ROOT, ROOT)]
    if kind is Kind.BUCKET:
        everybody += [("s3.amazonaws.com", None), ("anonymous", None)]
    for (principal, arn), tag, name, own in itertools.product(
        everybody, ["", *VALUES], VALUES, VALUES
    ):
        context: dict[str, str] = {"aws:PrincipalTag/t": tag} if tag else {}
        if arn is not None:
            context |= {"aws:PrincipalArn": arn, "aws:PrincipalAccount": ACCOUNT, "aws:userid": own}
        if arn == USER:
            context["aws:username"] = name
        elif name != VALUES[0] or (arn is None and own != VALUES[0]):
            continue
        for secure, action, resource in itertools.product(("true", "false"), ACTIONS, RESOURCES):
            keys = {**context, "aws:SecureTransport": secure}
            yield Request(principal, action, resource, keys)


UNIVERSE = {kind: list(requests(kind)) for kind in KINDS}


def decided(request: Request, policy: Policy) -> object:
    """Decide a request by one policy."""
    if policy.kind is Kind.IDENTITY:
        return evaluate(request, [policy]).verdict
    decision = evaluate_resource(request, policy)
    return decision.verdict, decision.direct, decision.unlimited


def told_apart(one: Policy, two: Policy, seed: int) -> Request | None:
    """Try many requests of the universe; that one cannot be decided tells them apart as well."""
    among = UNIVERSE[one.kind]
    for request in Random(seed).sample(among, MOST_TRIED):  # noqa: S311 - no secret
        try:
            same = decided(request, one) == decided(request, two)
        except PolicyError:
            return request
        if not same:
            return request
    return None


def compared(one: Policy, two: Policy) -> Search | None:
    """Compare two policies; None if that is refused."""
    try:
        return equal([one], [two])
    except PolicyError:
        return None


def respelt(policy: Policy, random: Random) -> Policy:
    """Say the same otherwise: variables in another case, statements apart and in another order."""
    found: list[Statement] = []
    for statement in policy.statements:
        texts = [normal(text) for text in statement.resources]
        if statement.not_resources:
            found.append(replace(statement, resources=tuple(sorted(set(texts)))))
        else:
            found += [replace(statement, resources=(text,)) for text in texts]
    random.shuffle(found)
    return replace(policy, statements=tuple(found))


class TestEqual:
    @quick
    @given(pairs() | edited(), st.integers(0, 1000))
    def test_misses_nothing_that_brute_force_finds(
        self, pair: tuple[Policy, Policy], seed: int
    ) -> None:
        found = compared(*pair)

        assert found is None or found.witness or told_apart(*pair, seed) is None

    @quick
    @given(pairs() | edited())
    def test_a_witness_can_be_asked_again_and_tells_of_nothing_but_what_aws_knows(
        self, pair: tuple[Policy, Policy]
    ) -> None:
        found = compared(*pair)

        if found and found.witness:
            request = found.witness.request
            assert decided(request, pair[0]) != decided(request, pair[1])
            assert all(key.startswith(("aws:", "AWS:")) for key in request.context)

    @quick
    @given(pairs(), st.randoms(use_true_random=False))
    def test_does_not_depend_on_the_spelling(
        self, pair: tuple[Policy, Policy], random: Random
    ) -> None:
        one, _ = pair
        found, again = compared(one, one), compared(one, respelt(one, random))

        assert (found is None) == (again is None)
        assert found is None or again is None or (found.witness, again.witness) == (None, None)
