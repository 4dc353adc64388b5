"""Answer CloudWatch's alarms from moto, with what moto leaves out: types, states, who may see.

Alarms change state when somebody says so (SetAlarmState): no metric is evaluated here. Reference:
CloudWatch API reference, DescribeAlarms, PutMetricAlarm, SetAlarmState and DeleteAlarms; Service
Authorization Reference for CloudWatch.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from promote.sandbox.authorisation import Authoriser
from promote.sandbox.credentials import Caller
from promote.sandbox.dialect import common_error, required
from promote.sandbox.exchange import (
    Call,
    Context,
    Need,
    Protocol,
    Request,
    Response,
    ServiceError,
)
from promote.sandbox.storage import Storage

if TYPE_CHECKING:
    from moto.cloudwatch.models import Alarm, CloudWatchBackend

_AT_ONCE: Final = 100
_OK: Final = 200
_DESCRIBE: Final = "cloudwatch:DescribeAlarms"


def alarm_needs(call: Call, caller: Caller) -> list[Need] | None:
    """Return the permissions that a call needs; None for an operation not served.

    Whoever describes alarms is asked about all of them, whichever they name.
    """
    match call.operation:
        case "DescribeAlarms":
            names = ["*"]
        case "PutMetricAlarm" | "SetAlarmState":
            names = [required(call, "AlarmName")]
        case "DeleteAlarms":
            names = _listed(call, "AlarmNames") or [required(call, "AlarmNames")]
        case _:
            return None
    stem = f"arn:aws:cloudwatch:{call.region}:{caller.account}:alarm"
    return [Need(call.name, f"{stem}:{name}") for name in names]


class Alarms:
    """Serves the alarms of every account and Region."""

    def __init__(self, storage: Storage, authoriser: Authoriser) -> None:
        self._storage = storage
        self._authoriser = authoriser

    def answer(self, request: Request, call: Call, caller: Caller, context: Context) -> Response:
        """Carry out a call.

        Raises:
            ServiceError: As CloudWatch would answer.
        """
        with self._storage.alone():
            backend = self._storage.cloudwatch(caller.account, call.region)
            match call.operation:
                case "DescribeAlarms":
                    with _only(backend, self._seen(call, caller, context)):
                        return self._storage.call(request, call, caller.account)
                case "PutMetricAlarm":
                    before = backend.alarms.get(str(call.params["AlarmName"]))
                    response = self._storage.call(request, call, caller.account)
                    if response.status == _OK:
                        _keep_state(backend.alarms[str(call.params["AlarmName"])], before)
                    return response
                case "DeleteAlarms":
                    _expect(backend, _listed(call, "AlarmNames"))
            return self._storage.call(request, call, caller.account)

    def _seen(self, call: Call, caller: Caller, context: Context) -> frozenset[str]:
        """Return the types that the caller asks for and may see.

        Composite alarms take a permission that is not narrower than "*".
        """
        if len(_listed(call, "AlarmNames")) > _AT_ONCE:
            text = f"AlarmNames must have length less than or equal to {_AT_ONCE}"
            raise common_error("validation", call.protocol, text)
        types = frozenset(_listed(call, "AlarmTypes") or ["MetricAlarm"])
        if self._authoriser.allows(caller, Need(_DESCRIBE, "*", owner=caller.account), context):
            return types
        return types - {"CompositeAlarm"}


@contextmanager
def _only(backend: CloudWatchBackend, types: frozenset[str]) -> Iterator[None]:
    """Leave alarms of other types out while moto answers."""
    every = backend.alarms
    backend.alarms = {name: each for name, each in every.items() if _type(each) in types}
    try:
        yield
    finally:
        backend.alarms = every


def _type(alarm: Alarm) -> str:
    return "MetricAlarm" if alarm.rule is None else "CompositeAlarm"


def _keep_state(alarm: Alarm, before: Alarm | None) -> None:
    """Let an alarm begin without data, and keep its state when it is written anew."""
    if before is None:
        alarm.state_value = "INSUFFICIENT_DATA"
    else:
        alarm.state_value, alarm.state_reason = before.state_value, before.state_reason
        alarm.state_updated_timestamp = before.state_updated_timestamp


def _expect(backend: CloudWatchBackend, names: list[str]) -> None:
    """Refuse to delete anything when one of the alarms does not exist."""
    missing = [each for each in names if each not in backend.alarms]
    if missing:
        text = f"Alarms {', '.join(missing)} do not exist."
        raise ServiceError("ResourceNotFound", text, 404)


def _listed(call: Call, name: str) -> list[str]:
    """Return a list parameter of either protocol; the query protocol numbers its members."""
    if call.protocol is not Protocol.QUERY:
        found = call.params.get(name) or []
        return [str(each) for each in found] if isinstance(found, list) else []
    members: list[str] = []
    while (key := f"{name}.member.{len(members) + 1}") in call.params:
        members.append(str(call.params[key]))
    return members
