"""The sandbox's CodeBuild, by its API over HTTP: projects, their roles, builds and reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from promote.sandbox import admin
from promote.sandbox.seed import CICD, ENDPOINT_ID, PROD_1
from promote.sandbox.world import EndpointSeed, ParameterSeed, RoleSeed, UserSeed
from tests.functional import pipeline_world as world
from tests.functional.pipeline_world import Line, a_world, build_role, build_statements, project
from tests.functional.sandbox_worlds import allow, document, trust

if TYPE_CHECKING:
    from promote.sandbox.server import Sandbox
    from tests.functional.conftest import MakeClient, MakeSandbox

VPC = "vpc-0a1b2c3d4e5f60718"
NETWORK = {"vpcId": VPC, "subnets": ["subnet-0a"], "securityGroupIds": ["sg-0a"]}
PARAMETER = f"arn:aws:ssm:{world.REGION}:{CICD}:parameter/password"
JUNIT = (
    '<testsuite name="s"><testcase classname="a" name="good" time="0.5"/>'
    '<testcase classname="a" name="bad"><failure message="2 of 3"/></testcase></testsuite>'
)
DONE = {"SUCCEEDED", "FAILED", "STOPPED", "TIMED_OUT", "FAULT"}
FALSELY_TRUSTED = RoleSeed(account=CICD, name="elsewhere", trust=trust(CICD))


@pytest.fixture(scope="module")
def sandbox(a_sandbox: MakeSandbox) -> Sandbox:
    """Return a world with a parameter, roles of different rights and an endpoint in the VPC."""
    logs, artifacts, _ = build_statements()
    network = allow("ec2:*", "*")
    made = a_world(
        build_role("reader", [*build_statements(), allow("ssm:GetParameters", PARAMETER)]),
        build_role("mute", [artifacts]),
        build_role("silent", [logs, artifacts]),
        build_role("inside", [logs, network]),
        FALSELY_TRUSTED,
    )
    author = UserSeed(
        account=CICD,
        name="author",
        login="author",
        access_key_id="AKIASANDBOXAUTHOR000",
        secret_access_key="sandbox/author",
        inline={"write": document(allow("codebuild:CreateProject", "*"))},
    )
    secret = ParameterSeed(account=CICD, name="/password", values=("hunter2-hunter2",))
    endpoint = EndpointSeed(id=ENDPOINT_ID, account=PROD_1, vpc=VPC)
    return a_sandbox(
        replace(
            made,
            users=(*made.users, author),
            parameters=(*made.parameters, secret),
            endpoints=(endpoint,),
        )
    )


class Shop:
    """Makes projects without a source and runs them."""

    def __init__(self, sandbox: Sandbox, line: Line) -> None:
        self.sandbox = sandbox
        self.line = line
        self.api = line.builds
        self._count = 0

    def make(self, *commands: str, rest: str = "", **more: Any) -> str:
        """Make a project whose build phase has these commands; return its name."""
        self._count += 1
        name = f"project-{self._count}"
        listed = "".join(f"      - {command}\n" for command in commands)
        text = f"version: 0.2\n{rest}phases:\n  build:\n    commands:\n{listed}"
        role = world.role_arn(more.pop("role", "builder"))
        self.api.create_project(**project(name, text, kind="NO_SOURCE", serviceRole=role, **more))
        return name

    def run(self, name: str, **more: Any) -> Any:
        """Run a build of a project to its end."""
        build = self.api.start_build(projectName=name, **more)["build"]["id"]
        return self.line.until(lambda: (b := self.get(build))["buildStatus"] in DONE and b)

    def get(self, build: str) -> Any:
        return self.api.batch_get_builds(ids=[build])["builds"][0]

    def said(self, build: Mapping[str, Any]) -> list[str]:
        lines = admin.build_log(self.sandbox.endpoint, build["id"])
        return [line for line in lines if not line.startswith("[Container]")]


@pytest.fixture(scope="module")
def shop(sandbox: Sandbox, a_client: MakeClient) -> Shop:
    return Shop(sandbox, Line(a_client))


def failure(build: Mapping[str, Any]) -> tuple[str, str, str]:
    failed = next(each for each in build["phases"] if each["phaseStatus"] == "FAILED")
    context = failed["contexts"][0]
    return failed["phaseType"], context["statusCode"], context["message"]


def refused(error: pytest.ExceptionInfo[ClientError]) -> tuple[str, str]:
    return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]


class TestABuild:
    def test_passes_through_all_phases(self, shop: Shop) -> None:
        build = shop.run(shop.make("echo hello"))
        assert shop.said(build) == ["hello"]
        assert [each["phaseType"] for each in build["phases"]] == [
            "SUBMITTED", "QUEUED", "PROVISIONING", "DOWNLOAD_SOURCE", "INSTALL", "PRE_BUILD",
            "BUILD", "POST_BUILD", "UPLOAD_ARTIFACTS", "FINALIZING", "COMPLETED",
        ]  # fmt: skip
        assert (build["buildStatus"], build["buildNumber"]) == ("SUCCEEDED", 1)
        assert build["initiator"] == "admin"
        assert build["logs"]["groupName"].startswith("/aws/codebuild/project-")

    def test_has_the_credentials_of_its_role_and_hides_them(self, shop: Shop) -> None:
        name = shop.make("env | sort", "pwd")
        build = shop.run(name)
        found = dict(line.partition("=")[::2] for line in shop.said(build))
        for hidden in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
            assert found[hidden] == "***"
        assert found["AWS_ENDPOINT_URL"] == shop.sandbox.endpoint
        assert found["CODEBUILD_BUILD_ID"] == build["id"]
        assert found["CODEBUILD_BUILD_ARN"] == build["arn"]
        assert found["AWS_REGION"] == world.REGION
        assert shop.said(build)[-1] == found["CODEBUILD_SRC_DIR"]
        assert not {each for each in found if each.startswith(("PYTEST", "VIRTUAL"))}

    def test_prefers_variables_of_its_start_to_the_project_and_the_buildspec(
        self, shop: Shop
    ) -> None:
        variables = [{"name": "B", "value": "project"}, {"name": "C", "value": "project"}]
        name = shop.make(
            "echo $A $B $C",
            rest="env:\n  variables: {A: spec, B: spec, C: spec}\n",
            environment={"environmentVariables": variables},
        )
        override = [{"name": "C", "value": "start"}]
        build = shop.run(name, environmentVariablesOverride=override)
        assert shop.said(build) == ["spec project start"]

    def test_reads_parameters_as_its_role_and_hides_them(self, shop: Shop) -> None:
        rest = "env:\n  parameter-store: {PASSWORD: /password}\n"
        build = shop.run(shop.make("echo $PASSWORD", "echo ${#PASSWORD}", rest=rest, role="reader"))
        assert shop.said(build) == ["***", "15"]
        denied = shop.run(shop.make("echo $PASSWORD", rest=rest))
        phase, code, message = failure(denied)
        assert (phase, code) == ("DOWNLOAD_SOURCE", "Decrypted Variables Error")
        assert f"ssm:GetParameters on resource: {PARAMETER}" in message

    def test_exports_what_its_buildspec_says(self, shop: Shop) -> None:
        build = shop.run(shop.make("X=1", rest="env:\n  exported-variables: [X]\n"))
        assert build["exportedEnvironmentVariables"] == [{"name": "X", "value": "1"}]

    def test_tells_which_command_failed(self, shop: Shop) -> None:
        build = shop.run(shop.make("exit 7"))
        assert build["buildStatus"] == "FAILED"
        assert failure(build) == (
            "BUILD",
            "COMMAND_EXECUTION_ERROR",
            "Error while executing command: exit 7. Reason: exit status 7",
        )

    def test_can_be_stopped(self, shop: Shop) -> None:
        build = shop.api.start_build(projectName=shop.make("echo on", "sleep 30"))["build"]["id"]
        shop.line.until(lambda: "on" in admin.build_log(shop.sandbox.endpoint, build))
        shop.api.stop_build(id=build)
        stopped = shop.line.until(lambda: (b := shop.get(build))["buildStatus"] in DONE and b)
        assert stopped["buildStatus"] == "STOPPED"

    def test_finds_the_promote_of_this_installation_and_no_network(self, shop: Shop) -> None:
        build = shop.run(
            shop.make(
                "pip install --quiet aws-model-promote==1.0",
                'python3 -m pip install "aws-model-promote[sandbox]" -q',
                "command -v promote > /dev/null",
                "python3 -c 'import promote'",
                "pip install requests",
            )
        )
        assert failure(build)[2].startswith("Error while executing command: pip install requests")

    def test_takes_a_buildspec_that_is_none_for_what_it_is(self, shop: Shop) -> None:
        name = shop.make("echo")
        build = shop.run(name, buildspecOverride="version: 0.1\nphases: {}\n")
        assert failure(build) == (
            "DOWNLOAD_SOURCE", "YAML_FILE_ERROR", "version is '0.1'; expected 0.2.",
        )  # fmt: skip
        missing = shop.run(name, buildspecOverride="not/there.yml")
        assert failure(missing)[2].endswith("not/there.yml: no such file or directory")

    def test_comes_through_the_endpoint_of_its_vpc(self, shop: Shop) -> None:
        name = shop.make("echo $AWS_ENDPOINT_URL_REKOGNITION", vpcConfig=NETWORK, role="inside")
        assert shop.said(shop.run(name)) == [shop.sandbox.vpc_endpoints[ENDPOINT_ID]]
        outside = shop.make("echo none${AWS_ENDPOINT_URL_REKOGNITION-}")
        assert shop.said(shop.run(outside)) == ["none"]


class TestTheRoleOfABuild:
    def test_must_be_allowed_to_write_its_log(self, shop: Shop) -> None:
        build = shop.run(shop.make("echo never", role="mute"))
        phase, code, message = failure(build)
        assert (phase, code) == ("PROVISIONING", "ACCESS_DENIED")
        assert message.startswith(
            f"Service role {world.role_arn('mute')} does not allow AWS CodeBuild to create "
            "Amazon CloudWatch Logs log streams"
        )
        off = {"cloudWatchLogs": {"status": "DISABLED"}}
        quiet = shop.run(shop.make("echo quiet", role="mute", logsConfig=off))
        assert quiet["buildStatus"] == "SUCCEEDED"

    def test_must_be_allowed_to_make_its_interface_in_a_vpc(self, shop: Shop) -> None:
        build = shop.run(shop.make("echo never", vpcConfig=NETWORK))
        assert failure(build)[:2] == ("PROVISIONING", "VPC_CLIENT_ERROR")

    def test_must_trust_codebuild(self, shop: Shop) -> None:
        with pytest.raises(ClientError) as error:
            shop.make("echo", role="elsewhere")
        code, message = refused(error)
        assert code == "InvalidInputException"
        assert message.startswith(
            "CodeBuild is not authorized to perform: sts:AssumeRole on "
            f"{world.role_arn('elsewhere')}"
        )

    def test_must_be_passed_by_whoever_makes_the_project(
        self, shop: Shop, a_client: MakeClient
    ) -> None:
        mine = project("mine", "version: 0.2\n", kind="NO_SOURCE")
        with pytest.raises(ClientError) as error:
            a_client("author", "codebuild").create_project(**mine)
        code, message = refused(error)
        assert code == "AccessDeniedException"
        assert f"iam:PassRole on resource: {world.role_arn('builder')}" in message
        del shop

    def test_is_in_the_log_of_calls_with_what_it_was_asked(self, shop: Shop) -> None:
        admin.clear_calls(shop.sandbox.endpoint)
        build = shop.run(shop.make("true"))
        session = f"assumed-role/builder/AWSCodeBuild-{build['id'].partition(':')[2]}"
        calls = admin.calls(shop.sandbox.endpoint)
        mine = [each["operation"] for each in calls if each["principal"].endswith(session)]
        assert mine == ["logs:CreateLogStream", "logs:PutLogEvents"]


class TestReports:
    REST = "reports:\n  results:\n    files: [junit.xml]\n"

    def test_are_read_from_files_into_a_group_that_the_build_makes(self, shop: Shop) -> None:
        name = shop.make(f"echo '{JUNIT}' > junit.xml", rest=self.REST)
        (arn,) = shop.run(name)["reportArns"]
        (report,) = shop.api.batch_get_reports(reportArns=[arn])["reports"]
        assert report["status"] == "FAILED"
        assert report["testSummary"]["total"] == 2
        assert report["testSummary"]["statusCounts"]["FAILED"] == 1
        assert report["reportGroupArn"].endswith(f":report-group/{name}-results")
        good, bad = shop.api.describe_test_cases(reportArn=arn)["testCases"]
        assert (good["name"], good["durationInNanoSeconds"]) == ("good", 500_000_000)
        assert (bad["status"], bad["message"]) == ("FAILED", "2 of 3")
        listed = shop.api.list_reports_for_report_group(reportGroupArn=report["reportGroupArn"])
        assert listed["reports"] == [arn]

    def test_go_into_the_group_that_is_named_by_its_arn(self, shop: Shop) -> None:
        group = shop.api.create_report_group(
            name="ready", type="TEST", exportConfig={"exportConfigType": "NO_EXPORT"}
        )["reportGroup"]["arn"]
        rest = f'reports:\n  "{group}":\n    files: [junit.xml]\n'
        build = shop.run(shop.make(f"echo '{JUNIT}' > junit.xml", rest=rest))
        assert build["reportArns"][0].startswith(group.replace(":report-group/", ":report/"))

    def test_of_files_that_are_missing_fail_the_build(self, shop: Shop) -> None:
        build = shop.run(shop.make("true", rest=self.REST))
        assert failure(build) == (
            "UPLOAD_ARTIFACTS",
            "CLIENT_ERROR",
            "Error in UPLOAD_ARTIFACTS phase: [results: [report files not found in build]]",
        )

    def test_of_a_role_without_the_right_fail_the_build(self, shop: Shop) -> None:
        name = shop.make(f"echo '{JUNIT}' > junit.xml", rest=self.REST, role="silent")
        assert "codebuild:CreateReportGroup on resource" in failure(shop.run(name))[2]


class TestAProject:
    def test_is_changed_in_what_is_given_and_deleted(self, shop: Shop) -> None:
        name = shop.make("true")
        before = shop.api.batch_get_projects(names=[name])["projects"][0]
        shop.api.update_project(name=name, timeoutInMinutes=5, tags=[{"key": "a", "value": "b"}])
        after = shop.api.batch_get_projects(names=[name, "none"])
        assert after["projectsNotFound"] == ["none"]
        changed = after["projects"][0]
        assert (changed["timeoutInMinutes"], before["timeoutInMinutes"]) == (5, 60)
        assert changed["source"] == before["source"]
        assert name in shop.api.list_projects()["projects"]
        shop.api.delete_project(name=name)
        with pytest.raises(ClientError) as error:
            shop.api.start_build(projectName=name)
        assert refused(error)[0] == "ResourceNotFoundException"

    def test_of_a_pipeline_is_not_started_by_hand(self, shop: Shop) -> None:
        shop.api.create_project(**project("piped", "version: 0.2\n"))
        with pytest.raises(ClientError) as error:
            shop.api.start_build(projectName="piped")
        assert refused(error)[0] == "InvalidInputException"

    def test_runs_as_many_builds_as_it_may(self, shop: Shop) -> None:
        name = shop.make("sleep 30", concurrentBuildLimit=1)
        build = shop.api.start_build(projectName=name)["build"]["id"]
        with pytest.raises(ClientError) as error:
            shop.api.start_build(projectName=name)
        assert refused(error)[0] == "AccountLimitExceededException"
        shop.api.stop_build(id=build)
        assert shop.api.list_builds_for_project(projectName=name)["ids"] == [build]

    @pytest.mark.parametrize(
        ("change", "code", "text"),
        [
            ({"cache": {"type": "LOCAL"}}, "NotImplementedException", "carry out cache"),
            (
                {"environment": {"privilegedMode": True}},
                "NotImplementedException",
                "environment.privilegedMode",
            ),
            (
                {"environment": {"type": "WINDOWS_CONTAINER"}},
                "NotImplementedException",
                "that type of environment",
            ),
            (
                {
                    "environment": {
                        "environmentVariables": [
                            {"name": "S", "value": "s", "type": "SECRETS_MANAGER"}
                        ]
                    }
                },
                "NotImplementedException",
                "SECRETS_MANAGER, as of S",
            ),
            (
                {"environment": {"environmentVariables": [{"name": "CODEBUILD_X", "value": "x"}]}},
                "InvalidInputException",
                "CODEBUILD_X is reserved",
            ),
            ({"timeoutInMinutes": 4000}, "InvalidInputException", "less than or equal to 2160"),
            ({"artifacts": {"type": "CODEPIPELINE"}}, "InvalidInputException", "both are"),
        ],
    )
    def test_is_refused_by_what_is_wrong_with_it_or_not_carried_out(
        self, shop: Shop, change: dict[str, Any], code: str, text: str
    ) -> None:
        given = {**project("refused", "version: 0.2\n", kind="NO_SOURCE")}
        environment = {**given["environment"], **change.get("environment", {})}
        with pytest.raises(ClientError) as error:
            shop.api.create_project(**{**given, **change, "environment": environment})
        assert refused(error)[0] == code
        assert text in refused(error)[1]
