"""Every template is sufficient and minimal: with it all commands pass, with an action less one fails.

Over real HTTP on a sandbox in a process of its own, which enforces what the product's templates
render to. Commands of `promote` run in this process, since starting Python costs more than they do.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from promote.cli.main import main
from promote.cli.sandbox_logins import variables_of
from promote.cli.sandbox_world import world_of
from promote.config import load
from promote.core.documents import wanted_documents
from promote.core.events import Event, StepDone
from promote.core.plan import Switch
from promote.iam.document import parse
from promote.promoter import Promoter
from promote.sandbox import admin
from promote.sandbox.images import draw_tool
from promote.sandbox.seed import ML, POINTER, PROJECT, QA
from promote.sandbox.world import RoleSeed, World, to_json
from promote.templates import KINDS, render
from promote.templates.location import policies_directory
from tests.artifacts.permissions import PERMISSIONS, Given, Need, markdown, needs

ROOT = Path(__file__).parents[2]
AWS = str(Path(sys.executable).with_name("aws"))
SETTINGS = ("start_seconds", "stop_seconds", "propagation_seconds")
DENIED = {"AccessDenied", "AccessDeniedException"}
PROMOTER = "arn:aws:iam::111111111111:user/promoter"
CONFIGURATION = """\
version: 1
region: us-east-1
organization: o-a1b2c3d4e5
ml: {account: "222222222222"}
models:
  tools: {project: tools-detector}
defaults:
  reader_role: promote-reader
  operator_role: promote-operator-{environment}
  deployer_role: promote-deployer
  smoke_role: promote-smoke
  external_id: tools
  consumers: ["arn:aws:iam::{account}:role/storefront"]
  pointer: {ssm: "/models/{model}/version-arn"}
  propagation: {consecutive: 1, deadline: 1s}
  smoke: {images: golden/, min_accuracy: 0.5}
environments:
  - {name: qa, accounts: ["333333333333"], drain: 0s}
"""
KIND_OF_ROLE = {
    f"{ML}:promote-reader": "reader-ml",
    f"{ML}:promote-operator-qa": "operator",
    f"{ML}:tools-qa": "access-role",
    f"{QA}:promote-reader": "reader-target",
    f"{QA}:promote-deployer": "deployer",
    f"{QA}:promote-smoke": "smoke",
    f"{QA}:storefront": "consumer",
}

Call = Mapping[str, Any]


@dataclass(frozen=True)
class Done:
    """How a command ended, and what it asked of AWS."""

    code: int
    said: str
    calls: list[Call]

    @property
    def denied(self) -> set[tuple[str, str]]:
        """Which template and which action each denied call lacked."""
        return {
            (kind, call["operation"])
            for call in self.calls
            if call["outcome"] in DENIED
            for kind in kinds_that_decide(call)
        }


class Workplace:
    """A sandbox and a configuration for it; every case gets the world anew."""

    def __init__(self, endpoint: str, directory: Path) -> None:
        self.endpoint = endpoint
        self.directory = directory
        self.configuration = directory / "promote.yaml"

    def seed(self, given: Given, templates: Path | None) -> None:
        """Make the world of a case, with roles rendered from `templates`."""
        own = "" if templates is None else f"templates: {templates}\n"
        self.configuration.write_text(CONFIGURATION + own)
        world = world_of(load(self.configuration), templates)
        admin.seed(self.endpoint, to_json(ARRANGED[given](world)), replace=True)

    def run(self, need: Need, templates: Path | None = None) -> Done:
        """Run a command in its world."""
        self.seed(need.given, templates)
        if need.given is Given.INTERRUPTED:
            self.interrupt()
        admin.clear_calls(self.endpoint)
        program, *arguments = shlex.split(need.command)
        runner = self.promote if program == "promote" else self.aws
        code, said = runner(arguments)
        return Done(code, said, admin.calls(self.endpoint))

    def interrupt(self) -> None:
        """Leave a promotion as a process leaves it that was killed after the switch."""

        def listen(event: Event) -> None:
            if isinstance(event, StepDone) and isinstance(event.step, Switch):
                raise KeyboardInterrupt

        with self.login("promoter"):
            promoter = Promoter(load(self.configuration), on_event=listen)
            with pytest.raises(KeyboardInterrupt):
                promoter.apply(promoter.plan("tools", "v2", to="qa"))

    def promote(self, arguments: list[str]) -> tuple[int, str]:
        """Run `promote` in this process, as the promoter."""
        said = io.StringIO()
        with (
            self.login("promoter"),
            contextlib.redirect_stdout(said),
            contextlib.redirect_stderr(said),
        ):
            code = main([*arguments, "-f", str(self.configuration)])
        return code, said.getvalue()

    def aws(self, arguments: list[str]) -> tuple[int, str]:
        """Run `aws` as an application."""
        with self.login(f"consumer/{QA}"):
            done = subprocess.run(
                [AWS, *arguments],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
        return done.returncode, done.stdout

    @contextlib.contextmanager
    def login(self, name: str) -> Iterator[None]:
        """Call the sandbox as somebody."""
        before = dict(os.environ)
        os.environ.update(variables_of(admin.info(self.endpoint), name))
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)


def with_access_role(
    change: Callable[[RoleSeed], RoleSeed],
) -> Callable[[World], World]:
    """Return what changes the access role of a world."""

    def arrange(world: World) -> World:
        roles = (change(role) if role.name == "tools-qa" else role for role in world.roles)
        return replace(world, roles=tuple(roles))

    return arrange


def allow(action: str) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def v2_running(world: World) -> World:
    versions = tuple(
        replace(version, status="RUNNING") if version.name == "v2" else version
        for version in PROJECT.versions
    )
    others = tuple(project for project in world.projects if project != PROJECT)
    return replace(world, projects=(*others, replace(PROJECT, versions=versions)))


def nothing_promoted_yet(world: World) -> World:
    bare = with_access_role(lambda role: replace(role, inline={}))(world)
    kept = tuple(each for each in world.parameters if each.name != POINTER)
    return replace(bare, parameters=kept)


DETECT = allow("rekognition:DetectCustomLabels")
ARRANGED: dict[Given, Callable[[World], World]] = {
    Given.SEEDED: lambda world: world,
    Given.ATTACHED: with_access_role(
        lambda role: replace(role, attached={"reports": allow("cloudwatch:PutMetricData")})
    ),
    Given.FOREIGN_MANAGED: with_access_role(
        lambda role: replace(role, attached={"by-hand": DETECT})
    ),
    Given.FOREIGN_INLINE: with_access_role(
        lambda role: replace(role, inline={**role.inline, "by-hand": DETECT})
    ),
    Given.ORPHAN: v2_running,
    Given.INTERRUPTED: nothing_promoted_yet,
}


def kinds_that_decide(call: Call) -> set[str]:
    """Return the kinds of template that a call needs an action of."""
    account, _, role = call["principal"].partition("assumed-role/")
    found = {KIND_OF_ROLE[f"{call['account']}:{role.partition('/')[0]}"]} if role else set()
    if call["operation"] == "sts:AssumeRole":
        access_role = call["resource"].endswith("role/tools-qa")
        found.add("access-role-trust" if access_role else "role-trust")
    return found


def without(kind: str, action: str, directory: Path) -> Path:
    """Write a template without one of its actions, and return its directory."""
    text = (policies_directory() / f"{kind}.json.j2").read_text("utf-8")
    name = re.escape(f'"{action}"')
    if f'"Action": "{action}"' in text:
        # A statement must have an action, so a lone one gives way to one that does not exist.
        changed, times = re.subn(name, f'"{action.partition(":")[0]}:Removed"', text)
    else:
        changed, times = re.subn(rf",\s*{name}|{name},\s*", "", text)
    assert times == 1
    (directory / f"{kind}.json.j2").write_text(changed, "utf-8")
    return directory


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    options = [part for name in SETTINGS for part in ("--set", f"{name}=0")]
    process = subprocess.Popen(
        [sys.executable, "-m", "promote.sandbox", *options], stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["endpoint"]
        process.terminate()


@pytest.fixture
def workplace(endpoint: str, tmp_path: Path) -> Workplace:
    for label in ("hammer", "wrench"):
        (tmp_path / "golden" / label).mkdir(parents=True)
        draw_tool(label, 7_000).save(tmp_path / "golden" / label / "1.png")
    return Workplace(endpoint, tmp_path)


actions = pytest.mark.parametrize(
    ("kind", "action"), [(kind, action) for kind, row in PERMISSIONS.items() for action in row]
)


class TestWithoutOneAction:
    @actions
    def test_the_command_fails_and_names_it(
        self, kind: str, action: str, workplace: Workplace, tmp_path: Path
    ) -> None:
        templates = tmp_path / "policies"
        templates.mkdir()
        done = workplace.run(PERMISSIONS[kind][action], without(kind, action, templates))
        assert done.code not in {0, 1, 2}, done.said
        assert action in done.said, done.said
        denied = {what for _, what in done.denied}
        assert denied == {action}, done.said
        assert kind in {who for who, _ in done.denied}


class TestWithTheTemplatesAsTheyAre:
    @pytest.mark.parametrize("need", needs(), ids=lambda need: f"{need.command} {need.given}")
    def test_every_command_passes(self, need: Need, workplace: Workplace) -> None:
        done = workplace.run(need)
        assert done.code == 0, done.said
