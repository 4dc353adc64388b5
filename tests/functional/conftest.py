"""Fixtures over the sandbox: one for the process, given another world wherever a test asks for it.

`sandbox` is the default world, fresh for each file. `a_sandbox(world, ...)` is any world, fresh at
each call; it takes the place of the one before, on the same address.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from promote.sandbox.seed import default_world
from promote.sandbox.server import Sandbox
from promote.sandbox.settings import Settings
from promote.sandbox.world import World
from tests.functional import warm

if TYPE_CHECKING:
    import boto3
    from botocore.session import Session

    from tests.functional.promotion_stage import Stage

    MakeSandbox = Callable[..., Sandbox]
    MakeClient = Callable[..., Any]

QUICK = Settings(
    start_seconds=0.2,
    stop_seconds=0.1,
    training_seconds=0.2,
    delete_seconds=0.1,
    propagation_seconds=0.0,
)


@pytest.fixture(scope="session", autouse=True)
def _service_models() -> None:
    """Read the models of AWS's services once."""
    warm.read_models_once()


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[Sandbox]:
    """Run the one sandbox of this process."""
    with Sandbox(default_world(), settings=QUICK) as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def a_sandbox(running_sandbox: Sandbox) -> MakeSandbox:
    """Return a function that gives the sandbox a new world: `a_sandbox(world, settings=QUICK)`."""

    def renew(world: World | None = None, *, settings: Settings = QUICK) -> Sandbox:
        running_sandbox.renew(world or default_world(), settings)
        return running_sandbox

    return renew


@pytest.fixture(scope="module")
def sandbox(a_sandbox: MakeSandbox) -> Sandbox:
    """Return the sandbox with the default world."""
    return a_sandbox()


@pytest.fixture(scope="session")
def botocore_session() -> Session:
    """Return the session that all clients share; a session of its own costs 0.2 s each."""
    from botocore.session import Session

    return Session()


@pytest.fixture(scope="session")
def a_client(running_sandbox: Sandbox, botocore_session: Session) -> MakeClient:
    """Return a function that makes a client: `a_client("admin/222222222222", "iam")`.

    It takes a login's name or the `Credentials` of an AssumeRole answer, and never retries.
    """

    def make(who: str | dict[str, Any], service: str, *, url: str | None = None) -> Any:
        from botocore.config import Config

        return botocore_session.create_client(
            service,
            region_name="us-east-1",
            endpoint_url=url or running_sandbox.endpoint,
            config=Config(retries={"total_max_attempts": 1, "mode": "standard"}),
            **_keys(running_sandbox, who),
        )

    return make


def _keys(sandbox: Sandbox, who: str | dict[str, Any]) -> dict[str, Any]:
    """Return a client's key arguments."""
    if isinstance(who, str):
        login = sandbox.describe()["logins"][who]
        return {
            "aws_access_key_id": login["access_key_id"],
            "aws_secret_access_key": login["secret_access_key"],
            "aws_session_token": login.get("session_token"),
        }
    return {
        "aws_access_key_id": who["AccessKeyId"],
        "aws_secret_access_key": who["SecretAccessKey"],
        "aws_session_token": who["SessionToken"],
    }


@pytest.fixture(scope="session")
def golden(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Draw golden images once: a few, since every smoke test of every target asks about each."""
    from promote.sandbox.images import write_golden

    directory = tmp_path_factory.mktemp("images") / "golden"
    write_golden(directory, per_label=2)
    return directory


@pytest.fixture(scope="session")
def promoter_session(running_sandbox: Sandbox) -> boto3.Session:
    """Return a session with the promoter's keys; they are the same in every world."""
    import boto3

    keys = running_sandbox.describe()["logins"]["promoter"]
    return boto3.Session(keys["access_key_id"], keys["secret_access_key"], region_name="us-east-1")


@pytest.fixture(scope="module")
def stage(
    running_sandbox: Sandbox,
    a_client: MakeClient,
    golden: Path,
    promoter_session: boto3.Session,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Stage]:
    """Return a stage for promotions, with a directory of the module's own.

    Clients that this process makes call the sandbox meanwhile.
    """
    from tests.functional.promotion_stage import Stage

    directory = tmp_path_factory.mktemp("stage")
    (directory / "golden").symlink_to(golden)
    os.environ["AWS_ENDPOINT_URL"] = running_sandbox.endpoint
    yield Stage(directory, running_sandbox, a_client, promoter_session)
    del os.environ["AWS_ENDPOINT_URL"]
