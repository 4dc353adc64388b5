"""Where promotions are played: a directory with promote.yaml, a sandbox made to fit it, the CLI.

The command line runs in a process of its own, over real HTTP; the installed one where it is begun
and then disturbed. What it left behind is read past it: from AWS by an administrator, from the
ledger's files.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from promote.arn import short_version
from promote.cli.sandbox_world import world_of
from promote.config import load
from promote.core.events import Event
from promote.core.result import Result
from promote.promoter import Promoter
from promote.sandbox import admin
from promote.sandbox.seed import ML, POINTER, PROJECT
from promote.sandbox.settings import Settings
from promote.sandbox.world import World
from tests.functional import warm

if TYPE_CHECKING:
    import boto3

    from promote.core.topology import Topology
    from promote.sandbox.server import Sandbox
    from tests.functional.conftest import MakeClient

V1, V2, V3, V4 = (PROJECT.version_arn(name) for name in ("v1", "v2", "v3", "v4"))
POLICY = "promote-tools"
AT_ONCE = Settings(start_seconds=0, stop_seconds=0, propagation_seconds=0)
"""Nothing takes time but the drain, for tests of something else than waiting."""

CONFIG = """\
version: 1
region: us-east-1
ml:
  account: "222222222222"
  quotas: {running: 2}
models:
  tools: {project: tools-detector}
defaults:
  external_id: tools
  consumers: ["arn:aws:iam::{account}:role/storefront"]
  propagation: {consecutive: 1, deadline: 20s}
  deadlines: {start: 20s, stop: 20s}
  smoke: {images: golden/}
  drain: 0s
environments:
  - name: qa
    accounts: ["333333333333"]
  - name: prod
    accounts: ["444444444444", "555555555555"]
"""
AFTER_QA = CONFIG.replace("name: prod\n", "name: prod\n    after: qa\n")

Done = subprocess.CompletedProcess[str]
Change = Callable[[World], World]


@dataclass(frozen=True)
class Snapshot:
    """What a promotion may change, as an administrator sees it."""

    pointers: Mapping[str, str | None]
    """The names of versions by account; the whole value where it is no version."""
    policies: Mapping[str, Mapping[str, Any]]
    """By the name of the access role and of its inline policy."""
    running: frozenset[str]

    def granted(self, role: str) -> set[str]:
        """Return the versions, or the patterns, that a role's policy of ours allows."""
        document = self.policies[role].get(POLICY, {"Statement": []})
        found = [each["Resource"] for each in document["Statement"]]
        texts = {text for each in found for text in ([each] if isinstance(each, str) else each)}
        return {short_version(text) for text in texts}


class Stage:
    """A directory, the sandbox, and the command line in it as the promoter."""

    def __init__(
        self, directory: Path, sandbox: Sandbox, a_client: MakeClient, session: boto3.Session
    ) -> None:
        self.directory = directory
        self.session = session
        self.sandbox = sandbox
        self.client = a_client
        self._clients: dict[tuple[str, str], Any] = {}
        self.topology: Topology

    def set_up(
        self,
        config: str = CONFIG,
        settings: Settings = AT_ONCE,
        change: Change = lambda world: world,
    ) -> None:
        """Write promote.yaml and give the sandbox the world that it wants, changed by a test.

        A new world begins with a new ledger: the old one would call its pointers set by hand.
        """
        shutil.rmtree(self.directory / ".promote/ledger", ignore_errors=True)
        (self.directory / "promote.yaml").write_text(config)
        self.topology = load(self.directory / "promote.yaml")
        self.sandbox.renew(change(world_of(self.topology, None)), settings)
        admin.clear_faults(self.endpoint)
        admin.clear_calls(self.endpoint)

    @property
    def endpoint(self) -> str:
        """Where the sandbox is."""
        return self.sandbox.endpoint

    def environment(self, login: str = "promoter") -> dict[str, str]:
        """Return the environment of a process that calls the sandbox as `login`."""
        keys = self.sandbox.describe()["logins"][login]
        variables = {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": keys["access_key_id"],
            "AWS_SECRET_ACCESS_KEY": keys["secret_access_key"],
        }
        if token := keys.get("session_token"):
            variables["AWS_SESSION_TOKEN"] = token
        return {**os.environ, **variables}

    def promote(self, *arguments: str, environment: Mapping[str, str] | None = None) -> Done:
        """Run `promote` to its end, without a terminal, as the promoter or as another."""
        return warm.run(self.directory, environment or self.environment(), *arguments)

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        """Start `promote` and go on."""
        return subprocess.Popen(
            [warm.PROMOTE, *arguments],
            cwd=self.directory,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def release(self, version: str = "v2", to: str = "qa", *more: str) -> Done:
        """Run `promote release`, agreed beforehand."""
        return self.promote("release", "tools", version, "--to", to, "--yes", *more)

    def released(self, version: str = "v2", to: str = "qa", *more: str) -> Done:
        """Run `promote release` and hold that it went well."""
        done = self.release(version, to, *more)
        assert done.returncode == 0, done.stderr
        return done

    def promoter(self, on_event: Callable[[Event], None] | None = None) -> Promoter:
        """Open the library as the promoter, in this process: several times faster than a command.

        The process's own environment holds no keys, but the sandbox's address.
        """
        return Promoter(
            load(self.directory / "promote.yaml"), session=self.session, on_event=on_event
        )

    def apply(self, version: str = "v2", to: str = "qa", *, adopt: bool = False) -> Result:
        """Plan and apply with the library."""
        promoter = self.promoter()
        return promoter.apply(promoter.plan("tools", version, to=to, adopt=adopt))

    def document(self, *arguments: str) -> Any:
        """Run `promote` for programs and read the last line of its output."""
        return json.loads(self.promote(*arguments, "-o", "json").stdout.splitlines()[-1])

    def snapshot(self) -> Snapshot:
        """Look at the world as an administrator."""
        targets = self.topology.all_targets(self.topology.models[0].name)
        statuses = admin.statuses(self.endpoint)
        named = {target.account: self.pointer(target.account) for target in targets}
        return Snapshot(
            pointers={a: short_version(value) if value else None for a, value in named.items()},
            policies={t.access_role.rpartition("/")[2]: self._policies(t) for t in targets},
            running=frozenset(short_version(a) for a, s in statuses.items() if s == "RUNNING"),
        )

    def pointer(self, account: str, name: str = POINTER) -> str | None:
        """Return what a pointer holds."""
        ssm = self._administrator(account, "ssm")
        try:
            value: str = ssm.get_parameter(Name=name)["Parameter"]["Value"]
        except ClientError:
            return None
        return value

    def put_pointer(self, account: str, value: str, name: str = POINTER) -> None:
        """Let somebody else write a pointer."""
        ssm = self.client(f"admin/{account}", "ssm")
        ssm.put_parameter(Name=name, Value=value, Type="String", Overwrite=True)

    def calls(self, operation: str = "") -> list[dict[str, Any]]:
        """Return the calls that the product made, of one operation or of all."""
        return [
            call
            for call in admin.calls(self.endpoint)
            if operation in {"", call["operation"]} and ":user/admin" not in call["principal"]
        ]

    def records(self) -> list[dict[str, Any]]:
        """Return the ledger's records, oldest first."""
        files = sorted(self.directory.glob(".promote/ledger/tools/records/*.json"))
        return [json.loads(file.read_text())["record"] for file in files]

    @property
    def is_finished(self) -> bool:
        """Whether every promotion has ended and nobody holds the lock."""
        kinds = [record["kind"] for record in self.records()]
        ended = kinds.count("promotion-started") == kinds.count("promotion-ended")
        return ended and not (self.directory / ".promote/ledger/tools/lock.json").exists()

    def _administrator(self, account: str, service: str) -> Any:
        """Return a client, made once: an administrator's keys are the same in every world."""
        key = (account, service)
        if key not in self._clients:
            self._clients[key] = self.client(f"admin/{account}", service)
        return self._clients[key]

    def _policies(self, target: Any) -> dict[str, Any]:
        iam = self._administrator(ML, "iam")
        role = target.access_role.rpartition("/")[2]
        try:
            names = iam.list_role_policies(RoleName=role)["PolicyNames"]
        except ClientError:
            return {}
        return {
            name: iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
            for name in names
        }


def assert_ends(done: Done, code: int, summary: str, remedy: str) -> None:
    """Hold how a command failed: its exit code, its summary and the line that helps."""
    assert done.returncode == code, done.stderr
    lines = done.stderr.splitlines()
    assert f"Error: {summary}" in lines, done.stderr
    assert remedy in done.stderr[done.stderr.index(f"Error: {summary}") :], done.stderr
    assert "Traceback" not in done.stderr


def without_role(account: str, name: str) -> Change:
    """Return a change that takes a role out of the world."""

    def change(world: World) -> World:
        kept = tuple(r for r in world.roles if (r.account, r.name) != (account, name))
        return replace(world, roles=kept)

    return change
