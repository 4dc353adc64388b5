"""Answer the services that stand around a pipeline from moto: topics, queues, logs, rules.

moto keeps what is written; nothing is sent, no rule fires and no schedule runs here. References:
Service Authorization Reference, pages of each service; of CloudWatch Logs also "Overview of
managing access permissions", which says where an ARN ends in ``:*``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from promote.sandbox.credentials import Caller
from promote.sandbox.dialect import required
from promote.sandbox.exchange import Call, Need, Protocol, Request, Response
from promote.sandbox.storage import Storage
from promote.sandbox.validation import checked_params

_ON_TOPIC: Final = frozenset(
    {
        "DeleteTopic",
        "GetTopicAttributes",
        "ListSubscriptionsByTopic",
        "Publish",
        "SetTopicAttributes",
        "Subscribe",
    }
)
_ON_SUBSCRIPTION: Final = frozenset(
    {"GetSubscriptionAttributes", "SetSubscriptionAttributes", "Unsubscribe"}
)
_TAGS: Final = frozenset({"ListTagsForResource", "TagResource", "UntagResource"})
_ON_QUEUE: Final = frozenset(
    {
        "DeleteMessage",
        "DeleteQueue",
        "GetQueueAttributes",
        "ListQueueTags",
        "PurgeQueue",
        "ReceiveMessage",
        "SendMessage",
        "SetQueueAttributes",
        "TagQueue",
        "UntagQueue",
    }
)
_ON_GROUP: Final = frozenset(
    {
        "AssociateKmsKey",
        "CreateLogGroup",
        "DeleteLogGroup",
        "DeleteRetentionPolicy",
        "DescribeLogStreams",
        "DisassociateKmsKey",
        "FilterLogEvents",
        "PutRetentionPolicy",
    }
)
_ON_STREAM: Final = frozenset({"CreateLogStream", "GetLogEvents", "PutLogEvents"})
_ON_RULE: Final = {
    "DeleteRule": "Name",
    "DescribeRule": "Name",
    "DisableRule": "Name",
    "EnableRule": "Name",
    "ListTargetsByRule": "Rule",
    "PutRule": "Name",
    "PutTargets": "Rule",
    "RemoveTargets": "Rule",
}
_ON_SCHEDULE: Final = frozenset(
    {"CreateSchedule", "DeleteSchedule", "GetSchedule", "UpdateSchedule"}
)


def supporting_needs(call: Call, caller: Caller) -> list[Need] | None:
    """Return the permissions that a call needs; None for an operation not served."""
    resource = _RESOURCES[call.service](call, caller)
    if resource is None:
        return None
    return [Need(call.name, resource), *_passed(call, caller)]


class SupportingServices:
    """Serves them, each behind botocore's model of its parameters."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def answer(self, request: Request, call: Call, caller: Caller) -> Response:
        """Carry out a call.

        Raises:
            ServiceError: As the service would answer.
        """
        if call.protocol is not Protocol.QUERY:
            checked_params(call.service, call.operation, call.params)
        return self._storage.call(request, call, caller.account)


def _passed(call: Call, caller: Caller) -> list[Need]:
    """Return the need to pass each role that a call gives to its service."""
    targets: list[Mapping[str, Any]] = []
    if call.name == "events:PutTargets":
        targets = list(call.params.get("Targets", []))
    elif call.name in {"scheduler:CreateSchedule", "scheduler:UpdateSchedule"}:
        targets = [call.params.get("Target", {})]
    elif call.name == "events:PutRule":
        targets = [call.params]
    roles = sorted({str(each["RoleArn"]) for each in targets if each.get("RoleArn")})
    to = {"iam:PassedToService": f"{call.service}.amazonaws.com"}
    return [Need("iam:PassRole", role, to, caller.account) for role in roles]


def _sns(call: Call, caller: Caller) -> str | None:
    if call.operation == "ListTopics":
        return f"arn:aws:sns:{call.region}:{caller.account}:*"
    if call.operation == "CreateTopic":
        return f"arn:aws:sns:{call.region}:{caller.account}:{required(call, 'Name')}"
    if call.operation in _ON_TOPIC:
        return required(call, "TopicArn")
    if call.operation in _ON_SUBSCRIPTION:
        return required(call, "SubscriptionArn").rpartition(":")[0]
    return required(call, "ResourceArn") if call.operation in _TAGS else None


def _sqs(call: Call, caller: Caller) -> str | None:
    stem = f"arn:aws:sqs:{call.region}"
    if call.operation == "ListQueues":
        return "*"
    if call.operation in {"CreateQueue", "GetQueueUrl"}:
        return f"{stem}:{caller.account}:{required(call, 'QueueName')}"
    if call.operation in _ON_QUEUE:
        _, account, name = required(call, "QueueUrl").rsplit("/", 2)
        return f"{stem}:{account}:{name}"
    return None


def _logs(call: Call, caller: Caller) -> str | None:
    stem = f"arn:aws:logs:{call.region}:{caller.account}:log-group"
    if call.operation == "DescribeLogGroups":
        return f"{stem}::log-stream:"
    if call.operation in _ON_GROUP:
        return f"{stem}:{required(call, 'logGroupName')}:log-stream:"
    if call.operation in _ON_STREAM:
        group, stream = required(call, "logGroupName"), required(call, "logStreamName")
        return f"{stem}:{group}:log-stream:{stream}"
    return required(call, "resourceArn") if call.operation in _TAGS else None


def _events(call: Call, caller: Caller) -> str | None:
    stem = f"arn:aws:events:{call.region}:{caller.account}"
    if call.operation == "ListRules":
        return f"{stem}:rule/*"
    if call.operation in _TAGS:
        return required(call, "ResourceARN")
    if call.operation not in _ON_RULE:
        return None
    bus = str(call.params.get("EventBusName", "default")).rpartition("/")[2]
    middle = "" if bus == "default" else f"{bus}/"
    return f"{stem}:rule/{middle}{required(call, _ON_RULE[call.operation])}"


def _scheduler(call: Call, caller: Caller) -> str | None:
    if call.operation == "ListSchedules":
        return "*"
    if call.operation not in _ON_SCHEDULE:
        return None
    group = call.params.get("GroupName", "default")
    stem = f"arn:aws:scheduler:{call.region}:{caller.account}"
    return f"{stem}:schedule/{group}/{required(call, 'Name')}"


_RESOURCES: Final[Mapping[str, Callable[[Call, Caller], str | None]]] = {
    "events": _events,
    "logs": _logs,
    "scheduler": _scheduler,
    "sns": _sns,
    "sqs": _sqs,
}
SERVICES: Final = frozenset(_RESOURCES)
