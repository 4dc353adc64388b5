from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from botocore.httpsession import URLLib3Session
from moto.cloudwatch.models import cloudwatch_backends

from promote.sandbox import admin
from promote.sandbox.seed import ML, QA, default_world
from promote.sandbox.world import RoleSeed
from tests.functional.adapter_world import REGION, allow, trust

if TYPE_CHECKING:
    from promote.sandbox.server import Sandbox
    from tests.functional.conftest import MakeClient, MakeSandbox

ADMIN = f"admin/{QA}"
ALARMS = f"arn:aws:cloudwatch:{REGION}:{QA}:alarm"
ROLES = {
    "reader": allow("cloudwatch:DescribeAlarms"),
    "no-composite": allow("cloudwatch:DescribeAlarms", f"{ALARMS}:*"),
    "one-alarm": allow("cloudwatch:DescribeAlarms", f"{ALARMS}:errors"),
    "tester": allow("cloudwatch:SetAlarmState", f"{ALARMS}:test-*"),
}
RULE: dict[str, Any] = {
    "Namespace": "Storefront",
    "MetricName": "Errors",
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 1.0,
    "ComparisonOperator": "GreaterThanThreshold",
}
EVERY_TYPE = ["CompositeAlarm", "MetricAlarm"]
CBOR = {"smithy-protocol": "rpc-v2-cbor", "content-type": "application/cbor"}


@pytest.fixture(scope="module")
def sandbox(a_sandbox: MakeSandbox, a_client: MakeClient) -> Sandbox:
    """Return a world with the alarms `errors` and `both`, which is composite, in QA."""
    trusted = trust(f"arn:aws:iam::{QA}:root")
    sandbox = a_sandbox(
        default_world(
            [
                RoleSeed(account=QA, name=name, trust=trusted, inline={"alarms": document})
                for name, document in ROLES.items()
            ]
        )
    )
    a_client(ADMIN, "cloudwatch").put_metric_alarm(AlarmName="errors", **RULE)
    cloudwatch_backends[QA][REGION].put_metric_alarm(
        name="both", rule='ALARM("errors")', namespace="", metric_name="", dimensions=[],
        comparison_operator="", evaluation_periods=1, period=1, threshold=1.0, statistic="",
        description="", alarm_actions=[],
    )  # fmt: skip
    return sandbox


@pytest.fixture
def cloudwatch(sandbox: Sandbox, a_client: MakeClient) -> Any:
    del sandbox
    return a_client(ADMIN, "cloudwatch")


def as_role(a_client: MakeClient, name: str) -> Any:
    answer = a_client(ADMIN, "sts").assume_role(
        RoleArn=f"arn:aws:iam::{QA}:role/{name}", RoleSessionName="test"
    )
    return a_client(answer["Credentials"], "cloudwatch")


def asked(sandbox: Sandbox, login: str, body: str, **headers: str) -> tuple[int, str]:
    """Send a signed request as a client of another protocol does."""
    keys = sandbox.describe()["logins"][login]
    kind = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
    request = AWSRequest("POST", f"{sandbox.endpoint}/", headers=kind | headers, data=body)
    credentials = Credentials(keys["access_key_id"], keys["secret_access_key"])
    SigV4Auth(credentials, "monitoring", REGION).add_auth(request)
    answer = URLLib3Session().send(request.prepare())
    return answer.status_code, answer.content.decode()


def query(operation: str, **parameters: str) -> str:
    return urlencode({"Action": operation, "Version": "2010-08-01", **parameters})


def states(answer: dict[str, Any]) -> dict[str, str]:
    found = [*answer["MetricAlarms"], *answer["CompositeAlarms"]]
    return {each["AlarmName"]: each["StateValue"] for each in found}


def refused(error: pytest.ExceptionInfo[ClientError]) -> tuple[str, str]:
    return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]


class TestAnAlarm:
    def test_begins_without_data_and_is_what_somebody_sets_it_to(self, cloudwatch: Any) -> None:
        cloudwatch.put_metric_alarm(AlarmName="new", **RULE)
        assert states(cloudwatch.describe_alarms(AlarmNames=["new"])) == {
            "new": "INSUFFICIENT_DATA"
        }
        cloudwatch.set_alarm_state(AlarmName="new", StateValue="ALARM", StateReason="a test")
        assert states(cloudwatch.describe_alarms(AlarmNames=["new"])) == {"new": "ALARM"}

    def test_keeps_its_state_when_it_is_written_anew(self, cloudwatch: Any) -> None:
        cloudwatch.put_metric_alarm(AlarmName="again", **RULE)
        cloudwatch.set_alarm_state(AlarmName="again", StateValue="OK", StateReason="a test")
        cloudwatch.put_metric_alarm(AlarmName="again", **{**RULE, "Threshold": 2.0})
        (found,) = cloudwatch.describe_alarms(AlarmNames=["again"])["MetricAlarms"]
        assert (found["StateValue"], found["Threshold"]) == ("OK", 2.0)

    def test_is_deleted_with_others_or_not_at_all(self, cloudwatch: Any) -> None:
        cloudwatch.put_metric_alarm(AlarmName="gone", **RULE)
        with pytest.raises(ClientError) as error:
            cloudwatch.delete_alarms(AlarmNames=["gone", "never-there"])
        assert refused(error)[0] == "ResourceNotFound"
        cloudwatch.delete_alarms(AlarmNames=["gone"])
        assert states(cloudwatch.describe_alarms(AlarmNames=["gone"])) == {}

    def test_is_one_of_its_account(self, cloudwatch: Any, a_client: MakeClient) -> None:
        assert "errors" in states(cloudwatch.describe_alarms())
        other = a_client(f"admin/{ML}", "cloudwatch")
        assert states(other.describe_alarms()) == {}

    def test_that_does_not_exist_cannot_be_set(self, cloudwatch: Any) -> None:
        with pytest.raises(ClientError) as error:
            cloudwatch.set_alarm_state(AlarmName="no", StateValue="OK", StateReason="a test")
        assert refused(error)[0] == "ResourceNotFound"


class TestDescribingAlarms:
    def test_leaves_composite_ones_out_unless_they_are_asked_for(self, cloudwatch: Any) -> None:
        names = ["errors", "both"]
        assert [*states(cloudwatch.describe_alarms(AlarmNames=names))] == ["errors"]
        every = cloudwatch.describe_alarms(AlarmNames=names, AlarmTypes=EVERY_TYPE)
        assert {*states(every)} == {"errors", "both"}
        only = cloudwatch.describe_alarms(AlarmNames=names, AlarmTypes=["CompositeAlarm"])
        assert [*states(only)] == ["both"]

    def test_takes_a_permission_on_everything_for_composite_ones(
        self, sandbox: Sandbox, a_client: MakeClient
    ) -> None:
        del sandbox
        seen = {
            name: {*states(as_role(a_client, name).describe_alarms(AlarmTypes=EVERY_TYPE))}
            for name in ("reader", "no-composite")
        }
        assert "both" in seen["reader"]
        assert seen["no-composite"] == seen["reader"] - {"both"}

    def test_takes_a_permission_on_all_alarms_even_for_one(
        self, sandbox: Sandbox, a_client: MakeClient
    ) -> None:
        del sandbox
        with pytest.raises(ClientError) as error:
            as_role(a_client, "one-alarm").describe_alarms(AlarmNames=["errors"])
        code, message = refused(error)
        assert code == "AccessDenied"
        assert f"cloudwatch:DescribeAlarms on resource: {ALARMS}:* because" in message

    def test_takes_a_hundred_names(self, cloudwatch: Any) -> None:
        with pytest.raises(ClientError) as error:
            cloudwatch.describe_alarms(AlarmNames=[f"a{each}" for each in range(101)])
        assert refused(error)[0] == "ValidationError"


class TestAuthorisation:
    def test_is_for_the_alarm_that_is_named(self, sandbox: Sandbox, a_client: MakeClient) -> None:
        tester = as_role(a_client, "tester")
        a_client(ADMIN, "cloudwatch").put_metric_alarm(AlarmName="test-1", **RULE)
        tester.set_alarm_state(AlarmName="test-1", StateValue="OK", StateReason="a test")
        with pytest.raises(ClientError) as error:
            tester.set_alarm_state(AlarmName="errors", StateValue="OK", StateReason="a test")
        assert f"cloudwatch:SetAlarmState on resource: {ALARMS}:errors" in refused(error)[1]
        last = admin.calls(sandbox.endpoint)[-1]
        assert (last["operation"], last["account"], last["resource"], last["outcome"]) == (
            "cloudwatch:SetAlarmState", QA, f"{ALARMS}:errors", "AccessDeniedException",
        )  # fmt: skip

    def test_of_what_is_not_served_is_refused(self, cloudwatch: Any) -> None:
        with pytest.raises(ClientError) as error:
            cloudwatch.put_composite_alarm(AlarmName="c", AlarmRule='ALARM("errors")')
        code, message = refused(error)
        assert code == "AccessDenied"
        assert "the sandbox has no mapping" in message


class TestTheQueryProtocol:
    def test_sets_and_describes_as_older_clients_do(self, sandbox: Sandbox) -> None:
        change = {"AlarmName": "errors", "StateValue": "ALARM", "StateReason": "a test"}
        status, _ = asked(sandbox, ADMIN, query("SetAlarmState", **change))
        assert status == 200
        named = {"AlarmNames.member.1": "errors", "AlarmNames.member.2": "both"}
        status, text = asked(sandbox, ADMIN, query("DescribeAlarms", **named))
        assert (status, re.findall("<StateValue>(.*?)<", text)) == (200, ["ALARM"])
        status, text = asked(sandbox, ADMIN, query("DescribeAlarms", **named) + "&" + urlencode(
            {f"AlarmTypes.member.{n}": each for n, each in enumerate(EVERY_TYPE, 1)}
        ))  # fmt: skip
        assert sorted(re.findall("<AlarmName>(.*?)<", text)) == ["both", "errors"]

    def test_is_refused_in_its_own_words(self, sandbox: Sandbox) -> None:
        status, text = asked(sandbox, "promoter", query("DescribeAlarms"))
        assert (status, "<Code>AccessDenied</Code>" in text) == (403, True)


class TestCbor:
    def test_is_said_not_to_be_spoken(self, sandbox: Sandbox) -> None:
        status, text = asked(sandbox, ADMIN, "", **CBOR)
        assert status == 501
        assert "does not speak CBOR" in text


class TestThrottling:
    def test_is_named_as_older_clients_know_it(self, sandbox: Sandbox, cloudwatch: Any) -> None:
        admin.inject(sandbox.endpoint, "cloudwatch:DescribeAlarms", "throttle")
        with pytest.raises(ClientError) as error:
            cloudwatch.describe_alarms()
        assert refused(error)[0] == "Throttling"
