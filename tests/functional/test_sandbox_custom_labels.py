"""The Custom Labels service of the sandbox, through boto3, its waiters and its paginators."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError, WaiterError
from PIL import Image

from promote.sandbox import admin
from promote.sandbox.images import draw_tool
from promote.sandbox.lifecycle import Status
from promote.sandbox.seed import DATA_LAKE, ML, PROJECT, TARGETS
from promote.sandbox.server import Sandbox
from tests.functional.sandbox_worlds import ADMIN_ML, V1, V2, V3, V4, V5, a_world

FAST = {"Delay": 0.05, "MaxAttempts": 100}
MISSING = PROJECT.version_arn("v1").replace("/v1/", "/v9/")


@pytest.fixture(autouse=True)
def sandbox(a_sandbox: Any) -> Sandbox:
    fresh: Sandbox = a_sandbox(a_world())
    return fresh


@pytest.fixture
def rekognition(a_client: Any) -> Any:
    return a_client(ADMIN_ML, "rekognition")


def _code(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def _picture(width: int = 128, height: int = 128, kind: str = "PNG") -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (width, height), "white").save(content, format=kind)
    return content.getvalue()


def _tool(label: str, seed: int = 7000) -> dict[str, bytes]:
    content = io.BytesIO()
    draw_tool(label, seed).save(content, format="PNG")
    return {"Bytes": content.getvalue()}


class TestDescribing:
    def test_versions_come_newest_first_page_by_page(self, rekognition: Any) -> None:
        pages = list(
            rekognition.get_paginator("describe_project_versions").paginate(
                ProjectArn=PROJECT.arn, PaginationConfig={"PageSize": 3}
            )
        )
        arns = [v["ProjectVersionArn"] for p in pages for v in p["ProjectVersionDescriptions"]]
        assert arns == [V5, V4, V3, V2, V1]
        assert len(pages) == 2

    def test_names_choose_versions_and_unknown_ones_are_left_out(self, rekognition: Any) -> None:
        answer = rekognition.describe_project_versions(
            ProjectArn=PROJECT.arn, VersionNames=["v1", "nobody"]
        )
        [version] = answer["ProjectVersionDescriptions"]
        assert (version["Status"], version["MinInferenceUnits"]) == ("RUNNING", 1)
        key = "evaluation/EvaluationResultSummary-tools-detector-v1.json"
        bucket = f"custom-labels-console-us-east-1-{ML}"
        assert version["EvaluationResult"] == {
            "F1Score": pytest.approx(0.983, abs=0.001),
            "Summary": {"S3Object": {"Bucket": bucket, "Name": key}},
        }

    def test_projects_are_found_by_name(self, rekognition: Any) -> None:
        answer = rekognition.describe_projects(ProjectNames=["tools-detector"])
        assert [p["ProjectArn"] for p in answer["ProjectDescriptions"]] == [PROJECT.arn]

    def test_a_token_of_another_question_is_refused(self, rekognition: Any) -> None:
        token = rekognition.describe_projects(MaxResults=1)["NextToken"]
        with pytest.raises(rekognition.exceptions.InvalidPaginationTokenException):
            rekognition.describe_project_versions(ProjectArn=PROJECT.arn, NextToken=token)

    def test_too_large_a_page_is_a_validation_error(self, rekognition: Any) -> None:
        with pytest.raises(ClientError) as error:
            rekognition.describe_projects(MaxResults=101)
        assert _code(error) == "ValidationException"

    def test_an_unknown_project_is_not_found(self, rekognition: Any) -> None:
        with pytest.raises(rekognition.exceptions.ResourceNotFoundException):
            rekognition.describe_project_versions(ProjectArn=PROJECT.arn + "1")

    @pytest.mark.parametrize("status", list(Status))
    def test_every_status_can_be_shown(
        self, rekognition: Any, sandbox: Sandbox, status: Status
    ) -> None:
        admin.set_status(sandbox.endpoint, V3, status.value)
        answer = rekognition.describe_project_versions(ProjectArn=PROJECT.arn, VersionNames=["v3"])
        assert answer["ProjectVersionDescriptions"][0]["Status"] == status.value


class TestStarting:
    def test_goes_through_starting_to_running(self, rekognition: Any) -> None:
        answer = rekognition.start_project_version(ProjectVersionArn=V2, MinInferenceUnits=1)
        assert answer["Status"] == "STARTING"
        rekognition.get_waiter("project_version_running").wait(
            ProjectArn=PROJECT.arn, VersionNames=["v2"], WaiterConfig=FAST
        )

    def test_the_version_that_fails_to_start_ends_failed(self, rekognition: Any) -> None:
        rekognition.start_project_version(ProjectVersionArn=V4, MinInferenceUnits=1)
        with pytest.raises(WaiterError, match="FAILED"):
            rekognition.get_waiter("project_version_running").wait(
                ProjectArn=PROJECT.arn, VersionNames=["v4"], WaiterConfig=FAST
            )

    @pytest.mark.parametrize("status", sorted(set(Status)))
    def test_is_accepted_from_four_states_only(
        self, rekognition: Any, sandbox: Sandbox, status: Status
    ) -> None:
        admin.set_status(sandbox.endpoint, V1, "STOPPED")
        admin.set_status(sandbox.endpoint, V2, status.value)
        if status in {"TRAINING_COMPLETED", "STOPPED", "COPYING_COMPLETED", "FAILED"}:
            rekognition.start_project_version(ProjectVersionArn=V2, MinInferenceUnits=1)
        else:
            with pytest.raises(rekognition.exceptions.ResourceInUseException):
                rekognition.start_project_version(ProjectVersionArn=V2, MinInferenceUnits=1)

    @pytest.mark.parametrize("status", ["STARTING", "RUNNING", "STOPPING"])
    def test_a_third_running_version_exceeds_the_quota(
        self, rekognition: Any, sandbox: Sandbox, status: str
    ) -> None:
        admin.set_status(sandbox.endpoint, V3, status)
        with pytest.raises(rekognition.exceptions.LimitExceededException):
            rekognition.start_project_version(ProjectVersionArn=V2, MinInferenceUnits=1)

    def test_six_units_exceed_the_quota(self, rekognition: Any) -> None:
        with pytest.raises(rekognition.exceptions.LimitExceededException):
            rekognition.start_project_version(ProjectVersionArn=V2, MinInferenceUnits=6)

    def test_fewer_units_at_most_than_at_least_are_refused(self, rekognition: Any) -> None:
        with pytest.raises(rekognition.exceptions.InvalidParameterException):
            rekognition.start_project_version(
                ProjectVersionArn=V2, MinInferenceUnits=2, MaxInferenceUnits=1
            )

    def test_an_unknown_version_is_not_found(self, rekognition: Any) -> None:
        with pytest.raises(rekognition.exceptions.ResourceNotFoundException):
            rekognition.start_project_version(ProjectVersionArn=MISSING, MinInferenceUnits=1)


class TestStopping:
    def test_goes_through_stopping_to_stopped(self, rekognition: Any, sandbox: Sandbox) -> None:
        assert rekognition.stop_project_version(ProjectVersionArn=V1)["Status"] == "STOPPING"
        sandbox.clock.sleep(0.15)
        [version] = rekognition.describe_project_versions(
            ProjectArn=PROJECT.arn, VersionNames=["v1"]
        )["ProjectVersionDescriptions"]
        assert version["Status"] == "STOPPED"
        assert "MinInferenceUnits" not in version

    def test_what_is_starting_cannot_be_stopped(self, rekognition: Any) -> None:
        rekognition.start_project_version(ProjectVersionArn=V2, MinInferenceUnits=1)
        with pytest.raises(rekognition.exceptions.ResourceInUseException):
            rekognition.stop_project_version(ProjectVersionArn=V2)


class TestTraining:
    def test_a_new_version_trains_and_can_be_deleted(self, rekognition: Any) -> None:
        project = rekognition.create_project(ProjectName="fresh")["ProjectArn"]
        version = rekognition.create_project_version(
            ProjectArn=project,
            VersionName="one",
            OutputConfig={"S3Bucket": "output", "S3KeyPrefix": "models"},
        )["ProjectVersionArn"]
        with pytest.raises(rekognition.exceptions.ResourceInUseException):
            rekognition.delete_project_version(ProjectVersionArn=version)
        rekognition.get_waiter("project_version_training_completed").wait(
            ProjectArn=project, WaiterConfig=FAST
        )
        answer = rekognition.delete_project_version(ProjectVersionArn=version)
        assert answer["Status"] == "DELETING"

    def test_a_name_that_is_taken_is_refused(self, rekognition: Any) -> None:
        with pytest.raises(rekognition.exceptions.ResourceInUseException):
            rekognition.create_project(ProjectName="tools-detector")

    def test_a_name_outside_the_pattern_is_refused(self, rekognition: Any) -> None:
        with pytest.raises(ClientError) as error:
            rekognition.create_project(ProjectName="two words")
        assert _code(error) == "ValidationException"


class TestDetecting:
    @pytest.mark.parametrize("label", ["hammer", "screwdriver", "wrench"])
    def test_labels_come_from_the_pixels(self, rekognition: Any, label: str) -> None:
        answer = rekognition.detect_custom_labels(
            ProjectVersionArn=V1, Image=_tool(label, 7002), MinConfidence=0
        )
        assert answer["CustomLabels"][0]["Name"] == label
        assert len(answer["CustomLabels"]) == 3

    def test_jpeg_is_read_as_well(self, rekognition: Any) -> None:
        image = {"Bytes": _picture(kind="JPEG")}
        rekognition.detect_custom_labels(ProjectVersionArn=V1, Image=image)

    def test_most_results_and_least_confidence_are_honoured(self, rekognition: Any) -> None:
        everything = {"ProjectVersionArn": V1, "Image": _tool("hammer"), "MinConfidence": 0}
        assert (
            len(rekognition.detect_custom_labels(**everything, MaxResults=1)["CustomLabels"]) == 1
        )
        sure = rekognition.detect_custom_labels(**{**everything, "MinConfidence": 100})
        assert sure["CustomLabels"] == []

    def test_a_version_that_does_not_run_is_not_ready(self, rekognition: Any) -> None:
        with pytest.raises(rekognition.exceptions.ResourceNotReadyException):
            rekognition.detect_custom_labels(ProjectVersionArn=V2, Image=_tool("hammer"))

    @pytest.mark.parametrize(
        ("content", "code"),
        [
            (b"no image", "InvalidImageFormatException"),
            (_picture(kind="GIF"), "InvalidImageFormatException"),
            (_picture()[:200], "InvalidImageFormatException"),
            (_picture(63, 100), "InvalidParameterException"),
            (_picture(64 * 21, 64), "InvalidParameterException"),
            (_picture(4097, 300), "ImageTooLargeException"),
            (b"\x89PNG" + bytes(4 * 1024 * 1024), "ImageTooLargeException"),
            (bytes(5 * 1024 * 1024 + 1), "ValidationException"),
        ],
    )
    def test_an_image_beyond_the_limits_is_refused(
        self, rekognition: Any, content: bytes, code: str
    ) -> None:
        with pytest.raises(ClientError) as error:
            rekognition.detect_custom_labels(ProjectVersionArn=V1, Image={"Bytes": content})
        assert _code(error) == code

    def test_an_image_in_s3_is_read_with_the_callers_permission(
        self, rekognition: Any, a_client: Any
    ) -> None:
        s3 = a_client(ADMIN_ML, "s3")
        s3.create_bucket(Bucket="ml-images")
        s3.put_object(Bucket="ml-images", Key="a.png", Body=_tool("wrench")["Bytes"])
        source = {"S3Object": {"Bucket": "ml-images", "Name": "a.png"}}
        answer = rekognition.detect_custom_labels(ProjectVersionArn=V1, Image=source)
        assert answer["CustomLabels"][0]["Name"] == "wrench"
        source["S3Object"]["Name"] = "missing.png"
        with pytest.raises(rekognition.exceptions.InvalidS3ObjectException):
            rekognition.detect_custom_labels(ProjectVersionArn=V1, Image=source)


class TestAccounts:
    def test_another_accounts_version_is_denied_even_to_its_admin(self, a_client: Any) -> None:
        with pytest.raises(ClientError, match="no resource-based policy") as error:
            a_client(f"admin/{TARGETS[0]}", "rekognition").detect_custom_labels(
                ProjectVersionArn=V1, Image=_tool("hammer")
            )
        assert _code(error) == "AccessDeniedException"

    def test_quotas_are_counted_per_account(self, a_sandbox: Any, a_client: Any) -> None:
        far = replace(PROJECT, account=DATA_LAKE)
        world = a_world()
        running = a_sandbox(replace(world, projects=(*world.projects, far)))
        admin.set_status(running.endpoint, V2, "RUNNING")
        rekognition = a_client(f"admin/{DATA_LAKE}", "rekognition")
        start = {"ProjectVersionArn": far.version_arn("v2"), "MinInferenceUnits": 1}
        assert rekognition.start_project_version(**start)["Status"] == "STARTING"
