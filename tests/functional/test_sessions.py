"""One session for the process: roles assumed once, clients cached, connections shared."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from promote import errors
from promote.aws.clients import Clients
from promote.aws.clock import SystemClock
from promote.aws.sessions import Sessions, session_name
from promote.sandbox import admin
from tests.functional.adapter_world import DEPLOYER, OPERATOR, REGION, adapter_world, sessions_of

if TYPE_CHECKING:
    from promote.sandbox.server import Sandbox
    from tests.functional.conftest import MakeSandbox


class LaterClock(SystemClock):
    """The time of this machine, later by as much as a test says."""

    def __init__(self) -> None:
        self.later = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.later


@pytest.fixture
def world(a_sandbox: MakeSandbox) -> Sandbox:
    return a_sandbox(adapter_world())


def assumed(sandbox: Sandbox) -> int:
    """Count the roles that were assumed."""
    calls = admin.calls(sandbox.endpoint)
    return sum(call["operation"] == "sts:AssumeRole" for call in calls)


class TestClients:
    def test_many_threads_assume_a_role_once(self, world: Sandbox) -> None:
        sessions = sessions_of(world)
        clients: list[object] = []
        threads = [
            threading.Thread(target=lambda: clients.append(sessions.client("iam", role=OPERATOR)))
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(clients) == 8
        assert len(set(map(id, clients))) == 1
        assert assumed(world) == 1

    def test_the_services_of_a_role_share_its_session(self, world: Sandbox) -> None:
        sessions = sessions_of(world)
        for service in ("iam", "rekognition"):
            for writing in (False, True):
                sessions.client(service, role=OPERATOR, writing=writing)
        assert assumed(world) == 1

    def test_a_session_about_to_end_is_renewed(self, world: Sandbox) -> None:
        clock = LaterClock()
        sessions = sessions_of(world, clock=clock)
        first = sessions.client("iam", role=OPERATOR)
        clock.later = timedelta(minutes=49)
        assert sessions.client("iam", role=OPERATOR) is first
        clock.later = timedelta(minutes=51)
        assert sessions.client("iam", role=OPERATOR) is not first
        assert assumed(world) == 2

    def test_a_role_that_cannot_be_assumed_is_named(self, world: Sandbox) -> None:
        with pytest.raises(errors.AccessDeniedError) as raised:
            sessions_of(world, "stranger").client("iam", role=OPERATOR)
        assert f"while assuming the role {OPERATOR}" in raised.value.detail

    def test_clients_of_a_service_share_their_connections(self, world: Sandbox) -> None:
        sessions = sessions_of(world)
        clients = [
            sessions.client("iam", role=OPERATOR),
            sessions.client("iam", role=DEPLOYER),
            sessions.client("iam", role=OPERATOR, writing=True),
        ]
        assert len({id(vars(client)["_endpoint"].http_session) for client in clients}) == 1

    def test_a_client_without_the_private_name_keeps_its_own_pool(self, world: Sandbox) -> None:
        class Foreign:
            """A client of a botocore that is built in another way."""

        Clients(None, REGION, world.endpoint)._share_connections("iam", Foreign())  # noqa: SLF001 - the fallback itself

    def test_each_call_is_signed_by_its_own_role(self, world: Sandbox) -> None:
        sessions = sessions_of(world)
        for role in (OPERATOR, DEPLOYER):
            who = caller_of(sessions, role)
            assert who.split("/")[1] == role.rpartition("/")[2]

    def test_no_credentials_at_all_are_said_so(self, world: Sandbox) -> None:
        bare = Sessions(None, REGION, session_name="x", endpoint_url=world.endpoint)
        with pytest.raises(errors.CredentialsError) as raised:
            bare.client("iam", role=OPERATOR)
        assert raised.value.summary == "No usable credentials"

    def test_what_is_written_is_never_repeated_by_botocore(self, world: Sandbox) -> None:
        admin.inject(world.endpoint, "iam:GetRole", "throttle", count=9)
        client = sessions_of(world).client("iam", role=OPERATOR, writing=True)
        with pytest.raises(ClientError):
            client.get_role(RoleName="tools-qa")
        calls = admin.calls(world.endpoint)
        assert sum(call["operation"] == "iam:GetRole" for call in calls) == 1


def caller_of(sessions: Sessions, role: str) -> str:
    """Ask STS who a role's client is."""
    return sessions.client("sts", role=role).get_caller_identity()["Arn"]


class TestSessionName:
    @pytest.mark.parametrize(
        ("text", "name"),
        [("p-2026/01:02", "p-2026-01-02"), ("", "--"), ("x" * 70, "x" * 64), ("ä b", "--b")],
    )
    def test_is_one_that_sts_accepts(self, text: str, name: str) -> None:
        assert session_name(text) == name
