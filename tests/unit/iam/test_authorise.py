from __future__ import annotations

import pytest

from promote.errors import PolicyError
from promote.iam.authorise import Authorisation, Governing, Layer, authorise
from promote.iam.document import Effect, Kind, Policy
from promote.iam.evaluate import Decider, Decision, Verdict
from tests.unit.iam.documents import (
    DETECT,
    ML,
    PROD,
    ROLE,
    SESSION,
    V1,
    V2,
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

SERVICE = "codebuild.amazonaws.com"
FULL = policy(Kind.SCP, allow("*", "*"), name="full")
USE = identity(allow(Sid="Use"))


def decided(
    governing: Governing, *, owner: str | None = ML, principal: str = SESSION, action: str = DETECT
) -> Authorisation:
    return authorise(request(action, V1, principal), governing, owner=owner)


def said(found: Authorisation) -> dict[Layer, Verdict]:
    return {layer: decision.verdict for layer, decision in found.layers}


class TestAuthorise:
    def test_names_the_statements_that_allowed(self) -> None:
        found = decided(Governing(identity=(USE,)))

        assert found.allowed
        assert found.layer is Layer.IDENTITY
        assert found.deciding == (Decider("inline", "Use", 0, Effect.ALLOW),)

    def test_names_the_statements_that_denied(self) -> None:
        found = decided(Governing(identity=(USE,), boundary=(policy(Kind.BOUNDARY, deny()),)))

        assert (found.verdict, found.layer) == (Verdict.EXPLICIT_DENY, Layer.BOUNDARY)
        assert [one.policy for one in found.deciding] == ["boundary"]

    def test_names_no_statement_of_an_implicit_deny(self) -> None:
        other = policy(Kind.SESSION, allow(resource=V2))

        found = decided(Governing(identity=(USE,), session=(other,)))

        assert (found.verdict, found.layer) == (Verdict.IMPLICIT_DENY, Layer.SESSION)
        assert found.deciding == ()

    def test_shows_what_each_layer_that_applies_says(self) -> None:
        governing = Governing(
            identity=(USE,),
            boundary=(policy(Kind.BOUNDARY, allow()),),
            session=(policy(Kind.SESSION, allow(resource=V2)),),
            resource=policy(Kind.BUCKET, granting({"AWS": PROD})),
            scp=((FULL,),),
            rcp=((policy(Kind.RCP, granting()),),),
            endpoint=policy(Kind.ENDPOINT, denying()),
        )

        assert said(decided(governing)) == {
            Layer.SCP: Verdict.ALLOWED,
            Layer.RCP: Verdict.ALLOWED,
            Layer.ENDPOINT: Verdict.EXPLICIT_DENY,
            Layer.RESOURCE: Verdict.IMPLICIT_DENY,
            Layer.BOUNDARY: Verdict.ALLOWED,
            Layer.SESSION: Verdict.IMPLICIT_DENY,
            Layer.IDENTITY: Verdict.ALLOWED,
        }
        assert list(said(decided(governing))) == list(Layer)

    def test_shows_no_layer_that_does_not_apply(self) -> None:
        assert list(said(decided(Governing()))) == [Layer.IDENTITY]

    def test_takes_no_policies_for_an_implicit_deny_and_none_for_no_limit(self) -> None:
        assert decided(Governing(identity=(USE,), boundary=None)).allowed
        assert decided(Governing(identity=(USE,), boundary=())).layer is Layer.BOUNDARY
        assert decided(Governing(identity=(USE,), scp=((FULL,), ()))).layer is Layer.SCP

    def test_reports_the_first_of_several_denials(self) -> None:
        everywhere = Governing(
            identity=(identity(deny()),),
            resource=policy(Kind.BUCKET, denying()),
            scp=((FULL, policy(Kind.SCP, deny(), name="guard")),),
        )

        assert decided(everywhere).layer is Layer.SCP

    def test_reports_an_explicit_deny_before_an_implicit_one(self) -> None:
        found = decided(Governing(identity=(identity(deny()),), scp=((),)))

        assert (found.verdict, found.layer) == (Verdict.EXPLICIT_DENY, Layer.IDENTITY)

    def test_names_the_statements_of_every_level(self) -> None:
        levels = (
            (policy(Kind.SCP, allow(), name="root"),),
            (policy(Kind.SCP, allow(), name="ou"),),
        )

        (layer, found), _ = decided(Governing(identity=(USE,), scp=levels)).layers

        assert layer is Layer.SCP
        assert [one.policy for one in found.deciding] == ["root", "ou"]

    def test_names_every_level_that_denies(self) -> None:
        guards = tuple((policy(Kind.SCP, deny(), name=name),) for name in ("root", "ou"))

        found = decided(Governing(identity=(USE,), scp=(*guards, (FULL,))))

        assert [one.policy for one in found.deciding] == ["root", "ou"]

    def test_needs_no_account_of_a_resource_that_has_none(self) -> None:
        assert decided(Governing(identity=(USE,)), owner=None).allowed

    def test_wants_the_role_of_a_session(self) -> None:
        with pytest.raises(ValueError, match="needs aws:PrincipalArn"):
            authorise(request(context={}), Governing(identity=(USE,)), owner=ML)

    def test_does_not_guess(self) -> None:
        doubtful = identity(deny(resource=V1 + "${aws:username}"), allow())

        with pytest.raises(PolicyError, match="Request cannot be decided"):
            decided(Governing(identity=(doubtful,)))

    @pytest.mark.parametrize(
        "governing",
        [
            Governing(identity=(trust(trusting("*")),)),
            Governing(scp=((policy(Kind.RCP, granting()),),)),
            Governing(rcp=((FULL,),)),
            Governing(resource=USE),
            Governing(endpoint=FULL),
        ],
    )
    def test_refuses_a_policy_in_a_layer_where_it_cannot_be(self, governing: Governing) -> None:
        with pytest.raises(ValueError, match="Principal element to decide by"):
            decided(governing)


class TestAuthoriseAcrossAccounts:
    def test_shows_that_the_resource_has_no_policy(self) -> None:
        found = decided(Governing(identity=(USE,)), owner=PROD)

        assert (found.verdict, found.layer) == (Verdict.IMPLICIT_DENY, Layer.RESOURCE)
        assert (Layer.RESOURCE, Decision(Verdict.IMPLICIT_DENY, ())) in found.layers

    def test_takes_the_grant_to_the_very_session_as_one_side_only(self) -> None:
        grant = policy(Kind.BUCKET, granting({"AWS": SESSION}))

        assert decided(Governing(resource=grant)).allowed
        assert decided(Governing(resource=grant), owner=PROD).layer is Layer.IDENTITY

    def test_lets_a_trust_policy_name_the_account(self) -> None:
        governing = Governing(
            identity=(identity(allow("sts:AssumeRole", "*")),),
            resource=trust(trusting({"AWS": ML})),
        )

        found = decided(governing, owner=PROD, action="sts:AssumeRole")

        assert (found.verdict, found.layer) == (Verdict.ALLOWED, Layer.RESOURCE)

    def test_lets_the_root_user_pass_its_own_side(self) -> None:
        root = f"arn:aws:iam::{ML}:root"
        grant = policy(Kind.BUCKET, granting({"AWS": ML}))

        assert decided(Governing(resource=grant), owner=PROD, principal=root).allowed
        assert not decided(Governing(), owner=PROD, principal=root).allowed


class TestAuthoriseServices:
    trusted = trust(trusting({"Service": SERVICE}))

    def assuming(self, governing: Governing) -> Authorisation:
        return decided(governing, principal=SERVICE, action="sts:AssumeRole")

    def test_lets_the_resource_decide_alone(self) -> None:
        found = self.assuming(Governing(resource=self.trusted))

        assert (found.verdict, found.layer) == (Verdict.ALLOWED, Layer.RESOURCE)
        assert list(said(found)) == [Layer.RESOURCE]

    @pytest.mark.parametrize("resource", [None, trust(trusting({"AWS": ML}))])
    def test_denies_what_no_resource_grants(self, resource: Policy | None) -> None:
        found = self.assuming(Governing(resource=resource))

        assert (found.verdict, found.layer) == (Verdict.IMPLICIT_DENY, Layer.RESOURCE)

    def test_applies_resource_control_policies(self) -> None:
        guard = policy(Kind.RCP, denying("*", "sts:AssumeRole"))

        found = self.assuming(Governing(resource=self.trusted, rcp=((guard,),)))

        assert found.layer is Layer.RCP


class TestTheLayerOfAnAllow:
    def test_is_the_resource_where_the_identity_does_not_allow(self) -> None:
        grant = policy(Kind.BUCKET, granting({"AWS": ROLE}))

        assert decided(Governing(resource=grant)).layer is Layer.RESOURCE
        assert decided(Governing(resource=grant, identity=(USE,))).layer is Layer.IDENTITY

    def test_is_the_resource_where_a_limit_would_have_denied(self) -> None:
        governing = Governing(
            identity=(USE,),
            boundary=(policy(Kind.BOUNDARY, allow(resource=V2)),),
            resource=policy(Kind.BUCKET, granting("*")),
        )

        assert decided(governing).layer is Layer.RESOURCE
