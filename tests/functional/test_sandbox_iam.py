"""IAM in the sandbox: strict writes, quotas, and changes that spread replica by replica."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from promote.sandbox import admin
from promote.sandbox.seed import CICD, ML, PROJECT, QA
from promote.sandbox.server import Sandbox
from promote.sandbox.settings import Settings
from promote.sandbox.world import RoleSeed
from tests.functional.sandbox_worlds import (
    ADMIN_ML,
    ADMIN_QA,
    V1,
    V2,
    a_world,
    allow,
    document,
    trust,
)

IMAGE = {"Bytes": b"no image"}
POLICY = {"RoleName": "tools-qa", "PolicyName": "promote-tools"}
SLOW = Settings(propagation_seconds=0.3)


@pytest.fixture(autouse=True)
def sandbox(a_sandbox: Any) -> Sandbox:
    fresh: Sandbox = a_sandbox(a_world())
    return fresh


@pytest.fixture
def iam(a_client: Any) -> Any:
    return a_client(ADMIN_ML, "iam")


def _error(call: Any, **arguments: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]


def _grant(*versions: str) -> str:
    return json.dumps(document(allow("rekognition:DetectCustomLabels", list(versions))))


class TestWriting:
    def test_a_written_document_is_read_back_at_once(self, iam: Any) -> None:
        iam.put_role_policy(**POLICY, PolicyDocument=_grant(V1, V2))
        read = iam.get_role_policy(**POLICY)["PolicyDocument"]
        assert read["Statement"][0]["Resource"] == [V1, V2]
        assert iam.list_role_policies(RoleName="tools-qa")["PolicyNames"] == ["promote-tools"]

    @pytest.mark.parametrize(
        "text",
        [
            "{",
            '{"Version": "2012-10-17", "Statement": []}',
            json.dumps(document(allow("rekognition:DetectCustomLabels", "no arn"))),
            json.dumps(document({"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"})),
        ],
    )
    def test_a_document_outside_the_fragment_is_malformed(self, iam: Any, text: str) -> None:
        found = _error(iam.put_role_policy, **POLICY, PolicyDocument=text)
        assert found[0] == "MalformedPolicyDocument"

    def test_inline_policies_together_have_a_limit(self, iam: Any) -> None:
        arns = [PROJECT.version_arn("v1").replace("/v1/", f"/v1-{n:03}/") for n in range(120)]
        assert len("".join(arns[:55])) < 10_240 < len("".join(arns))
        iam.put_role_policy(**POLICY, PolicyDocument=_grant(*arns[:55]))
        more = {"RoleName": "tools-qa", "PolicyName": "more"}
        found = _error(iam.put_role_policy, **more, PolicyDocument=_grant(*arns[55:]))
        assert found == (
            "LimitExceeded",
            "Maximum policy size of 10240 bytes exceeded for role tools-qa",
        )
        iam.put_role_policy(**POLICY, PolicyDocument=_grant(*arns[:100]))

    def test_a_trust_policy_has_a_limit(self, iam: Any) -> None:
        names = [f"arn:aws:iam::{QA}:role/{'x' * 50}{n}" for n in range(40)]
        condition = {"ArnEquals": {"aws:PrincipalArn": names}}
        text = json.dumps(trust(QA, Condition=condition))
        found = _error(iam.update_assume_role_policy, RoleName="tools-qa", PolicyDocument=text)
        assert found[0] == "LimitExceeded"

    @pytest.mark.parametrize(
        "principal",
        [
            f"arn:aws:iam::{QA}:role/nobody",
            "arn:aws:iam::123412341234:root",
            f"arn:aws:iam::{QA}:user/x",
        ],
    )
    def test_an_unknown_principal_is_refused(self, iam: Any, principal: str) -> None:
        text = json.dumps(trust(principal))
        found = _error(iam.create_role, RoleName="r", AssumeRolePolicyDocument=text)
        assert found[0] == "MalformedPolicyDocument"
        assert found[1].startswith("Invalid principal in policy")

    def test_a_known_principal_is_accepted(self, iam: Any) -> None:
        text = json.dumps(trust([f"arn:aws:iam::{QA}:role/storefront", CICD]))
        made = iam.create_role(RoleName="r", AssumeRolePolicyDocument=text, Path="/teams/")
        assert made["Role"]["Arn"] == f"arn:aws:iam::{ML}:role/teams/r"

    def test_a_managed_policy_counts_and_its_boundary_limits(
        self, a_sandbox: Any, a_client: Any
    ) -> None:
        sandbox = a_sandbox(a_world())
        iam, name = a_client(ADMIN_QA, "iam"), {"RoleName": "storefront"}
        text = json.dumps(document(allow("ssm:*", "*")))
        arn = iam.create_policy(PolicyName="ssm", PolicyDocument=text)["Policy"]["Arn"]
        iam.attach_role_policy(**name, PolicyArn=arn)
        ssm = a_client(f"consumer/{QA}", "ssm")
        assert ssm.describe_parameters()
        text = json.dumps(document(allow("s3:*", "*")))
        boundary = iam.create_policy(PolicyName="s3", PolicyDocument=text)["Policy"]["Arn"]
        iam.put_role_permissions_boundary(**name, PermissionsBoundary=boundary)
        found = _error(ssm.describe_parameters)
        assert "no permissions boundary allows" in found[1]
        assert sandbox.endpoint


class TestPropagation:
    def test_a_grant_flaps_and_then_settles(self, a_sandbox: Any, a_client: Any) -> None:
        sandbox = a_sandbox(a_world(_reader()), settings=SLOW)
        rekognition = a_client(f"consumer/{ML}", "rekognition")
        iam = a_client(ADMIN_ML, "iam")

        def answer() -> str:
            return _error(rekognition.detect_custom_labels, ProjectVersionArn=V1, Image=IMAGE)[0]

        changes = 0
        for _ in range(5):  # on a busy machine, a window may pass between two calls
            iam.put_role_policy(RoleName="storefront", PolicyName="x", PolicyDocument=_grant(V1))
            codes = [answer()]
            while codes[-10:] != ["InvalidImageFormatException"] * 10:
                codes.append(answer())
            changes = sum(a != b for a, b in itertools.pairwise(codes))
            admin.wait_settled(sandbox.endpoint)
            assert answer() == codes[-1]
            if changes > 1:
                break
            iam.delete_role_policy(RoleName="storefront", PolicyName="x")
            admin.wait_settled(sandbox.endpoint)
        assert codes[0] == "AccessDeniedException"
        assert changes > 1, "one success must not be the end of the window"

    def test_a_revoked_grant_still_works_for_a_while(self, a_sandbox: Any, a_client: Any) -> None:
        sandbox = a_sandbox(a_world(_reader(V1)), settings=SLOW)
        rekognition = a_client(f"consumer/{ML}", "rekognition")
        a_client(ADMIN_ML, "iam").delete_role_policy(RoleName="storefront", PolicyName="x")
        call = {"ProjectVersionArn": V1, "Image": IMAGE}
        assert _error(rekognition.detect_custom_labels, **call)[0] == "InvalidImageFormatException"
        admin.wait_settled(sandbox.endpoint)
        assert _error(rekognition.detect_custom_labels, **call)[0] == "AccessDeniedException"

    def test_a_new_principal_is_unknown_for_a_while(self, a_sandbox: Any, a_client: Any) -> None:
        sandbox = a_sandbox(a_world(), settings=SLOW)
        iam, text = a_client(ADMIN_QA, "iam"), json.dumps(trust(QA))
        arn = iam.create_role(RoleName="new", AssumeRolePolicyDocument=text)["Role"]["Arn"]
        write = {"RoleName": "tools-qa", "PolicyDocument": json.dumps(trust(arn))}
        ml = a_client(ADMIN_ML, "iam")
        assert _error(ml.update_assume_role_policy, **write)[0] == "MalformedPolicyDocument"
        admin.wait_settled(sandbox.endpoint)
        ml.update_assume_role_policy(**write)


def _reader(*versions: str) -> RoleSeed:
    inline = {"x": json.loads(_grant(*versions))} if versions else {}
    return RoleSeed(account=ML, name="storefront", trust=trust(ML), inline=inline)
