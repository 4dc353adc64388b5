"""What fails on the way: everything goes back, and the message says what failed and what helps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

import pytest

from promote.core.events import Event, StepDone
from promote.errors import AccessDeniedError, NotReadyError, QuotaError
from promote.sandbox import admin
from promote.sandbox.seed import PROD_1, PROD_2
from promote.sandbox.settings import Settings
from tests.functional.promotion_stage import AT_ONCE, CONFIG, V2, Stage, assert_ends

ROUGH = {
    "rekognition:StartProjectVersion": "drop_after",
    "rekognition:DescribeProjectVersions": "throttle",
    "iam:PutRolePolicy": "drop_before",
    "iam:GetRolePolicy": "error5xx",
    "sts:AssumeRole": "drop_before",
    "rekognition:DetectCustomLabels": "throttle",
    "ssm:PutParameter": "drop_after",
    "ssm:GetParameter": "error5xx",
}
SLOW_TO_SPREAD = replace(AT_ONCE, propagation_seconds=2.5)


@contextmanager
def put_back(stage: Stage) -> Iterator[None]:
    """Hold that the body leaves the world as it was, and nothing unfinished or claimed."""
    before, records = stage.snapshot(), len(stage.records())
    yield
    assert stage.snapshot() == before
    assert stage.is_finished
    kinds = [record["kind"] for record in stage.records()[records:]]
    assert kinds.count("claim-opened") == kinds.count("claim-closed")
    assert kinds.count("rollback-started") >= 1


class TestBeforeTheSwitch:
    def test_a_version_that_does_not_start_is_not_granted(self, stage: Stage) -> None:
        stage.set_up()
        with put_back(stage):
            done = stage.release("v4")
        assert_ends(done, 9, "The version did not start", "    promote version list tools")
        assert "v4 is FAILED; RUNNING was expected." in done.stderr
        assert stage.calls("iam:PutRolePolicy") == []

    def test_images_below_the_threshold_take_the_grant_back(self, stage: Stage) -> None:
        stage.set_up()
        with put_back(stage):
            done = stage.release("v3")
        assert_ends(done, 9, "The smoke test failed", "train a better version.")
        assert "0.900 required" in done.stderr
        assert "No pointer was changed" in done.stderr
        assert stage.calls("ssm:PutParameter") == []
        assert stage.calls("rekognition:StopProjectVersion")

    def test_a_policy_that_may_not_be_written(self, stage: Stage) -> None:
        stage.set_up()
        admin.inject(stage.endpoint, "iam:PutRolePolicy", "access_denied", count=9)
        with put_back(stage), pytest.raises(AccessDeniedError, match="PutRolePolicy"):
            stage.apply()
        assert stage.calls("rekognition:StopProjectVersion")

    def test_a_quota_that_only_the_service_knows_of(self, stage: Stage) -> None:
        stage.set_up(CONFIG.replace("{running: 2}", "{running: 5}"))
        operation = "rekognition:StartProjectVersion"
        admin.inject(stage.endpoint, operation, "limit_exceeded", count=9)
        with put_back(stage), pytest.raises(QuotaError, match="A service quota leaves no room"):
            stage.apply()
        assert len(stage.calls(operation)) == 1


class TestInTheMiddleOfTheSwitch:
    def test_the_first_pointer_goes_back_when_the_second_cannot_be_written(
        self, stage: Stage
    ) -> None:
        stage.set_up(CONFIG.replace("drain: 0s", "drain: 1s"))
        admin.inject(stage.endpoint, "ssm:PutParameter", "access_denied", account=PROD_2, count=9)
        with put_back(stage):
            done = stage.release("v2", "prod")
        assert_ends(done, 6, "Access denied", "    promote doctor")
        assert "Every pointer is back" in done.stderr
        written = [c for c in stage.calls("ssm:PutParameter") if c["outcome"] == "ok"]
        assert {c["account"] for c in written} == {PROD_1}
        assert len(written) == 2
        assert stage.records()[-1]["result"]["result"] == "rolled-back"

    def test_the_version_that_is_left_stays_granted_until_its_drain_has_passed(
        self, stage: Stage
    ) -> None:
        back = [c["n"] for c in stage.calls("ssm:PutParameter") if c["outcome"] == "ok"][-1]
        times = {c["n"]: c["time"] for c in stage.calls()}
        withdrawn = [c["n"] for c in stage.calls("iam:PutRolePolicy")][-1]
        stopped = stage.calls("rekognition:StopProjectVersion")[-1]["n"]
        assert back < withdrawn < stopped
        assert _seconds(times[withdrawn]) - _seconds(times[back]) >= 0.95

    def test_the_same_release_works_once_the_cause_is_gone(self, stage: Stage) -> None:
        admin.clear_faults(stage.endpoint)
        stage.apply("v2", "prod")
        assert stage.snapshot().pointers[PROD_2] == "v2"


class TestAVerificationThatFails:
    def test_after_the_switch_puts_every_pointer_back(self, stage: Stage) -> None:
        stage.set_up()

        def stop_it(event: Event) -> None:
            if isinstance(event, StepDone) and event.step.step == "switch":
                admin.set_status(stage.endpoint, V2, "STOPPED")

        promoter = stage.promoter(stop_it)
        plan = promoter.plan("tools", "v2", to="prod")
        with put_back(stage), pytest.raises(NotReadyError, match="Every pointer is back"):
            promoter.apply(plan)


class TestAWaitThatIsTooLong:
    def test_for_iam_ends_75_and_the_same_command_finishes(self, stage: Stage) -> None:
        stage.set_up(CONFIG.replace("deadline: 20s", "deadline: 1s"), SLOW_TO_SPREAD)
        done = stage.release()
        assert_ends(done, 75, "Out of time", "Run the same command again")
        assert "to be allowed on v2" in done.stderr
        assert stage.snapshot().pointers == {"333333333333": "v1", PROD_1: "v1", PROD_2: "v1"}
        assert stage.records()[-1]["kind"] == "claim-opened"
        admin.settings(stage.endpoint, propagation_seconds=0)
        admin.wait_settled(stage.endpoint)
        stage.released()
        assert stage.is_finished
        assert len(stage.calls("rekognition:StartProjectVersion")) == 1
        assert stage.snapshot().granted("tools-qa") == {"v2"}

    def test_for_the_start_ends_75_and_the_same_command_finishes(self, stage: Stage) -> None:
        slow = Settings(start_seconds=60, stop_seconds=0, propagation_seconds=0)
        stage.set_up(CONFIG.replace("{start: 20s", "{start: 1s"), slow)
        done = stage.release()
        assert_ends(done, 75, "Out of time", "Run the same command again")
        assert "v2 to run" in done.stderr
        admin.set_status(stage.endpoint, V2, "RUNNING")
        stage.released()
        assert len(stage.calls("rekognition:StartProjectVersion")) == 1


class TestTheWayIsRough:
    def test_but_the_promotion_arrives(self, stage: Stage) -> None:
        stage.set_up()
        for operation, fault in ROUGH.items():
            admin.inject(stage.endpoint, operation, fault)
        stage.released()
        assert stage.snapshot().pointers["333333333333"] == "v2"
        assert stage.snapshot().granted("tools-qa") == {"v2"}
        assert stage.is_finished
        assert admin.faults(stage.endpoint) == []


def _seconds(time: str) -> float:
    return datetime.fromisoformat(time).timestamp()
