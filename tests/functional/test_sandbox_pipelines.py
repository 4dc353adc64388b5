"""The sandbox's CodePipeline, by its API over HTTP: a small pipeline that is really run."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from promote.sandbox import admin
from promote.sandbox.key_seed import KeySeed
from promote.sandbox.seed import CICD
from tests.functional import pipeline_world as world
from tests.functional.pipeline_world import Line, a_world, approval, build_action, condition
from tests.functional.sandbox_worlds import allow, document

if TYPE_CHECKING:
    from promote.sandbox.server import Sandbox
    from tests.functional.conftest import MakeClient, MakeSandbox

SAY = "version: 0.2\nphases:\n  build:\n    commands:\n      - echo said $SAID\n"


@pytest.fixture
def sandbox(a_sandbox: MakeSandbox) -> Sandbox:
    return a_sandbox(a_world())


@pytest.fixture
def line(sandbox: Sandbox, a_client: MakeClient) -> Line:
    del sandbox
    return Line(a_client)


def stage(name: str, *actions: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": name, "actions": list(actions), **more}


def refused(error: pytest.ExceptionInfo[ClientError]) -> tuple[str, str]:
    return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]


class TestAnExecution:
    def test_runs_every_stage_and_hands_variables_and_artifacts_on(
        self, sandbox: Sandbox, line: Line
    ) -> None:
        line.set_up()
        execution = line.start()
        line.answer(execution)
        assert line.ended(execution) == "Succeeded"
        assert set(line.stages().values()) == {"Succeeded"}
        ran = line.actions(execution)
        assert ran["Plan"]["output"]["outputVariables"] == {
            "CHANGES": "2", "SUMMARY": "version v2",
        }  # fmt: skip
        asked = ran["Approve"]["input"]["resolvedConfiguration"]
        assert asked == {"CustomData": "Approve 2 changes: version v2"}
        assert ran["Approve"]["updatedBy"] == f"arn:aws:iam::{CICD}:user/approver"
        build = ran["Apply"]["output"]["executionResult"]["externalExecutionId"]
        said = f"planned v2 with 2 in {execution} by codepipeline/line"
        assert said in admin.build_log(sandbox.endpoint, build)
        shown = line.execution(execution)
        assert {each["name"]: each["resolvedValue"] for each in shown["variables"]} == {
            "VERSION": "v2", "REASON": "none",
        }  # fmt: skip
        admin_arn = f"arn:aws:iam::{CICD}:user/admin"
        assert shown["trigger"] == {
            "triggerType": "StartPipelineExecution", "triggerDetail": admin_arn,
        }  # fmt: skip

    def test_skips_a_stage_whose_condition_says_so(self, line: Line) -> None:
        line.set_up()
        line.request(changes="0")
        execution = line.start()
        assert line.ended(execution) == "Succeeded"
        assert line.stages()["Approve"] == "Skipped"
        assert "Approve" not in line.actions(execution)

    def test_fails_at_a_condition_that_says_so(self, line: Line) -> None:
        late = condition("FAIL", "#{variables.VERSION}", "MATCHES", "v[3-9]")
        guarded = stage("Say", build_action("Say"), beforeEntry={"conditions": [late]})
        line.set_up({"say": SAY}, stages=[guarded])
        assert line.ended(line.start("v2")) == "Failed"
        assert line.stages()["Say"] == "Failed"
        assert line.ended(line.start("v3")) == "Succeeded"

    def test_does_not_skip_where_the_variable_of_the_condition_is_missing(self, line: Line) -> None:
        skipping = {"conditions": [condition("SKIP", "#{Nobody.KNOWS}", "NE", "0")]}
        line.set_up({"say": SAY}, stages=[stage("Say", build_action("Say"), beforeEntry=skipping)])
        assert line.ended(line.start()) == "Failed"
        state = line.api.get_pipeline_state(name="line")["stageStates"][1]
        assert state["beforeEntryConditionState"]["latestExecution"]["status"] == "Errored"

    def test_fails_by_a_variable_that_nobody_set(self, line: Line) -> None:
        line.set_up({"say": SAY}, stages=[stage("Say", build_action("Say", SAID="#{Plan.NO}"))])
        execution = line.start()
        assert line.ended(execution) == "Failed"
        error = line.actions(execution)["Say"]["output"]["executionResult"]["errorDetails"]
        assert "one or more variables could not be resolved: Action name=Say" in error["message"]

    def test_takes_the_version_of_the_source_that_it_is_told(self, line: Line) -> None:
        line.set_up({"say": SAY}, stages=[stage("Say", build_action("Say"))])
        first = line.request(changes="first")
        line.request(changes="second")
        told = {
            "actionName": "Source", "revisionType": "S3_OBJECT_VERSION_ID", "revisionValue": first,
        }  # fmt: skip
        execution = line.start(sourceRevisions=[told])
        assert line.ended(execution) == "Succeeded"
        assert line.actions(execution)["Source"]["output"]["outputVariables"]["VersionId"] == first

    def test_needs_the_variables_that_have_no_default_and_no_others(self, line: Line) -> None:
        line.set_up()
        with pytest.raises(ClientError) as error:
            line.api.start_pipeline_execution(
                name="line", variables=[{"name": "VERSOIN", "value": "v2"}]
            )
        code, message = refused(error)
        assert code == "ValidationException"
        assert "VERSOIN is not declared in the pipeline; VERSION has no default" in message

    def test_begins_once_for_one_request(self, line: Line) -> None:
        line.set_up()
        first = line.start(clientRequestToken="once")
        assert line.start(clientRequestToken="once") == first


class TestArtifacts:
    def test_of_several_names_come_from_the_buildspec_and_go_beside_the_primary_one(
        self, sandbox: Sandbox, line: Line
    ) -> None:
        make = SAY.replace("echo said $SAID", "mkdir out && echo 1 > out/one && echo 2 > two") + (
            "artifacts:\n  secondary-artifacts:\n"
            "    One: {files: ['**/*'], base-directory: out}\n    Two: {files: [two]}\n"
        )
        show = SAY.replace("echo said $SAID", 'echo "$(cat two) $(cat $CODEBUILD_SRC_DIR_One/one)"')
        outputs = [{"name": "One"}, {"name": "Two"}]
        show_action = {**build_action("Show"), "inputArtifacts": outputs}
        show_action["configuration"] = {"ProjectName": "show", "PrimarySource": "Two"}
        line.set_up(
            {"make": make, "show": show},
            stages=[
                stage("Make", {**build_action("Make"), "outputArtifacts": outputs}),
                stage("Show", show_action),
            ],
        )
        execution = line.start()
        assert line.ended(execution) == "Succeeded"
        result = line.actions(execution)["Show"]["output"]["executionResult"]
        assert "2 1" in admin.build_log(sandbox.endpoint, result["externalExecutionId"])

    def test_that_a_pattern_does_not_find_fail_the_build(self, line: Line) -> None:
        line.set_up(
            {"say": SAY + "artifacts: {files: [changes, not-there]}\n"},
            stages=[stage("Say", {**build_action("Say"), "outputArtifacts": [{"name": "Out"}]})],
        )
        execution = line.start()
        assert line.ended(execution) == "Failed"
        error = line.actions(execution)["Say"]["output"]["executionResult"]["errorDetails"]
        assert error["message"] == (
            "Build terminated with state: FAILED. Phase: UPLOAD_ARTIFACTS, Code: CLIENT_ERROR, "
            "Message: no matching artifact paths found"
        )

    def test_of_a_build_that_may_not_write_them_fail_it(
        self, line: Line, a_client: MakeClient
    ) -> None:
        logs = world.build_statements()[0]
        reads = allow("s3:GetObject", f"arn:aws:s3:::{world.BUCKET}/line/*")
        a_client(world.ADMIN, "iam").put_role_policy(
            RoleName="builder",
            PolicyName="build",
            PolicyDocument=json.dumps(document(logs, reads)),
        )
        line.set_up(
            {"say": SAY + "artifacts: {files: [changes]}\n"},
            stages=[stage("Say", {**build_action("Say"), "outputArtifacts": [{"name": "Out"}]})],
        )
        execution = line.start()
        assert line.ended(execution) == "Failed"
        error = line.actions(execution)["Say"]["output"]["executionResult"]["errorDetails"]
        assert "Phase: UPLOAD_ARTIFACTS" in error["message"]
        assert "not authorized to perform: s3:PutObject" in error["message"]


class TestAnApproval:
    def test_that_is_rejected_ends_the_execution(self, line: Line) -> None:
        line.set_up()
        execution = line.start()
        line.answer(execution, "Rejected")
        assert line.ended(execution) == "Failed"
        assert line.stages()["Approve"] == "Failed"
        state = line.api.get_pipeline_state(name="line")["stageStates"][2]
        latest = state["actionStates"][0]["latestExecution"]
        assert latest["summary"] == "Rejected by a test"
        assert "token" not in latest

    def test_is_for_those_who_may_answer_this_very_action(self, line: Line) -> None:
        line.set_up()
        execution = line.start()
        with pytest.raises(ClientError) as error:
            line.answer(execution, who="alice")
        code, message = refused(error)
        assert code == "AccessDeniedException"
        assert f"codepipeline:PutApprovalResult on resource: {world.PIPELINE_ARN}" in message
        line.answer(execution)
        assert line.ended(execution) == "Succeeded"

    def test_is_answered_once_and_with_its_own_token(self, line: Line) -> None:
        line.set_up()
        execution = line.start()
        token = line.token(execution)
        given: dict[str, Any] = {
            "pipelineName": "line", "stageName": "Approve", "actionName": "Approve",
            "result": {"status": "Approved", "summary": ""},
        }  # fmt: skip
        with pytest.raises(ClientError) as error:
            line.api.put_approval_result(**given, token="0" * 8 + "-0000" * 3 + "-" + "0" * 12)
        assert refused(error)[0] == "InvalidApprovalTokenException"
        wordy = {"status": "Approved", "summary": "x" * 513}
        with pytest.raises(ClientError) as error:
            line.api.put_approval_result(**{**given, "result": wordy}, token=token)
        assert refused(error)[0] == "ValidationException"
        line.api.put_approval_result(**given, token=token)
        with pytest.raises(ClientError) as error:
            line.api.put_approval_result(**given, token=token)
        assert refused(error)[0] == "ApprovalAlreadyCompletedException"


class TestRoles:
    def test_of_a_build_that_lack_something_show_in_its_log(
        self, a_sandbox: MakeSandbox, a_client: MakeClient
    ) -> None:
        sandbox = a_sandbox(a_world())
        line = Line(a_client)
        ask = "import boto3; boto3.client('ssm').get_parameter(Name='/secret')"
        line.set_up({"say": SAY.replace("echo said $SAID", f'python -c "{ask}"')},
                    stages=[stage("Say", build_action("Say"))])  # fmt: skip
        execution = line.start()
        assert line.ended(execution) == "Failed"
        result = line.actions(execution)["Say"]["output"]["executionResult"]
        assert (
            "Build terminated with state: FAILED. Phase: BUILD"
            in (result["errorDetails"]["message"])
        )
        log = "\n".join(admin.build_log(sandbox.endpoint, result["externalExecutionId"]))
        assert f"assumed-role/builder/AWSCodeBuild-{result['externalExecutionId'][4:]}" in log
        assert "is not authorized to perform: ssm:GetParameter" in log

    def test_of_a_build_that_cannot_read_artifacts_fail_its_download(
        self, a_sandbox: MakeSandbox, a_client: MakeClient
    ) -> None:
        logs, _, _ = world.build_statements()
        a_sandbox(a_world(world.build_role("poor", [logs])))
        line = Line(a_client)
        line.set_up({"say": SAY}, stages=[stage("Say", build_action("Say"))])
        line.builds.update_project(name="say", serviceRole=world.role_arn("poor"))
        execution = line.start()
        assert line.ended(execution) == "Failed"
        error = line.actions(execution)["Say"]["output"]["executionResult"]["errorDetails"]
        assert "Phase: DOWNLOAD_SOURCE, Code: CLIENT_ERROR" in error["message"]
        assert "AccessDenied" in error["message"]

    def test_of_the_pipeline_are_asked_for_the_source_the_store_and_the_build(
        self, a_sandbox: MakeSandbox, a_client: MakeClient
    ) -> None:
        """A role that is allowed a little more each time gets a little further."""
        steps = [
            ("Source", "named artifacts. Update", []),
            ("Source", "Underlying error", [
                allow("s3:GetBucketVersioning", "*"),
                allow(["s3:GetObject", "s3:GetObjectVersion"], f"arn:aws:s3:::{world.BUCKET}/*"),
            ]),
            ("Say", "Error calling startBuild", [allow("s3:PutObject", "*")]),
            ("Say", "Error calling batchGetBuilds", [allow("codebuild:StartBuild", "*")]),
        ]  # fmt: skip
        a_sandbox(a_world())
        line, iam = Line(a_client), a_client(world.ADMIN, "iam")
        line.set_up({"say": SAY}, stages=[stage("Say", build_action("Say"))])
        statements = [allow("sns:Publish", "*")]
        for action, text, more in steps:
            statements += more
            iam.put_role_policy(
                RoleName="line", PolicyName="line",
                PolicyDocument=json.dumps(document(*statements)),
            )  # fmt: skip
            execution = line.start()
            assert line.ended(execution) == "Failed"
            error = line.actions(execution)[action]["output"]["executionResult"]["errorDetails"]
            assert (error["code"], text in error["message"]) == ("PermissionError", True)

    def test_take_the_right_to_the_key_of_the_artifacts(
        self, a_sandbox: MakeSandbox, a_client: MakeClient
    ) -> None:
        key = KeySeed(account=CICD, id="5ea1ed00-1ed9-4e75-8000-00000000000a")
        made = a_world()
        a_sandbox(replace(made, keys=(*made.keys, key)))
        line = Line(a_client)
        store = {
            "type": "S3", "location": world.BUCKET,
            "encryptionKey": {"id": key.arn, "type": "KMS"},
        }  # fmt: skip
        line.set_up({"say": SAY}, stages=[stage("Say", build_action("Say"))], artifactStore=store)
        execution = line.start()
        assert line.ended(execution) == "Failed"
        error = line.actions(execution)["Source"]["output"]["executionResult"]["errorDetails"]
        assert f"kms:GenerateDataKey on resource: {key.arn}" in error["message"]

    def test_must_trust_the_service_for_this_pipeline(self, line: Line) -> None:
        with pytest.raises(ClientError) as error:
            line.api.create_pipeline(pipeline=world.structure(name="other"))
        code, message = refused(error)
        assert code == "InvalidStructureException"
        assert "not authorized to perform AssumeRole on role" in message


class TestControl:
    def test_retries_what_failed_and_keeps_what_did_not(self, line: Line) -> None:
        once = SAY.replace("echo said $SAID", 'test "$(cat changes)" = 2')
        line.set_up(
            {"say": SAY, "once": once},
            stages=[stage("Both", build_action("Say"), build_action("Once"))],
        )
        line.request(changes="1")
        line.builds.update_project(**world.project("once", once))
        execution = line.start()
        assert line.ended(execution) == "Failed"
        line.builds.update_project(**world.project("once", SAY))
        line.api.retry_stage_execution(
            pipelineName="line", stageName="Both", pipelineExecutionId=execution,
            retryMode="FAILED_ACTIONS",
        )  # fmt: skip
        assert line.ended(execution) == "Succeeded"
        runs = line.api.list_action_executions(pipelineName="line")["actionExecutionDetails"]
        names = sorted(each["actionName"] for each in runs)
        assert names == ["Once", "Once", "Say", "Source"]
        with pytest.raises(ClientError) as error:
            line.api.retry_stage_execution(
                pipelineName="line", stageName="Both", pipelineExecutionId=execution,
                retryMode="ALL_ACTIONS",
            )  # fmt: skip
        assert refused(error)[0] == "StageNotRetryableException"

    def test_stops_at_once_without_the_build_that_runs(self, line: Line) -> None:
        line.set_up(
            {"say": SAY.replace("echo said $SAID", "sleep 20")},
            stages=[stage("Say", build_action("Say"))],
        )
        execution = line.start()
        build = line.until(
            lambda: line.actions(execution).get("Say", {}).get("output", {})
            .get("executionResult", {}).get("externalExecutionId")
        )  # fmt: skip
        stop = {"pipelineName": "line", "pipelineExecutionId": execution}
        line.api.stop_pipeline_execution(**stop, reason="enough")
        assert line.execution(execution)["status"] == "Stopping"
        with pytest.raises(ClientError) as error:
            line.api.stop_pipeline_execution(**stop)
        assert refused(error)[0] == "DuplicatedStopRequestException"
        line.api.stop_pipeline_execution(**stop, abandon=True, reason="now")
        assert line.ended(execution) == "Stopped"
        assert line.actions(execution)["Say"]["status"] == "Abandoned"
        assert line.builds.batch_get_builds(ids=[build])["builds"][0]["buildStatus"] == (
            "IN_PROGRESS"
        )
        line.builds.stop_build(id=build)
        line.until(
            lambda: (
                line.builds.batch_get_builds(ids=[build])["builds"][0]["buildStatus"] == "STOPPED"
            )
        )

    def test_rolls_a_stage_back_to_what_an_earlier_execution_had(
        self, sandbox: Sandbox, line: Line
    ) -> None:
        say = stage("Say", build_action("Say", SAID="#{variables.VERSION} #{Source.ETag}"))
        line.set_up({"say": SAY}, stages=[say])
        first = line.start("v1")
        assert line.ended(first) == "Succeeded"
        line.request(changes="other")
        assert line.ended(line.start("v2")) == "Succeeded"
        rolled = line.api.rollback_stage(
            pipelineName="line", stageName="Say", targetPipelineExecutionId=first
        )["pipelineExecutionId"]
        assert line.ended(rolled) == "Succeeded"
        shown = line.execution(rolled)
        assert (shown["executionType"], shown["rollbackMetadata"]) == (
            "ROLLBACK", {"rollbackTargetPipelineExecutionId": first},
        )  # fmt: skip
        ran = line.actions(rolled)
        assert list(ran) == ["Say"]
        etag = line.actions(first)["Source"]["output"]["outputVariables"]["ETag"]
        build = ran["Say"]["output"]["executionResult"]["externalExecutionId"]
        assert f"said v1 {etag}" in admin.build_log(sandbox.endpoint, build)
        for stage_name, target, code in [
            ("Source", first, "UnableToRollbackStageException"),
            ("Say", rolled, "UnableToRollbackStageException"),
        ]:
            with pytest.raises(ClientError) as error:
                line.api.rollback_stage(
                    pipelineName="line", stageName=stage_name, targetPipelineExecutionId=target
                )
            assert refused(error)[0] == code

    def test_rolls_back_by_itself_where_the_stage_says_so(self, line: Line) -> None:
        check = SAY.replace("echo said $SAID", "test $SAID = v1")
        say = stage(
            "Say",
            build_action("Say", SAID="#{variables.VERSION}"),
            onFailure={"result": "ROLLBACK"},
        )
        line.set_up({"say": check}, stages=[say])
        assert line.ended(line.start("v1")) == "Succeeded"
        assert line.ended(line.start("v2")) == "Failed"

        def latest() -> Any:
            listed = line.api.list_pipeline_executions(pipelineName="line")
            found = listed["pipelineExecutionSummaries"][0]
            return found["executionType"] == "ROLLBACK" and found["status"] == "Succeeded" and found

        assert line.until(latest)["trigger"]["triggerType"] == "AutomatedRollback"

    def test_holds_executions_where_a_transition_is_disabled(self, line: Line) -> None:
        line.set_up({"say": SAY}, stages=[stage("Say", build_action("Say"))])
        door = {"pipelineName": "line", "stageName": "Say", "transitionType": "Inbound"}
        line.api.disable_stage_transition(**door, reason="a freeze")
        execution = line.start()
        line.until(lambda: line.stages()["Source"] == "Succeeded")
        state = line.api.get_pipeline_state(name="line")["stageStates"][1]
        assert state["inboundTransitionState"]["disabledReason"] == "a freeze"
        assert [each["pipelineExecutionId"] for each in state["inboundExecutions"]] == [execution]
        line.api.enable_stage_transition(**door)
        assert line.ended(execution) == "Succeeded"


class TestAQueue:
    def test_lets_one_execution_into_a_stage_in_their_order(self, line: Line) -> None:
        stages = [stage("Approve", approval("go")), stage("Say", build_action("Say"))]
        line.set_up({"say": SAY}, stages=stages)
        first, second = line.start("v1"), line.start("v2")
        line.token(first)
        line.until(lambda: line.actions(second))
        state = line.api.get_pipeline_state(name="line")["stageStates"][1]
        assert state["latestExecution"]["pipelineExecutionId"] == first
        assert state["inboundExecution"]["pipelineExecutionId"] == second
        line.answer(first, "Rejected")
        line.answer(second)
        assert (line.ended(first), line.ended(second)) == ("Failed", "Succeeded")


class TestAPipeline:
    def test_starts_by_itself_when_it_is_made_and_needs_no_variable(self, line: Line) -> None:
        line.set_up({"say": SAY}, stages=[stage("Say", build_action("Say"))], variables=[])
        (found,) = line.api.list_pipeline_executions(pipelineName="line")[
            "pipelineExecutionSummaries"
        ]
        assert found["trigger"]["triggerType"] == "CreatePipeline"
        assert line.ended(found["pipelineExecutionId"]) == "Succeeded"

    def test_has_versions_and_an_execution_that_of_its_start(self, line: Line) -> None:
        line.set_up()
        execution = line.start()
        line.token(execution)
        short = world.structure()
        short["stages"] = short["stages"][:2]
        line.api.update_pipeline(pipeline=short)
        found = line.api.get_pipeline(name="line")
        assert (found["pipeline"]["version"], len(found["pipeline"]["stages"])) == (2, 2)
        assert found["metadata"]["pipelineArn"] == world.PIPELINE_ARN
        assert len(line.api.get_pipeline(name="line", version=1)["pipeline"]["stages"]) == 4
        assert line.execution(execution)["pipelineVersion"] == 1
        line.api.delete_pipeline(name="line")
        assert line.api.list_pipelines()["pipelines"] == []
        with pytest.raises(ClientError) as error:
            line.api.get_pipeline(name="line")
        assert refused(error)[0] == "PipelineNotFoundException"

    @pytest.mark.parametrize(
        ("change", "code", "text"),
        [
            ({"executionMode": "PARALLEL"}, "NotImplementedException", "another executionMode"),
            ({"pipelineType": "V1"}, "NotImplementedException", "another type than V2"),
            (
                {"stages": [stage("A", {**build_action("Say"), "inputArtifacts": []})]},
                "InvalidActionDeclarationException",
                "Action Say declares 0 input artifacts which is less than the minimum count (1)",
            ),
            (
                {"stages": [stage("A", build_action("One", "N"), build_action("Two", "N"))]},
                "InvalidActionDeclarationException",
                "Namespaces must be unique across the pipeline definition",
            ),
            (
                {"stages": [
                    stage("A", {**build_action("Say"), "inputArtifacts": [{"name": "X"}]})
                ]},
                "InvalidActionDeclarationException",
                "Input Artifact Bundle X in action Say is not declared",
            ),
            (
                {"stages": [stage("A", {**build_action("Say"), "timeoutInMinutes": 5})]},
                "InvalidActionDeclarationException",
                "timeoutInMinutes",
            ),
            (
                {"stages": [stage("A", approval("x" * 1001))]},
                "InvalidActionDeclarationException",
                "1001 characters in CustomData",
            ),
            (
                {"stages": [stage("A", approval("x"), onFailure={"result": "RETRY"})]},
                "NotImplementedException",
                "onFailure with another result",
            ),
            (
                {"stages": [
                    stage("A", approval("x"), beforeEntry={
                        "conditions": [condition("ROLLBACK", "a", "EQ", "b")]
                    })
                ]},
                "InvalidStageDeclarationException",
                "Result ROLLBACK is not valid for beforeEntry of the stage A",
            ),
            (
                {"stages": [
                    stage("A", {**approval("x"), "actionTypeId": {
                        "category": "Invoke", "owner": "AWS", "provider": "Lambda", "version": "1",
                    }})
                ]},
                "NotImplementedException",
                "the action type Invoke/AWS/Lambda/1 of Approve",
            ),
        ],
    )  # fmt: skip
    def test_is_refused_by_what_is_wrong_with_it_or_not_carried_out(
        self, line: Line, change: dict[str, Any], code: str, text: str
    ) -> None:
        with pytest.raises(ClientError) as error:
            line.api.create_pipeline(pipeline=world.structure(**change))
        assert refused(error)[0] == code
        assert text in refused(error)[1]

    def test_is_one_of_its_account_for_those_who_may_see_it(
        self, line: Line, a_client: MakeClient
    ) -> None:
        line.set_up()
        with pytest.raises(ClientError) as error:
            a_client("alice", "codepipeline").get_pipeline_state(name="line")
        assert refused(error)[0] == "AccessDeniedException"
        with pytest.raises(ClientError) as error:
            a_client("admin/333333333333", "codepipeline").get_pipeline_state(name="line")
        assert refused(error)[0] == "PipelineNotFoundException"
