"""Every template is sufficient and minimal: with it all commands pass, with less one fails.

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
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest

from promote.cli.main import execute
from promote.cli.run import Run
from promote.cli.sandbox_logins import variables_of
from promote.cli.sandbox_world import world_of
from promote.config import load
from promote.core.events import Event, StepDone
from promote.core.plan import Switch
from promote.core.policies.documents import wanted_documents
from promote.core.topology import Topology
from promote.guardrails import Guardrails
from promote.iam.document import parse
from promote.promoter import Promoter
from promote.sandbox import admin
from promote.sandbox.images import draw_tool
from promote.sandbox.seed import (
    EVALUATIONS,
    MANAGEMENT,
    ML,
    ORGANIZATION,
    POINTER,
    PROJECT,
    QA,
)
from promote.sandbox.world import RoleSeed, World, to_json
from promote.templates import KINDS, render
from promote.templates.location import policies_directory
from tests.artifacts.permissions import PERMISSIONS, PLAN, Given, Need, markdown, needs
from tests.fake_organization import QuickClock
from tests.functional import warm

ROOT = Path(__file__).parents[2]
AWS = str(Path(sys.executable).with_name("aws"))
AT_ONCE = ("start_seconds", "stop_seconds", "propagation_seconds")
NOT_A_MATTER_OF_ACCESS = {1, 2}
"""The exit codes of a bug and of a wrong command line or configuration."""
WRITTEN = "access-role"
"""The kind of document that a promotion writes; the others are there before."""
DENIED = {"AccessDenied", "AccessDeniedException"}
ML_ALARM = f"arn:aws:cloudwatch:us-east-1:{ML}:alarm:unhealthy"
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
guardrails: {account: "999999999999", role: promote-guardrails, targets: ["222222222222"]}
"""
ASKING = (
    (
        'ml: {account: "222222222222"}',
        f'ml: {{account: "222222222222", evaluations: "{EVALUATIONS}"}}',
    ),
    ("{project: tools-detector}", "{project: tools-detector, labels: {ssm: /models/tools/labels}}"),
    ("drain: 0s}", f"drain: 0s, gates: {{f1: 0.5, labels: exact, alarm: [errors, {ML_ALARM}]}}}}"),
)
"""What gates that ask about everything change in the configuration."""
KIND_OF_ROLE = {
    (MANAGEMENT, "promote-guardrails"): "guardrails",
    (ML, "promote-reader"): "reader-ml",
    (ML, "promote-operator-qa"): "operator",
    (ML, "tools-qa"): "access-role",
    (QA, "promote-reader"): "reader-target",
    (QA, "promote-deployer"): "deployer",
    (QA, "promote-smoke"): "smoke",
    (QA, "storefront"): "consumer",
}

Call = Mapping[str, Any]


@dataclass(frozen=True)
class Done:
    """How a command ended, and what it asked of AWS."""

    code: int
    said: str
    calls: Sequence[Call]

    @property
    def denied(self) -> set[tuple[str, str]]:
        """The kind of template and the action that each denied call may have lacked."""
        refused = (call for call in self.calls if call["outcome"] in DENIED)
        return {who_and_what for call in refused for who_and_what in deciding(call)}


@cache
def session(_key: str) -> boto3.Session:
    """Return a session with the keys of the environment, made once for each of them."""
    return boto3.Session()


def quick(topology: Topology, on_event: Callable[[Event], None] | None = None) -> Guardrails:
    """Open the library of guardrails; it does not keep the slow pace of a real organisation."""
    own = session(os.environ["AWS_ACCESS_KEY_ID"])
    return Guardrails(topology, session=own, clock=QuickClock(), on_event=on_event)


class QuickRun(Run):
    """A run of the command line."""

    def guardrails(self, on_event: Callable[[Event], None] | None = None) -> Guardrails:
        return quick(self.topology(), on_event)


class Workplace:
    """A sandbox and a configuration for it; every case gets the world anew."""

    def __init__(self, endpoint: str, directory: Path) -> None:
        self.endpoint = endpoint
        self.directory = directory
        self.configuration = directory / "promote.yaml"

    def seed(self, given: Given, templates: Path | None) -> None:
        """Make the world of a case, with roles rendered from `templates`."""
        own = "" if templates is None else f"templates: {templates}\n"
        text = CONFIGURATION
        for before, after in ASKING if given is Given.ASKED else ():
            text = text.replace(before, after)
        self.configuration.write_text(text + own)
        world = world_of(load(self.configuration), templates)
        if (arrange := ARRANGED.get(given)) is not None:
            world = arrange(world)
        admin.seed(self.endpoint, to_json(world), replace=True)

    def run(self, need: Need, templates: Path | None = None) -> Done:
        """Run a command in its world."""
        self.seed(need.given, templates)
        if (prepare := PREPARED.get(need.given)) is not None:
            prepare(self)
        return self.again(need.command)

    def again(self, command: str) -> Done:
        """Run a command in the world as it is."""
        admin.clear_calls(self.endpoint)
        program, *arguments = shlex.split(command)
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

    def guard(self, *exempt: str) -> None:
        """Apply the guardrails as an administrator, whatever the templates are."""
        topology = load(self.configuration)
        assert topology.guardrails is not None
        own = replace(topology.guardrails, role=None, exempt=exempt)
        with self.login(f"admin/{MANAGEMENT}"):
            guardrails = quick(replace(topology, guardrails=own))
            guardrails.apply(guardrails.plan())

    def put_alarms(self) -> None:
        """Let the alarms that are asked about be OK."""
        for account, name in ((ML, "unhealthy"), (QA, "errors")):
            with self.login(f"admin/{account}"):
                cloudwatch = session(os.environ["AWS_ACCESS_KEY_ID"]).client("cloudwatch")
                cloudwatch.put_metric_alarm(
                    AlarmName=name,
                    ComparisonOperator="GreaterThanThreshold",
                    EvaluationPeriods=1,
                    MetricName="errors",
                    Namespace="tools",
                    Period=60,
                    Statistic="Sum",
                    Threshold=1,
                )
                cloudwatch.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="test")

    def disable_rcps(self) -> None:
        """Disable a type of policies as an administrator."""
        with self.login(f"admin/{MANAGEMENT}"):
            organizations = session(os.environ["AWS_ACCESS_KEY_ID"]).client("organizations")
            organizations.disable_policy_type(
                RootId=ORGANIZATION.root, PolicyType="RESOURCE_CONTROL_POLICY"
            )

    def promote(self, arguments: list[str]) -> tuple[int, str]:
        """Run `promote` in this process, as the promoter."""
        said = io.StringIO()
        with (
            self.login("promoter"),
            contextlib.redirect_stdout(said),
            contextlib.redirect_stderr(said),
        ):
            code = execute(QuickRun([*arguments, "-f", str(self.configuration)]))
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
PREPARED: dict[Given, Callable[[Workplace], None]] = {
    Given.ASKED: Workplace.put_alarms,
    Given.GUARDED: Workplace.guard,
    Given.GUARDED_LESS: lambda workplace: workplace.guard(f"arn:aws:iam::{ML}:role/former"),
    Given.INTERRUPTED: Workplace.interrupt,
    Given.WITHOUT_RCPS: Workplace.disable_rcps,
}


def deciding(call: Call) -> set[tuple[str, str]]:
    """Return the kinds of template that decide a call, each with the action that it needs."""
    _, _, session = call["principal"].partition(":assumed-role/")
    kinds = {KIND_OF_ROLE[call["account"], session.partition("/")[0]]} if session else set()
    if call["operation"] == "sts:AssumeRole":
        entered = call["resource"].endswith(":role/tools-qa")
        kinds.add("access-role-trust" if entered else "role-trust")
    return {(kind, call["operation"]) for kind in kinds}


def removed(action: str) -> str:
    """Return what a statement's only action gives way to: it must have one."""
    return f"{action.partition(':')[0]}:Removed"


def without(kind: str, action: str, directory: Path) -> Path:
    """Write a template without one of its actions, and return its directory."""
    text = (policies_directory() / f"{kind}.json.j2").read_text("utf-8")
    name = re.escape(f'"{action}"')
    alone = f'"Action": "{action}"'
    text, once = text.replace(alone, alone.replace(action, removed(action))), text.count(alone)
    changed, times = re.subn(rf",\s*{name}|{name},\s*", "", text)
    assert once + times >= 1
    assert action not in re.findall(r'"([^"]+)"', changed)
    (directory / f"{kind}.json.j2").write_text(changed, "utf-8")
    return directory


def granted(configuration: Path, kind: str, templates: Path | None) -> set[str]:
    """Return the actions that the documents of a kind allow."""
    wanted = wanted_documents(
        load(configuration), versions=[PROJECT.version_arn("v1")], trusted=[PROMOTER]
    )
    return {
        action
        for document in wanted
        if document.kind == kind
        for statement in parse(
            render(kind, document.context, directory=templates), kind=KINDS[kind]
        ).statements
        for action in statement.actions
    }


def always(kind: str, need: Need) -> set[str]:
    """Return the actions of a kind in the world of a need: some are there only if gates ask."""
    asked = need.given is Given.ASKED
    row = PERMISSIONS[kind].items()
    return {action for action, each in row if asked or each.given is not Given.ASKED}


def golden(directory: Path) -> None:
    """Draw two images, which is enough for a threshold of one half."""
    for label in ("hammer", "wrench"):
        (directory / "golden" / label).mkdir(parents=True)
        draw_tool(label, 7_000).save(directory / "golden" / label / "1.png")


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    warm.read_models_once()
    options = [part for name in AT_ONCE for part in ("--set", f"{name}=0")]
    process = subprocess.Popen(
        [sys.executable, "-m", "promote.sandbox", *options], stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())["endpoint"]
        finally:
            process.terminate()


@pytest.fixture
def workplace(endpoint: str, tmp_path: Path) -> Workplace:
    golden(tmp_path)
    return Workplace(endpoint, tmp_path)


@pytest.fixture(scope="module")
def done(endpoint: str, tmp_path_factory: pytest.TempPathFactory) -> dict[Need, Done]:
    """Run every command of the table once, each in its world, with the templates as they are."""
    found = {}
    for number, need in enumerate(needs()):
        directory = tmp_path_factory.mktemp(f"command-{number}")
        golden(directory)
        found[need] = Workplace(endpoint, directory).run(need)
    return found


class TestWithoutOneAction:
    @pytest.mark.parametrize(
        ("kind", "action"),
        [(k, action) for k, row in PERMISSIONS.items() if k != WRITTEN for action in row],
    )
    def test_the_command_fails_and_names_it(
        self, kind: str, action: str, workplace: Workplace
    ) -> None:
        templates = without(kind, action, workplace.directory)
        done = workplace.run(PERMISSIONS[kind][action], templates)
        left = granted(workplace.configuration, kind, templates)
        assert left - {removed(action)} == always(kind, PERMISSIONS[kind][action]) - {action}
        assert done.code not in {0, *NOT_A_MATTER_OF_ACCESS}, done.said
        assert {what for _, what in done.denied} == {action}, done.said
        assert kind in {who for who, _ in done.denied}
        assert f"perform: {action} on resource" in " ".join(done.said.split()), done.said

    @pytest.mark.parametrize("action", PERMISSIONS[WRITTEN])
    def test_what_promote_writes_itself_is_refused_by_the_proof_before(
        self, action: str, workplace: Workplace
    ) -> None:
        templates = without(WRITTEN, action, workplace.directory)
        done = workplace.run(PERMISSIONS[WRITTEN][action], templates)
        assert done.code == 4, done.said
        assert "allows less than planned" in done.said
        assert action in done.said
        assert not [call for call in done.calls if call["operation"] == "PutRolePolicy"]

    def test_the_gate_says_which_statement_about_labels_is_missing(
        self, workplace: Workplace
    ) -> None:
        text = (policies_directory() / "reader-target.json.j2").read_text("utf-8")
        less, times = re.subn(r"\{% if labels %\}.*?\{% endif %\}", "", text, flags=re.DOTALL)
        assert times == 1
        (workplace.directory / "reader-target.json.j2").write_text(less, "utf-8")
        done = workplace.run(Need(PLAN.command, Given.ASKED), workplace.directory)
        assert done.code == 4
        assert done.denied == {("reader-target", "ssm:GetParameter")}
        said = " ".join(done.said.split())
        assert "/models/tools/labels in 333333333333: Access denied" in said
        assert f":{QA}:parameter/models/tools/labels because no identity-based policy" in said


class TestWithTheTemplatesAsTheyAre:
    @pytest.mark.parametrize("need", needs(), ids=lambda need: f"{need.command} {need.given}")
    def test_every_command_passes(self, need: Need, done: dict[Need, Done]) -> None:
        assert done[need].code == 0, done[need].said

    def test_every_other_command_passes_too(self, workplace: Workplace) -> None:
        workplace.seed(Given.SEEDED, None)
        plan = workplace.directory / "plan.json"
        for command in (
            "doctor",
            "status",
            "version list tools",
            "version start tools v2",
            "access grant tools v2 --environment qa",
            "access revoke tools v2 --environment qa --yes",
            f"plan tools v2 --to qa --out {plan}",
            f"apply {plan}",
            "history tools",
        ):
            done = workplace.again(f"promote {command}")
            assert done.code == 0, f"{command}\n{done.said}"
            assert {who for who, _ in done.denied} <= {"access-role"}, command

    def test_nothing_is_denied_but_the_revoked_version(self, done: dict[Need, Done]) -> None:
        """Proving a revocation means to be denied."""
        denied = {who_and_what for each in done.values() for who_and_what in each.denied}
        assert denied == {("access-role", "rekognition:DetectCustomLabels")}

    def test_every_action_is_used_and_no_other(self, done: dict[Need, Done]) -> None:
        used: dict[str, set[str]] = {kind: set() for kind in PERMISSIONS}
        for call in (call for each in done.values() for call in each.calls):
            if call["outcome"] not in DENIED:
                for kind, action in deciding(call):
                    used[kind].add(action)
        assert used == {kind: set(row) for kind, row in PERMISSIONS.items()}

    def test_the_promoter_itself_only_assumes_roles(self, done: dict[Need, Done]) -> None:
        calls = [call for each in done.values() for call in each.calls]
        own = {call["operation"] for call in calls if call["principal"] == PROMOTER}
        # AWS: "No permissions are required to perform" GetCallerIdentity.
        assert own == {"sts:AssumeRole", "sts:GetCallerIdentity"}


class TestTheReadme:
    def test_shows_this_very_table_between_its_marks(self) -> None:
        text = (ROOT / "README.md").read_text("utf-8")
        (part,) = text.split("<!-- permissions -->")[1:]
        assert part.partition("<!-- /permissions -->")[0].strip() == markdown().strip()
