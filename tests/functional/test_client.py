"""What applications use: the pointer with a cache, the access role, and one more try."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.exceptions import ClientError

from promote.client import Client
from promote.sandbox import admin
from promote.sandbox.images import draw_tool
from promote.sandbox.seed import ML, POINTER, QA
from tests.functional.adapter_world import (
    ACCESS,
    EXTERNAL_ID,
    POLICY,
    REGION,
    V1,
    V2,
    adapter_world,
    allow,
)

if TYPE_CHECKING:
    from promote.sandbox.server import Sandbox
    from tests.functional.conftest import MakeClient, MakeSandbox


@pytest.fixture
def world(a_sandbox: MakeSandbox) -> Iterator[Sandbox]:
    world = a_sandbox(adapter_world())
    os.environ["AWS_ENDPOINT_URL"] = world.endpoint
    yield world
    del os.environ["AWS_ENDPOINT_URL"]


@pytest.fixture
def image() -> bytes:
    file = io.BytesIO()
    draw_tool("hammer", 0).save(file, "PNG")
    return file.getvalue()


def client_of(world: Sandbox, ttl: float = 3600) -> Client:
    """Return a client with the keys of QA's administrator, as an application would have its own."""
    keys = world.describe()["logins"][f"admin/{QA}"]
    session = boto3.Session(keys["access_key_id"], keys["secret_access_key"], region_name=REGION)
    return Client(POINTER, ACCESS, external_id=EXTERNAL_ID, ttl=ttl, session=session)


def count(world: Sandbox, operation: str) -> int:
    """Count the calls of an operation that were served."""
    calls = admin.calls(world.endpoint)
    return sum(call["operation"] == operation for call in calls)


def switch(a_client: MakeClient, version: str) -> None:
    """Let the pointer name another version."""
    ssm = a_client(f"admin/{QA}", "ssm")
    ssm.put_parameter(Name=POINTER, Value=version, Overwrite=True)


def grant(a_client: MakeClient, version: str) -> None:
    """Let the access role use one version and no other."""
    document = json.dumps(allow("rekognition:DetectCustomLabels", version))
    a_client(f"admin/{ML}", "iam").put_role_policy(
        RoleName="tools-qa", PolicyName=POLICY, PolicyDocument=document
    )


class TestDetect:
    def test_asks_for_the_version_and_a_session_once(self, world: Sandbox, image: bytes) -> None:
        client = client_of(world)
        for _ in range(3):
            assert client.detect(image, MinConfidence=0)[0]["Name"] == "hammer"
        assert count(world, "ssm:GetParameter") == 1
        assert count(world, "sts:AssumeRole") == 1

    def test_reads_the_pointer_again_when_it_is_old(self, world: Sandbox, image: bytes) -> None:
        client = client_of(world, ttl=0)
        for _ in range(2):
            client.detect(image)
        assert count(world, "ssm:GetParameter") == 2

    def test_follows_a_switch_when_the_version_it_knew_is_denied(
        self, world: Sandbox, image: bytes, a_client: MakeClient
    ) -> None:
        client = client_of(world)
        client.detect(image)
        admin.set_status(world.endpoint, V2, "RUNNING")
        grant(a_client, V2)
        switch(a_client, V2)
        assert client.detect(image, MinConfidence=0)[0]["Name"] == "hammer"
        assert count(world, "ssm:GetParameter") == 2

    def test_follows_a_switch_when_the_version_it_knew_was_stopped(
        self, world: Sandbox, image: bytes, a_client: MakeClient
    ) -> None:
        client = client_of(world)
        client.detect(image)
        admin.set_status(world.endpoint, V1, "STOPPED")
        admin.set_status(world.endpoint, V2, "RUNNING")
        grant(a_client, "*")
        switch(a_client, V2)
        assert client.detect(image, MinConfidence=0)[0]["Name"] == "hammer"

    def test_a_denial_that_stays_is_raised_after_one_more_try(
        self, world: Sandbox, image: bytes, a_client: MakeClient
    ) -> None:
        grant(a_client, V2)
        with pytest.raises(ClientError) as raised:
            client_of(world).detect(image)
        assert raised.value.response["Error"]["Code"] == "AccessDeniedException"
        assert count(world, "rekognition:DetectCustomLabels") == 2

    def test_another_error_is_raised_at_once(self, world: Sandbox) -> None:
        with pytest.raises(ClientError):
            client_of(world).detect(b"no image")
        assert count(world, "rekognition:DetectCustomLabels") == 1


def test_the_client_needs_nothing_of_ours() -> None:
    script = (
        "import sys; import promote.client\n"
        "print(sorted(name for name in sys.modules if name.startswith('promote')))"
    )
    command = [sys.executable, "-c", script]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "['promote', 'promote.client']"
