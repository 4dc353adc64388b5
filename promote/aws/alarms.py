"""CloudWatch alarms, read as the reader role of their account."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import chain
from typing import TYPE_CHECKING

from promote.aws.sessions import Sessions
from promote.aws.translation import translated

if TYPE_CHECKING:
    from types_boto3_cloudwatch.literals import AlarmTypeType

_AT_ONCE = 100  # names that one DescribeAlarms takes, and alarms that one answer holds
_TYPES: tuple[AlarmTypeType, ...] = ("CompositeAlarm", "LogAlarm", "MetricAlarm")


class CloudWatchAlarms:
    """The `promote.ports.Alarms` of Amazon CloudWatch."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def states(self, names: Collection[str], *, role: str | None) -> Mapping[str, str]:
        """Return the states of one account's alarms by their names; what does not exist is missing.

        Every type is named, since DescribeAlarms tells of metric alarms alone unless others are
        asked for ("DescribeAlarms", Amazon CloudWatch API Reference).
        """
        wanted, states = sorted(set(names)), dict[str, str]()
        for start in range(0, len(wanted), _AT_ONCE):
            states |= self._some(wanted[start : start + _AT_ONCE], role)
        return states

    def _some(self, names: list[str], role: str | None) -> Mapping[str, str]:
        pages = self._sessions.client("cloudwatch", role=role).get_paginator("describe_alarms")
        with translated("reading alarms", role=role, resource=", ".join(names)):
            return {
                each.get("AlarmName", ""): each.get("StateValue", "")
                for page in pages.paginate(
                    AlarmNames=names,
                    AlarmTypes=_TYPES,
                    PaginationConfig={"PageSize": _AT_ONCE},
                )
                for each in chain(
                    page.get("MetricAlarms", ()),
                    page.get("CompositeAlarms", ()),
                    page.get("LogAlarms", ()),
                )
            }
