"""What the prover answers, the witnesses that it shows, and what it refuses to answer."""

from __future__ import annotations

import pytest

from promote.errors import PolicyError
from promote.iam.document import Kind, Policy, parse
from promote.iam.evaluate import Request, Verdict, evaluate
from promote.iam.prove import differ, equal, search
from promote.iam.prove.cells import examples, wildcard
from tests.unit.iam.documents import (
    DETECT,
    ML,
    PROD,
    V1,
    V2,
    Document,
    allow,
    deny,
    document,
    identity,
    trust,
    trusting,
)

VPCE = {"Condition": {"StringEquals": {"aws:SourceVpce": "vpce-0a1b2c3d4e5f60718"}}}
ROOT = f"arn:aws:iam::{PROD}:root"
STOREFRONT = f"arn:aws:iam::{PROD}:role/storefront"
OTHER = f"arn:aws:iam::{PROD}:role/other"


def consumers(*roles: str, principal: object = ROOT, **tests: object) -> Policy:
    """Return a trust policy as ours are: the account, narrowed to roles."""
    condition = {"ArnEquals": {"aws:PrincipalArn": list(roles)}, **tests}
    return trust(trusting({"AWS": principal}, Condition=condition))


def witness(one: Policy, two: Policy) -> Request:
    """Return the request that tells two policies apart."""
    found = equal([one], [two]).witness
    assert found is not None
    return found.request


class TestEqual:
    @pytest.mark.parametrize(
        ("one", "two"),
        [
            ([allow(resource=[V1, V2])], [allow(resource=V2), allow(resource=V1)]),
            ([allow()], [allow(action="rekognition:detectcustomlabels")]),
            ([allow(resource=[V1, V1.replace("/v1/", "/*/")])],
             [allow(resource=V1.replace("/v1/", "/*/"))]),
            ([allow(**VPCE)], [allow(**VPCE), allow(action=[DETECT], **VPCE)]),
            ([allow(), deny("*", "*")], [deny("*", "*")]),
        ],
        ids=["order", "case", "covered", "twice", "denied anyway"],
    )  # fmt: skip
    def test_is_blind_to_spelling(self, one: list[Document], two: list[Document]) -> None:
        assert equal([identity(*one)], [identity(*two)]).witness is None

    def test_tells_how_many_requests_stood_for_all(self) -> None:
        assert equal([identity(allow())], [identity(allow())]).requests >= 2

    def test_a_version_too_many_is_the_witness(self) -> None:
        found = witness(identity(allow(resource=[V1, V2])), identity(allow()))

        assert (found.action, found.resource) == (DETECT, V2)

    def test_a_version_that_is_missing_is_the_witness(self) -> None:
        assert witness(identity(allow()), identity(allow(resource=[V1, V2]))).resource == V2

    def test_a_wildcard_that_leaks_shows_another_version_of_the_project(self) -> None:
        leaking = V1.replace("/v1/1700000000001", "/v1*")

        found = witness(identity(allow(resource=[V1, leaking])), identity(allow()))

        assert found.resource.startswith(V1.rpartition("/")[0])
        assert found.resource != V1
        assert len(found.resource.split("/")) == len(V1.split("/"))

    def test_a_condition_that_is_lost_shows_a_request_without_the_key(self) -> None:
        found = witness(identity(allow()), identity(allow(**VPCE)))

        assert (found.resource, dict(found.context)) == (V1, {})

    def test_if_exists_instead_of_the_plain_operator_is_wider(self) -> None:
        lax = {"Condition": {"StringEqualsIfExists": VPCE["Condition"]["StringEquals"]}}

        assert dict(witness(identity(allow(**lax)), identity(allow(**VPCE))).context) == {}

    def test_another_action_is_shown_by_a_real_one_on_the_same_resource(self) -> None:
        found = witness(identity(allow(action="rekognition:*")), identity(allow()))

        assert found.action.startswith("rekognition:")
        assert "Version" in found.action
        assert found.resource == V1

    def test_a_denial_too_many_counts_though_nothing_was_allowed(self) -> None:
        found = equal([identity(allow(), deny("s3:*", "*"))], [identity(allow())]).witness

        assert found is not None
        assert found.verdicts == (Verdict.EXPLICIT_DENY, Verdict.IMPLICIT_DENY)

    def test_keys_are_spelt_as_the_policies_spell_them(self) -> None:
        found = witness(identity(allow(**VPCE), allow(resource=V2)), identity(allow(resource=V2)))

        assert dict(found.context) == {"aws:SourceVpce": "vpce-0a1b2c3d4e5f60718"}

    def test_several_values_of_one_key_are_tried_together(self) -> None:
        team = {"ForAnyValue:StringEquals": {"aws:TagKeys": "team"}}
        only = {"ForAllValues:StringEquals": {"aws:TagKeys": ["cost", "team"]}}

        found = witness(
            identity(allow(Condition=team)), identity(allow(Condition={**team, **only}))
        ).context["aws:TagKeys"]

        assert isinstance(found, tuple)
        assert "team" in found
        assert set(found) - {"cost", "team"}


class TestTrust:
    def test_the_same_roles_in_another_order_are_equal(self) -> None:
        assert equal([consumers(STOREFRONT, OTHER)], [consumers(OTHER, STOREFRONT)]).witness is None

    def test_a_second_role_is_the_witness(self) -> None:
        found = witness(consumers(STOREFRONT, OTHER), consumers(STOREFRONT))

        assert found.principal == OTHER

    def test_a_second_account_is_told_by_one_of_its_principals(self) -> None:
        more = trust(trusting({"AWS": STOREFRONT}), trusting({"AWS": f"arn:aws:iam::{ML}:root"}))

        assert f":{ML}:" in witness(more, trust(trusting({"AWS": STOREFRONT}))).principal

    def test_a_lost_external_id_is_told_by_a_request_without_it(self) -> None:
        secret = {"StringEquals": {"sts:ExternalId": "tools"}}

        found = witness(consumers(STOREFRONT), consumers(STOREFRONT, **secret))

        assert found.principal == STOREFRONT
        assert "sts:ExternalId" not in found.context

    def test_everybody_instead_of_the_account_is_found_behind_the_same_condition(self) -> None:
        everybody = consumers(STOREFRONT, principal="*")

        found = equal([everybody], [consumers(STOREFRONT)]).witness

        assert found is not None
        assert found.request.principal == STOREFRONT
        assert set(found.verdicts) == {Verdict.ALLOWED}

    def test_a_service_is_found(self) -> None:
        builds = trusting({"Service": "codebuild.amazonaws.com"})

        both = trust(trusting({"AWS": STOREFRONT}), builds)

        found = witness(both, trust(trusting({"AWS": STOREFRONT})))
        assert found.principal == "codebuild.amazonaws.com"

    def test_a_session_is_told_from_its_role(self) -> None:
        session = f"arn:aws:sts::{PROD}:assumed-role/storefront/night"

        found = witness(trust(trusting({"AWS": STOREFRONT})), trust(trusting({"AWS": session})))

        assert found.principal == STOREFRONT


class TestOtherKinds:
    def test_an_exempted_role_too_many_in_a_guardrail_is_the_witness(self) -> None:
        def guardrail(*roles: str) -> Policy:
            condition = {"ArnNotLike": {"aws:PrincipalArn": list(roles)}}
            found = deny("rekognition:StopProjectVersion", "*", Condition=condition)
            return parse(document(found), kind=Kind.SCP, name="scp")

        found = witness(guardrail(STOREFRONT, OTHER), guardrail(STOREFRONT))

        assert found.principal == OTHER
        assert found.action == "rekognition:StopProjectVersion"

    def test_policies_of_two_kinds_are_no_question(self) -> None:
        with pytest.raises(ValueError, match="one kind"):
            equal([identity(allow())], [trust(trusting({"AWS": ROOT}))])


class TestSearch:
    def test_finds_what_a_third_policy_does_not_explain(self) -> None:
        before, after, said = (
            [identity(allow(resource=one))] for one in ([V1], [V1, V2], [V1.replace("v1", "v3")])
        )

        def unexplained(verdicts: tuple[Verdict, ...]) -> bool:
            old, new, named = (each is Verdict.ALLOWED for each in verdicts)
            return (old or new) != (old or named)

        found = differ((before, after, said), unexplained)

        assert found is not None
        assert differ((before, after, [identity(allow(resource=V2))]), unexplained) is None

    def test_a_side_may_have_several_policies_or_none(self) -> None:
        apart = [identity(allow()), identity(allow(resource=V2))]

        assert equal(apart, [identity(allow(resource=[V1, V2]))]).witness is None
        assert equal([], [identity(allow())]).witness is not None

    def test_what_it_answers_the_evaluator_says_too(self) -> None:
        one, two = identity(allow(), deny(resource=V2)), identity(allow(resource=[V1, V2]))

        found = search(([one], [two]), lambda verdicts: verdicts[0] is not verdicts[1]).witness

        assert found is not None
        assert [evaluate(found.request, [each]).verdict for each in (one, two)] == [*found.verdicts]


class TestRefusals:
    def test_a_key_compared_as_one_value_and_as_a_set_cannot_be_decided(self) -> None:
        test = {"StringEquals": {"aws:x": "a"}, "ForAnyValue:StringEquals": {"aws:x": "b"}}
        both = identity(allow(Condition=test))

        with pytest.raises(PolicyError, match="as one value and as a set"):
            equal([both], [both])

    def test_patterns_that_combine_in_too_many_ways_are_given_up(self) -> None:
        patterns = [wildcard(f"*{a}*{b}*{a}*") for a in "abcdef" for b in "abcdef"]

        with pytest.raises(PolicyError, match="ways"):
            examples(patterns, most=1000)
