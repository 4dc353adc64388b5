from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.loaders import Loader

from promote.sandbox.clock import HandClock
from promote.sandbox.exchange import Call, Protocol, ServiceError
from promote.sandbox.lifecycle import COUNTED, DELETABLE, STARTABLE, STOPPABLE, Status
from promote.sandbox.rekognition import CustomLabels
from promote.sandbox.seed import ML, PROJECT, default_world
from promote.sandbox.settings import Settings, SettingsBox
from promote.sandbox.world import WorldBox

V1, V2, V4 = (PROJECT.version_arn(name) for name in ("v1", "v2", "v4"))
LIFELIKE = Settings(start_seconds=600, stop_seconds=60, training_seconds=7200)


class Service:
    """The service with a clock that is moved by hand."""

    def __init__(self) -> None:
        self.clock = HandClock()
        world = WorldBox(default_world())
        self.published: dict[str, bytes] = {}
        self.labels = CustomLabels(self.clock, SettingsBox(LIFELIKE), world, self.publish)
        self.labels.seed(PROJECT)

    def call(self, operation: str, **params: object) -> dict[str, object]:
        call = Call("rekognition", operation, "us-east-1", Protocol.JSON, params)
        return self.labels.handle(call, ML, lambda _: b"")

    def publish(self, place: str, content: bytes) -> bool:
        if place.startswith("s3://missing/"):
            return False
        self.published[place] = content
        return True

    def status(self, arn: str) -> str:
        return self.labels.statuses()[arn]


class TestStatus:
    def test_the_states_are_those_of_the_service_model(self) -> None:
        model = Loader().load_service_model("rekognition", "service-2")
        assert list(Status) == model["shapes"]["ProjectVersionStatus"]["enum"]

    def test_every_state_has_one_fate(self) -> None:
        assert {"TRAINING_COMPLETED", "STOPPED", "COPYING_COMPLETED", "FAILED"} == STARTABLE
        assert {"RUNNING"} == STOPPABLE
        assert {"STARTING", "RUNNING", "STOPPING"} == COUNTED
        assert not COUNTED & (STARTABLE | DELETABLE)


class TestTransitions:
    def test_starting_takes_the_time_that_is_set(self) -> None:
        service = Service()
        service.call("StartProjectVersion", ProjectVersionArn=V2, MinInferenceUnits=2)
        service.clock.advance(599)
        assert service.status(V2) == "STARTING"
        service.clock.advance(1)
        assert service.status(V2) == "RUNNING"

    def test_a_failed_start_can_be_tried_again(self) -> None:
        service = Service()
        for _ in range(2):
            service.call("StartProjectVersion", ProjectVersionArn=V4, MinInferenceUnits=1)
            service.clock.advance(600)
            assert service.status(V4) == "FAILED"

    def test_a_stopping_version_keeps_its_slot(self) -> None:
        service = Service()
        start = {"MinInferenceUnits": 1}
        service.call("StartProjectVersion", ProjectVersionArn=V2, **start)
        service.call("StopProjectVersion", ProjectVersionArn=V1)
        with pytest.raises(ServiceError, match="LimitExceededException"):
            service.call("StartProjectVersion", ProjectVersionArn=V4, **start)
        service.clock.advance(60)
        service.call("StartProjectVersion", ProjectVersionArn=V4, **start)

    def test_a_deleted_version_is_gone_after_a_while(self) -> None:
        service = Service()
        service.call("DeleteProjectVersion", ProjectVersionArn=V2)
        assert service.status(V2) == "DELETING"
        service.clock.advance(1)
        assert V2 not in service.labels.statuses()

    def test_a_forced_status_can_have_a_successor(self) -> None:
        service = Service()
        service.labels.force(V2, Status.STARTING, Status.FAILED, 5)
        assert service.status(V2) == "STARTING"
        service.clock.advance(5)
        assert service.status(V2) == "FAILED"

    def test_versions_are_of_one_region(self) -> None:
        service = Service()
        call = Call(
            "rekognition",
            "StopProjectVersion",
            "eu-west-1",
            Protocol.JSON,
            {"ProjectVersionArn": V1},
        )
        with pytest.raises(ServiceError, match="ResourceNotFoundException"):
            service.labels.handle(call, ML, lambda _: b"")


class TestDescriptions:
    def test_say_only_what_the_service_model_knows(self) -> None:
        shapes = Loader().load_service_model("rekognition", "service-2")["shapes"]
        service = Service()
        service.call("StartProjectVersion", ProjectVersionArn=V2, MinInferenceUnits=1)
        versions = service.call("DescribeProjectVersions", ProjectArn=PROJECT.arn)
        projects = service.call("DescribeProjects")
        for answer, shape in (
            (versions, "ProjectVersionDescription"),
            (projects, "ProjectDescription"),
        ):
            [descriptions] = [value for value in answer.values() if isinstance(value, list)]
            assert descriptions
            for one in descriptions:
                assert set(one) <= set(shapes[shape]["members"])


class TestTraining:
    def trained(self, service: Service, **output: str) -> dict[str, Any]:
        """Train a version in a project of its own, and describe it."""
        project = service.call("CreateProject", ProjectName="fresh")["ProjectArn"]
        output = {"S3Bucket": "output", **output}
        service.call(
            "CreateProjectVersion", ProjectArn=project, VersionName="one", OutputConfig=output
        )
        (training,) = self.described(service, project)
        assert "EvaluationResult" not in training
        service.clock.advance(LIFELIKE.training_seconds)
        (found,) = self.described(service, project)
        return found

    def described(self, service: Service, project: object) -> list[dict[str, Any]]:
        answer: Any = service.call("DescribeProjectVersions", ProjectArn=project)
        found: list[dict[str, Any]] = answer["ProjectVersionDescriptions"]
        return found

    @pytest.mark.parametrize(("prefix", "folder"), [("models/1", "models/1/"), ("", "")])
    def test_publishes_an_evaluation_where_the_output_goes(self, prefix: str, folder: str) -> None:
        service = Service()
        evaluation = self.trained(service, S3KeyPrefix=prefix)["EvaluationResult"]
        key = f"{folder}EvaluationResultSummary-fresh-one.json"
        assert evaluation["Summary"] == {"S3Object": {"Bucket": "output", "Name": key}}
        summary = json.loads(service.published[f"s3://output/{key}"])
        assert summary["AggregatedEvaluationResults"]["F1Score"] == evaluation["F1Score"]

    def test_without_the_bucket_has_the_figures_alone(self) -> None:
        service = Service()
        found = self.trained(service, S3Bucket="missing")
        assert found["EvaluationResult"] == {"F1Score": 1.0}
        assert not service.published
