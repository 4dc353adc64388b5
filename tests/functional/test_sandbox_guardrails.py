"""The sandbox's organisation: SCPs and RCPs are written as at AWS, and govern as at AWS."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from promote.sandbox import admin
from promote.sandbox.seed import (
    CICD,
    DATA_LAKE,
    ENDPOINT_ID,
    MANAGEMENT,
    ML,
    ORGANIZATION_ID,
    PROD_1,
    PROJECT,
    QA,
)
from promote.sandbox.settings import Settings
from promote.sandbox.world import (
    BucketSeed,
    EndpointSeed,
    ObjectSeed,
    RoleSeed,
    UserSeed,
    World,
)
from tests.functional.sandbox_worlds import (
    ADMIN_ML,
    OPERATOR,
    V1,
    V4,
    a_world,
    allow,
    deny,
    document,
    storefront,
    trust,
)

if TYPE_CHECKING:
    from promote.sandbox.server import Sandbox

SCP, RCP = "SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"
FULL_SCP, FULL_RCP = "p-FullAWSAccess", "p-RCPFullAWSAccess"
ROOT, CONSUMERS = "r-a1b2", "ou-a1b2-workloads"
CONSUMER = f"consumer/{QA}"
WIDE = f"arn:aws:iam::{ML}:role/tools-wide"
OUTSIDER = "777777777777"
IMAGE = {"Bytes": b"no image"}
STOP = {"ProjectVersionArn": V4}

HOSTING = document(
    deny(
        ["rekognition:StartProjectVersion", "rekognition:StopProjectVersion"],
        "*",
        Condition={"ArnNotEquals": {"aws:PrincipalArn": OPERATOR}},
    )
)
ONLY_OURS = document(
    {
        **deny("sts:AssumeRole", "*"),
        "Principal": "*",
        "Condition": {"StringNotEquals": {"aws:PrincipalOrgID": ORGANIZATION_ID}},
    }
)


def _world(*roles: RoleSeed, **more: Any) -> World:
    """Return a world with an access role that allows too much, and somebody from outside."""
    wide = RoleSeed(
        account=ML,
        name="tools-wide",
        trust=trust([QA, OUTSIDER]),
        inline={"too-much": document(allow("rekognition:*", "*"))},
    )
    stranger = UserSeed(
        account=OUTSIDER,
        name="visitor",
        login="outsider",
        access_key_id="AKIASANDBOXVISITOR00",
        secret_access_key="sandbox/visitor",
        inline={"any": document(allow("*", "*"))},
    )
    world = a_world(wide, *roles)
    return replace(world, users=(*world.users, stranger), **more)


@pytest.fixture(autouse=True)
def sandbox(a_sandbox: Any) -> Sandbox:
    fresh: Sandbox = a_sandbox(_world())
    return fresh


class Organization:
    """The organisation as the management account's admin writes it."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def make(self, kind: str, content: dict[str, Any] | str, name: str = "guardrail") -> str:
        text = content if isinstance(content, str) else json.dumps(content)
        made = self.client.create_policy(Name=name, Description="", Type=kind, Content=text)
        policy_id: str = made["Policy"]["PolicySummary"]["Id"]
        return policy_id

    def guard(self, kind: str, content: dict[str, Any], target: str) -> str:
        policy_id = self.make(kind, content)
        self.client.attach_policy(PolicyId=policy_id, TargetId=target)
        return policy_id

    def attached(self, target: str, kind: str = SCP) -> list[str]:
        found = self.client.list_policies_for_target(TargetId=target, Filter=kind)["Policies"]
        return [one["Id"] for one in found]


@pytest.fixture
def organization(a_client: Any) -> Organization:
    return Organization(a_client(f"admin/{MANAGEMENT}", "organizations"))


@pytest.fixture
def session(a_client: Any) -> Any:
    def assume(who: Any = CONSUMER, role: str = WIDE) -> dict[str, Any]:
        answer = a_client(who, "sts").assume_role(RoleArn=role, RoleSessionName="tests")
        credentials: dict[str, Any] = answer["Credentials"]
        return credentials

    return assume


def _error(call: Any, *positional: Any, **arguments: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(*positional, **arguments)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def _reason(call: Any, **arguments: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    response: dict[str, Any] = {**caught.value.response}
    return f"{response['Error']['Code']} {response['Reason']}"


class TestServiceControlPolicies:
    def test_one_on_the_consumers_unit_does_not_hold_a_session_of_the_ml_account(
        self, organization: Organization, session: Any, a_client: Any
    ) -> None:
        organization.guard(SCP, HOSTING, CONSUMERS)
        assert a_client(session(), "rekognition").stop_project_version(ProjectVersionArn=V1)

    def test_one_on_the_ml_account_does(
        self, organization: Organization, session: Any, a_client: Any
    ) -> None:
        rekognition = a_client(session(), "rekognition")
        guardrail = organization.guard(SCP, HOSTING, ML)
        code, text = _error(rekognition.stop_project_version, ProjectVersionArn=V1)
        assert code == "AccessDeniedException"
        assert text == (
            f"User: arn:aws:sts::{ML}:assumed-role/tools-wide/tests is not authorized to perform: "
            f"rekognition:StopProjectVersion on resource: {V1} "
            "with an explicit deny in a service control policy"
        )
        assert rekognition.describe_project_versions(ProjectArn=PROJECT.arn)
        organization.client.detach_policy(PolicyId=guardrail, TargetId=ML)
        assert rekognition.stop_project_version(ProjectVersionArn=V1)

    @pytest.mark.parametrize("target", [ROOT, "ou-a1b2-machinelearning"])
    def test_one_above_the_ml_account_does_as_well(
        self, organization: Organization, session: Any, a_client: Any, target: str
    ) -> None:
        organization.guard(SCP, HOSTING, target)
        found = _error(a_client(session(), "rekognition").stop_project_version, **STOP)
        assert found[1].endswith("with an explicit deny in a service control policy")

    def test_the_operator_is_exempt(
        self, organization: Organization, session: Any, a_client: Any
    ) -> None:
        organization.guard(SCP, HOSTING, ML)
        operator = a_client(session("promoter", OPERATOR), "rekognition")
        assert operator.stop_project_version(ProjectVersionArn=V1)

    def test_the_management_account_is_governed_by_none(
        self, organization: Organization, a_client: Any
    ) -> None:
        organization.guard(SCP, document(deny("ssm:*", "*")), ROOT)
        assert a_client(f"admin/{MANAGEMENT}", "ssm").describe_parameters()
        assert _error(a_client(ADMIN_ML, "ssm").describe_parameters)[0] == "AccessDeniedException"

    def test_each_level_must_allow(self, organization: Organization, a_client: Any) -> None:
        organization.guard(SCP, document(allow("s3:*", "*")), ML)
        organization.client.detach_policy(PolicyId=FULL_SCP, TargetId=ML)
        assert a_client(ADMIN_ML, "s3").list_buckets()
        found = _error(a_client(ADMIN_ML, "ssm").describe_parameters)
        assert found[1].endswith(
            "because no service control policy allows the ssm:DescribeParameters action"
        )

    def test_they_govern_the_account_that_assumes_a_role(
        self, organization: Organization, session: Any
    ) -> None:
        organization.guard(SCP, document(deny("sts:AssumeRole", WIDE)), CONSUMERS)
        assert "service control policy" in _error(session)[1]
        assert session("outsider")

    def test_an_account_that_moves_is_governed_where_it_is(
        self, organization: Organization, a_client: Any
    ) -> None:
        organization.guard(SCP, document(deny("ssm:*", "*")), CONSUMERS)
        move = {"SourceParentId": "ou-a1b2-machinelearning", "DestinationParentId": CONSUMERS}
        organization.client.move_account(AccountId=ML, **move)
        assert _error(a_client(ADMIN_ML, "ssm").describe_parameters)[0] == "AccessDeniedException"

    def test_a_change_takes_its_time(
        self, a_sandbox: Any, organization: Organization, a_client: Any
    ) -> None:
        ssm = a_client(ADMIN_ML, "ssm")
        sandbox = a_sandbox(_world(), settings=Settings(propagation_seconds=0.5))
        organization.guard(SCP, document(deny("ssm:*", "*")), ML)
        assert ssm.describe_parameters()
        admin.wait_settled(sandbox.endpoint)
        for _ in range(10):
            assert "service control policy" in _error(ssm.describe_parameters)[1]


class TestResourceControlPolicies:
    def test_one_on_the_ml_account_keeps_outsiders_from_its_roles(
        self, organization: Organization, session: Any
    ) -> None:
        assert session("outsider")
        organization.guard(RCP, ONLY_OURS, ML)
        code, text = _error(session, "outsider")
        assert code == "AccessDenied"
        assert text == (
            f"User: arn:aws:iam::{OUTSIDER}:user/visitor is not authorized to perform: "
            f"sts:AssumeRole on resource: {WIDE} "
            "with an explicit deny in a resource control policy"
        )
        assert session(CONSUMER)

    def test_they_do_not_reach_services_that_do_not_support_them(
        self, organization: Organization, session: Any, a_client: Any
    ) -> None:
        everything = {**deny("*", "*"), "Principal": "*"}
        mine = session()
        organization.guard(RCP, document(everything), ROOT)
        assert a_client(mine, "rekognition").stop_project_version(ProjectVersionArn=V1)
        found = _error(a_client(f"admin/{CICD}", "s3").list_objects_v2, Bucket="promote-ledger")
        assert found[1].endswith("with an explicit deny in a resource control policy")


class TestEndpointPolicies:
    def test_one_narrows_what_comes_through_its_endpoint(
        self, a_sandbox: Any, session: Any, a_client: Any
    ) -> None:
        statement = {**allow("rekognition:DetectCustomLabels", "*"), "Principal": {"AWS": WIDE}}
        endpoint = EndpointSeed(id=ENDPOINT_ID, account=PROD_1, policy=document(statement))
        running = a_sandbox(_world(endpoints=(endpoint,)))
        url, mine = running.vpc_endpoints[ENDPOINT_ID], session()
        inside = a_client(mine, "rekognition", url=url)
        detect = {"ProjectVersionArn": V1, "Image": IMAGE}
        assert _error(inside.detect_custom_labels, **detect)[0] == "InvalidImageFormatException"
        found = _error(inside.stop_project_version, **STOP)
        assert found[1].endswith(
            "because no VPC endpoint policy allows the rekognition:StopProjectVersion action"
        )
        far = a_client(ADMIN_ML, "rekognition", url=url)
        assert "no VPC endpoint policy" in _error(far.detect_custom_labels, **detect)[1]
        found = _error(a_client(mine, "rekognition").stop_project_version, **STOP)
        assert found[0] == "ResourceInUseException"

    def test_without_one_everything_passes(
        self, sandbox: Sandbox, session: Any, a_client: Any
    ) -> None:
        inside = a_client(session(), "rekognition", url=sandbox.vpc_endpoints[ENDPOINT_ID])
        assert inside.stop_project_version(ProjectVersionArn=V1)


TRAINER = f"arn:aws:iam::{ML}:role/trainer"
LAKE = "arn:aws:s3:::images"
READ = {"Bucket": "images", "Key": "a.png"}


def _lake(*statements: dict[str, Any], identity: bool = True) -> World:
    """Return a world whose data lake has a bucket with a policy, and a trainer who reads it."""
    rights = document(allow(["s3:GetObject", "s3:PutObject", "s3:PutBucketPolicy"], f"{LAKE}*"))
    trainer = RoleSeed(
        account=ML, name="trainer", trust=trust(ML), inline={"read": rights} if identity else {}
    )
    bucket = BucketSeed(
        account=DATA_LAKE,
        name="images",
        objects=(ObjectSeed.of("a.png", b"image"),),
        policy=document(*statements) if statements else None,
    )
    return _world(trainer, buckets=(bucket,))


TRUSTING = {**allow("s3:GetObject", f"{LAKE}/*"), "Principal": {"AWS": TRAINER}}


class TestBucketPolicies:
    def test_access_across_accounts_needs_both_sides(
        self, a_sandbox: Any, session: Any, a_client: Any
    ) -> None:
        def read() -> Any:
            return a_client(session(ADMIN_ML, TRAINER), "s3").get_object(**READ)["Body"].read()

        a_sandbox(_lake())
        assert _error(read)[1].endswith("no resource-based policy allows the s3:GetObject action")
        a_sandbox(_lake(TRUSTING, identity=False))
        assert _error(read)[1].endswith("no identity-based policy allows the s3:GetObject action")
        a_sandbox(_lake(TRUSTING))
        assert read() == b"image"

    def test_one_may_be_enough_within_an_account(self, a_sandbox: Any, a_client: Any) -> None:
        reader = f"arn:aws:iam::{DATA_LAKE}:role/storefront"
        near = {**allow("s3:GetObject", f"{LAKE}/*"), "Principal": {"AWS": reader}}
        world = _lake(near)
        a_sandbox(
            replace(
                world,
                roles=(*world.roles, storefront(DATA_LAKE)),
                sessions=(
                    *world.sessions,
                    replace(
                        world.sessions[0],
                        account=DATA_LAKE,
                        login="lake",
                        access_key_id="ASIASANDBOXLAKE00000",
                    ),
                ),
            )
        )
        s3 = a_client("lake", "s3")
        assert s3.get_object(**READ)["Body"].read() == b"image"
        assert "identity-based" in _error(s3.put_object, **READ, Body=b"x")[1]

    def test_an_explicit_deny_wins_with_its_conditions(
        self, a_sandbox: Any, session: Any, a_client: Any
    ) -> None:
        elsewhere = {"StringNotEquals": {"aws:PrincipalOrgID": ORGANIZATION_ID}}
        outside = {**deny("s3:*", f"{LAKE}/*", Condition=elsewhere), "Principal": "*"}
        writing = {**deny("s3:PutObject", f"{LAKE}/*"), "Principal": "*"}
        a_sandbox(_lake(TRUSTING, outside, writing))
        assert a_client(session(ADMIN_ML, TRAINER), "s3").get_object(**READ)
        owner = a_client(f"admin/{DATA_LAKE}", "s3")
        found = _error(owner.put_object, **READ, Body=b"x")
        assert found[1].endswith("with an explicit deny in a resource-based policy")

    def test_one_is_written_read_and_deleted_by_the_buckets_account(
        self, a_sandbox: Any, session: Any, a_client: Any
    ) -> None:
        a_sandbox(_lake())
        owner, text = a_client(f"admin/{DATA_LAKE}", "s3"), json.dumps(document(TRUSTING))
        assert _error(owner.get_bucket_policy, Bucket="images")[0] == "NoSuchBucketPolicy"
        owner.put_bucket_policy(Bucket="images", Policy=text)
        assert json.loads(owner.get_bucket_policy(Bucket="images")["Policy"]) == document(TRUSTING)
        reader = a_client(session(ADMIN_ML, TRAINER), "s3")
        assert reader.get_object(**READ)["Body"].read() == b"image"
        owner.delete_bucket_policy(Bucket="images")
        assert _error(reader.get_object, **READ)[0] == "AccessDenied"
        open_hand = {**allow("s3:PutBucketPolicy", LAKE), "Principal": {"AWS": TRAINER}}
        owner.put_bucket_policy(Bucket="images", Policy=json.dumps(document(open_hand)))
        found = _error(reader.put_bucket_policy, Bucket="images", Policy=text)
        assert found[0] == "MethodNotAllowed"

    @pytest.mark.parametrize(
        ("statement", "code", "text"),
        [
            ({"Resource": "arn:aws:s3:::other/*"}, "MalformedPolicy", "invalid resource"),
            ({"Principal": {"AWS": f"{TRAINER}s"}}, "MalformedPolicy", "Invalid principal"),
            ({"NotPrincipal": "*"}, "MalformedPolicy", "NotPrincipal"),
            ({"Resource": [f"{LAKE}/{n:0>100}" for n in range(200)]}, "PolicyTooLarge", "exceeds"),
        ],
    )
    def test_a_document_that_s3_would_not_store_is_refused(
        self, a_sandbox: Any, a_client: Any, statement: dict[str, Any], code: str, text: str
    ) -> None:
        a_sandbox(_lake())
        policy = json.dumps(document({**TRUSTING, **statement}))
        put = a_client(f"admin/{DATA_LAKE}", "s3").put_bucket_policy
        found = _error(put, Bucket="images", Policy=policy)
        assert found[0] == code
        assert text in found[1]


class TestWritingGuardrails:
    def test_every_organisation_begins_with_full_access(self, organization: Organization) -> None:
        assert {organization.attached(t)[0] for t in (ROOT, CONSUMERS, ML)} == {FULL_SCP}
        assert {organization.attached(t, RCP)[0] for t in (ROOT, CONSUMERS, ML)} == {FULL_RCP}
        made = organization.client.create_organizational_unit(ParentId=ROOT, Name="New")
        unit = made["OrganizationalUnit"]["Id"]
        assert organization.attached(unit) == [FULL_SCP]
        described = organization.client.describe_policy(PolicyId=FULL_RCP)["Policy"]
        assert described["PolicySummary"]["Arn"] == (
            f"arn:aws:organizations::aws:policy/resource_control_policy/{FULL_RCP}"
        )

    def test_a_guardrail_is_updated_and_deleted(
        self, organization: Organization, a_client: Any
    ) -> None:
        client, ssm = organization.client, a_client(ADMIN_ML, "ssm")
        guardrail = organization.guard(SCP, document(deny("ssm:*", "*")), ML)
        assert _error(ssm.describe_parameters)
        client.update_policy(PolicyId=guardrail, Content=json.dumps(document(deny("s3:*", "*"))))
        assert ssm.describe_parameters()
        targets = client.list_targets_for_policy(PolicyId=guardrail)["Targets"]
        assert [(one["TargetId"], one["Type"]) for one in targets] == [(ML, "ACCOUNT")]
        assert _error(client.delete_policy, PolicyId=guardrail)[0] == "PolicyInUseException"
        client.detach_policy(PolicyId=guardrail, TargetId=ML)
        client.delete_policy(PolicyId=guardrail)
        found = _error(client.describe_policy, PolicyId=guardrail)
        assert found[0] == "PolicyNotFoundException"

    def test_only_the_management_account_writes_and_only_with_the_right(
        self, a_sandbox: Any, session: Any, a_client: Any
    ) -> None:
        only_scps = {"StringEquals": {"organizations:PolicyType": SCP}}
        arn = f"arn:aws:organizations::{MANAGEMENT}"
        keeper = RoleSeed(
            account=MANAGEMENT,
            name="promote-guardrails",
            trust=trust(f"arn:aws:iam::{CICD}:user/promoter"),
            inline={
                "write": document(
                    allow("organizations:CreatePolicy", "*", Condition=only_scps),
                    allow(
                        "organizations:AttachPolicy",
                        [f"{arn}:policy/*", f"{arn}:ou/{ORGANIZATION_ID}/{CONSUMERS}"],
                    ),
                )
            },
        )
        a_sandbox(_world(keeper))
        role = f"arn:aws:iam::{MANAGEMENT}:role/promote-guardrails"
        keeping = Organization(a_client(session("promoter", role), "organizations"))
        guardrail = keeping.guard(SCP, HOSTING, CONSUMERS)
        found = _error(keeping.client.attach_policy, PolicyId=guardrail, TargetId=ML)
        assert f"on resource: {arn}:account/{ORGANIZATION_ID}/{ML} because" in found[1]
        assert _error(keeping.make, RCP, ONLY_OURS, "other")[0] == "AccessDeniedException"
        member = Organization(a_client(ADMIN_ML, "organizations"))
        assert _error(member.make, SCP, HOSTING)[0] == "AccessDeniedException"

    def test_a_name_and_an_attachment_are_there_once(self, organization: Organization) -> None:
        guardrail = organization.guard(SCP, HOSTING, ML)
        assert _error(organization.make, SCP, HOSTING)[0] == "DuplicatePolicyException"
        attach = organization.client.attach_policy
        found = _error(attach, PolicyId=guardrail, TargetId=ML)
        assert found[0] == "DuplicatePolicyAttachmentException"
        other = organization.make(SCP, HOSTING, "other")
        rename = organization.client.update_policy
        assert _error(rename, PolicyId=other, Name="guardrail")[0] == "DuplicatePolicyException"

    @pytest.mark.parametrize(("kind", "own"), [(SCP, 9), (RCP, 4)])
    def test_a_target_takes_so_many(self, organization: Organization, kind: str, own: int) -> None:
        content = HOSTING if kind == SCP else ONLY_OURS
        made = [organization.make(kind, content, f"guardrail-{n}") for n in range(own + 1)]
        attach = organization.client.attach_policy
        for policy_id in made[:own]:
            attach(PolicyId=policy_id, TargetId=ML)
        assert _error(attach, PolicyId=made[own], TargetId=ML) == (
            "ConstraintViolationException",
            "You have attached the maximum number of policies to the specified target.",
        )
        assert _reason(attach, PolicyId=made[own], TargetId=ML).endswith(
            " MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED"
        )

    def test_awss_own_policies_stay(self, organization: Organization) -> None:
        client = organization.client
        detach, update = client.detach_policy, client.update_policy
        found = _reason(detach, PolicyId=FULL_SCP, TargetId=ML)
        assert found == ("ConstraintViolationException MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED")
        found = _reason(detach, PolicyId=FULL_RCP, TargetId=ML)
        assert found == "InvalidInputException NON_DETACHABLE_POLICY"
        found = _reason(update, PolicyId=FULL_SCP, Name="mine")
        assert found == "InvalidInputException IMMUTABLE_POLICY"

    @pytest.mark.parametrize(
        ("kind", "content"),
        [
            (SCP, "{"),
            (SCP, document({**deny("s3:*", "*"), "Principal": "*"})),
            (RCP, document({**allow("s3:*", "*"), "Principal": "*"})),
            (RCP, document(deny("s3:*", "*"))),
        ],
    )
    def test_a_malformed_document_is_refused(
        self, organization: Organization, kind: str, content: Any
    ) -> None:
        code, text = _error(organization.make, kind, content)
        assert code == "MalformedPolicyDocumentException"
        assert text.startswith("The provided policy document does not meet the requirements of the")

    @pytest.mark.parametrize(("kind", "most"), [(SCP, 10_240), (RCP, 5_120)])
    def test_every_character_of_a_document_counts(
        self, organization: Organization, kind: str, most: int
    ) -> None:
        text = json.dumps(HOSTING if kind == SCP else ONLY_OURS)
        organization.make(kind, text.ljust(most))
        found = _error(organization.make, kind, text.ljust(most + 1), "longer")
        assert found == (
            "ConstraintViolationException",
            "You have exceeded the maximum policy size.",
        )

    def test_a_type_that_is_disabled_governs_nobody_and_begins_anew(
        self, organization: Organization, a_client: Any
    ) -> None:
        client, ssm = organization.client, a_client(ADMIN_ML, "ssm")
        guardrail = organization.guard(SCP, document(deny("ssm:*", "*")), ML)
        client.disable_policy_type(RootId=ROOT, PolicyType=SCP)
        assert ssm.describe_parameters()
        attach = {"PolicyId": guardrail, "TargetId": ML}
        assert _error(client.attach_policy, **attach)[0] == "PolicyTypeNotEnabledException"
        client.enable_policy_type(RootId=ROOT, PolicyType=SCP)
        assert organization.attached(ML) == [FULL_SCP]

    def test_what_is_not_there_is_told(self, organization: Organization) -> None:
        client, nobody = organization.client, {"TargetId": "123412341234"}
        for call, arguments in (
            (client.attach_policy, {"PolicyId": FULL_SCP, **nobody}),
            (client.list_policies_for_target, {"Filter": SCP, **nobody}),
        ):
            assert _error(call, **arguments)[0] == "TargetNotFoundException"
        unknown = {"PolicyId": "p-unknown00"}
        for call in (client.detach_policy, client.attach_policy):
            assert _error(call, **unknown, TargetId=ML)[0] == "PolicyNotFoundException"
        found = _error(client.detach_policy, PolicyId=organization.make(SCP, HOSTING), TargetId=ML)
        assert found[0] == "PolicyNotAttachedException"
        wrong = {"PolicyId": "guardrail", "TargetId": ML}
        assert _error(client.attach_policy, **wrong)[0] == "InvalidInputException"

    @pytest.mark.parametrize(
        ("fault", "code"),
        [("throttle", "TooManyRequestsException"), ("conflict", "ConcurrentModificationException")],
    )
    def test_a_write_can_be_spoilt_in_its_own_words(
        self, sandbox: Sandbox, organization: Organization, fault: str, code: str
    ) -> None:
        admin.inject(sandbox.endpoint, "organizations:CreatePolicy", fault)
        assert _error(organization.make, SCP, HOSTING)[0] == code
        assert organization.make(SCP, HOSTING)

    def test_of_many_writers_nobody_breaks_a_limit(
        self, organization: Organization, many_threads: ThreadPoolExecutor
    ) -> None:
        together = Barrier(WRITERS)

        def ended(call: Any, *arguments: Any) -> str:
            together.wait()
            try:
                call(*arguments)
            except ClientError as error:
                return str(error.response["Error"]["Code"])
            return "ok"

        make, attach = organization.make, organization.client.attach_policy
        found = list(many_threads.map(lambda _: ended(make, SCP, HOSTING), range(WRITERS)))
        assert Counter(found) == {"ok": 1, "DuplicatePolicyException": WRITERS - 1}
        made = [make(SCP, HOSTING, f"guardrail-{number}") for number in range(WRITERS)]
        write = [lambda one=one: attach(PolicyId=one, TargetId=ML) for one in made]
        found = list(many_threads.map(ended, write))
        assert Counter(found) == {"ok": 9, "ConstraintViolationException": WRITERS - 9}
        assert len(organization.attached(ML)) == 10


WRITERS = 12


@pytest.fixture
def many_threads() -> Iterator[ThreadPoolExecutor]:
    """Run threads that take turns as often as they can, also those of the sandbox itself."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    with ThreadPoolExecutor(WRITERS) as pool:
        yield pool
    sys.setswitchinterval(interval)
