"""Guardrails on the sandbox's organisation: rolled out, enforced, checked, taken off again."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from botocore.exceptions import ClientError

from promote.cli.main import execute
from promote.config import load
from promote.core.events import Event, GuardrailChanged
from promote.core.guardrails.organization import ControlType
from promote.core.result import Outcome
from promote.errors import AccessDeniedError, NotFoundError
from promote.guardrails import GuardrailPlan, Guardrails
from promote.sandbox.seed import MANAGEMENT, ML, ORGANIZATION, QA
from tests.fake_organization import QuickClock
from tests.functional.promotion_stage import CONFIG, V1, V2, V3, Stage
from tests.unit.cli.fakes import FakeRun

CONSUMERS = ORGANIZATION.unit_id("Workloads")
SCP = f"promote-guardrail-scp-{ML}"
GUARDED = f"""\
{CONFIG}
organization: {ORGANIZATION.id}
guardrails:
  account: "{MANAGEMENT}"
  targets: [{CONSUMERS}, "{ML}"]
"""
CREATE = "organizations:CreatePolicy"
TOO_MUCH = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "rekognition:*", "Resource": "*"}],
}


@pytest.fixture(scope="module", autouse=True)
def _guarded(stage: Stage) -> None:
    stage.set_up(GUARDED)
    stage.client(f"admin/{ML}", "iam").put_role_policy(
        RoleName="tools-qa", PolicyName="too-much", PolicyDocument=json.dumps(TOO_MUCH)
    )


def library(stage: Stage, on_event: Callable[[Event], None] | None = None) -> Guardrails:
    """Open the library as the promoter; its clock does not keep the pace of a real organisation."""
    topology = load(stage.directory / "promote.yaml")
    return Guardrails(topology, session=stage.session, clock=QuickClock(), on_event=on_event)


class _Run(FakeRun):
    """The command line in this process, as the promoter."""

    def __init__(self, stage: Stage, *arguments: str) -> None:
        super().__init__("guardrail", *arguments, "-f", str(stage.directory / "promote.yaml"))
        self.stage = stage

    def guardrails(self, on_event: Callable[[Event], None] | None = None) -> Guardrails:
        return library(self.stage, on_event)


def as_consumer(stage: Stage) -> Any:
    """Return a client with a session of the access role, opened by the application in qa."""
    sts = stage.client(f"consumer/{QA}", "sts")
    answer = sts.assume_role(
        RoleArn=f"arn:aws:iam::{ML}:role/tools-qa", RoleSessionName="shop", ExternalId="tools"
    )
    return stage.client(answer["Credentials"], "rekognition")


def stopping(stage: Stage, version: str = V2) -> ClientError:
    """Let an application try to stop a version; that v2 does not run is said once it may."""
    with pytest.raises(ClientError) as raised:
        as_consumer(stage).stop_project_version(ProjectVersionArn=version)
    return raised.value


def code(error: ClientError) -> str:
    return str(error.response["Error"]["Code"])


def written(stage: Stage) -> list[str]:
    """Return what was written to the organisation."""
    calls = [each["operation"] for each in stage.calls()]
    reads = ("organizations:List", "organizations:Describe")
    return [e for e in calls if e.startswith("organizations:") and not e.startswith(reads)]


class TestTheRollout:
    """In order: each test goes on where the one before ended."""

    def test_begins_with_a_check_that_finds_everything_missing(
        self, stage: Stage, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert execute(_Run(stage, "check")) == 4
        shown = capsys.readouterr().out
        assert f"FAIL  SCP {SCP}: does not exist" in shown
        assert "are let pass" in shown
        assert code(stopping(stage)) == "ResourceInUseException"

    def test_goes_to_the_consumers_first_which_does_not_protect(
        self, stage: Stage, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert execute(_Run(stage, "apply", "--target", CONSUMERS, "--yes")) == 0
        told = capsys.readouterr().err
        assert f"acting as arn:aws:iam::{MANAGEMENT}:role/promote-guardrails" in told
        assert told.index("acting as") < told.index("step 1 of 4")
        assert code(stopping(stage)) == "ResourceInUseException"

    def test_is_found_to_miss_the_account_of_the_session(
        self, stage: Stage, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert execute(_Run(stage, "check", "-o", "json")) == 4
        found = json.loads(capsys.readouterr().out)["findings"]
        wrong = {each["check"]: each for each in found if not each["ok"]}
        assert set(wrong) == {"policy", "protection"}
        wrong["protection"] = next(e for e in found if "rekognition:*" in e["subject"])
        assert wrong["policy"]["subject"].endswith(f"on {ML}")
        assert "an SCP governs the principal's account" in wrong["protection"]["detail"]
        assert f"apply --target {ML}" in wrong["protection"]["remedy"]
        assert wrong["protection"]["request"]["principal"].startswith(f"arn:aws:sts::{ML}:")

    def test_on_the_ml_account_stops_the_application(self, stage: Stage) -> None:
        assert execute(_Run(stage, "apply", "--yes")) == 0
        denied = stopping(stage, V1)
        assert code(denied) == "AccessDeniedException"
        assert "with an explicit deny in a service control policy" in str(denied)
        assert all(each.ok for each in library(stage).check())

    def test_lets_promotions_pass(self, stage: Stage) -> None:
        assert stage.apply(adopt=True).result is Outcome.PROMOTED

    def test_again_changes_nothing(self, stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
        before = written(stage)
        assert len(before) == 6
        assert execute(_Run(stage, "apply", "--yes")) == 0
        assert capsys.readouterr().out.startswith("Nothing to do")
        assert written(stage) == before

    def test_after_a_change_of_the_configuration_is_one_update(self, stage: Stage) -> None:
        exempt = f'  exempt: ["arn:aws:iam::{ML}:role/break-glass"]\n'
        (stage.directory / "promote.yaml").write_text(GUARDED + exempt)
        (drift, *others) = [each for each in library(stage).check() if not each.ok]
        assert "break-glass" in drift.detail
        assert others == []
        assert execute(_Run(stage, "apply", "--yes")) == 0
        assert written(stage)[6:] == ["organizations:UpdatePolicy"]
        assert all(each.ok for each in library(stage).check())

    def test_is_taken_off_again(self, stage: Stage) -> None:
        stage.client(f"admin/{ML}", "iam").put_role_policy(
            RoleName="tools-qa", PolicyName="too-much", PolicyDocument=json.dumps(TOO_MUCH)
        )
        assert execute(_Run(stage, "detach", "--target", ML, "--yes")) == 0
        assert code(stopping(stage, V3)) == "ResourceInUseException"
        assert execute(_Run(stage, "detach", "--delete", "--yes")) == 0
        found = [each for each in library(stage).check() if each.check == "policy"]
        assert {each.detail for each in found} == {"does not exist", "is not attached"}


class TestKilledAndTwoAtOnce:
    """In order; at the start nothing of ours is there."""

    def test_killed_after_every_write_and_run_again_ends_as_wanted(self, stage: Stage) -> None:
        def die(event: Event) -> None:
            if isinstance(event, GuardrailChanged):
                raise KeyboardInterrupt

        before = len(written(stage))
        for _ in range(4):
            guardrails = library(stage, die)
            with pytest.raises(KeyboardInterrupt):
                guardrails.apply(guardrails.plan(target=ML))
        assert library(stage).plan(target=ML).steps == ()
        assert len(written(stage)) == before + 4

    def test_two_at_once_make_each_policy_once(self, stage: Stage) -> None:
        def made() -> int:
            return [each["outcome"] for each in stage.calls(CREATE)].count("ok")

        taken = library(stage)
        taken.apply(taken.plan_removal(delete=True))
        before = made()
        plans = [(guardrails := library(stage), guardrails.plan()) for _ in range(2)]
        together = Barrier(len(plans))

        def apply(guardrails: Guardrails, plan: GuardrailPlan) -> None:
            together.wait()
            guardrails.apply(plan)

        with ThreadPoolExecutor(len(plans)) as pool:
            for done in [pool.submit(apply, *each) for each in plans]:
                done.result()
        assert made() == before + 2
        assert all(each.ok for each in library(stage).check() if each.check == "policy")


class TestTheAdapter:
    ROLE = f"arn:aws:iam::{MANAGEMENT}:role/promote-guardrails"

    def test_finds_a_policy_behind_many_others(self, stage: Stage) -> None:
        admin = stage.client(f"admin/{MANAGEMENT}", "organizations")
        for number in range(22):
            admin.create_policy(
                Name=f"other-{number}",
                Description="",
                Type="SERVICE_CONTROL_POLICY",
                Content=json.dumps(TOO_MUCH),
            )
        organization = library(stage).oversight.organization
        found = organization.named(ControlType.SCP, "other-21", role=self.ROLE)
        assert found is not None
        assert json.loads(found.content) == TOO_MUCH
        assert organization.holders(found.id, role=self.ROLE) == frozenset()

    def test_is_content_with_what_is_so_already(self, stage: Stage) -> None:
        organization = library(stage).oversight.organization
        organization.enable(ControlType.SCP, ORGANIZATION.root, role=self.ROLE)
        policy = organization.named(ControlType.SCP, "other-0", role=self.ROLE)
        assert policy is not None
        for _ in range(2):
            organization.attach(policy.id, QA, role=self.ROLE)
        assert organization.holders(policy.id, role=self.ROLE) == {QA}
        for _ in range(2):
            organization.detach(policy.id, QA, role=self.ROLE)
        organization.delete(policy.id, role=self.ROLE)
        assert organization.policy(policy.id, role=self.ROLE) is None

    def test_knows_who_is_no_member(self, stage: Stage) -> None:
        organization = library(stage).oversight.organization
        assert organization.parent("777777777777", role=self.ROLE) is None
        policy = organization.named(ControlType.SCP, "other-1", role=self.ROLE)
        assert policy is not None
        with pytest.raises(NotFoundError, match="777777777777"):
            organization.attach(policy.id, "777777777777", role=self.ROLE)

    def test_says_what_the_role_must_be_allowed(self, stage: Stage) -> None:
        organization = library(stage).oversight.organization
        with pytest.raises(AccessDeniedError) as raised:
            organization.root(role=None)
        assert raised.value.remedy.endswith("    promote policy render --kind guardrails")
