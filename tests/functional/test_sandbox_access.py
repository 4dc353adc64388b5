"""The sandbox's authentication and authorisation: IAM decides every call."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from promote.sandbox import admin
from promote.sandbox.seed import CICD, ENDPOINT_ID, MANAGEMENT, ML, POINTER, PROD_1, PROJECT, QA
from promote.sandbox.server import Sandbox
from promote.sandbox.world import RoleSeed
from tests.functional.sandbox_worlds import (
    ACCESS,
    ADMIN_ML,
    ADMIN_QA,
    OPERATOR,
    V1,
    V2,
    a_world,
    allow,
    deny,
    document,
    trust,
)

CONSUMER_QA = f"consumer/{QA}"
IMAGE = {"Bytes": b"no image"}


@pytest.fixture(autouse=True)
def sandbox(a_sandbox: Any) -> Sandbox:
    fresh: Sandbox = a_sandbox(a_world())
    return fresh


@pytest.fixture
def assume(a_client: Any) -> Any:
    def call(who: Any, role: str, **more: Any) -> dict[str, Any]:
        session = {"RoleSessionName": "tests", **more}
        answer = a_client(who, "sts").assume_role(RoleArn=role, **session)
        credentials: dict[str, Any] = answer["Credentials"]
        return credentials

    return call


def _error(call: Any, **arguments: Any) -> tuple[str, str, int]:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    response = caught.value.response
    status = response["ResponseMetadata"]["HTTPStatusCode"]
    return response["Error"]["Code"], response["Error"]["Message"], status


class TestCredentials:
    def test_an_unknown_key_is_refused_in_each_protocols_words(self, a_client: Any) -> None:
        keys = {"AccessKeyId": "AKIANOBODY", "SecretAccessKey": "x", "SessionToken": None}
        found = {
            service: _error(getattr(a_client(keys, service), method))[::2]
            for service, method in (
                ("rekognition", "describe_projects"),
                ("sts", "get_caller_identity"),
                ("s3", "list_buckets"),
            )
        }
        assert found == {
            "rekognition": ("UnrecognizedClientException", 400),
            "sts": ("InvalidClientTokenId", 403),
            "s3": ("InvalidAccessKeyId", 403),
        }

    def test_a_wrong_secret_is_refused(self, sandbox: Sandbox, a_client: Any) -> None:
        key = sandbox.describe()["logins"]["promoter"]["access_key_id"]
        keys = {"AccessKeyId": key, "SecretAccessKey": "wrong", "SessionToken": None}
        assert _error(a_client(keys, "sts").get_caller_identity)[0] == "SignatureDoesNotMatch"
        code = _error(a_client(keys, "rekognition").describe_projects)[0]
        assert code == "InvalidSignatureException"

    def test_everybody_may_ask_who_they_are(self, a_client: Any) -> None:
        assert a_client("stranger", "sts").get_caller_identity()["Account"] == QA
        arn = a_client(CONSUMER_QA, "sts").get_caller_identity()["Arn"]
        assert arn == f"arn:aws:sts::{QA}:assumed-role/storefront/application"

    def test_a_key_made_through_iam_works(self, a_client: Any) -> None:
        iam = a_client(ADMIN_QA, "iam")
        iam.create_user(UserName="new")
        made = iam.create_access_key(UserName="new")["AccessKey"]
        keys = {**made, "SessionToken": None}
        arn = a_client(keys, "sts").get_caller_identity()["Arn"]
        assert arn == f"arn:aws:iam::{QA}:user/new"

    def test_an_expired_session_is_refused(
        self, sandbox: Sandbox, assume: Any, a_client: Any
    ) -> None:
        session = assume("promoter", OPERATOR)
        assert admin.expire_sessions(sandbox.endpoint, "*promote-operator-qa/*") == 1
        describe = a_client(session, "rekognition").describe_project_versions
        assert _error(describe, ProjectArn=PROJECT.arn)[0] == "ExpiredTokenException"
        assert _error(a_client(session, "sts").get_caller_identity)[::2] == ("ExpiredToken", 403)


class TestIdentityPolicies:
    def test_a_denial_is_in_awss_words(self, a_client: Any) -> None:
        code, message, status = _error(a_client("stranger", "ssm").get_parameter, Name=POINTER)
        assert (code, status) == ("AccessDeniedException", 400)
        assert message == (
            f"User: arn:aws:iam::{QA}:user/stranger is not authorized to perform: "
            f"ssm:GetParameter on resource: arn:aws:ssm:us-east-1:{QA}:parameter{POINTER} "
            "because no identity-based policy allows the ssm:GetParameter action"
        )

    def test_an_explicit_deny_says_so(self, a_sandbox: Any, a_client: Any) -> None:
        role = RoleSeed(
            account=QA,
            name="storefront",
            trust=trust(QA),
            inline={"both": document(allow("ssm:*", "*"), deny("ssm:PutParameter", "*"))},
        )
        a_sandbox(a_world(role))
        ssm = a_client(CONSUMER_QA, "ssm")
        assert ssm.get_parameter(Name=POINTER)["Parameter"]["Value"] == V1
        _, message, _ = _error(ssm.put_parameter, Name=POINTER, Value="x", Overwrite=True)
        assert message.endswith("with an explicit deny in an identity-based policy")

    def test_iam_and_sts_answer_403(self, a_client: Any) -> None:
        iam = a_client("stranger", "iam")
        assert _error(iam.get_role, RoleName="storefront")[::2] == ("AccessDenied", 403)

    def test_the_decision_comes_before_the_state(self, assume: Any, a_client: Any) -> None:
        session = assume(CONSUMER_QA, ACCESS, ExternalId="tools")
        rekognition = a_client(session, "rekognition")
        found = _error(rekognition.detect_custom_labels, ProjectVersionArn=V2, Image=IMAGE)
        assert found[0] == "AccessDeniedException"
        found = _error(rekognition.detect_custom_labels, ProjectVersionArn=V1, Image=IMAGE)
        assert found[0] == "InvalidImageFormatException"

    def test_describing_versions_is_a_right_on_the_project(
        self, assume: Any, a_client: Any
    ) -> None:
        rekognition = a_client(assume("promoter", OPERATOR), "rekognition")
        assert rekognition.describe_project_versions(ProjectArn=PROJECT.arn)
        found = _error(rekognition.describe_projects)
        assert "rekognition:DescribeProjects on resource: *" in found[1]

    def test_several_parameters_need_a_right_on_each(self, a_sandbox: Any, a_client: Any) -> None:
        role = RoleSeed(
            account=QA,
            name="storefront",
            trust=trust(QA),
            inline={
                "one": document(
                    allow("ssm:GetParameters", f"arn:aws:ssm:us-east-1:{QA}:parameter{POINTER}")
                )
            },
        )
        a_sandbox(a_world(role))
        ssm = a_client(CONSUMER_QA, "ssm")
        assert ssm.get_parameters(Names=[POINTER])["Parameters"]
        assert _error(ssm.get_parameters, Names=[POINTER, "other"])[0] == "AccessDeniedException"


class TestAssumingRoles:
    def test_both_sides_and_the_external_id_are_needed(self, assume: Any) -> None:
        assert assume(CONSUMER_QA, ACCESS, ExternalId="tools")
        for wrong in ({}, {"ExternalId": "other"}):
            assert _error(assume, who=CONSUMER_QA, role=ACCESS, **wrong)[::2] == (
                "AccessDenied",
                403,
            )

    def test_a_principal_that_the_trust_does_not_name_is_denied(self, assume: Any) -> None:
        found = _error(assume, who=ADMIN_QA, role=ACCESS, ExternalId="tools")
        assert found[1] == (
            f"User: arn:aws:iam::{QA}:user/admin is not authorized to perform: sts:AssumeRole "
            f"on resource: {ACCESS}"
        )

    def test_trust_alone_is_not_enough_across_accounts(self, a_sandbox: Any, assume: Any) -> None:
        open_role = RoleSeed(
            account=ML, name="open", trust=trust(f"arn:aws:iam::{QA}:user/stranger")
        )
        a_sandbox(a_world(open_role))
        found = _error(assume, who="stranger", role=f"arn:aws:iam::{ML}:role/open")
        assert found[1].endswith("no identity-based policy allows the sts:AssumeRole action")

    def test_trust_alone_is_enough_in_the_same_account(self, a_sandbox: Any, assume: Any) -> None:
        near = RoleSeed(account=QA, name="near", trust=trust(f"arn:aws:iam::{QA}:user/stranger"))
        far = RoleSeed(account=QA, name="far", trust=trust(QA))
        a_sandbox(a_world(near, far))
        assert assume("stranger", f"arn:aws:iam::{QA}:role/near")
        assert _error(assume, who="stranger", role=f"arn:aws:iam::{QA}:role/far")

    def test_a_session_policy_limits_even_whom_the_trust_names(
        self, a_sandbox: Any, assume: Any
    ) -> None:
        caller = f"arn:aws:iam::{QA}:role/storefront"
        near = RoleSeed(account=QA, name="near", trust=trust(caller))
        own = RoleSeed(account=QA, name="storefront", trust=trust(f"arn:aws:iam::{QA}:user/admin"))
        a_sandbox(a_world(near, own))
        role = f"arn:aws:iam::{QA}:role/near"
        policy = json.dumps(document(allow("s3:*", "*")))
        assert assume(assume(ADMIN_QA, caller), role)
        limited = assume(ADMIN_QA, caller, Policy=policy)
        assert "no session policy allows" in _error(assume, who=limited, role=role)[1]

    def test_a_role_that_does_not_exist_looks_like_one_that_trusts_nobody(
        self, assume: Any
    ) -> None:
        found = _error(assume, who="promoter", role=f"arn:aws:iam::{ML}:role/promote-nobody")
        assert found[::2] == ("AccessDenied", 403)

    def test_a_chained_session_lives_an_hour_at_most(self, assume: Any) -> None:
        found = _error(
            assume, who=CONSUMER_QA, role=ACCESS, ExternalId="tools", DurationSeconds=3601
        )
        assert found[0] == "ValidationError"
        assert "role chaining" in found[1]

    def test_a_user_may_ask_for_as_much_as_the_role_allows(
        self, a_sandbox: Any, assume: Any
    ) -> None:
        user = f"arn:aws:iam::{CICD}:user/promoter"
        role = RoleSeed(account=ML, name="promote-x", trust=trust(user), max_session_seconds=7200)
        a_sandbox(a_world(role))
        assert assume("promoter", f"arn:aws:iam::{ML}:role/promote-x", DurationSeconds=7200)
        assert (
            "MaxSessionDuration"
            in _error(
                assume,
                who="promoter",
                role=f"arn:aws:iam::{ML}:role/promote-x",
                DurationSeconds=7201,
            )[1]
        )

    def test_a_session_name_outside_the_pattern_is_refused(self, assume: Any) -> None:
        found = _error(assume, who="promoter", role=OPERATOR, RoleSessionName="two words")
        assert found[0] == "ValidationError"

    def test_a_session_policy_narrows_the_session(self, assume: Any, a_client: Any) -> None:
        policy = json.dumps(document(allow("rekognition:DescribeProjectVersions", "*")))
        session = assume("promoter", OPERATOR, Policy=policy)
        rekognition = a_client(session, "rekognition")
        assert rekognition.describe_project_versions(ProjectArn=PROJECT.arn)
        found = _error(rekognition.stop_project_version, ProjectVersionArn=V1)
        assert found[1].endswith(
            "because no session policy allows the rekognition:StopProjectVersion action"
        )

    def test_tags_need_a_right_of_their_own(self, assume: Any) -> None:
        tags = [{"Key": "team", "Value": "shop"}]
        found = _error(assume, who="promoter", role=OPERATOR, Tags=tags)
        assert "sts:TagSession" in found[1]


class TestVpcEndpoints:
    def test_a_grant_bound_to_an_endpoint_holds_inside_only(
        self, sandbox: Sandbox, assume: Any, a_client: Any
    ) -> None:
        session = assume(f"consumer/{PROD_1}", f"arn:aws:iam::{ML}:role/tools-prod")
        inside = a_client(session, "rekognition", url=sandbox.vpc_endpoints[ENDPOINT_ID])
        outside = a_client(session, "rekognition")
        arguments = {"ProjectVersionArn": V1, "Image": IMAGE}
        assert _error(inside.detect_custom_labels, **arguments)[0] == "InvalidImageFormatException"
        assert _error(outside.detect_custom_labels, **arguments)[0] == "AccessDeniedException"

    def test_an_endpoint_serves_its_own_service_only(self, sandbox: Sandbox, a_client: Any) -> None:
        sts = a_client("promoter", "sts", url=sandbox.vpc_endpoints[ENDPOINT_ID])
        assert _error(sts.get_caller_identity)[0] == "UnknownOperationException"


class TestStorage:
    def test_the_promoter_keeps_its_ledger(self, a_client: Any) -> None:
        s3 = a_client("promoter", "s3")
        s3.put_object(Bucket="promote-ledger", Key="a/b", Body=b"1", IfNoneMatch="*")
        assert s3.get_object(Bucket="promote-ledger", Key="a/b")["Body"].read() == b"1"
        found = _error(
            s3.put_object, Bucket="promote-ledger", Key="a/b", Body=b"2", IfNoneMatch="*"
        )
        assert found[::2] == ("PreconditionFailed", 412)
        assert s3.list_objects_v2(Bucket="promote-ledger")["KeyCount"] == 1

    def test_of_many_conditional_writers_one_wins(self, a_client: Any) -> None:
        s3 = a_client("promoter", "s3")

        def write(number: int) -> bool:
            try:
                s3.put_object(
                    Bucket="promote-ledger", Key="lock", Body=str(number), IfNoneMatch="*"
                )
            except ClientError:
                return False
            return True

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(write, range(32))) == 1

    def test_a_bucket_of_another_account_is_denied(self, a_client: Any) -> None:
        found = _error(a_client(ADMIN_QA, "s3").list_objects_v2, Bucket="promote-ledger")
        assert found[::2] == ("AccessDenied", 403)

    def test_who_may_not_list_is_not_told_that_a_key_is_missing(
        self, a_sandbox: Any, a_client: Any
    ) -> None:
        objects = document(allow("s3:GetObject", "arn:aws:s3:::promote-ledger/*"))
        a_sandbox(
            a_world(
                RoleSeed(account=CICD, name="storefront", trust=trust(CICD), inline={"o": objects})
            )
        )
        s3 = a_client(f"consumer/{CICD}", "s3")
        found = _error(s3.get_object, Bucket="promote-ledger", Key="missing")
        assert found[::2] == ("AccessDenied", 403)
        found = _error(a_client("promoter", "s3").get_object, Bucket="promote-ledger", Key="no")
        assert found[::2] == ("NoSuchKey", 404)

    def test_a_parameter_is_written_and_has_a_history(self, a_client: Any) -> None:
        ssm = a_client(ADMIN_QA, "ssm")
        assert ssm.put_parameter(Name=POINTER, Value=V2, Overwrite=True)["Version"] == 2
        history = ssm.get_parameter_history(Name=POINTER)["Parameters"]
        assert [one["Value"] for one in history] == [V1, V2]
        assert history[1]["LastModifiedUser"] == f"arn:aws:iam::{QA}:user/admin"
        found = _error(ssm.put_parameter, Name="/big", Value="x" * 4097, Type="String")
        assert found[0] == "ValidationException"


class TestOrganizations:
    def test_a_member_may_only_describe_the_organisation(self, a_client: Any) -> None:
        member = a_client(ADMIN_ML, "organizations")
        assert member.describe_organization()["Organization"]["Id"] == "o-a1b2c3d4e5"
        assert _error(member.list_accounts)[0] == "AccessDeniedException"

    def test_accounts_are_in_their_units(self, a_client: Any) -> None:
        organizations = a_client(f"admin/{MANAGEMENT}", "organizations")
        [root] = organizations.list_roots()["Roots"]
        units = organizations.list_organizational_units_for_parent(ParentId=root["Id"])
        found = {
            unit["Id"]: len(organizations.list_accounts_for_parent(ParentId=unit["Id"])["Accounts"])
            for unit in units["OrganizationalUnits"]
        }
        assert found == {
            "ou-a1b2-workloads": 4,
            "ou-a1b2-machinelearning": 1,
            "ou-a1b2-infrastructure": 1,
        }


class TestUnknownOperations:
    def test_an_operation_without_a_mapping_is_denied(self, a_client: Any) -> None:
        found = _error(a_client(ADMIN_ML, "iam").list_groups)
        assert found[0] == "AccessDenied"
        assert "no mapping" in found[1]

    def test_a_service_that_is_not_served_answers_501_once(self, a_client: Any) -> None:
        found = _error(a_client(ADMIN_ML, "glue").get_databases)
        assert found[2] == 501

    def test_an_operation_that_is_not_built_answers_501(self, a_client: Any) -> None:
        rekognition = a_client(ADMIN_ML, "rekognition")
        found = _error(rekognition.list_tags_for_resource, ResourceArn=PROJECT.arn)
        assert found[::2] == ("NotImplementedException", 501)
