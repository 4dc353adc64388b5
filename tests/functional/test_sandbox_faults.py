"""Faults, throttling, the log, and the rest of the sandbox's admin API."""

from __future__ import annotations

import http.client
import json
import socket
import time
import urllib.error
import urllib.request
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from promote.errors import InputError
from promote.sandbox import admin
from promote.sandbox.seed import ML, ORGANIZATION, PROJECT, QA, default_world
from promote.sandbox.server import Sandbox
from promote.sandbox.world import BucketSeed, EndpointSeed, ParameterSeed, RoleSeed, World, to_json
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

START = "rekognition:StartProjectVersion"


@pytest.fixture(autouse=True)
def sandbox(a_sandbox: Any) -> Sandbox:
    fresh: Sandbox = a_sandbox(a_world())
    return fresh


@pytest.fixture
def rekognition(a_client: Any) -> Any:
    return a_client(ADMIN_ML, "rekognition")


def _code(call: Any, **arguments: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return str(caught.value.response["Error"]["Code"])


def _status(sandbox: Sandbox, version: str) -> str:
    return admin.statuses(sandbox.endpoint)[version]


def _bucket(principal: str) -> BucketSeed:
    statement = {**allow("s3:GetObject", "arn:aws:s3:::lake/*"), "Principal": {"AWS": principal}}
    return BucketSeed(account=QA, name="lake", policy=document(statement))


def _endpoint(sid: str, principal: str = "*") -> EndpointSeed:
    statement = {**allow("sts:*", "*"), "Sid": sid, "Principal": principal}
    return EndpointSeed(id="vpce-1", account=QA, policy=document(statement))


class TestFaults:
    @pytest.mark.parametrize(
        ("fault", "code"),
        [
            ("throttle", "ThrottlingException"),
            ("error5xx", "InternalServerError"),
            ("access_denied", "AccessDeniedException"),
            ("limit_exceeded", "LimitExceededException"),
        ],
    )
    def test_an_error_hits_once_and_changes_nothing(
        self, rekognition: Any, sandbox: Sandbox, fault: str, code: str
    ) -> None:
        admin.inject(sandbox.endpoint, START, fault)
        start = {"ProjectVersionArn": V2, "MinInferenceUnits": 1}
        assert _code(rekognition.start_project_version, **start) == code
        assert _status(sandbox, V2) == "TRAINING_COMPLETED"
        rekognition.start_project_version(**start)
        assert admin.faults(sandbox.endpoint) == []

    def test_a_call_dropped_before_has_no_effect(self, rekognition: Any, sandbox: Sandbox) -> None:
        admin.inject(sandbox.endpoint, START, "drop_before")
        with pytest.raises(ConnectionClosedError):
            rekognition.start_project_version(ProjectVersionArn=V2, MinInferenceUnits=1)
        assert _status(sandbox, V2) == "TRAINING_COMPLETED"

    def test_a_call_dropped_after_has_its_effect(self, rekognition: Any, sandbox: Sandbox) -> None:
        admin.inject(sandbox.endpoint, START, "drop_after")
        with pytest.raises(ConnectionClosedError):
            rekognition.start_project_version(ProjectVersionArn=V2, MinInferenceUnits=1)
        assert _status(sandbox, V2) == "STARTING"
        assert admin.calls(sandbox.endpoint)[-1]["outcome"] == "drop_after"

    def test_a_delay_delays(self, rekognition: Any, sandbox: Sandbox) -> None:
        admin.inject(sandbox.endpoint, "rekognition:*", "delay", seconds=0.2)
        began = time.monotonic()
        rekognition.describe_projects()
        assert time.monotonic() - began >= 0.2

    def test_account_and_principal_narrow_and_skip_lets_pass(
        self, rekognition: Any, sandbox: Sandbox
    ) -> None:
        admin.inject(sandbox.endpoint, "rekognition:*", "throttle", account=QA)
        admin.inject(sandbox.endpoint, "rekognition:*", "throttle", principal="*:user/other")
        admin.inject(sandbox.endpoint, "rekognition:*", "throttle", account=ML, skip=1)
        rekognition.describe_projects()
        assert _code(rekognition.describe_projects) == "ThrottlingException"
        assert len(admin.faults(sandbox.endpoint)) == 2
        admin.clear_faults(sandbox.endpoint)
        rekognition.describe_projects()

    def test_an_unknown_fault_is_refused(self, sandbox: Sandbox) -> None:
        with pytest.raises(InputError, match="explode"):
            admin.inject(sandbox.endpoint, START, "explode")
        with pytest.raises(InputError, match="acount"):
            admin.inject(sandbox.endpoint, START, "throttle", acount=QA)

    def test_control_calls_are_throttled_when_asked_to(
        self, rekognition: Any, sandbox: Sandbox
    ) -> None:
        admin.settings(sandbox.endpoint, control_calls_per_second=2)
        rekognition.describe_projects()
        rekognition.describe_projects()
        assert _code(rekognition.describe_projects) == "ThrottlingException"


class TestLog:
    def test_every_call_is_logged_with_its_outcome(
        self, rekognition: Any, sandbox: Sandbox, a_client: Any
    ) -> None:
        rekognition.stop_project_version(ProjectVersionArn=V1)
        _code(a_client("stranger", "ssm").get_parameter, Name="/x")
        stop, get = admin.calls(sandbox.endpoint)[-2:]
        assert (stop["operation"], stop["resource"], stop["outcome"], stop["account"]) == (
            "rekognition:StopProjectVersion",
            V1,
            "ok",
            ML,
        )
        assert get["principal"] == f"arn:aws:iam::{QA}:user/stranger"
        assert get["outcome"] == "AccessDeniedException"
        assert admin.calls(sandbox.endpoint, since=get["n"]) == []

    def test_an_error_of_moto_is_logged_by_its_code(self, sandbox: Sandbox, a_client: Any) -> None:
        _code(a_client(ADMIN_QA, "ssm").get_parameter, Name="/missing")
        _code(a_client(ADMIN_QA, "iam").get_role, RoleName="missing")
        outcomes = [call["outcome"] for call in admin.calls(sandbox.endpoint)[-2:]]
        assert outcomes == ["ParameterNotFound", "NoSuchEntity"]


class TestAdmin:
    def test_a_world_is_added_to_the_present_one(self, sandbox: Sandbox, a_client: Any) -> None:
        extra = ParameterSeed(account=QA, name="/more", values=("1", "2"))
        more = World(organization=ORGANIZATION, parameters=(extra,))
        admin.seed(sandbox.endpoint, to_json(more))
        ssm = a_client(ADMIN_QA, "ssm")
        assert ssm.get_parameter(Name="/more")["Parameter"]["Version"] == 2
        assert f"consumer/{QA}" in admin.info(sandbox.endpoint)["logins"]

    def test_a_world_takes_the_place_of_the_present_one(
        self, sandbox: Sandbox, rekognition: Any
    ) -> None:
        rekognition.create_project(ProjectName="temporary")
        admin.seed(sandbox.endpoint, to_json(default_world()), replace=True)
        names = [p["ProjectArn"] for p in rekognition.describe_projects()["ProjectDescriptions"]]
        assert PROJECT.arn in names
        assert len(names) == 2

    def test_a_world_with_an_unknown_key_is_refused(self, sandbox: Sandbox) -> None:
        with pytest.raises(InputError, match="world: expected no key rolls"):
            admin.seed(sandbox.endpoint, {**to_json(default_world()), "rolls": []})

    @pytest.mark.parametrize(
        ("role", "problem"),
        [
            ({"trust": trust(f"arn:aws:iam::{QA}:role/nobody")}, "role/nobody, who does not exist"),
            ({"trust": trust(QA), "inline": {"x": {"Statement": []}}}, "In x of r in"),
            ({"trust": trust([f"{n:012}" for n in range(80)])}, "characters of 2048"),
        ],
    )
    def test_a_role_that_iam_would_not_have_stored_is_refused(
        self, sandbox: Sandbox, role: dict[str, Any], problem: str
    ) -> None:
        world = World(organization=ORGANIZATION, roles=(RoleSeed(account=QA, name="r", **role),))
        with pytest.raises(InputError, match=problem):
            admin.seed(sandbox.endpoint, to_json(world))

    @pytest.mark.parametrize(
        ("more", "problem"),
        [
            ({"buckets": (_bucket(f"arn:aws:iam::{QA}:role/x"),)}, "lake names arn:.*:role/x"),
            ({"buckets": (_bucket("*" * 20_480),)}, "In the policy of the bucket lake"),
            ({"endpoints": (_endpoint("0" * 20_480),)}, "characters of 20480"),
            ({"endpoints": (_endpoint("x", "y"),)}, "In the policy of vpce-1"),
        ],
    )
    def test_a_policy_that_aws_would_not_have_stored_is_refused(
        self, sandbox: Sandbox, more: dict[str, Any], problem: str
    ) -> None:
        with pytest.raises(InputError, match=problem):
            admin.seed(sandbox.endpoint, to_json(World(organization=ORGANIZATION, **more)))

    def test_an_unknown_setting_is_refused(self, sandbox: Sandbox) -> None:
        with pytest.raises(InputError, match="start_second="):
            admin.settings(sandbox.endpoint, start_second=1)

    @pytest.mark.parametrize(
        "headers", [{"Origin": "http://evil.example"}, {"Host": "evil.example"}]
    )
    def test_a_web_page_may_not_use_it(self, sandbox: Sandbox, headers: dict[str, str]) -> None:
        assert _http_status(f"{sandbox.endpoint}/_sandbox/info", headers) == 403

    def test_a_body_may_come_in_chunks(self, sandbox: Sandbox) -> None:
        connection = http.client.HTTPConnection(sandbox.endpoint.removeprefix("http://"))
        chunks = iter([b'{"stop_', b'seconds": 3}'])
        connection.request("POST", "/_sandbox/settings", chunks, encode_chunked=True)
        assert json.load(connection.getresponse())["stop_seconds"] == 3
        connection.close()

    def test_half_a_request_of_a_client_that_died_is_not_carried_out(
        self, sandbox: Sandbox
    ) -> None:
        before = admin.settings(sandbox.endpoint)
        connection = http.client.HTTPConnection(sandbox.endpoint.removeprefix("http://"))
        connection.putrequest("POST", "/_sandbox/settings")
        connection.putheader("Content-Length", "1000")
        connection.endheaders(b'{"stop_seconds": 7}')
        connection.sock.shutdown(socket.SHUT_WR)
        with pytest.raises(http.client.RemoteDisconnected):
            connection.getresponse()
        connection.close()
        assert admin.settings(sandbox.endpoint) == before

    @pytest.mark.parametrize("path", ["/moto-api/reset", "/moto-api/", "/latest/meta-data/"])
    def test_motos_own_doors_are_shut(self, sandbox: Sandbox, path: str) -> None:
        assert _http_status(sandbox.endpoint + path, {}) == 404


def _http_status(url: str, headers: dict[str, str]) -> int:
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - loopback
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request)  # noqa: S310 - loopback
    with caught.value as error:
        return error.code
