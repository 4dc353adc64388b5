"""Any AWS client sees what a promotion did: the plain `aws` command, and boto3 as a consumer."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from promote.sandbox.seed import ENDPOINT_ID, ML, PROD_1, PROJECT, QA
from tests.functional.promotion_stage import CONFIG, V1, V2, V3, Stage, assert_ends

AWS = Path(sys.executable).with_name("aws")


def inside_the_vpc(url: str) -> str:
    """Write a configuration whose production must be called through the VPC endpoint."""
    vpc = f"    vpc_endpoints: [{ENDPOINT_ID}]\n    smoke: {{endpoint_url: '{url}'}}\n"
    both = 'accounts: ["444444444444", "555555555555"]\n'
    return CONFIG.replace(both, f'accounts: ["{PROD_1}"]\n{vpc}')


def session(stage: Stage, account: str, role: str) -> dict[str, Any]:
    """Take the access role as the application of an account does."""
    sts = stage.client(f"consumer/{account}", "sts")
    found: dict[str, Any] = sts.assume_role(
        RoleArn=f"arn:aws:iam::{ML}:role/{role}", RoleSessionName="app", ExternalId="tools"
    )["Credentials"]
    return found


def outcome(client: Any, version: str, image: bytes) -> str:
    """Call a version; return the best label, or the code of the error."""
    try:
        found = client.detect_custom_labels(ProjectVersionArn=version, Image={"Bytes": image})
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return str(found["CustomLabels"][0]["Name"])


@pytest.fixture(scope="module")
def hammer(golden: Path) -> Path:
    return golden / "hammer" / "00.png"


class TestTheAwsCommand:
    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def _promoted(cls, stage: Stage) -> None:
        if not AWS.exists():
            pytest.skip("the aws command is not installed")
        stage.set_up()
        stage.released()

    def _aws(
        self, stage: Stage, *arguments: str, login: str = f"admin/{ML}", **variables: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(AWS), *arguments],
            env={**stage.environment(login), **variables},
            capture_output=True,
            text=True,
            check=False,
        )

    def test_lists_the_versions(self, stage: Stage) -> None:
        done = self._aws(
            stage, "rekognition", "describe-project-versions", "--project-arn", PROJECT.arn
        )
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)["ProjectVersionDescriptions"]
        statuses = {each["ProjectVersionArn"]: each["Status"] for each in found}
        assert (statuses[V1], statuses[V2]) == ("RUNNING", "RUNNING")
        assert len(statuses) == 5

    def test_uses_the_granted_version_and_no_other(self, stage: Stage, hammer: Path) -> None:
        keys = session(stage, QA, "tools-qa")
        variables = {
            "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
            "AWS_SESSION_TOKEN": keys["SessionToken"],
        }
        detect = ("rekognition", "detect-custom-labels", "--image-bytes", f"fileb://{hammer}")
        good = self._aws(stage, *detect, "--project-version-arn", V2, **variables)
        assert json.loads(good.stdout)["CustomLabels"][0]["Name"] == "hammer"
        # v1 runs as well, for production
        bad = self._aws(stage, *detect, "--project-version-arn", V1, **variables)
        assert bad.returncode != 0
        assert "AccessDenied" in bad.stderr


class TestAnApplication:
    def test_uses_what_its_environment_names_and_nothing_else(
        self, stage: Stage, hammer: Path
    ) -> None:
        image = hammer.read_bytes()
        qa = stage.client(session(stage, QA, "tools-qa"), "rekognition")
        prod = stage.client(session(stage, PROD_1, "tools-prod"), "rekognition")
        assert outcome(qa, V2, image) == "hammer"
        assert outcome(qa, V1, image) == "AccessDeniedException"
        assert outcome(prod, V1, image) == "hammer"
        assert outcome(prod, V2, image) == "AccessDeniedException"
        assert outcome(qa, V3, image) == "AccessDeniedException"

    def test_of_one_environment_cannot_take_the_role_of_another(self, stage: Stage) -> None:
        with pytest.raises(ClientError, match="AccessDenied"):
            session(stage, QA, "tools-prod")


class TestAVpcEndpoint:
    def test_that_is_required_is_used_and_nothing_works_outside_it(
        self, stage: Stage, hammer: Path
    ) -> None:
        stage.set_up()
        url = stage.sandbox.vpc_endpoints[ENDPOINT_ID]
        stage.set_up(inside_the_vpc(url))
        stage.released("v2", "prod")
        keys, image = session(stage, PROD_1, "tools-prod"), hammer.read_bytes()
        inside = stage.client(keys, "rekognition", url=url)
        outside = stage.client(keys, "rekognition")
        assert outcome(inside, V2, image) == "hammer"
        assert outcome(outside, V2, image) == "AccessDeniedException"
        detections = stage.calls("rekognition:DetectCustomLabels")
        assert {call["endpoint"] for call in detections if call["outcome"] == "ok"} == {ENDPOINT_ID}
        verified = stage.promote("verify", "tools", "--environment", "prod")
        assert verified.returncode == 0, verified.stderr

    def test_that_the_smoke_test_does_not_use_ends_in_time(self, stage: Stage) -> None:
        config = inside_the_vpc(stage.endpoint).replace("deadline: 20s", "deadline: 1s")
        stage.set_up(config)
        done = stage.release("v2", "prod")
        assert_ends(done, 75, "Out of time", "Run the same command again")
        assert stage.snapshot().pointers[PROD_1] == "v1"
        assert stage.promote("abort", "tools", "--yes").returncode == 0
        assert stage.is_finished
        assert stage.snapshot().granted("tools-prod") == {"v1"}
        assert stage.snapshot().running == {"v1"}
