from __future__ import annotations

import pytest

from promote.errors import PolicyError
from promote.iam.document import Effect, Kind, Policy
from promote.iam.evaluate import (
    Decider,
    Decision,
    Request,
    Verdict,
    allows_action_on,
    covers,
    evaluate,
    evaluate_resource,
)
from tests.unit.iam.documents import (
    DETECT,
    ML,
    PROD,
    ROLE,
    SESSION,
    V1,
    V2,
    Document,
    allow,
    deny,
    denying,
    granting,
    identity,
    policy,
    request,
    trust,
    trusting,
)

STOREFRONT = f"arn:aws:iam::{PROD}:role/storefront"
SHOPPING = f"arn:aws:sts::{PROD}:assumed-role/storefront/shopping"


class TestEvaluate:
    def test_allows_what_a_statement_allows_and_names_it(self) -> None:
        found = evaluate(request(), [identity(deny(resource=V2), allow(Sid="Use"))])

        assert found == Decision(
            Verdict.ALLOWED, (Decider("inline", "Use", 1, Effect.ALLOW),), direct=False
        )
        assert found.allowed
        assert found.deciding[0].place == "inline Statement[1] (Use)"

    def test_denies_what_nothing_allows(self) -> None:
        found = evaluate(request(resource=V2), [identity(allow())])

        assert found == Decision(Verdict.IMPLICIT_DENY, ())
        assert not found.allowed

    def test_denies_without_any_policy(self) -> None:
        assert evaluate(request(), []).verdict is Verdict.IMPLICIT_DENY

    def test_lets_a_deny_of_one_policy_win_over_an_allow_of_another(self) -> None:
        policies = [identity(allow(), name="ours"), identity(deny("*", "*"), name="theirs")]

        found = evaluate(request(), policies)

        assert found == Decision(Verdict.EXPLICIT_DENY, (Decider("theirs", None, 0, Effect.DENY),))
        assert found.deciding[0].place == "theirs Statement[0]"

    def test_joins_the_policies_of_the_principal(self) -> None:
        policies = [identity(allow(resource=V2), name="a"), identity(allow(), name="b")]

        assert [one.policy for one in evaluate(request(), policies).deciding] == ["b"]

    def test_wants_every_condition_of_a_statement(self) -> None:
        conditions = {
            "StringEquals": {"aws:SourceVpce": "vpce-1"},
            "ArnLike": {"aws:PrincipalArn": ROLE},
        }
        policies = [identity(allow(Condition=conditions))]

        inside = {"aws:PrincipalArn": ROLE, "aws:SourceVpce": "vpce-1"}
        assert evaluate(request(context=inside), policies).allowed
        assert not evaluate(request(context=inside | {"aws:SourceVpce": "x"}), policies).allowed
        assert not evaluate(request(context={"aws:SourceVpce": "vpce-1"}), policies).allowed

    def test_ignores_the_case_of_context_keys(self) -> None:
        policies = [identity(allow(Condition={"StringEquals": {"aws:sourcevpce": "vpce-1"}}))]

        assert evaluate(request(context={"AWS:SourceVPCE": ("vpce-1",)}), policies).allowed

    def test_takes_a_key_without_values_for_absent(self) -> None:
        policies = [identity(allow(Condition={"Null": {"aws:TagKeys": "true"}}))]

        assert evaluate(request(context={"aws:TagKeys": ()}), policies).allowed

    def test_wants_a_star_for_an_action_without_a_resource(self) -> None:
        asked = request("rekognition:DescribeProjects", "*")

        assert evaluate(asked, [identity(allow("rekognition:*", "*"))]).allowed
        assert not evaluate(asked, [identity(allow("rekognition:*", V1))]).allowed

    def test_refuses_a_trust_policy(self) -> None:
        with pytest.raises(ValueError, match="trust, of kind trust, has a Principal element"):
            evaluate(request(), [trust(trusting("*"))])


class TestNegatedElements:
    @pytest.mark.parametrize(
        ("action", "denied"),
        [(DETECT, False), (DETECT.upper(), False), ("iam:PassRole", True), ("s3:GetObject", True)],
    )
    def test_of_action_mean_every_other_action(self, action: str, *, denied: bool) -> None:
        policies = [policy(Kind.SCP, without(deny("*", "*"), NotAction="rekognition:*"))]

        found = evaluate(request(action, "*"), policies).verdict

        assert (found is Verdict.EXPLICIT_DENY) is denied

    def test_of_action_exempt_each_of_several(self) -> None:
        exempt = without(deny("*", "*"), NotAction=["s3:*", DETECT])

        assert not evaluate(request(), [policy(Kind.SCP, exempt)]).deciding

    @pytest.mark.parametrize(("resource", "denied"), [(V1, False), (V2, True), ("*", True)])
    def test_of_resource_mean_every_other_resource(self, resource: str, *, denied: bool) -> None:
        exempt = without(deny("*", "*"), NotResource=[V1, "arn:aws:s3:::b"])

        found = evaluate(request(resource=resource), [policy(Kind.IDENTITY, exempt)]).verdict

        assert (found is Verdict.EXPLICIT_DENY) is denied


class TestEvaluateResource:
    @pytest.mark.parametrize("kind", [Kind.BUCKET, Kind.KEY, Kind.ENDPOINT])
    def test_wants_principal_action_resource_and_conditions(self, kind: Kind) -> None:
        inside = {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}
        found = policy(
            kind, granting({"AWS": ROLE}, "s3:GetObject", "arn:aws:s3:::b", Condition=inside)
        )
        asked = {"principal": SESSION, "action": "s3:GetObject", "resource": "b", "org": "o-1"}

        assert resource_verdict(found, **asked) is Verdict.ALLOWED
        for change in (
            {"principal": SHOPPING},
            {"action": "s3:PutObject"},
            {"resource": "c"},
            {"org": "o-2"},
        ):
            assert resource_verdict(found, **asked | change) is Verdict.IMPLICIT_DENY

    def test_denies_everyone_by_a_resource_control_policy(self) -> None:
        found = policy(Kind.RCP, denying("*", "sts:AssumeRole", ROLE))

        assert evaluate_resource(assuming(), found).verdict is Verdict.EXPLICIT_DENY

    def test_knows_the_project_policy_of_a_copy(self) -> None:
        copy = "rekognition:CopyProjectVersion"
        found = policy(Kind.PROJECT, granting({"AWS": PROD}, copy, V1))
        asked = Request(SHOPPING, copy, V1, {"aws:PrincipalArn": STOREFRONT})

        assert evaluate_resource(asked, found).allowed

    @pytest.mark.parametrize(
        ("principal", "unlimited"),
        [
            (ROLE, False),
            (SESSION, True),
            ("*", True),
            ([ROLE, SESSION], True),
            (f"arn:aws:iam::{ML}:root", False),
        ],
    )
    def test_says_whether_a_boundary_would_limit_what_it_allows(
        self, principal: object, *, unlimited: bool
    ) -> None:
        found = policy(Kind.BUCKET, granting({"AWS": principal}))

        decision = evaluate_resource(request(), found)

        assert (decision.allowed, decision.unlimited) == (True, unlimited)

    def test_decides_by_no_principal_of_a_denied_statement(self) -> None:
        found = policy(Kind.BUCKET, granting({"AWS": PROD}), denying({"AWS": ML}))

        assert not evaluate_resource(request(), found).direct

    def test_refuses_a_federated_user(self) -> None:
        asked = request(principal=f"arn:aws:sts::{ML}:federated-user/ann")

        with pytest.raises(PolicyError, match="neither a user nor a session of a role"):
            evaluate_resource(asked, policy(Kind.BUCKET, granting()))


class TestEvaluateRefuses:
    def test_policies_of_several_kinds(self) -> None:
        with pytest.raises(ValueError, match="the kinds identity and scp do not add up"):
            evaluate(request(), [identity(allow()), policy(Kind.SCP, allow())])


class TestCovers:
    @pytest.mark.parametrize(
        ("change", "expected"),
        [
            ({}, True),
            ({"NotAction": "s3:*"}, True),
            ({"NotAction": "rekognition:*"}, False),
            ({"NotResource": V2}, True),
            ({"NotResource": V1}, False),
            ({"Resource": V1 + "${aws:username, ''}"}, False),
        ],
    )
    def test_leaves_conditions_aside(self, change: Document, *, expected: bool) -> None:
        inside = {"Bool": {"aws:SecureTransport": "true"}}
        (statement,) = identity(without(deny(Condition=inside), **change)).statements

        assert covers(statement, DETECT.upper(), V1) is expected


def without(statement: Document, **negated: object) -> Document:
    """Return a statement with elements in the place of those that they negate."""
    gone = {name.removeprefix("Not") for name in negated if name.startswith("Not")}
    return {key: value for key, value in statement.items() if key not in gone} | negated


def resource_verdict(
    found: Policy, *, principal: str, action: str, resource: str, org: str
) -> Verdict:
    context = {"aws:PrincipalArn": ROLE if principal == SESSION else STOREFRONT}
    asked = Request(
        principal, action, f"arn:aws:s3:::{resource}", context | {"aws:PrincipalOrgID": org}
    )
    return evaluate_resource(asked, found).verdict


def assuming(principal: str = SHOPPING, action: str = "sts:AssumeRole", **context: str) -> Request:
    keys = {key.replace("_", ":"): value for key, value in context.items()}
    return Request(principal, action, ROLE, {"aws:PrincipalArn": STOREFRONT} | keys)


class TestEvaluateTrust:
    @pytest.mark.parametrize(
        ("principal", "direct"),
        [
            ({"AWS": PROD}, False),
            ({"AWS": f"arn:aws:iam::{PROD}:root"}, False),
            ({"AWS": STOREFRONT}, True),
            ({"AWS": SHOPPING}, True),
            ({"AWS": [PROD, STOREFRONT]}, True),
            ("*", True),
            ({"AWS": "*"}, True),
        ],
    )
    def test_says_whether_it_trusts_the_principal_or_its_account(
        self, principal: object, *, direct: bool
    ) -> None:
        found = evaluate_resource(assuming(), trust(trusting(principal)))

        assert (found.verdict, found.direct) == (Verdict.ALLOWED, direct)

    @pytest.mark.parametrize(
        "principal",
        [
            {"AWS": ML},
            {"AWS": f"arn:aws:iam::{PROD}:role/store"},
            {"AWS": f"arn:aws:iam::{PROD}:role/storefront2"},
            {"AWS": f"arn:aws:iam::{ML}:role/storefront"},
            {"AWS": f"arn:aws:sts::{PROD}:assumed-role/storefront/other"},
            {"AWS": f"arn:aws-cn:iam::{PROD}:root"},
            {"Service": "codebuild.amazonaws.com"},
        ],
    )
    def test_does_not_trust_others(self, principal: object) -> None:
        assert not evaluate_resource(assuming(), trust(trusting(principal))).allowed

    def test_trusts_a_user_by_its_arn(self) -> None:
        user = f"arn:aws:iam::{PROD}:user/ops/ann"

        assert evaluate_resource(assuming(user), trust(trusting({"AWS": user}))).direct

    def test_trusts_a_role_with_a_path_by_its_arn(self) -> None:
        asked = assuming(SESSION, aws_PrincipalArn=ROLE)

        assert evaluate_resource(asked, trust(trusting({"AWS": ROLE}))).direct

    def test_trusts_the_root_user_as_its_account(self) -> None:
        root = f"arn:aws:iam::{PROD}:root"

        found = evaluate_resource(assuming(root), trust(trusting({"AWS": PROD})))

        assert found.allowed
        assert not found.direct

    def test_trusts_a_service_by_its_name(self) -> None:
        service = "codebuild.amazonaws.com"
        policy = trust(trusting({"Service": service}))

        assert evaluate_resource(assuming(service), policy).direct
        assert not evaluate_resource(assuming("lambda.amazonaws.com"), policy).allowed

    def test_wants_the_external_id(self) -> None:
        policy = trust(
            trusting({"AWS": PROD}, Condition={"StringEquals": {"sts:ExternalId": "tools"}})
        )

        assert evaluate_resource(assuming(sts_ExternalId="tools"), policy).allowed
        assert not evaluate_resource(assuming(sts_ExternalId="other"), policy).allowed
        assert not evaluate_resource(assuming(), policy).allowed

    def test_wants_the_action(self) -> None:
        policy = trust(trusting({"AWS": PROD}))

        assert not evaluate_resource(assuming(action="sts:TagSession"), policy).allowed

    def test_lets_an_unmet_condition_of_one_statement_leave_the_others_alone(self) -> None:
        strict = trusting({"AWS": PROD}, Condition={"StringEquals": {"sts:ExternalId": "x"}})

        assert evaluate_resource(assuming(), trust(strict, trusting({"AWS": STOREFRONT}))).allowed

    @pytest.mark.parametrize("principal", ["*", {"AWS": PROD}, {"AWS": STOREFRONT}])
    def test_lets_a_deny_win(self, principal: object) -> None:
        policy = trust(trusting({"AWS": STOREFRONT}), trusting(principal) | {"Effect": "Deny"})

        found = evaluate_resource(assuming(), policy)

        assert found == Decision(
            Verdict.EXPLICIT_DENY, (Decider("trust", None, 1, Effect.DENY),), direct=False
        )

    def test_is_not_direct_when_only_the_account_fulfils_its_conditions(self) -> None:
        strict = trusting({"AWS": STOREFRONT}, Condition={"StringEquals": {"sts:ExternalId": "x"}})

        assert not evaluate_resource(assuming(), trust(strict, trusting({"AWS": PROD}))).direct

    def test_refuses_a_session_whose_role_is_unknown(self) -> None:
        with pytest.raises(ValueError, match="needs aws:PrincipalArn"):
            evaluate_resource(Request(SHOPPING, "sts:AssumeRole", ROLE, {}), trust(trusting("*")))

    def test_refuses_an_identity_policy(self) -> None:
        with pytest.raises(ValueError, match="inline, of kind identity, has no Principal element"):
            evaluate_resource(assuming(), identity(allow()))


class TestAllowsActionOn:
    def test_lists_the_resources_of_every_allow_that_covers_the_action(self) -> None:
        policy = identity(
            allow(),
            allow("rekognition:*", [V1, "arn:aws:rekognition:*:*:*"]),
            allow("s3:*", "*"),
            deny(resource=V2),
        )

        assert allows_action_on(policy, DETECT) == (V1, "arn:aws:rekognition:*:*:*")

    def test_ignores_case_and_conditions(self) -> None:
        policy = identity(allow(Condition={"Bool": {"aws:SecureTransport": "true"}}))

        assert allows_action_on(policy, DETECT.upper()) == (V1,)
