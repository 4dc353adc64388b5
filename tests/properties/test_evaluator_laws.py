"""What holds for every policy, whoever wrote it."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from promote.iam.document import Kind, canonical, digest, loads, parse, same
from promote.iam.evaluate import Request, Verdict, evaluate, evaluate_trust
from promote.iam.quota import size
from tests.unit.iam.documents import (
    Document,
    allow,
    deny,
    document,
    identity,
    identity_documents,
    identity_statements,
    request,
    requests,
    trust_documents,
)

quick = settings(max_examples=15, deadline=None, database=None)
kinds = st.tuples(st.just(Kind.IDENTITY), identity_documents) | st.tuples(
    st.just(Kind.TRUST), trust_documents
)


def respelt(value: object, chance: random.Random) -> object:
    """Return the same document in another spelling: key order, list order, list or scalar."""
    if isinstance(value, dict):
        keys = list(value)
        chance.shuffle(keys)
        return {key: _respelt_element(key, value[key], chance) for key in keys}
    return value


def _respelt_element(key: str, value: object, chance: random.Random) -> object:
    if key == "Statement" and isinstance(value, list):
        found = [respelt(statement, chance) for statement in value]
        return found[0] if len(found) == 1 else found
    if key in ("Version", "Effect", "Sid") or isinstance(value, dict):
        return respelt(value, chance)
    if key == "Principal":
        return {"AWS": [value]}
    values = value if isinstance(value, list) else [value]
    return chance.sample(values * 2, k=2 * len(values))


class TestEvaluate:
    @quick
    @given(identity_documents, identity_statements, requests)
    def test_another_allow_never_takes_access_away(
        self, found: Document, statement: Document, asked: Request
    ) -> None:
        more = document(*found["Statement"], statement | {"Effect": "Allow"})

        before, after = (
            evaluate(asked, [identity(*one["Statement"])]).verdict for one in (found, more)
        )

        assert before is after or (before, after) == (Verdict.IMPLICIT_DENY, Verdict.ALLOWED)

    @quick
    @given(identity_documents, requests)
    def test_an_explicit_deny_wins_over_anything(self, found: Document, asked: Request) -> None:
        policies = [identity(*found["Statement"], allow("*", "*")), identity(deny("*", "*"))]

        assert evaluate(asked, policies).verdict is Verdict.EXPLICIT_DENY

    @quick
    @given(identity_documents, requests, st.randoms(use_true_random=False))
    def test_the_order_of_statements_never_matters(
        self, found: Document, asked: Request, chance: random.Random
    ) -> None:
        shuffled = chance.sample(found["Statement"], k=len(found["Statement"]))

        one, two = (evaluate(asked, [identity(*s)]) for s in (found["Statement"], shuffled))

        assert one.verdict is two.verdict
        assert len(one.deciding) == len(two.deciding)

    @quick
    @given(identity_documents, requests)
    def test_splitting_a_policy_never_matters(self, found: Document, asked: Request) -> None:
        apart = [identity(statement) for statement in found["Statement"]]

        together = evaluate(asked, [identity(*found["Statement"])])

        assert evaluate(asked, apart).verdict is together.verdict


class TestEvaluateTrust:
    @quick
    @given(trust_documents)
    def test_only_what_is_allowed_is_direct(self, found: Document) -> None:
        decision = evaluate_trust(
            request("sts:AssumeRole"), parse(found, kind=Kind.TRUST, name="trust")
        )

        assert decision.allowed or not decision.direct


class TestCanonical:
    @quick
    @given(kinds)
    def test_is_idempotent(self, found: tuple[Kind, Document]) -> None:
        once = canonical(found[1])

        assert canonical(loads(once)) == once

    @quick
    @given(kinds, st.randoms(use_true_random=False))
    def test_is_insensitive_to_spelling(
        self, found: tuple[Kind, Document], chance: random.Random
    ) -> None:
        other = respelt(found[1], chance)

        assert isinstance(other, dict)
        assert same(found[1], other)
        assert digest(found[1]) == digest(other)

    @quick
    @given(kinds)
    def test_parses_to_the_same_policy(self, found: tuple[Kind, Document]) -> None:
        kind, spelt = found

        assert parse(canonical(spelt), kind=kind) == parse(spelt, kind=kind)

    @quick
    @given(kinds)
    def test_is_never_larger_than_its_size(self, found: tuple[Kind, Document]) -> None:
        assert len("".join(canonical(found[1]).split())) <= size(found[1])
