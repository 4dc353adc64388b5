"""CloudFormation in the sandbox: what it says it made is there, and nothing is skipped unsaid."""

from __future__ import annotations

import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from promote.sandbox import admin
from promote.sandbox.seed import CICD, default_world
from promote.sandbox.server import Sandbox
from promote.sandbox.world import UserSeed
from tests.functional.sandbox_worlds import allow, document
from tests.functional.templates import body, estate, group, inline, role, template

NAMED = ["CAPABILITY_NAMED_IAM"]
ADMIN = f"admin/{CICD}"
OF_RENAMED = {"Fn::GetAtt": ["Renamed", "Arn"]}


@pytest.fixture(scope="module")
def clerk() -> UserSeed:
    """May use CloudFormation on stacks called clerk-…, logs and buckets, but no IAM, no keys."""
    stacks = f"arn:aws:cloudformation:us-east-1:{CICD}:stack/clerk-*"
    return UserSeed(
        account=CICD,
        name="clerk",
        access_key_id="AKIACLERKCLERKCLERK1",
        secret_access_key="clerk",
        login="clerk",
        inline={"own": document(allow("cloudformation:*", stacks), allow(["logs:*", "s3:*"], "*"))},
    )


@pytest.fixture(scope="module")
def sandbox(a_sandbox: Any, clerk: UserSeed) -> Sandbox:
    from dataclasses import replace

    world = default_world()
    fresh: Sandbox = a_sandbox(replace(world, users=(*world.users, clerk)))
    return fresh


@pytest.fixture
def formation(sandbox: Sandbox, a_client: Any) -> Any:
    return a_client(ADMIN, "cloudformation", url=sandbox.endpoint)


def wait(formation: Any, stack: str) -> dict[str, Any]:
    for _ in range(500):
        found: dict[str, Any] = formation.describe_stacks(StackName=stack)["Stacks"][0]
        if not found["StackStatus"].endswith("_IN_PROGRESS"):
            return found
        time.sleep(0.01)
    pytest.fail(f"{stack} stays in {found['StackStatus']}")


def create(formation: Any, stack: str, wanted: dict[str, Any], **more: Any) -> dict[str, Any]:
    formation.create_stack(StackName=stack, TemplateBody=body(wanted), Capabilities=NAMED, **more)
    return wait(formation, stack)


def update(formation: Any, stack: str, wanted: dict[str, Any], **more: Any) -> dict[str, Any]:
    formation.update_stack(StackName=stack, TemplateBody=body(wanted), Capabilities=NAMED, **more)
    return wait(formation, stack)


def failures(formation: Any, stack: str) -> dict[str, str]:
    """Return the reason of each failed resource."""
    events = formation.describe_stack_events(StackName=stack)["StackEvents"]
    return {
        each["LogicalResourceId"]: each.get("ResourceStatusReason", "")
        for each in events
        if each["ResourceStatus"].endswith("_FAILED")
    }


def changes(formation: Any, stack: str, wanted: dict[str, Any], **more: Any) -> Any:
    """Return the changes of a change set by logical id."""
    formation.create_change_set(
        StackName=stack,
        ChangeSetName="c",
        TemplateBody=body(wanted),
        Capabilities=NAMED,
        **more,
    )
    found = formation.describe_change_set(
        StackName=stack, ChangeSetName="c", IncludePropertyValues=True
    )
    formation.delete_change_set(StackName=stack, ChangeSetName="c")
    listed = [each["ResourceChange"] for each in found["Changes"]]
    return {each["LogicalResourceId"]: each for each in listed}


def refused(call: Any, **arguments: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]


class TestWhatIsMade:
    @pytest.fixture(scope="class")
    @classmethod
    def stack(cls, sandbox: Sandbox, a_client: Any) -> dict[str, Any]:
        return create(a_client(ADMIN, "cloudformation", url=sandbox.endpoint), "estate", estate())

    def test_every_resource_is_made_or_said_to_be_recorded_only(
        self, stack: dict[str, Any], formation: Any
    ) -> None:
        assert stack["StackStatus"] == "CREATE_COMPLETE", failures(formation, "estate")
        resources = formation.describe_stack_resources(StackName="estate")["StackResources"]
        assert {each["LogicalResourceId"] for each in resources} == estate()["Resources"].keys()
        remarks = {
            each["LogicalResourceId"]: each["ResourceStatusReason"]
            for each in resources
            if "ResourceStatusReason" in each
        }
        assert remarks.keys() == {"Notice"}
        assert remarks["Notice"].startswith("recorded only: the sandbox does not emulate it")

    @pytest.mark.usefixtures("stack")
    def test_the_services_own_apis_show_it(self, a_client: Any) -> None:
        s3, bucket = a_client(ADMIN, "s3"), {"Bucket": "promote-artifacts"}
        rules = s3.get_bucket_encryption(**bucket)["ServerSideEncryptionConfiguration"]["Rules"]
        assert rules[0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
        assert s3.get_bucket_versioning(**bucket)["Status"] == "Enabled"
        assert all(s3.get_public_access_block(**bucket)["PublicAccessBlockConfiguration"].values())
        assert s3.get_bucket_ownership_controls(**bucket)["OwnershipControls"]["Rules"]
        assert s3.get_bucket_lifecycle_configuration(**bucket)["Rules"][0]["ID"] == "old"
        assert "LoggingEnabled" in s3.get_bucket_logging(**bucket)
        assert "EventBridgeConfiguration" in s3.get_bucket_notification_configuration(**bucket)
        assert "SecureTransport" in s3.get_bucket_policy(**bucket)["Policy"]
        kms = a_client(ADMIN, "kms")
        key = kms.describe_key(KeyId="alias/promote")["KeyMetadata"]["KeyId"]
        assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"]
        queue = a_client(ADMIN, "sqs").list_queues()["QueueUrls"][0]
        attributes = a_client(ADMIN, "sqs").get_queue_attributes(
            QueueUrl=queue, AttributeNames=["All"]
        )["Attributes"]
        dead = attributes["QueueArn"]
        assert "events.amazonaws.com" in attributes["Policy"]
        iam = a_client(ADMIN, "iam")
        sent = iam.get_role_policy(RoleName="sweeper", PolicyName="send")["PolicyDocument"]
        assert sent["Statement"][0]["Resource"] == dead
        sns = a_client(ADMIN, "sns")
        topic = f"arn:aws:sns:us-east-1:{CICD}:stuck"
        assert (
            "events.amazonaws.com"
            in sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"]
        )
        assert sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
        groups = a_client(ADMIN, "logs").describe_log_groups()["logGroups"]
        assert [(each["logGroupName"], each["retentionInDays"]) for each in groups] == [
            ("/promote/tools", 30)
        ]
        events = a_client(ADMIN, "events")
        assert events.list_targets_by_rule(Rule="failed")["Targets"][0]["Arn"] == topic
        hourly = a_client(ADMIN, "scheduler").get_schedule(Name="hourly")
        assert hourly["Target"]["Input"] == '{"ProjectName": "estate-retire"}'

    @pytest.mark.usefixtures("stack")
    def test_objects_take_the_key_that_the_bucket_is_encrypted_with(self, a_client: Any) -> None:
        place = {"Bucket": "promote-artifacts", "Key": "a"}
        a_client(ADMIN, "s3").put_object(**place, Body=b"a")
        clerk = a_client("clerk", "s3")
        code, text = refused(clerk.put_object, **place, Body=b"b")
        assert (code, "kms:GenerateDataKey" in text) == ("AccessDenied", True)
        code, text = refused(clerk.get_object, **place)
        assert (code, "kms:Decrypt" in text) == ("AccessDenied", True)
        assert a_client(ADMIN, "s3").get_object(**place)["Body"].read() == b"a"

    def test_outputs_and_exports_are_told(self, stack: dict[str, Any], formation: Any) -> None:
        assert stack["Outputs"] == [
            {
                "OutputKey": "Bucket",
                "OutputValue": "promote-artifacts",
                "ExportName": "artifacts",
            }
        ]
        wanted = template(Group=group("/of/another"))
        name = {"Fn::Join": ["", ["/of/", {"Fn::ImportValue": "artifacts"}]]}
        wanted["Resources"]["Group"]["Properties"]["LogGroupName"] = name
        create(formation, "importing", wanted)
        resources = formation.list_stack_resources(StackName="importing")
        found = resources["StackResourceSummaries"][0]["PhysicalResourceId"]
        assert found == "/of/promote-artifacts"

    @pytest.mark.usefixtures("stack")
    def test_deleting_keeps_what_is_retained_and_needs_empty_buckets(
        self, formation: Any, a_client: Any
    ) -> None:
        bucket = formation.describe_stack_resource(StackName="estate", LogicalResourceId="Logs")
        name = bucket["StackResourceDetail"]["PhysicalResourceId"]
        a_client(ADMIN, "s3").put_object(Bucket=name, Key="log", Body=b"")
        formation.delete_stack(StackName="estate")
        assert wait(formation, "estate")["StackStatus"] == "DELETE_FAILED"
        assert "not empty" in failures(formation, "estate")["Logs"]
        names = {each["Name"] for each in a_client(ADMIN, "s3").list_buckets()["Buckets"]}
        assert "promote-artifacts" in names
        assert a_client(ADMIN, "sqs").list_queues().get("QueueUrls", []) == []


class TestRefusals:
    def test_a_type_that_nobody_knows_is_refused_by_name(self, formation: Any) -> None:
        wanted = template(Odd={"Type": "AWS::Rekognition::Banana", "Properties": {}})
        code, text = refused(formation.create_stack, StackName="odd", TemplateBody=body(wanted))
        assert (code, text) == (
            "ValidationError",
            "Template format error: Unrecognized resource types: [AWS::Rekognition::Banana]",
        )

    def test_a_property_that_a_type_does_not_have_fails_the_resource(self, formation: Any) -> None:
        wanted = template(Group=group("/x/misspelt", RetentionDays=3))
        assert create(formation, "misspelt", wanted)["StackStatus"] == "ROLLBACK_COMPLETE"
        assert "extraneous key [RetentionDays]" in failures(formation, "misspelt")["Group"]

    def test_a_member_deep_inside_is_checked_too(self, formation: Any) -> None:
        wanted = template(
            Rule={
                "Type": "AWS::Events::Rule",
                "Properties": {
                    "EventPattern": {"source": ["aws.s3"]},
                    "Targets": [{"Id": "1", "Arn": f"arn:aws:sns:us-east-1:{CICD}:t", "Odd": 1}],
                },
            }
        )
        create(formation, "deep", wanted)
        assert "extraneous key [Odd]" in failures(formation, "deep")["Rule"]

    @pytest.mark.parametrize(
        ("given", "needed"),
        [
            (role("named"), "CAPABILITY_NAMED_IAM"),
            (role(), "CAPABILITY_IAM"),
        ],
    )
    def test_roles_take_a_capability(
        self, formation: Any, given: dict[str, Any], needed: str
    ) -> None:
        wanted = body(template(Role=given))
        for call, more in (
            (formation.create_stack, {}),
            (formation.create_change_set, {"ChangeSetName": "c", "ChangeSetType": "CREATE"}),
        ):
            code, text = refused(call, StackName="roles", TemplateBody=wanted, **more)
            assert code == "InsufficientCapabilitiesException"
            assert text == f"Requires capabilities : [{needed}]"

    @pytest.mark.parametrize(
        ("document", "said"),
        [
            ({"Resources": {}}, "Number of resources"),
            (template(A=group({"Ref": "B"})), "Unresolved resource dependencies [B]"),  # type: ignore[arg-type]
            (
                template(A=group({"Ref": "B"}), B=group({"Ref": "A"})),  # type: ignore[arg-type]
                "Circular dependency between resources: [A, B]",
            ),
            (template(A=group({"Fn::GetAZs": ""})), "function Fn::GetAZs"),  # type: ignore[arg-type]
            ({**template(A=group("/a")), "Transform": "AWS::LanguageExtensions"}, "Transform"),
            (
                template(A=group("/a"), B=group({"Fn::GetAtt": ["A", "Colour"]})),  # type: ignore[arg-type]
                "does not support attribute type Colour",
            ),
        ],
    )
    def test_a_template_that_makes_no_sense_is_refused(
        self, formation: Any, document: dict[str, Any], said: str
    ) -> None:
        code, text = refused(
            formation.create_stack, StackName="senseless", TemplateBody=body(document)
        )
        assert code == "ValidationError"
        assert said in text

    def test_what_is_not_carried_out_is_refused_by_name(self, formation: Any) -> None:
        code, text = refused(
            formation.create_stack,
            StackName="odd",
            TemplateBody=body(template(A=group("/a"))),
            RoleARN=f"arn:aws:iam::{CICD}:role/deploys",
        )
        assert (code, "RoleARN" in text) == ("NotImplemented", True)

    def test_a_large_template_has_to_come_from_a_bucket(
        self, formation: Any, a_client: Any
    ) -> None:
        wanted = template(Group=group("/x/large"))
        wanted["Metadata"] = {"Filling": "x" * 51_200}
        _, text = refused(formation.create_stack, StackName="large", TemplateBody=body(wanted))
        assert "less than or equal to 51200" in text
        s3 = a_client(ADMIN, "s3")
        s3.create_bucket(Bucket="templates")
        s3.put_object(Bucket="templates", Key="large.json", Body=body(wanted).encode())
        url = "https://templates.s3.us-east-1.amazonaws.com/large.json"
        formation.create_stack(StackName="large", TemplateURL=url)
        assert wait(formation, "large")["StackStatus"] == "CREATE_COMPLETE"
        url = url.replace("large.json", "missing.json")
        code, text = refused(formation.create_stack, StackName="missing", TemplateURL=url)
        assert (code, "S3 error" in text) == ("ValidationError", True)


class TestChangeSets:
    @pytest.fixture(scope="class")
    @classmethod
    def stack(cls, sandbox: Sandbox, a_client: Any) -> None:
        create(a_client(ADMIN, "cloudformation", url=sandbox.endpoint), "changing", cls.before())

    @staticmethod
    def before() -> dict[str, Any]:
        return template(
            Kept=group("/c/kept"),
            Changed=group("/c/changed", RetentionInDays=1),
            Renamed=group("/c/old"),
            Reader=role("reader", Policies=[inline("p", "logs:GetLogEvents", OF_RENAMED)]),
            Gone=group("/c/gone"),
        )

    @staticmethod
    def after() -> dict[str, Any]:
        return template(
            Kept=group("/c/kept"),
            Changed=group("/c/changed", RetentionInDays=7),
            Renamed=group("/c/new"),
            Reader=role("reader", Policies=[inline("p", "logs:GetLogEvents", OF_RENAMED)]),
            New=group("/c/added"),
        )

    @pytest.mark.usefixtures("stack")
    def test_they_hold_exactly_what_differs(self, formation: Any) -> None:
        found = changes(formation, "changing", self.after())
        told = {name: (each["Action"], each.get("Replacement")) for name, each in found.items()}
        assert told == {
            "Changed": ("Modify", "False"),
            "Renamed": ("Modify", "True"),
            "Reader": ("Modify", "False"),
            "New": ("Add", None),
            "Gone": ("Remove", None),
        }
        detail = found["Changed"]["Details"][0]
        assert detail["Target"]["Name"] == "RetentionInDays"
        assert (detail["Target"]["BeforeValue"], detail["Target"]["AfterValue"]) == ("1", "7")
        assert found["Reader"]["Details"][0]["Evaluation"] == "Dynamic"

    @pytest.mark.usefixtures("stack")
    def test_executing_one_does_that_and_no_more(
        self, formation: Any, sandbox: Sandbox, a_client: Any
    ) -> None:
        formation.create_change_set(
            StackName="changing",
            ChangeSetName="go",
            TemplateBody=body(self.after()),
            Capabilities=NAMED,
        )
        since = admin.calls(sandbox.endpoint)[-1]["n"]
        formation.execute_change_set(StackName="changing", ChangeSetName="go")
        assert wait(formation, "changing")["StackStatus"] == "UPDATE_COMPLETE"
        calls = admin.calls(sandbox.endpoint, since=since)
        logs = [each for each in calls if each["operation"].startswith("logs:")]
        assert not [each for each in logs if ":/c/kept:" in each["resource"]]
        assert sorted(
            (each["operation"], each["resource"].rpartition("log-group:")[2]) for each in logs
        ) == [
            ("logs:CreateLogGroup", "/c/added:log-stream:"),
            ("logs:CreateLogGroup", "/c/new:log-stream:"),
            ("logs:DeleteLogGroup", "/c/gone:log-stream:"),
            ("logs:DeleteLogGroup", "/c/old:log-stream:"),
            ("logs:PutRetentionPolicy", "/c/changed:log-stream:"),
        ]
        policy = a_client(ADMIN, "iam").get_role_policy(RoleName="reader", PolicyName="p")
        assert policy["PolicyDocument"]["Statement"][0]["Resource"].endswith(":/c/new:*")

    def test_without_a_difference_one_fails_and_says_so(self, formation: Any) -> None:
        create(formation, "same", template(A=group("/s/a")))
        wanted = {"StackName": "same", "TemplateBody": body(template(A=group("/s/a")))}
        formation.create_change_set(ChangeSetName="none", **wanted)
        found = formation.describe_change_set(StackName="same", ChangeSetName="none")
        assert (found["Status"], found["ExecutionStatus"]) == ("FAILED", "UNAVAILABLE")
        assert found["StatusReason"].startswith("The submitted information didn't contain changes")
        code, _ = refused(formation.execute_change_set, StackName="same", ChangeSetName="none")
        assert code == "InvalidChangeSetStatus"
        assert refused(formation.update_stack, **wanted) == (
            "ValidationError",
            "No updates are to be performed.",
        )

    def test_one_for_a_new_stack_leaves_it_in_review(self, formation: Any) -> None:
        formation.create_change_set(
            StackName="reviewed",
            ChangeSetName="first",
            ChangeSetType="CREATE",
            TemplateBody=body(template(A=group("/r/a"))),
        )
        found = formation.describe_stacks(StackName="reviewed")["Stacks"][0]
        assert found["StackStatus"] == "REVIEW_IN_PROGRESS"
        formation.execute_change_set(StackName="reviewed", ChangeSetName="first")
        assert wait(formation, "reviewed")["StackStatus"] == "CREATE_COMPLETE"


class TestFailures:
    def test_a_failed_creation_deletes_what_was_made(self, formation: Any, a_client: Any) -> None:
        wanted = template(
            First=group("/f/first"), Second={**group("/f/first"), "DependsOn": "First"}
        )
        found = create(formation, "failing", wanted)
        assert found["StackStatus"] == "ROLLBACK_COMPLETE"
        assert "already exists" in failures(formation, "failing")["Second"]
        logs = a_client(ADMIN, "logs")
        assert logs.describe_log_groups(logGroupNamePrefix="/f/")["logGroups"] == []
        code, text = refused(formation.update_stack, StackName="failing", TemplateBody=body(wanted))
        assert (code, "ROLLBACK_COMPLETE state" in text) == ("ValidationError", True)

    def test_a_role_that_fails_half_way_is_deleted(self, formation: Any, a_client: Any) -> None:
        wanted = template(Role=role("half", ManagedPolicyArns=["arn:aws:iam::aws:policy/Nothing"]))
        assert create(formation, "half", wanted)["StackStatus"] == "ROLLBACK_COMPLETE"
        code, _ = refused(a_client(ADMIN, "iam").get_role, RoleName="half")
        assert code == "NoSuchEntity"

    def test_a_failed_update_restores_what_was(self, formation: Any, a_client: Any) -> None:
        before = template(
            A=group("/u/a", RetentionInDays=1), B=group("/u/b"), Role=role("u", Path="/")
        )
        create(formation, "updating", before)
        after = template(
            A=group("/u/a", RetentionInDays=7),
            B=group("/u/c"),
            Role=role("u", Path="/"),
            Z={**group("/u/a"), "DependsOn": ["A", "B"]},
        )
        assert update(formation, "updating", after)["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
        groups = a_client(ADMIN, "logs").describe_log_groups(logGroupNamePrefix="/u/")["logGroups"]
        assert {each["logGroupName"]: each.get("retentionInDays") for each in groups} == {
            "/u/a": 1,
            "/u/b": None,
        }
        assert changes(formation, "updating", before) == {}

    def test_a_custom_name_cannot_be_replaced(self, formation: Any) -> None:
        create(formation, "custom", template(Role=role("custom", Path="/")))
        found = update(formation, "custom", template(Role=role("custom", Path="/a/")))
        assert found["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
        assert "Rename custom" in failures(formation, "custom")["Role"]


class TestPermissions:
    def test_cloudformation_has_the_callers_permissions(self, a_client: Any) -> None:
        formation = a_client("clerk", "cloudformation")
        found = create(formation, "clerk-roles", template(Role=role("clerks")))
        assert found["StackStatus"] == "ROLLBACK_COMPLETE"
        reason = failures(formation, "clerk-roles")["Role"]
        assert "user/clerk is not authorized to perform: iam:CreateRole" in reason
        found = create(formation, "clerk-logs", template(Group=group("/clerk")))
        assert found["StackStatus"] == "CREATE_COMPLETE"

    def test_stacks_are_asked_about_by_their_arn(self, formation: Any, a_client: Any) -> None:
        clerk = a_client("clerk", "cloudformation")
        wanted = body(template(Group=group("/clerk/x")))
        code, text = refused(clerk.create_stack, StackName="others", TemplateBody=wanted)
        assert code == "AccessDenied"
        assert f":{CICD}:stack/others/*" in text
        create(formation, "admins", template(Group=group("/admins")))
        for call in (clerk.describe_stacks, clerk.delete_stack, clerk.get_template):
            assert refused(call, StackName="admins")[0] == "AccessDenied"

    def test_what_is_done_for_a_stack_is_in_the_log(self, formation: Any, sandbox: Sandbox) -> None:
        since = admin.calls(sandbox.endpoint)[-1]["n"]
        create(formation, "logged", template(Group=group("/logged")))
        calls = admin.calls(sandbox.endpoint, since=since)
        made = [each for each in calls if each["operation"] == "logs:CreateLogGroup"]
        assert [each["principal"].rpartition("/")[2] for each in made] == ["admin"]
