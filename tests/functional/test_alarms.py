"""Alarms of CloudWatch over HTTP: read by the adapter, watched by a promotion while it bakes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from moto.cloudwatch.models import cloudwatch_backends

from promote.aws.alarms import CloudWatchAlarms
from promote.core.events import Event, StepDone, StepStarted
from promote.core.plan import Bake
from promote.core.result import Outcome
from promote.errors import AccessDeniedError, FailedError, TryAgainError
from promote.sandbox import admin
from promote.sandbox.seed import PROD_1, PROD_2, QA
from tests.functional.adapter_world import DEPLOYER, REGION, adapter_world, allow, sessions_of
from tests.functional.promotion_stage import CONFIG, Stage

if TYPE_CHECKING:
    from promote.sandbox.server import Sandbox
    from tests.functional.conftest import MakeClient, MakeSandbox

ALARM = "storefront-errors"
WATCHED = (
    CONFIG
    + f"""\
    waves: [1, 100%]
    bake: 1s
    gates:
      alarm: [{ALARM}]
"""
)
RULE: dict[str, Any] = {
    "Namespace": "Storefront",
    "MetricName": "Errors",
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 1.0,
    "ComparisonOperator": "GreaterThanThreshold",
}


def rings(cloudwatch: Any, state: str, name: str = ALARM) -> None:
    cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="a test")


class TestTheAdapter:
    @pytest.fixture
    def alarms(self, a_sandbox: MakeSandbox, a_client: MakeClient) -> CloudWatchAlarms:
        """Return the adapter in a world whose deployer may read alarms, of which QA has three."""
        sandbox = a_sandbox(adapter_world())
        a_client(f"admin/{QA}", "iam").put_role_policy(
            RoleName="promote-deployer",
            PolicyName="alarms",
            PolicyDocument=json.dumps(allow("cloudwatch:DescribeAlarms")),
        )
        cloudwatch = a_client(f"admin/{QA}", "cloudwatch")
        for name, state in (("quiet", "OK"), ("loud", "ALARM")):
            cloudwatch.put_metric_alarm(AlarmName=name, **RULE)
            rings(cloudwatch, state, name)
        cloudwatch_backends[QA][REGION].put_metric_alarm(
            name="both", rule='ALARM("loud")', namespace="", metric_name="", dimensions=[],
            comparison_operator="", evaluation_periods=1, period=1, threshold=1.0, statistic="",
            description="", alarm_actions=[],
        )  # fmt: skip
        admin.clear_calls(sandbox.endpoint)
        return CloudWatchAlarms(sessions_of(sandbox))

    def test_tells_states_of_every_type_and_leaves_out_what_is_missing(
        self, alarms: CloudWatchAlarms
    ) -> None:
        found = alarms.states(["quiet", "loud", "both", "no"], role=DEPLOYER)
        assert found == {"quiet": "OK", "loud": "ALARM", "both": "OK"}

    def test_asks_for_a_hundred_at_once(
        self, alarms: CloudWatchAlarms, running_sandbox: Sandbox
    ) -> None:
        names = ["loud", "quiet", *(f"no-{number}" for number in range(148)), "loud"]
        assert alarms.states(names, role=DEPLOYER) == {"loud": "ALARM", "quiet": "OK"}
        calls = [each["operation"] for each in admin.calls(running_sandbox.endpoint)]
        assert calls == ["sts:AssumeRole", *["cloudwatch:DescribeAlarms"] * 2]

    def test_says_who_may_not_read_which(self, alarms: CloudWatchAlarms) -> None:
        with pytest.raises(AccessDeniedError) as caught:
            alarms.states(["quiet"], role=None)
        assert "was denied DescribeAlarms while reading alarms quiet" in caught.value.detail

    def test_is_tried_again_when_it_is_throttled(
        self, alarms: CloudWatchAlarms, running_sandbox: Sandbox
    ) -> None:
        admin.inject(running_sandbox.endpoint, "cloudwatch:DescribeAlarms", "throttle")
        assert alarms.states(["quiet"], role=DEPLOYER) == {"quiet": "OK"}
        calls = [each["outcome"] for each in admin.calls(running_sandbox.endpoint)]
        assert calls == ["ok", "ThrottlingException", "ok"]


class Scene:
    """A stage whose prod has an alarm in each account; at each step a test may do something."""

    def __init__(self, stage: Stage) -> None:
        stage.set_up(WATCHED)
        self.stage = stage
        self.cloudwatch = {
            each: stage.client(f"admin/{each}", "cloudwatch") for each in (PROD_1, PROD_2)
        }
        self.events: list[Event] = []
        self.at_the_bake: dict[int, tuple[str, str]] = {}
        for client in self.cloudwatch.values():
            client.put_metric_alarm(AlarmName=ALARM, **RULE)
            rings(client, "OK")
        admin.clear_calls(stage.endpoint)

    def hear(self, event: Event) -> None:
        self.events.append(event)
        if isinstance(event, StepStarted) and isinstance(event.step, Bake):
            account, state = self.at_the_bake.pop(event.step.wave, ("", ""))
            if account:
                rings(self.cloudwatch[account], state)

    def release(self) -> Outcome:
        promoter = self.stage.promoter(self.hear)
        return promoter.apply(promoter.plan("tools", "v2", to="prod")).result

    def bakes(self) -> list[str]:
        done = [each for each in self.events if isinstance(each, StepDone)]
        return [each.detail for each in done if isinstance(each.step, Bake)]


class TestAPromotionThatBakes:
    def test_goes_back_when_an_alarm_rings_in_its_second_bake(self, stage: Stage) -> None:
        scene = Scene(stage)
        scene.at_the_bake = {2: (PROD_1, "ALARM")}
        with pytest.raises(FailedError) as caught:
            scene.release()
        assert f"{ALARM} in {PROD_1} is in ALARM; required: OK" in caught.value.detail
        assert "In the bake of wave 2 of prod" in caught.value.detail
        seen = stage.snapshot()
        assert seen.pointers == {QA: "v1", PROD_1: "v1", PROD_2: "v1"}
        assert seen.granted("tools-prod") == seen.running == {"v1"}
        (turned,) = (each for each in stage.records() if each["kind"] == "rollback-started")
        assert f"{ALARM} in {PROD_1} is in ALARM" in turned["reason"]
        assert stage.is_finished

    def test_stands_while_an_alarm_has_no_data_and_is_resumed_when_it_has(
        self, stage: Stage
    ) -> None:
        scene = Scene(stage)
        scene.at_the_bake = {1: (PROD_2, "INSUFFICIENT_DATA")}
        with pytest.raises(TryAgainError) as caught:
            scene.release()
        assert "promote abort tools" in caught.value.remedy
        assert stage.snapshot().pointers == {QA: "v1", PROD_1: "v2", PROD_2: "v1"}
        rings(scene.cloudwatch[PROD_2], "OK")
        assert stage.promoter(scene.hear).resume("tools").result is Outcome.PROMOTED
        assert stage.snapshot().pointers == {QA: "v1", PROD_1: "v2", PROD_2: "v2"}
        told = f"left alone long enough; {ALARM} in {PROD_1} OK, {ALARM} in {PROD_2} OK"
        assert scene.bakes() == [told] * 2
        calls = stage.calls("cloudwatch:DescribeAlarms")
        assert {(each["account"], each["outcome"]) for each in calls} == {
            (PROD_1, "ok"),
            (PROD_2, "ok"),
        }
        assert {each["principal"].split("/")[1] for each in calls} == {"promote-reader"}
