from __future__ import annotations

from collections.abc import Sequence

from promote.core.guardrails.organization import (
    AWS_OWN,
    ControlPolicy,
    ControlType,
    OrganizationState,
)
from promote.core.policies.explain import Explanation, Known, explain
from promote.core.policies.governing import Place
from promote.errors import AccessDeniedError
from promote.iam.document import Kind, parse
from promote.iam.evaluate import Request
from promote.workflow.live import Live, LiveReader, Survey
from tests.builders import ML, QA, a_grant, a_trust, version_arn
from tests.fake_world import FakeWorld

QA_ROLE = f"arn:aws:iam::{ML}:role/tools-qa"
CONSUMER = f"arn:aws:iam::{QA}:role/storefront"
ASSUME = Request(CONSUMER, "sts:AssumeRole", QA_ROLE, {})
DETECT = Request(QA_ROLE, "rekognition:DetectCustomLabels", version_arn("v1"), {})
NEVER = {"Effect": "Deny", "Action": "*", "Resource": "*"}
DENY = '{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}'


def rendered(kind: str, where: str, attached_to: str) -> Known:
    place = Place(template=kind, kind=Kind.IDENTITY, attached_to=attached_to)
    policy = parse(a_grant("v1"), kind=Kind.IDENTITY, name=f"{kind} of {where}")
    return Known(place=place, source="rendered", policy=policy)


def live(
    fake: FakeWorld, request: Request, *documents: Known, survey: Survey | None = None
) -> Live:
    reader = LiveReader(fake.ports(), fake.topology, request, request.principal, survey)
    return reader.replace(documents)


def an_organization(accounts: Sequence[str]) -> OrganizationState:
    """Return an organisation whose root denies everything to its accounts."""
    ours = ControlPolicy(id="p-1", name="nothing", type=ControlType.SCP, content=DENY)
    allow = AWS_OWN[ControlType.SCP]
    return OrganizationState(
        id="o-a1b2c3d4e5",
        management="999999999999",
        root="r-1",
        enabled=frozenset({ControlType.SCP}),
        parents=dict.fromkeys(accounts, "r-1"),
        policies={"p-1": ours, allow.id: allow},
        attached={"r-1": frozenset({"p-1", allow.id}), ML: frozenset({allow.id})},
    )


def denied(_: Sequence[str]) -> OrganizationState:
    raise AccessDeniedError("Access denied", "The role may not.")


def answered(fake: FakeWorld, request: Request, *, survey: Survey | None = None) -> Explanation:
    found = live(fake, request, survey=survey)
    return explain(
        request,
        found.documents,
        fake.topology,
        implied={},
        notes=found.notes,
        unreadable=found.unreadable,
        unread_controls=found.unread_controls,
    )


class TestLivePolicies:
    def test_take_the_place_of_what_was_rendered_for_the_access_role(self, fake: FakeWorld) -> None:
        found = live(fake, DETECT, rendered("access-role", "tools-qa", QA_ROLE))
        assert [each.source for each in found.documents] == ["live"]
        assert found.documents[0].policy.name == "promote-tools of tools-qa"

    def test_leave_what_was_rendered_for_others_and_say_so(self, fake: FakeWorld) -> None:
        (target,) = (target for target in fake.targets if target.account == QA)
        fake.roles[QA_ROLE].trust = a_trust(target)
        found = live(fake, ASSUME, rendered("consumer", "storefront", CONSUMER))
        assert [each.source for each in found.documents] == ["live", "rendered"]
        assert found.documents[0].place.kind is Kind.TRUST
        assert "Rendered, not live: the consumer of storefront." in found.notes

    def test_outside_what_we_read_are_named(self, fake: FakeWorld) -> None:
        found = live(fake, ASSUME)  # The world's roles have an empty trust policy.
        assert found.documents == ()
        assert found.unreadable[0].startswith("A live policy cannot be read: In trust policy of ")

    def test_of_a_role_that_does_not_exist_are_missed(self, fresh: FakeWorld) -> None:
        del fresh.roles[QA_ROLE]
        found = live(fresh, DETECT, rendered("access-role", "tools-qa", QA_ROLE))
        assert found.documents == ()
        assert f"The access role {QA_ROLE} does not exist." in found.notes

    def test_are_read_once_and_as_the_reader(self, fake: FakeWorld) -> None:
        live(fake, DETECT)
        (call,) = fake.calls
        assert (call.operation, call.resource) == ("iam.read", QA_ROLE)
        assert call.role is not None
        assert call.role.endswith(":role/promote-reader")


class TestTheOrganisation:
    def test_is_a_level_for_each_place_that_has_policies(self, fake: FakeWorld) -> None:
        found = live(fake, DETECT, survey=an_organization)
        controls = [each for each in found.documents if each.place.kind is Kind.SCP]
        assert [(each.place.attached_to, each.place.template) for each in controls] == [
            ("r-1", "SCP FullAWSAccess"),
            ("r-1", "SCP nothing"),
            (ML, "SCP FullAWSAccess"),
        ]

    def test_says_who_belongs_to_it(self, fake: FakeWorld) -> None:
        found = live(fake, DETECT, survey=an_organization)
        assert found.organization == {
            "aws:PrincipalOrgID": "o-a1b2c3d4e5",
            "aws:PrincipalOrgPaths": "o-a1b2c3d4e5/r-1/",
            "aws:ResourceOrgID": "o-a1b2c3d4e5",
            "aws:ResourceOrgPaths": "o-a1b2c3d4e5/r-1/",
        }
        assert live(fake, DETECT).organization is None

    def test_that_cannot_be_read_leaves_no_request_allowed(self, fake: FakeWorld) -> None:
        found = live(fake, DETECT, survey=denied)
        assert len(found.documents) == 1
        assert found.unread_controls == (
            "The organisation's policies could not be read: Access denied: The role may not.",
        )
        allowed = answered(fake, DETECT, survey=denied)
        assert (allowed.verdict, allowed.layer) == ("cannot be decided", None)
        assert found.unread_controls[0] in allowed.notes
        assert answered(fake, DETECT).allowed  # nobody was named who may read it: only a note

    def test_that_cannot_be_read_leaves_what_is_denied_without_it(self, fresh: FakeWorld) -> None:
        assert answered(fresh, DETECT, survey=denied).verdict == "implicit deny"
        fresh.write_policy(QA_ROLE, {"Version": "2012-10-17", "Statement": [NEVER]})
        assert answered(fresh, DETECT, survey=denied).verdict == "explicit deny"

    def test_that_cannot_be_read_is_not_taken_to_be_what_was_rendered(
        self, fake: FakeWorld
    ) -> None:
        place = Place(template="scp", kind=Kind.SCP, attached_to="organization")
        ours = Known(place=place, source="rendered", policy=parse(DENY, kind=Kind.SCP, name="scp"))
        assert ours in live(fake, DETECT, ours).documents
        assert ours not in live(fake, DETECT, ours, survey=denied).documents

    def test_that_nobody_may_read_is_said(self, fake: FakeWorld) -> None:
        assert "promote.yaml has no guardrails" in " ".join(live(fake, DETECT).notes)
