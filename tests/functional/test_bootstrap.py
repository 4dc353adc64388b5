"""`bootstrap` against CloudFormation of the sandbox: shown first, idempotent, resumable."""

from __future__ import annotations

import functools
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest

from promote.aws.clock import SystemClock
from promote.aws.formation import AwsFormation
from promote.aws.identities import StsIdentities
from promote.aws.sessions import Sessions
from promote.bootstrap import Bootstrap, wanted_stacks
from promote.cli.main import main
from promote.config import load
from promote.core.bootstrap import Approach, Phase, Stack, additions
from promote.core.events import Event, StackDeployed, Waiting, Warned
from promote.core.topology import Environment
from promote.errors import (
    AccessDeniedError,
    FailedError,
    NeedsAttentionError,
    RefusedError,
    StalePlanError,
)
from promote.ports.formation import Entrance, Yard
from promote.report import bootstrap as report
from promote.sandbox import admin
from promote.sandbox.formation.recorded import RECORDED
from promote.sandbox.seed import CICD, ML, PROD_1, PROD_2, QA, default_world
from promote.sandbox.server import Sandbox
from promote.workflow.bootstrap import Bootstrapper
from promote.workflow.site import Announcer
from tests.functional.stack_readers import is_there
from tests.functional.templates import body, group, inline, role, template

ROLE = "OrganizationAccountAccessRole"
REGION = "us-east-1"
ACCOUNTS = (CICD, ML, QA, PROD_1, PROD_2)


@pytest.fixture(autouse=True)
def sandbox(a_sandbox: Any) -> Sandbox:
    fresh: Sandbox = a_sandbox(default_world())
    return fresh


@pytest.fixture
def events() -> list[Event]:
    return []


@pytest.fixture
def manager(running_sandbox: Sandbox) -> Any:
    keys = running_sandbox.describe()["logins"]["admin/999999999999"]
    return boto3.Session(keys["access_key_id"], keys["secret_access_key"], region_name=REGION)


@pytest.fixture
def bootstrapper(sandbox: Sandbox, manager: Any, events: list[Event]) -> Bootstrapper:
    return a_bootstrapper(sandbox, manager, events)


def a_bootstrapper(sandbox: Sandbox, session: Any, events: list[Event]) -> Bootstrapper:
    sessions = Sessions(session, REGION, session_name="bootstrap", endpoint_url=sandbox.endpoint)
    yard = Yard(
        clock=SystemClock(),
        identities=StsIdentities(sessions),
        formation=AwsFormation(lambda _profile: sessions),
    )
    return Bootstrapper(
        yard=yard,
        entrances={
            account: Entrance(account=account, role=f"arn:aws:iam::{account}:role/{ROLE}")
            for account in ACCOUNTS
        },
        announce=Announcer(events.append),
        region=REGION,
        staging=(CICD, "promote-artifacts"),
        shortest=0.02,
    )


def foundation(**more: Any) -> Stack:
    source = {
        **template(Bucket=bucket("promote-artifacts"), Group=group("/promote/a"), **more),
        "Outputs": {"Bucket": {"Value": {"Ref": "Bucket"}, "Export": {"Name": "artifacts"}}},
    }
    return Stack("promote-foundation", Phase.FOUNDATION, CICD, source)


def bucket(name: str) -> dict[str, Any]:
    return {
        "Type": "AWS::S3::Bucket",
        "DeletionPolicy": "RetainExceptOnCreate",
        "Properties": {"BucketName": name},
    }


def pipeline() -> Stack:
    name = {"Fn::Join": ["/", ["/of", {"Fn::ImportValue": "artifacts"}]]}
    source = template(Group={"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": name}})
    return Stack("promote-pipeline-tools", Phase.PIPELINE, CICD, source)


def reader(account: str, action: str = "rekognition:DescribeProjects") -> Stack:
    source = template(Reader=role("reader", Policies=[inline("read", action, "*")]))
    return Stack("promote-target-prod", Phase.TARGETS, account, source)


def deploy(bootstrapper: Bootstrapper, *stacks: Stack) -> None:
    bootstrapper.apply(bootstrapper.plan(stacks))


def status(a_client: Any, account: str, stack: str) -> str:
    found = a_client(f"admin/{account}", "cloudformation").describe_stacks(StackName=stack)
    return str(found["Stacks"][0]["StackStatus"])


def reading(sandbox: Sandbox, since: int) -> list[str]:
    """Return the writes to CloudFormation since a call."""
    read = ("Describe", "Get", "List", "Validate")
    return [
        each["operation"]
        for each in admin.calls(sandbox.endpoint, since=since)
        if each["operation"].startswith("cloudformation:")
        and not each["operation"].partition(":")[2].startswith(read)
    ]


def last(sandbox: Sandbox) -> int:
    calls = admin.calls(sandbox.endpoint)
    return int(calls[-1]["n"]) if calls else 0


class TestDeploying:
    def test_each_phase_waits_for_the_one_before(
        self, bootstrapper: Bootstrapper, events: list[Event], a_client: Any
    ) -> None:
        targets = [reader(account) for account in (QA, PROD_1, PROD_2)]
        deploy(bootstrapper, pipeline(), *targets, foundation())
        deployed = [each.account for each in events if isinstance(each, StackDeployed)]
        assert (deployed[0], deployed[-1]) == (CICD, CICD)
        assert sorted(deployed[1:-1]) == sorted([QA, PROD_1, PROD_2])
        assert status(a_client, CICD, "promote-pipeline-tools") == "CREATE_COMPLETE"
        assert a_client(f"admin/{PROD_2}", "iam").get_role(RoleName="reader")

    def test_the_same_again_does_nothing(
        self, bootstrapper: Bootstrapper, sandbox: Sandbox
    ) -> None:
        deploy(bootstrapper, foundation(), reader(QA))
        since = last(sandbox)
        plans = bootstrapper.plan([foundation(), reader(QA)])
        assert all(each.idle for each in plans)
        bootstrapper.apply(plans)
        assert reading(sandbox, since) == []
        assert report.done(plans).startswith("Nothing to do")

    def test_planning_changes_nothing_and_leaves_nothing_of_a_new_stack(
        self, bootstrapper: Bootstrapper, sandbox: Sandbox
    ) -> None:
        since = last(sandbox)
        (plan,) = bootstrapper.plan([foundation()])
        assert [each.logical for each in plan.changes] == ["Bucket", "Group"]
        assert reading(sandbox, since) == []

    def test_a_refused_update_leaves_no_change_set(
        self, bootstrapper: Bootstrapper, a_client: Any
    ) -> None:
        deploy(bootstrapper, reader(QA))
        plans = bootstrapper.plan([reader(QA, "rekognition:ListTagsForResource")])
        formation = a_client(f"admin/{QA}", "cloudformation")
        assert len(formation.list_change_sets(StackName="promote-target-prod")["Summaries"]) == 1
        bootstrapper.discard(plans)
        assert formation.list_change_sets(StackName="promote-target-prod")["Summaries"] == []

    def test_a_large_template_goes_through_the_foundations_bucket(
        self, bootstrapper: Bootstrapper, a_client: Any
    ) -> None:
        source = {**template(Group=group("/large")), "Metadata": {"Filling": "x" * 60_000}}
        large = Stack("promote-pipeline-large", Phase.PIPELINE, CICD, source)
        deploy(bootstrapper, foundation(), large)
        assert status(a_client, CICD, "promote-pipeline-large") == "CREATE_COMPLETE"

    def test_a_parameter_says_whether_a_bucket_is_there(
        self, bootstrapper: Bootstrapper, a_client: Any
    ) -> None:
        source = template(
            Ledger={**bucket("promote-ledger"), "Condition": "Wanted"}, Group=group("/g")
        )
        source["Parameters"] = {"CreateLedger": {"Type": "String", "Default": "true"}}
        source["Conditions"] = {"Wanted": {"Fn::Equals": [{"Ref": "CreateLedger"}, "true"]}}
        stack = Stack(
            "with-ledger", Phase.FOUNDATION, CICD, source, ("CreateLedger", "promote-ledger")
        )
        (plan,) = bootstrapper.plan([stack])
        assert [each.logical for each in plan.changes] == ["Group"]
        bootstrapper.apply([plan])
        changed = replace(stack, source={**source, "Description": "kept parameters"})
        deploy(bootstrapper, changed)
        found = a_client(f"admin/{CICD}", "cloudformation").describe_stacks(StackName="with-ledger")
        assert found["Stacks"][0]["Parameters"][0]["ParameterValue"] == "false"


class TestWhatIsShown:
    def test_an_update_tells_what_changes_and_what_it_means_for_access(
        self, bootstrapper: Bootstrapper
    ) -> None:
        deploy(bootstrapper, *(reader(account) for account in (PROD_1, PROD_2)))
        wanted = ["rekognition:DescribeProjects", "rekognition:DeleteProject"]
        after = [reader(account, wanted) for account in (PROD_1, PROD_2)]  # type: ignore[arg-type]
        told = report.plan(bootstrapper.plan(after))
        assert told == (
            "Stacks\n"
            f"  promote-target-prod in 2 accounts ({PROD_1} and {PROD_2}): update\n"
            "      change Reader (AWS::IAM::Role): Policies\n"
            "        policy read Statement[0] allows also rekognition:DeleteProject\n"
        )

    def test_replacing_and_removing_are_told(self, bootstrapper: Bootstrapper) -> None:
        deploy(bootstrapper, foundation(Old=group("/promote/old")))
        after = foundation()
        after.source["Resources"]["Group"]["Properties"]["LogGroupName"] = "/promote/b"  # type: ignore[index]
        del after.source["Resources"]["Bucket"]  # type: ignore[attr-defined]
        after.source["Outputs"] = {}  # type: ignore[index]
        told = report.plan(bootstrapper.plan([after])).splitlines()[2:]
        assert told == [
            "      replace Group (AWS::Logs::LogGroup): LogGroupName",
            "      remove Bucket (AWS::S3::Bucket), which stays where it is",
            "      remove Old (AWS::Logs::LogGroup)",
        ]

    def test_a_new_stack_tells_its_resources_by_type(self, bootstrapper: Bootstrapper) -> None:
        told = report.plan(bootstrapper.plan([foundation(More=group("/promote/m"))]))
        assert told == (
            "Stacks\n"
            f"  promote-foundation in {CICD}: create with 3 resources\n"
            "      add AWS::Logs::LogGroup: Group and More\n"
            "      add AWS::S3::Bucket: Bucket\n"
        )


class TestFailures:
    def test_an_error_names_stack_account_resource_and_reason(
        self, bootstrapper: Bootstrapper, a_client: Any
    ) -> None:
        a_client(f"admin/{PROD_1}", "iam").create_role(
            RoleName="reader",
            AssumeRolePolicyDocument=body(role("reader")["Properties"]["AssumeRolePolicyDocument"]),
        )
        plans = bootstrapper.plan([reader(PROD_1), reader(PROD_2)])
        with pytest.raises(FailedError) as caught:
            bootstrapper.apply(plans)
        detail = caught.value.detail
        assert f"promote-target-prod in {PROD_1} is ROLLBACK_COMPLETE." in detail
        assert "Reader (AWS::IAM::Role) failed first" in detail
        assert "already exists" in detail
        assert status(a_client, PROD_2, "promote-target-prod") == "CREATE_COMPLETE"

    def test_later_phases_are_not_begun(self, bootstrapper: Bootstrapper, a_client: Any) -> None:
        plans = bootstrapper.plan([foundation(), reader(QA)])
        a_client(f"admin/{CICD}", "logs").create_log_group(logGroupName="/promote/a")
        with pytest.raises(FailedError):
            bootstrapper.apply(plans)
        formation = a_client(f"admin/{QA}", "cloudformation")
        assert formation.list_stacks()["StackSummaries"] == []

    def test_a_stack_that_failed_to_be_created_is_deleted_and_made_anew(
        self, bootstrapper: Bootstrapper, events: list[Event], a_client: Any
    ) -> None:
        logs = a_client(f"admin/{CICD}", "logs")
        logs.create_log_group(logGroupName="/promote/a")
        with pytest.raises(FailedError):
            deploy(bootstrapper, foundation())
        logs.delete_log_group(logGroupName="/promote/a")
        (plan,) = bootstrapper.plan([foundation()])
        assert plan.approach is Approach.RECREATE
        assert "delete what failed to be created (ROLLBACK_COMPLETE)" in report.plan([plan])
        bootstrapper.apply([plan])
        assert status(a_client, CICD, "promote-foundation") == "CREATE_COMPLETE"
        assert any("failed to be created" in e.message for e in events if isinstance(e, Warned))

    def test_a_failed_update_leaves_the_stack_as_it_was_and_can_be_tried_again(
        self, bootstrapper: Bootstrapper, a_client: Any
    ) -> None:
        deploy(bootstrapper, foundation())
        logs = a_client(f"admin/{CICD}", "logs")
        logs.create_log_group(logGroupName="/promote/taken")
        after = foundation(Taken=group("/promote/taken"))
        with pytest.raises(FailedError):
            deploy(bootstrapper, after)
        assert status(a_client, CICD, "promote-foundation") == "UPDATE_ROLLBACK_COMPLETE"
        logs.delete_log_group(logGroupName="/promote/taken")
        deploy(bootstrapper, after)
        assert status(a_client, CICD, "promote-foundation") == "UPDATE_COMPLETE"

    def test_an_account_that_cannot_be_entered_is_named(
        self, sandbox: Sandbox, promoter_session: Any, events: list[Event]
    ) -> None:
        with pytest.raises(AccessDeniedError, match=f"{QA}:role/{ROLE}"):
            a_bootstrapper(sandbox, promoter_session, events).plan([reader(QA)])

    def test_what_changed_since_it_was_shown_is_not_done(self, bootstrapper: Bootstrapper) -> None:
        deploy(bootstrapper, reader(QA))
        plans = bootstrapper.plan([reader(QA, "rekognition:ListTagsForResource")])
        deploy(bootstrapper, reader(QA, "rekognition:DeleteProject"))
        with pytest.raises(StalePlanError):
            bootstrapper.apply(plans)

    def test_a_stack_that_is_stuck_is_refused_with_the_command_that_helps(
        self, bootstrapper: Bootstrapper, sandbox: Sandbox, a_client: Any
    ) -> None:
        stuck(bootstrapper, sandbox)
        assert status(a_client, QA, "promote-target-prod") == "UPDATE_ROLLBACK_FAILED"
        with pytest.raises(RefusedError) as caught:
            bootstrapper.plan([reader(QA)])
        assert "continue-update-rollback --stack-name promote-target-prod" in caught.value.remedy


def stuck(bootstrapper: Bootstrapper, sandbox: Sandbox) -> None:
    """Let an update fail, and its way back too."""
    deploy(bootstrapper, reader(QA))
    plans = bootstrapper.plan([reader(QA, "rekognition:ListTagsForResource")])
    admin.inject(sandbox.endpoint, "iam:PutRolePolicy", "access_denied", count=2)
    with pytest.raises(NeedsAttentionError):
        bootstrapper.apply(plans)


class TestAfterAKill:
    @pytest.fixture
    def killed(
        self, bootstrapper: Bootstrapper, sandbox: Sandbox
    ) -> Iterator[Callable[[str], None]]:
        """Return a function that deploys and is killed right after an operation."""

        def kill(operation: str) -> None:
            real = getattr(AwsFormation, operation)

            def dying(self: Any, *arguments: Any, **named: Any) -> Any:
                real(self, *arguments, **named)
                raise KeyboardInterrupt

            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(AwsFormation, operation, dying)
                with pytest.raises(KeyboardInterrupt):
                    deploy(bootstrapper, foundation(), pipeline())

        yield kill
        del sandbox

    @pytest.mark.parametrize("operation", ["propose", "proposed", "execute"])
    def test_the_same_command_finishes(
        self,
        operation: str,
        killed: Callable[[str], None],
        bootstrapper: Bootstrapper,
        a_client: Any,
    ) -> None:
        killed(operation)
        deploy(bootstrapper, foundation(), pipeline())
        assert status(a_client, CICD, "promote-pipeline-tools") == "CREATE_COMPLETE"

    @pytest.mark.parametrize("operation", ["CreateChangeSet", "ExecuteChangeSet"])
    def test_an_answer_that_is_lost_is_asked_for_again(
        self, operation: str, bootstrapper: Bootstrapper, sandbox: Sandbox, a_client: Any
    ) -> None:
        admin.inject(sandbox.endpoint, f"cloudformation:{operation}", "drop_after", count=1)
        deploy(bootstrapper, foundation())
        assert status(a_client, CICD, "promote-foundation") == "CREATE_COMPLETE"

    def test_a_stack_that_is_still_being_made_is_waited_for(
        self, bootstrapper: Bootstrapper, sandbox: Sandbox, events: list[Event], a_client: Any
    ) -> None:
        admin.inject(sandbox.endpoint, "logs:CreateLogGroup", "delay", seconds=0.3)
        a_client(f"admin/{CICD}", "cloudformation").create_stack(
            StackName="promote-foundation", TemplateBody=foundation().template
        )
        began = time.monotonic()
        (plan,) = bootstrapper.plan([foundation()])
        assert time.monotonic() - began > 0.2
        assert plan.idle
        told = {each.status for each in events if isinstance(each, Waiting)}
        assert told == {"CREATE_IN_PROGRESS"}


PROMOTE_YAML = """
version: 1
region: us-east-1
organization: o-a1b2c3d4e5
ledger: s3://promote-ledger/tools
ml: {account: "222222222222"}
models: {tools: {project: tools-detector}}
pipeline: {account: "111111111111", notify: [mlops@example.com]}
defaults:
  reader_role: promote-reader
  operator_role: promote-operator-{environment}
  deployer_role: promote-deployer
  smoke_role: promote-smoke
  access_role: "{model}-{environment}"
  consumers: ["arn:aws:iam::{account}:role/storefront"]
  pointer: {ssm: "/models/{model}/version-arn"}
environments:
  - {name: qa, accounts: ["333333333333"]}
  - name: prod
    after: qa
    accounts: ["444444444444", "555555555555"]
    waves: [1, 100%]
    gates: {approval: 1}
"""
# Parts of another resource, which test_sandbox_formation reads there.
OF_POLICIES = {"AWS::SNS::TopicPolicy", "AWS::SQS::QueuePolicy"}


@pytest.fixture(scope="module")
def promote_yaml(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bootstrap") / "promote.yaml"
    path.write_text(PROMOTE_YAML)
    return path


@pytest.fixture(scope="module")
def rendered(promote_yaml: Path) -> tuple[Stack, ...]:
    return wanted_stacks(load(promote_yaml))


class TestTheStacksOfPromoteYaml:
    def test_every_resource_is_there_or_said_to_be_recorded_only(
        self, rendered: tuple[Stack, ...], bootstrapper: Bootstrapper, a_client: Any
    ) -> None:
        deploy(bootstrapper, *rendered)
        for stack in rendered:
            login = f"admin/{stack.account}"
            listed = a_client(login, "cloudformation").describe_stack_resources(
                StackName=stack.name
            )["StackResources"]
            wanted = stack.source["Resources"]
            assert isinstance(wanted, dict)
            shown = {each.logical for each in additions(stack, {"CreateLedger": "false"})}
            assert {each["LogicalResourceId"] for each in listed} == shown
            clients = functools.cache(functools.partial(a_client, login))
            for each in listed:
                kind, physical = each["ResourceType"], each["PhysicalResourceId"]
                recorded = each.get("ResourceStatusReason", "").startswith("recorded only")
                assert recorded == (kind in RECORDED)
                assert recorded or kind in OF_POLICIES or is_there(kind, physical, clients)

    def test_a_foundation_that_failed_leaves_nothing_that_the_next_try_meets(
        self, rendered: tuple[Stack, ...], bootstrapper: Bootstrapper, a_client: Any
    ) -> None:
        sqs = a_client(f"admin/{CICD}", "sqs")
        url = sqs.create_queue(QueueName="promote-undelivered", Attributes={"DelaySeconds": "7"})[
            "QueueUrl"
        ]
        with pytest.raises(FailedError, match="A stack failed"):
            deploy(bootstrapper, rendered[0])
        sqs.delete_queue(QueueUrl=url)
        deploy(bootstrapper, rendered[0])
        assert status(a_client, CICD, "promote-foundation") == "CREATE_COMPLETE"

    def test_the_ledger_is_made_where_there_is_none(
        self, rendered: tuple[Stack, ...], bootstrapper: Bootstrapper, a_client: Any
    ) -> None:
        a_client(f"admin/{CICD}", "s3").delete_bucket(Bucket="promote-ledger")
        (plan,) = bootstrapper.plan(rendered[:1])
        assert {"Ledger", "LedgerPolicy"} <= {each.logical for each in plan.changes}

    def test_the_doctor_tells_missing_outdated_and_up_to_date(
        self, promote_yaml: Path, manager: Any, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AWS_ENDPOINT_URL", sandbox.endpoint)
        topology = load(promote_yaml)
        library = Bootstrap(topology, session=manager, only=["targets"])
        library.apply(library.plan())
        later = replace(topology, environments=tuple(_renamed(e) for e in topology.environments))
        found = Bootstrap(later, session=manager, only=["targets", "ml-account"]).findings()
        told = {each.subject.split()[1]: each.detail.split()[0] for each in found}
        assert told == {
            "promote-ml-account": "missing",
            "promote-target-qa": "outdated:",
            "promote-target-prod": "up",
        }

    def test_who_may_not_look_at_stacks_is_told_so_on_one_line(
        self,
        promote_yaml: Path,
        promoter_session: Any,
        sandbox: Sandbox,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setenv("AWS_ENDPOINT_URL", sandbox.endpoint)
        (found,) = Bootstrap(load(promote_yaml), session=promoter_session).findings()
        assert found.ok
        assert "not to be seen with these credentials: promote-foundation" in found.detail


def _renamed(environment: Environment) -> Environment:
    if environment.name != "qa":
        return environment
    return replace(environment, deployer_role="promote-deploys")


class TestTheCommand:
    @pytest.fixture
    def environment(self, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
        keys = sandbox.describe()["logins"]["admin/999999999999"]
        monkeypatch.setenv("AWS_ENDPOINT_URL", sandbox.endpoint)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", keys["access_key_id"])
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", keys["secret_access_key"])

    @pytest.mark.usefixtures("environment")
    def test_deploys_and_then_has_nothing_to_do(
        self, promote_yaml: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        line = ("bootstrap", "--only", "targets", "--yes", "-f", str(promote_yaml))
        assert main(line) == 0
        told = capsys.readouterr()
        assert "promote-target-prod in 2 accounts" in told.err
        assert told.out.startswith("Done: 3 stacks.")
        assert main(line) == 0
        assert capsys.readouterr().out == "Nothing to do: every stack is as wanted.\n"
        assert main((*line, "-o", "json")) == 0
        document = json.loads(capsys.readouterr().out.splitlines()[-1])
        assert (document["kind"], document["result"]) == ("bootstrap", "unchanged")

    def test_prints_the_commands_for_who_deploys_otherwise(
        self, promote_yaml: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        line = ("bootstrap", "--print", "--out", str(tmp_path), "-f", str(promote_yaml))
        assert main((*line, "--account-profile", f"{QA}=qa-admin")) == 0
        commands = capsys.readouterr().out.splitlines()
        names = [each.split("--stack-name ")[1].split()[0] for each in commands]
        assert names == [
            "promote-foundation",
            "promote-ml-account",
            "promote-target-qa",
            "promote-target-prod",
            "promote-target-prod",
            "promote-pipeline-tools",
        ]
        assert commands[2].endswith("--profile qa-admin")
        assert commands[3].endswith(f"# as arn:aws:iam::{PROD_1}:role/{ROLE}")
        written = json.loads((tmp_path / "promote-target-qa.json").read_text())
        assert "TemplateDigest" in written["Outputs"]

    def test_a_name_that_nothing_has_is_refused_with_those_there_are(
        self, promote_yaml: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        line = ("bootstrap", "--only", "fundation", "--out", str(tmp_path))
        assert main((*line, "-f", str(promote_yaml))) == 2
        told = " ".join(capsys.readouterr().err.split())
        assert "There are: foundation, ml-account, pipeline, " in told
