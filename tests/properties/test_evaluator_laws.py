"""What holds for every policy, whoever wrote it."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from promote.iam.authorise import Governing, authorise
from promote.iam.document import Kind, Policy, canonical, digest, loads, parse, same
from promote.iam.evaluate import WITH_PRINCIPAL, Request, Verdict, evaluate, evaluate_resource
from promote.iam.quota import size
from tests.unit.iam.documents import (
    ML,
    PROD,
    Document,
    allow,
    deny,
    denying,
    document,
    identity,
    identity_documents,
    identity_statements,
    policy,
    request,
    requests,
    trust_documents,
)
from tests.unit.iam.governings import (
    USER,
    allows,
    asked,
    denies,
    governings,
    named,
    owners,
    policies,
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


class TestEvaluateResource:
    @quick
    @given(trust_documents)
    def test_only_what_is_allowed_is_direct(self, found: Document) -> None:
        decision = evaluate_resource(
            request("sts:AssumeRole"), parse(found, kind=Kind.TRUST, name="trust")
        )

        assert decision.allowed or not decision.direct


LAYERS = ("identity", "boundary", "session", "resource", "scp", "endpoint")
KIND_OF = {
    "identity": Kind.IDENTITY,
    "boundary": Kind.BOUNDARY,
    "session": Kind.SESSION,
    "scp": Kind.SCP,
    "rcp": Kind.RCP,
    "endpoint": Kind.ENDPOINT,
    "resource": Kind.BUCKET,
}


def with_changes(governing: Governing, changes: dict[str, Any]) -> Governing:
    return replace(governing, **changes)


def widened(found: Policy, statement: Document) -> Policy:
    """Return a policy with one statement more, about everyone."""
    whole = named(statement, "*") if found.kind in WITH_PRINCIPAL else statement
    return replace(found, statements=(*found.statements, *policy(found.kind, whole).statements))


def everywhere(governing: Governing, statement: Document, where: str) -> Governing:
    """Return the same with one statement more in every policy of a layer."""
    value = getattr(governing, where)
    if where == "scp":
        changed: Any = tuple(tuple(widened(p, statement) for p in level) for level in value)
    elif isinstance(value, Policy):
        changed = widened(value, statement)
    else:
        changed = None if value is None else tuple(widened(one, statement) for one in value)
    return with_changes(governing, {where: changed})


def with_policy(governing: Governing, where: str, more: Policy) -> Governing:
    """Return the same with a policy more in a layer, which then applies."""
    if where in ("resource", "endpoint"):
        return with_changes(governing, {where: more})
    if where in ("scp", "rcp"):
        return with_changes(governing, {where: (*getattr(governing, where), (more,))})
    return with_changes(governing, {where: (*(getattr(governing, where) or ()), more)})


class TestAuthorise:
    @quick
    @given(governings, asked, owners, allows, st.sampled_from(LAYERS))
    def test_another_allow_never_takes_access_away(
        self, found: Governing, request: Request, owner: str | None, more: Document, where: str
    ) -> None:
        before = authorise(request, found, owner=owner).verdict
        after = authorise(request, everywhere(found, more, where), owner=owner).verdict

        assert before is after or (before, after) == (Verdict.IMPLICIT_DENY, Verdict.ALLOWED)

    @quick
    @given(governings, asked, owners, st.sampled_from([*LAYERS, "rcp"]))
    def test_a_deny_in_any_layer_wins_over_anything(
        self, found: Governing, request: Request, owner: str | None, where: str
    ) -> None:
        kind = KIND_OF[where]
        more = policy(kind, denying() if kind in WITH_PRINCIPAL else deny("*", "*"))

        decision = authorise(request, with_policy(found, where, more), owner=owner)

        assert decision.verdict is Verdict.EXPLICIT_DENY

    @quick
    @given(governings, asked, owners, denies, st.sampled_from(LAYERS))
    def test_another_deny_never_adds_access(
        self, found: Governing, request: Request, owner: str | None, more: Document, where: str
    ) -> None:
        after = authorise(request, everywhere(found, more, where), owner=owner)

        assert not after.allowed or authorise(request, found, owner=owner).allowed

    @quick
    @given(governings, asked, owners, st.data())
    def test_another_limit_never_adds_access(
        self, found: Governing, request: Request, owner: str | None, data: st.DataObject
    ) -> None:
        where = data.draw(st.sampled_from(["boundary", "session", "scp", "endpoint"]))
        more = data.draw(policies(KIND_OF[where]))
        bare = found if where == "scp" else with_changes(found, {where: None})

        after = authorise(request, with_policy(bare, where, more), owner=owner)

        assert not after.allowed or authorise(request, bare, owner=owner).allowed

    @quick
    @given(governings, asked, owners, st.randoms(use_true_random=False))
    def test_order_never_matters(
        self, found: Governing, request: Request, owner: str | None, chance: random.Random
    ) -> None:
        def shuffled(some: tuple[Any, ...]) -> tuple[Any, ...]:
            return tuple(chance.sample(some, k=len(some)))

        other = replace(
            found,
            identity=shuffled(found.identity),
            boundary=None if found.boundary is None else shuffled(found.boundary),
            scp=shuffled(tuple(shuffled(level) for level in found.scp)),
        )

        one, two = (authorise(request, each, owner=owner) for each in (found, other))

        assert (one.verdict, one.layer) == (two.verdict, two.layer)
        assert sorted(map(str, one.deciding)) == sorted(map(str, two.deciding))

    @quick
    @given(governings, asked)
    def test_across_accounts_both_sides_must_allow(
        self, found: Governing, request: Request
    ) -> None:
        decision = authorise(request, found, owner=PROD)

        identity_allows = evaluate(request, found.identity).allowed
        grant = found.resource is not None and evaluate_resource(request, found.resource).allowed

        assert not decision.allowed or (identity_allows and grant)

    @quick
    @given(governings, asked)
    def test_what_is_allowed_across_accounts_is_allowed_in_one(
        self, found: Governing, request: Request
    ) -> None:
        across, within = (authorise(request, found, owner=owner) for owner in (PROD, ML))

        assert within.allowed or not across.allowed

    @quick
    @given(governings, asked, owners)
    def test_splitting_policies_never_matters(
        self, found: Governing, request: Request, owner: str | None
    ) -> None:
        apart = tuple(
            replace(one, statements=(statement,))
            for one in found.identity
            for statement in one.statements
        )

        one, two = (
            authorise(request, each, owner=owner)
            for each in (found, replace(found, identity=apart))
        )

        assert (one.verdict, one.layer) == (two.verdict, two.layer)

    @quick
    @given(governings, asked, owners)
    def test_the_verdict_follows_from_what_the_layers_say(
        self, found: Governing, request: Request, owner: str | None
    ) -> None:
        decision = authorise(request, found, owner=owner)
        layers = dict(decision.layers)

        denied = any(one.verdict is Verdict.EXPLICIT_DENY for one in layers.values())
        assert (decision.verdict is Verdict.EXPLICIT_DENY) is denied
        assert layers[decision.layer].verdict is decision.verdict
        assert layers[decision.layer].deciding == decision.deciding


class TestConditions:
    @quick
    @given(allows, asked)
    def test_if_exists_is_never_stricter_in_an_allow(
        self, statement: Document, request: Request
    ) -> None:
        loose, plain = (evaluate(request, [identity(one)]) for one in loosened(statement))

        assert loose.allowed or not plain.allowed

    @quick
    @given(denies, asked)
    def test_if_exists_never_denies_less_in_a_deny(
        self, statement: Document, request: Request
    ) -> None:
        loose, plain = (
            evaluate(request, [identity(one, allow("*", "*"))]) for one in loosened(statement)
        )

        assert plain.allowed or not loose.allowed

    @quick
    @given(allows | denies, asked, st.data())
    def test_lists_are_alternatives(
        self, statement: Document, request: Request, data: st.DataObject
    ) -> None:
        element = data.draw(st.sampled_from(["Action", "Resource"]))
        if element not in statement:
            return
        other = data.draw(allows)[element]
        both = identity(statement | {element: [statement[element], other]})
        apart = identity(statement, statement | {element: other})

        assert evaluate(request, [both]).verdict is evaluate(request, [apart]).verdict


class TestVariables:
    @quick
    @given(st.text("*?$ab{}:/", max_size=4), st.text("*?$ab{}:/", max_size=4))
    def test_only_their_own_value_matches(self, value: str, other: str) -> None:
        resource = "arn:aws:s3:::b/${aws:username}"
        asked = Request(USER, "s3:GetObject", f"arn:aws:s3:::b/{other}", {"aws:username": value})

        found = evaluate(asked, [identity(allow("s3:*", resource))])

        assert found.allowed is (value == other)


def loosened(statement: Document) -> tuple[Document, Document]:
    """Return a statement with IfExists wherever it can be, and as it is."""
    found = {
        name if name.startswith(("For", "Null")) else f"{name}IfExists": tests
        for name, tests in statement["Condition"].items()
    }
    return statement | {"Condition": found}, statement


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
