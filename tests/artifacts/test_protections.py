"""The documents that protect the models, by requests: who passes each of them, and who not."""

from __future__ import annotations

from functools import cache

import pytest

from promote.core.policies.documents import WantedDocument, wanted_documents
from promote.core.topology import Topology
from promote.iam.authorise import Authorisation, Governing, Layer, authorise
from promote.iam.document import Kind, Policy, parse
from promote.iam.evaluate import Request, Verdict
from promote.templates import KINDS, render
from tests.builders import (
    DATA_LAKE,
    GUARDRAILS,
    LAKE,
    MANAGEMENT,
    ML,
    PROJECT_ARN,
    PROMOTER,
    QA,
    a_model,
    a_topology,
    prod,
    qa,
    version_arn,
)

ORGANIZATION = "o-a1b2c3d4e5"
ENDPOINT = "vpce-0a1b2c3d4e5f60718"
TOPOLOGY = a_topology(
    qa(vpc_endpoints=(ENDPOINT,)),
    prod(),
    models=(a_model(), a_model(name="parts", project="spares")),
    organization=ORGANIZATION,
    data_lake=DATA_LAKE,
    guardrails=GUARDRAILS,
)
DETECT = "rekognition:DetectCustomLabels"
ACCESS, PARTS = f"arn:aws:iam::{ML}:role/tools-qa", f"arn:aws:iam::{ML}:role/parts-qa"
OPERATOR = f"arn:aws:iam::{ML}:role/promote-operator-qa"
TRAINER = DATA_LAKE.trainers[0]
STOREFRONT = f"arn:aws:iam::{QA}:role/storefront"
STRANGER = "arn:aws:iam::888888888888:role/stranger"
BUCKET = f"arn:aws:s3:::{DATA_LAKE.bucket}"
IMAGE = f"{BUCKET}/images/hammer.png"
V2 = version_arn("v2")


def everything(kind: Kind) -> Policy:
    """Return the policy of a kind that allows everything, as AWS attaches it to start with."""
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    more = {"Principal": "*"} if kind in {Kind.RCP, Kind.ENDPOINT} else {}
    document = {"Version": "2012-10-17", "Statement": [{**statement, **more}]}
    return parse(document, kind=kind, name="everything")


ADMIN = (everything(Kind.IDENTITY),)


@cache
def documents(topology: Topology = TOPOLOGY) -> tuple[WantedDocument, ...]:
    """List every document, for a version and a promoter."""
    return wanted_documents(topology, versions=[V2], trusted=[PROMOTER])


@cache
def policy(kind: str, attached_to: str = "") -> Policy:
    """Render the document of a kind whose place ends so."""
    (found,) = [d for d in documents() if d.kind == kind and d.attached_to.endswith(attached_to)]
    return parse(render(kind, found.context), kind=KINDS[kind], name=kind)


def asked(
    role: str,
    action: str,
    resource: str,
    governing: Governing,
    *,
    owner: str | None = ML,
    organization: str | None = ORGANIZATION,
    **context: str,
) -> Authorisation:
    """Decide a request of a session of a role."""
    account, name = role.split(":")[4], role.rpartition("/")[2]
    keys = {"aws:PrincipalArn": role, "aws:PrincipalAccount": account}
    keys |= {"aws:PrincipalIsAWSService": "false"}
    keys |= {} if organization is None else {"aws:PrincipalOrgID": organization}
    keys |= {key.replace("__", ":").replace("_", "-"): value for key, value in context.items()}
    session = f"arn:aws:sts::{account}:assumed-role/{name}/test"
    return authorise(Request(session, action, resource, keys), governing, owner=owner)


def allowed(found: Authorisation) -> bool:
    """Say whether a request may go on."""
    return found.verdict is Verdict.ALLOWED


class TestBoundary:
    BOUNDED = Governing(identity=ADMIN, boundary=(policy("boundary", "tools-qa"),))

    def test_an_access_role_that_may_do_everything_may_only_detect(self) -> None:
        inside = {"aws__SourceVpce": ENDPOINT}
        assert allowed(asked(ACCESS, DETECT, V2, self.BOUNDED, **inside))
        for action in ("rekognition:StopProjectVersion", "rekognition:CopyProjectVersion"):
            found = asked(ACCESS, action, V2, self.BOUNDED, **inside)
            assert (found.verdict, found.layer) == (Verdict.IMPLICIT_DENY, Layer.BOUNDARY)

    def test_neither_from_outside_its_endpoints_nor_with_another_project(self) -> None:
        assert not allowed(asked(ACCESS, DETECT, V2, self.BOUNDED))
        other = version_arn("v2", project="tools-detector-2")
        assert not allowed(asked(ACCESS, DETECT, other, self.BOUNDED, aws__SourceVpce=ENDPOINT))


class TestDataLakeBucket:
    def by_service(self, action: str, resource: str, **context: str) -> bool:
        ours = {"aws:SourceAccount": ML, "aws:SourceArn": PROJECT_ARN}
        ours |= {key.replace("__", ":").replace("_", "-"): each for key, each in context.items()}
        request = Request("rekognition.amazonaws.com", action, resource, ours)
        governing = Governing(resource=policy("data-lake-bucket"))
        return allowed(authorise(request, governing, owner=LAKE))

    @pytest.mark.parametrize(
        ("action", "resource"),
        [
            ("s3:GetBucketAcl", BUCKET),
            ("s3:GetBucketLocation", BUCKET),
            ("s3:GetObject", IMAGE),
            ("s3:GetObjectAcl", IMAGE),
            ("s3:GetObjectVersion", IMAGE),
            ("s3:GetObjectTagging", IMAGE),
        ],
    )
    def test_the_service_reads_for_our_projects_only(self, action: str, resource: str) -> None:
        assert self.by_service(action, resource)
        assert self.by_service(action, resource, aws__SourceArn=V2)
        other = PROJECT_ARN.replace("tools-detector", "tools-detector-2")
        assert not self.by_service(action, resource, aws__SourceArn=other)
        assert not self.by_service(action, resource, aws__SourceAccount="888888888888")
        assert not self.by_service(action, resource.replace("tools", "other"))

    def test_the_service_writes_what_the_owner_of_the_bucket_owns(self) -> None:
        assert not self.by_service("s3:PutObject", IMAGE)
        owned = {"s3__x_amz_acl": "bucket-owner-full-control"}
        assert self.by_service("s3:PutObject", IMAGE, **owned)
        assert not self.by_service("s3:DeleteObject", IMAGE, **owned)

    def test_whoever_trains_reads_and_writes_if_its_own_policies_say_so_too(self) -> None:
        both = Governing(identity=ADMIN, resource=policy("data-lake-bucket"))
        only = Governing(resource=policy("data-lake-bucket"))
        owned = {"s3__x_amz_acl": "bucket-owner-full-control"}
        for action, resource in (
            ("s3:ListBucket", BUCKET),
            ("s3:GetObject", IMAGE),
            ("s3:PutObject", IMAGE),
        ):
            assert allowed(asked(TRAINER, action, resource, both, owner=LAKE, **owned))
            assert not allowed(asked(TRAINER, action, resource, only, owner=LAKE, **owned))
        assert not allowed(asked(TRAINER, "s3:PutObject", IMAGE, both, owner=LAKE))
        assert not allowed(asked(TRAINER, "s3:DeleteObject", IMAGE, both, owner=LAKE, **owned))

    @pytest.mark.parametrize("role", [ACCESS, OPERATOR, STOREFRONT, STRANGER])
    def test_nobody_else_reads(self, role: str) -> None:
        both = Governing(identity=ADMIN, resource=policy("data-lake-bucket"))
        assert not allowed(asked(role, "s3:GetObject", IMAGE, both, owner=LAKE))

    def test_a_trainer_that_left_the_organisation_reads_no_more(self) -> None:
        both = Governing(identity=ADMIN, resource=policy("data-lake-bucket"))
        found = asked(TRAINER, "s3:GetObject", IMAGE, both, owner=LAKE, organization=None)
        assert not allowed(found)


class TestDataLakeKey:
    KEY = str(DATA_LAKE.kms_key)

    def decrypts(self, role: str, **context: str) -> bool:
        both = Governing(identity=ADMIN, resource=policy("data-lake-key"))
        return allowed(asked(role, "kms:Decrypt", self.KEY, both, owner=LAKE, **context))

    def test_whoever_trains_decrypts_by_way_of_s3_only(self) -> None:
        assert self.decrypts(TRAINER, kms__ViaService="s3.us-east-1.amazonaws.com")
        assert not self.decrypts(TRAINER, kms__ViaService="secretsmanager.us-east-1.amazonaws.com")
        assert not self.decrypts(TRAINER)
        assert not self.decrypts(ACCESS, kms__ViaService="s3.us-east-1.amazonaws.com")

    def test_nobody_manages_the_key_by_it(self) -> None:
        both = Governing(identity=ADMIN, resource=policy("data-lake-key"))
        through = {"kms__ViaService": "s3.us-east-1.amazonaws.com"}
        for action in ("kms:PutKeyPolicy", "kms:CreateGrant", "kms:ScheduleKeyDeletion"):
            assert not allowed(asked(TRAINER, action, self.KEY, both, owner=LAKE, **through))


class TestProjectPolicy:
    COPY = "rekognition:CopyProjectVersion"
    COPIER = "arn:aws:iam::111111111111:role/release"

    def copies(self, role: str, version: str) -> bool:
        both = Governing(identity=ADMIN, resource=policy("project-policy"))
        return allowed(asked(role, self.COPY, version, both))

    def test_the_named_copy_the_named_versions(self) -> None:
        assert self.copies(self.COPIER, V2)
        assert not self.copies(self.COPIER, version_arn("v1"))
        assert not self.copies(STOREFRONT, V2)


class TestRekognitionEndpoint:
    def passes(self, role: str, action: str, version: str) -> bool:
        governing = Governing(identity=ADMIN, endpoint=policy("rekognition-endpoint"))
        return allowed(asked(role, action, version, governing, aws__SourceVpce=ENDPOINT))

    def test_an_access_role_detects_with_its_own_models_versions(self) -> None:
        spare = version_arn("v1", project="spares")
        assert self.passes(ACCESS, DETECT, V2)
        assert self.passes(PARTS, DETECT, spare)
        assert not self.passes(ACCESS, DETECT, spare)

    def test_no_other_role_and_nothing_else_passes(self) -> None:
        for role in (f"arn:aws:iam::{ML}:role/tools-prod", OPERATOR, STOREFRONT):
            assert not self.passes(role, DETECT, V2)
        assert not self.passes(ACCESS, "rekognition:StopProjectVersion", V2)


class TestStsEndpoint:
    def passes(self, role: str, access_role: str) -> bool:
        governing = Governing(
            identity=ADMIN,
            resource=policy("access-role-trust", access_role.rpartition("/")[2]),
            endpoint=policy("sts-endpoint", QA),
        )
        external = {"sts__ExternalId": "tools"}
        return allowed(asked(role, "sts:AssumeRole", access_role, governing, **external))

    def test_applications_and_the_smoke_role_become_their_access_roles(self) -> None:
        for role in (STOREFRONT, f"arn:aws:iam::{QA}:role/promote-smoke"):
            assert self.passes(role, ACCESS)
            assert self.passes(role, PARTS)

    def test_nobody_else_and_no_other_role(self) -> None:
        assert not self.passes(f"arn:aws:iam::{QA}:role/other", ACCESS)
        governing = Governing(identity=ADMIN, endpoint=policy("sts-endpoint", QA))
        own = f"arn:aws:iam::{QA}:role/other"
        found = asked(STOREFRONT, "sts:AssumeRole", own, governing, owner=QA)
        assert (found.verdict, found.layer) == (Verdict.IMPLICIT_DENY, Layer.ENDPOINT)


class TestScp:
    GOVERNING = Governing(identity=ADMIN, scp=((everything(Kind.SCP), policy("scp")),))
    RUN = ("rekognition:StartProjectVersion", "rekognition:StopProjectVersion")
    MAKE = ("rekognition:CreateProjectVersion", "rekognition:DeleteProject")

    def passes(self, role: str, action: str, resource: str = V2) -> bool:
        return allowed(asked(role, action, resource, self.GOVERNING))

    def test_a_too_permissive_access_role_starts_and_stops_nothing(self) -> None:
        for action in self.RUN:
            found = asked(ACCESS, action, V2, self.GOVERNING)
            assert (found.verdict, found.layer) == (Verdict.EXPLICIT_DENY, Layer.SCP)
            assert "OnlyOperatorsStartAndStop" in found.deciding[0].place

    def test_the_operators_and_the_exempt_do(self) -> None:
        for role in (OPERATOR, OPERATOR.replace("qa", "prod"), *GUARDRAILS.exempt):
            assert all(self.passes(role, action) for action in self.RUN)

    def test_who_trains_makes_versions_and_does_not_run_them(self) -> None:
        assert all(self.passes(TRAINER, action, PROJECT_ARN) for action in self.MAKE)
        assert not any(self.passes(TRAINER, action) for action in self.RUN)
        assert not any(self.passes(ACCESS, action, PROJECT_ARN) for action in self.MAKE)

    def test_a_project_is_not_created_although_that_has_no_resource(self) -> None:
        assert not self.passes(ACCESS, "rekognition:CreateProject", "*")
        assert self.passes(TRAINER, "rekognition:CreateProject", "*")

    def test_whoever_detects_and_reads_is_left_alone(self) -> None:
        assert self.passes(ACCESS, DETECT)
        assert self.passes(ACCESS, "rekognition:DetectLabels", "*")
        assert self.passes(ACCESS, "rekognition:DescribeProjectVersions", PROJECT_ARN)

    def test_a_role_of_the_same_name_in_another_account_is_no_operator(self) -> None:
        found = asked(OPERATOR.replace(ML, QA), self.RUN[0], V2, self.GOVERNING)
        assert (found.verdict, found.layer) == (Verdict.EXPLICIT_DENY, Layer.SCP)


class TestRcp:
    TRUST = parse(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}],
        },
        kind=Kind.TRUST,
    )
    GOVERNING = Governing(
        identity=ADMIN, resource=TRUST, rcp=((everything(Kind.RCP), policy("rcp")),)
    )

    def enters(self, role: str, **more: str | None) -> Authorisation:
        return asked(role, "sts:AssumeRole", ACCESS, self.GOVERNING, **more)  # type: ignore[arg-type]

    def test_it_stops_an_outsider_whom_the_trust_policy_would_let_in(self) -> None:
        for organization in (None, "o-other00000"):
            found = self.enters(STRANGER, organization=organization)
            assert (found.verdict, found.layer) == (Verdict.EXPLICIT_DENY, Layer.RCP)

    def test_the_organisation_and_other_roles_are_left_alone(self) -> None:
        assert allowed(self.enters(STOREFRONT))
        other = f"arn:aws:iam::{ML}:role/vendor"
        found = asked(STRANGER, "sts:AssumeRole", other, self.GOVERNING, organization=None)
        assert allowed(found)

    def test_aws_services_are_left_alone(self) -> None:
        keys = {"aws:PrincipalIsAWSService": "true"}
        request = Request("codebuild.amazonaws.com", "sts:AssumeRole", ACCESS, keys)
        assert allowed(authorise(request, self.GOVERNING, owner=ML))


class TestGuardrailsRole:
    POLICIES = f"arn:aws:organizations::{MANAGEMENT}:policy/{ORGANIZATION}"
    OWN = f"{POLICIES}/service_control_policy/p-0a1b2c3d"

    def may(self, action: str, resource: str, **context: str) -> bool:
        governing = Governing(identity=(policy("guardrails"),))
        name = f"organizations:{action}"
        role = str(GUARDRAILS.role)
        return allowed(asked(role, name, resource, governing, owner=MANAGEMENT, **context))

    @pytest.mark.parametrize("action", ["CreatePolicy", "UpdatePolicy", "DeletePolicy"])
    def test_it_writes_the_two_types_of_control_policy_and_no_other(self, action: str) -> None:
        scp = {"organizations__PolicyType": "SERVICE_CONTROL_POLICY"}
        assert self.may(action, self.OWN, **scp)
        assert not self.may(action, self.OWN)
        tag = f"{self.POLICIES}/tag_policy/p-0a1b2c3d"
        assert not self.may(action, tag, organizations__PolicyType="TAG_POLICY")
        assert not self.may(action, self.OWN.replace(ORGANIZATION, "o-other00000"), **scp)

    def test_it_reads_what_is_on_the_members_of_this_organisation_alone(self) -> None:
        prefix = f"arn:aws:organizations::{MANAGEMENT}"
        unit, root = (f"ou/{ORGANIZATION}/ou-ab12-cdefgh34", f"root/{ORGANIZATION}/r-ab12")
        account = f"account/{ORGANIZATION}/{ML}"
        for member in (account, unit):
            assert self.may("ListParents", f"{prefix}:{member}")
            other = member.replace(ORGANIZATION, "o-other00000")
            assert not self.may("ListParents", f"{prefix}:{other}")
        assert not self.may("ListParents", f"{prefix}:{root}")
        for holder in (account, unit, root):
            assert self.may("ListPoliciesForTarget", f"{prefix}:{holder}")
        for action in ("DescribePolicy", "ListTargetsForPolicy"):
            assert self.may(action, self.OWN)
            assert not self.may(action, f"{self.POLICIES}/tag_policy/p-0a1b2c3d")

    def test_it_attaches_to_accounts_units_and_roots_of_the_organisation(self) -> None:
        rcp = {"organizations__PolicyType": "RESOURCE_CONTROL_POLICY"}
        prefix = f"arn:aws:organizations::{MANAGEMENT}"
        for holder in (f"account/{ORGANIZATION}/{ML}", f"ou/{ORGANIZATION}/ou-ab12-cdefgh34"):
            assert self.may("AttachPolicy", f"{prefix}:{holder}", **rcp)
            assert self.may("DetachPolicy", f"{prefix}:{holder}", **rcp)
            assert not self.may("DeleteOrganizationalUnit", f"{prefix}:{holder}", **rcp)
        root = f"{prefix}:root/{ORGANIZATION}/r-ab12"
        assert self.may("EnablePolicyType", root, **rcp)
        assert not self.may("DisablePolicyType", root, **rcp)
        assert not self.may("LeaveOrganization", "*")
