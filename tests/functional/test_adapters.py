"""The adapters of AWS against the sandbox: what they read, what they write, and every refusal."""

from __future__ import annotations

import io
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import pytest

from promote import errors
from promote.aws.identities import StsIdentities
from promote.aws.roles import IamAccessRoles
from promote.core.parts import PointerAddress
from promote.core.version import Status
from promote.pointers import pointer
from promote.sandbox import admin
from promote.sandbox.images import LABELS, draw_tool
from promote.sandbox.seed import CICD, ML, OTHER_PROJECT, POINTER, PROJECT
from promote.services import service
from promote.services.rekognition import MOST_SUMMARY_BYTES
from tests.functional.adapter_world import (
    ACCESS,
    DEPLOYER,
    EVALUATIONS,
    OPERATOR,
    POLICY,
    REGION,
    TARGET,
    V1,
    V2,
    V4,
    adapter_world,
    allow,
    sessions_of,
)

if TYPE_CHECKING:
    from promote.aws.sessions import Sessions
    from promote.ports import Credentials, ModelService, Pointer
    from promote.sandbox.server import Sandbox
    from tests.functional.conftest import MakeSandbox


@pytest.fixture
def world(a_sandbox: MakeSandbox) -> Sandbox:
    return a_sandbox(adapter_world())


@pytest.fixture
def sessions(world: Sandbox) -> Sessions:
    return sessions_of(world)


def outcomes(sandbox: Sandbox, operation: str) -> list[str]:
    """Return how the calls of an operation ended."""
    calls = admin.calls(sandbox.endpoint)
    return [call["outcome"] for call in calls if call["operation"] == operation]


def hammer() -> bytes:
    """Draw a hammer as a PNG file."""
    file = io.BytesIO()
    draw_tool("hammer", 0).save(file, "PNG")
    return file.getvalue()


class TestIdentities:
    def test_says_who_the_promoter_is(self, sessions: Sessions) -> None:
        caller = StsIdentities(sessions).caller()
        assert caller.account == CICD
        assert caller.arn == f"arn:aws:iam::{CICD}:user/promoter"

    def test_enters_the_access_role_from_the_smoke_role_afresh(
        self, world: Sandbox, sessions: Sessions
    ) -> None:
        identities = StsIdentities(sessions)
        first, second = (identities.enter(TARGET, "promotion/1") for _ in range(2))
        assert first.access_key_id != second.access_key_id
        assert first.role == ACCESS
        assert first.secret_access_key not in repr(first)
        assert outcomes(world, "sts:AssumeRole") == ["ok"] * 3

    def test_is_denied_without_the_external_id(self, sessions: Sessions) -> None:
        with pytest.raises(errors.AccessDeniedError) as raised:
            StsIdentities(sessions).enter(replace(TARGET, external_id=None), "promotion-1")
        assert "promote-smoke was denied AssumeRole" in raised.value.detail
        assert ACCESS in raised.value.detail

    def test_credentials_that_nobody_knows_are_named_as_such(self, world: Sandbox) -> None:
        import boto3

        from promote.aws.sessions import Sessions

        session = boto3.Session("AKIAUNKNOWN", "secret-of-nobody", region_name=REGION)
        stranger = Sessions(session, REGION, session_name="x", endpoint_url=world.endpoint)
        with pytest.raises(errors.CredentialsError) as raised:
            StsIdentities(stranger).caller()
        assert "secret-of-nobody" not in str(raised.value)


class TestAccessRoles:
    def test_reads_every_policy_of_a_role(self, sessions: Sessions) -> None:
        state = IamAccessRoles(sessions).read(ACCESS, role=OPERATOR)
        assert state is not None
        assert state.inline == {POLICY: allow("rekognition:DetectCustomLabels", [V1, V4])}
        assert list(state.attached.values()) == [allow("s3:GetObject", "arn:aws:s3:::none/*")]
        assert "Statement" in state.trust

    def test_a_role_that_does_not_exist_is_none(self, sessions: Sessions) -> None:
        missing = f"arn:aws:iam::{ML}:role/missing"
        assert IamAccessRoles(sessions).read(missing, role=OPERATOR) is None

    def test_a_role_under_another_path_is_not_the_one_meant(self, sessions: Sessions) -> None:
        elsewhere = f"arn:aws:iam::{ML}:role/tools-qa"
        with pytest.raises(errors.NotFoundError) as raised:
            IamAccessRoles(sessions).read(elsewhere, role=OPERATOR)
        assert ACCESS in raised.value.detail

    def test_writes_and_removes_policies(self, sessions: Sessions) -> None:
        roles = IamAccessRoles(sessions)
        document = allow("rekognition:DetectCustomLabels", V2)
        roles.put(ACCESS, "another", document, role=OPERATOR)
        assert roles.policy(ACCESS, "another", role=OPERATOR) == document
        state = roles.read(ACCESS, role=OPERATOR)
        assert state is not None
        for policy in ("another", *state.attached):
            roles.remove(ACCESS, policy, role=OPERATOR)
            roles.remove(ACCESS, policy, role=OPERATOR)
        after = roles.read(ACCESS, role=OPERATOR)
        assert after is not None
        assert set(after.inline) == {POLICY}
        assert not after.attached
        assert roles.policy(ACCESS, "another", role=OPERATOR) is None

    @pytest.mark.parametrize("fault", ["drop_after", "drop_before", "throttle", "error5xx"])
    def test_a_document_is_written_again_whatever_became_of_the_first_try(
        self, world: Sandbox, sessions: Sessions, fault: str
    ) -> None:
        admin.inject(world.endpoint, "iam:PutRolePolicy", fault)
        roles = IamAccessRoles(sessions)
        roles.put(ACCESS, POLICY, allow("rekognition:DetectCustomLabels", V2), role=OPERATOR)
        assert roles.policy(ACCESS, POLICY, role=OPERATOR) == allow(
            "rekognition:DetectCustomLabels", V2
        )
        assert len(outcomes(world, "iam:PutRolePolicy")) == 2

    def test_documents_that_are_too_long_meet_a_quota(self, sessions: Sessions) -> None:
        long = allow("rekognition:DetectCustomLabels", [f"{V1}{n}" for n in range(200)])
        with pytest.raises(errors.QuotaError):
            IamAccessRoles(sessions).put(ACCESS, POLICY, long, role=OPERATOR)

    def test_a_role_that_may_not_is_denied_by_name(self, sessions: Sessions) -> None:
        with pytest.raises(errors.AccessDeniedError) as raised:
            IamAccessRoles(sessions).read(ACCESS, role=DEPLOYER)
        assert DEPLOYER in raised.value.detail
        assert "GetRole" in raised.value.detail


class TestRekognition:
    @pytest.fixture
    def rekognition(self, sessions: Sessions) -> ModelService:
        return service("rekognition", sessions)

    @pytest.fixture
    def credentials(self, sessions: Sessions) -> Credentials:
        return StsIdentities(sessions).enter(TARGET, "promotion-1")

    def wait_for(self, rekognition: ModelService, name: str, status: Status) -> None:
        for _ in range(100):
            if rekognition.describe(PROJECT.arn, name, role=OPERATOR).status is status:
                return
            time.sleep(0.05)
        pytest.fail(f"{name} does not become {status}")

    def start(self, rekognition: ModelService, arn: str) -> None:
        rekognition.start(arn, min_units=1, max_units=None, role=OPERATOR)

    def test_finds_a_project_by_its_name(self, rekognition: ModelService) -> None:
        assert rekognition.project_arn(PROJECT.name, role=OPERATOR) == PROJECT.arn
        with pytest.raises(errors.NotFoundError) as raised:
            rekognition.project_arn("missing", role=OPERATOR)
        assert f"'missing' in us-east-1 of account {ML}" in raised.value.detail

    def test_describes_every_version_newest_first(self, rekognition: ModelService) -> None:
        versions = rekognition.versions(PROJECT.arn, role=OPERATOR)
        assert [version.name for version in versions] == ["v5", "v4", "v3", "v2", "v1"]
        first = versions[-1]
        assert (first.arn, first.project) == (V1, PROJECT.name)
        assert first.status is Status.RUNNING
        assert first.created_at.isoformat() == "2025-10-10T12:40:00+00:00"
        assert first.f1 == pytest.approx(0.983, abs=0.001)
        place = f"s3://{EVALUATIONS}EvaluationResultSummary-tools-detector-v1.json"
        assert first.summary == place
        assert first.min_units == 1

    def test_describes_one_version(self, rekognition: ModelService) -> None:
        assert rekognition.describe(PROJECT.arn, "v2", role=OPERATOR).arn == V2
        with pytest.raises(errors.NotFoundError):
            rekognition.describe(PROJECT.arn, "v9", role=OPERATOR)

    def test_reads_the_evaluation_of_every_version_in_either_layout(
        self, rekognition: ModelService
    ) -> None:
        for version in rekognition.versions(PROJECT.arn, role=OPERATOR):
            found = rekognition.evaluation(version, role=OPERATOR)
            assert found.f1 == pytest.approx(version.f1)
            assert found.version == version.arn
            assert set(LABELS) <= set(found.labels)

    def test_a_version_that_is_not_trained_has_no_evaluation_and_says_why(
        self, world: Sandbox, rekognition: ModelService
    ) -> None:
        for status, why in (
            ("TRAINING_IN_PROGRESS", "its training has not finished"),
            ("TRAINING_FAILED", "its training failed"),
        ):
            admin.set_status(world.endpoint, V2, status)
            version = rekognition.describe(PROJECT.arn, "v2", role=OPERATOR)
            with pytest.raises(errors.NotFoundError) as raised:
                rekognition.evaluation(version, role=OPERATOR)
            assert raised.value.detail == f"v2 is {status}: {why}."
        assert not outcomes(world, "s3:GetObject")

    def test_an_evaluation_that_may_not_be_read_says_what_to_set(
        self, rekognition: ModelService
    ) -> None:
        version = rekognition.describe(PROJECT.arn, "v2", role=OPERATOR)
        with pytest.raises(errors.AccessDeniedError) as raised:
            rekognition.evaluation(version, role=DEPLOYER)
        said = raised.value
        assert str(version.summary) in said.detail
        assert "`ml.evaluations` in promote.yaml grants the reader role" in said.detail
        assert "promote policy render --kind reader-ml" in said.remedy
        assert "its policy must allow the role s3:GetObject" in said.remedy
        assert "kms:Decrypt" in said.remedy

    def test_an_evaluation_that_is_gone_says_so_to_who_may_list_the_bucket(
        self, world: Sandbox, rekognition: ModelService
    ) -> None:
        version = replace(
            rekognition.describe(PROJECT.arn, "v2", role=OPERATOR),
            summary=f"s3://{EVALUATIONS}gone.json",
        )
        with pytest.raises(errors.AccessDeniedError, match="same of what does not exist"):
            rekognition.evaluation(version, role=OPERATOR)
        admin_of_ml = service("rekognition", sessions_of(world, f"admin/{ML}"))
        with pytest.raises(errors.NotFoundError) as raised:
            admin_of_ml.evaluation(version, role=None)
        assert f"s3://{EVALUATIONS}gone.json" in raised.value.detail
        assert "names for v2, is not there any more" in raised.value.detail

    def test_an_evaluation_that_is_none_is_located(
        self, world: Sandbox, rekognition: ModelService
    ) -> None:
        version = rekognition.describe(PROJECT.arn, "v2", role=OPERATOR)
        bucket, _, key = EVALUATIONS.partition("/")
        s3 = sessions_of(world, f"admin/{ML}").client("s3", role=None, writing=True)
        s3.put_object(Bucket=bucket, Key=f"{key}other.json", Body=b'{"Version": 1}')
        other = replace(version, summary=f"s3://{EVALUATIONS}other.json")
        with pytest.raises(errors.InputError) as raised:
            rekognition.evaluation(other, role=OPERATOR)
        assert f"{other.summary}, $.AggregatedEvaluationResults is missing" in raised.value.detail
        s3.put_object(Bucket=bucket, Key=f"{key}other.json", Body=b" " * (MOST_SUMMARY_BYTES + 1))
        with pytest.raises(errors.InputError, match=r"16,777,217 bytes; .* at most 16,777,216"):
            rekognition.evaluation(other, role=OPERATOR)

    def test_lists_what_holds_a_slot_in_any_project(
        self, world: Sandbox, rekognition: ModelService
    ) -> None:
        d1 = OTHER_PROJECT.version_arn("d1")
        admin.set_status(world.endpoint, d1, "STOPPING")
        assert {each.arn for each in rekognition.occupants(role=OPERATOR)} == {V1, d1}
        others = rekognition.occupants(role=OPERATOR, besides=PROJECT.arn)
        assert [each.arn for each in others] == [d1]

    def test_starts_and_stops_a_version(self, rekognition: ModelService) -> None:
        self.start(rekognition, V2)
        self.wait_for(rekognition, "v2", Status.RUNNING)
        rekognition.stop(V2, role=OPERATOR)
        self.wait_for(rekognition, "v2", Status.STOPPED)

    def test_a_start_in_a_wrong_state_says_so(self, rekognition: ModelService) -> None:
        with pytest.raises(errors.WrongStateError):
            self.start(rekognition, V1)
        with pytest.raises(errors.WrongStateError):
            rekognition.stop(V2, role=OPERATOR)

    def test_a_full_quota_is_asked_once_and_not_taken_for_throttling(
        self, world: Sandbox, rekognition: ModelService
    ) -> None:
        admin.set_status(world.endpoint, OTHER_PROJECT.version_arn("d1"), "RUNNING")
        with pytest.raises(errors.QuotaError):
            self.start(rekognition, V2)
        assert len(outcomes(world, "rekognition:StartProjectVersion")) == 1

    @pytest.mark.parametrize("fault", ["drop_after", "drop_before", "error5xx"])
    def test_a_lost_answer_is_never_followed_by_a_second_request(
        self, world: Sandbox, rekognition: ModelService, fault: str
    ) -> None:
        admin.inject(world.endpoint, "rekognition:StartProjectVersion", fault)
        with pytest.raises(errors.LostResponseError):
            self.start(rekognition, V2)
        assert len(outcomes(world, "rekognition:StartProjectVersion")) == 1

    def test_a_throttled_start_is_sent_again(
        self, world: Sandbox, rekognition: ModelService
    ) -> None:
        admin.inject(world.endpoint, "rekognition:StartProjectVersion", "throttle")
        self.start(rekognition, V2)
        assert outcomes(world, "rekognition:StartProjectVersion")[-1] == "ok"

    def test_reading_survives_lost_answers_and_throttling(
        self, world: Sandbox, rekognition: ModelService
    ) -> None:
        for fault in ("drop_before", "error5xx"):
            admin.inject(world.endpoint, "rekognition:DescribeProjectVersions", fault)
        assert len(rekognition.versions(PROJECT.arn, role=OPERATOR)) == len(PROJECT.versions)

    def test_classifies_as_a_consumer(
        self, rekognition: ModelService, credentials: Credentials
    ) -> None:
        labels = rekognition.invoke(credentials, V1, hammer())
        assert labels[0].name == "hammer"
        assert [each.confidence for each in labels] == sorted(
            (each.confidence for each in labels), reverse=True
        )

    def test_says_why_a_version_cannot_be_called(
        self, rekognition: ModelService, credentials: Credentials
    ) -> None:
        with pytest.raises(errors.AccessDeniedError) as raised:
            rekognition.invoke(credentials, V2, hammer())
        assert raised.value.detail.startswith(f"{ACCESS} was denied DetectCustomLabels")
        with pytest.raises(errors.NotReadyError):
            rekognition.invoke(credentials, V4, hammer())
        with pytest.raises(errors.ImageError):
            rekognition.invoke(credentials, V1, b"no image")


class TestSsmPointer:
    NEW = replace(TARGET, pointer=replace(TARGET.pointer, name="/models/new/version-arn"))

    @pytest.fixture
    def ssm(self, sessions: Sessions) -> Pointer:
        return pointer("ssm", sessions)

    def test_reads_what_is_there(self, ssm: Pointer) -> None:
        state = ssm.read(TARGET, role=DEPLOYER)
        assert (state.value, state.revision) == (V1, 1)
        current = ssm.current(TARGET, role=DEPLOYER)
        assert current is not None
        assert (current.value, current.revision) == (V1, 1)
        assert current.changed_at == state.history[0].changed_at
        assert str(current.changed_at.tzinfo) == "UTC"

    def test_what_does_not_exist_is_empty(self, ssm: Pointer) -> None:
        assert ssm.read(self.NEW, role=DEPLOYER).history == ()
        assert ssm.current(self.NEW, role=DEPLOYER) is None

    def test_creates_once_writes_and_deletes(self, ssm: Pointer) -> None:
        assert ssm.create(self.NEW, V1, role=DEPLOYER) == 1
        with pytest.raises(errors.PointerChangedError):
            ssm.create(self.NEW, V2, role=DEPLOYER)
        assert ssm.write(self.NEW, V2, role=DEPLOYER) == 2
        state = ssm.read(self.NEW, role=DEPLOYER)
        assert [(each.value, each.revision) for each in state.history] == [(V1, 1), (V2, 2)]
        ssm.delete(self.NEW, role=DEPLOYER)
        ssm.delete(self.NEW, role=DEPLOYER)
        assert ssm.current(self.NEW, role=DEPLOYER) is None

    def test_reads_a_long_history_in_order(self, ssm: Pointer) -> None:
        for number in range(60):
            ssm.write(TARGET, f"value-{number}", role=DEPLOYER)
        state = ssm.read(TARGET, role=DEPLOYER)
        assert [each.revision for each in state.history] == list(range(1, 62))
        assert state.value == "value-59"

    def test_a_lost_answer_is_never_followed_by_a_second_write(
        self, world: Sandbox, ssm: Pointer
    ) -> None:
        admin.inject(world.endpoint, "ssm:PutParameter", "drop_after")
        with pytest.raises(errors.LostResponseError):
            ssm.write(TARGET, V2, role=DEPLOYER)
        assert ssm.read(TARGET, role=DEPLOYER).revision == 2
        assert len(outcomes(world, "ssm:PutParameter")) == 1

    def test_an_encrypted_parameter_is_refused(self, sessions: Sessions, ssm: Pointer) -> None:
        client = sessions.client("ssm", role=DEPLOYER)
        client.put_parameter(Name="/secret", Value=V1, Type="SecureString")
        secret = replace(TARGET, pointer=replace(TARGET.pointer, name="/secret"))
        with pytest.raises(errors.RefusedError) as raised:
            ssm.read(secret, role=DEPLOYER)
        assert "/secret is a SecureString" in raised.value.detail
        with pytest.raises(errors.RefusedError, match="is a SecureString"):
            ssm.published(secret, role=DEPLOYER)

    @pytest.mark.parametrize("kind", ["String", "StringList"])
    def test_reads_what_applications_publish(
        self, sessions: Sessions, ssm: Pointer, kind: Literal["String", "StringList"]
    ) -> None:
        published = replace(TARGET, pointer=PointerAddress(name="/labels"))
        assert ssm.published(published, role=DEPLOYER) is None
        client = sessions.client("ssm", role=DEPLOYER, writing=True)
        client.put_parameter(Name="/labels", Value="hammer,saw", Type=kind)
        assert ssm.published(published, role=DEPLOYER) == "hammer,saw"

    def test_a_role_that_may_not_is_denied_by_name(self, ssm: Pointer) -> None:
        with pytest.raises(errors.AccessDeniedError) as raised:
            ssm.write(TARGET, V2, role=OPERATOR)
        assert OPERATOR in raised.value.detail
        assert POINTER in raised.value.detail
