"""Logs, rules and schedules: AWS::Logs::LogGroup, AWS::Events::Rule, AWS::Scheduler::Schedule.

Reference: CloudFormation template reference, pages of each type.
"""

from __future__ import annotations

from typing import Any, Final

from promote.sandbox.formation.kinds import (
    Made,
    Properties,
    ResourceKind,
    Site,
    tag_list,
    tag_map,
)
from promote.sandbox.formation.shaped import parameters

_RULE: Final = (
    "Description",
    "EventBusName",
    "EventPattern",
    "RoleArn",
    "ScheduleExpression",
    "State",
)
_SCHEDULE: Final = (
    "Description",
    "EndDate",
    "FlexibleTimeWindow",
    "GroupName",
    "KmsKeyArn",
    "ScheduleExpression",
    "ScheduleExpressionTimezone",
    "StartDate",
    "State",
    "Target",
)


def _create_group(site: Site, name: str, properties: Properties) -> Made:
    more: dict[str, Any] = {}
    if properties.get("KmsKeyId"):
        more["kmsKeyId"] = properties["KmsKeyId"]
    if tag_map(properties):
        more["tags"] = tag_map(properties)
    if properties.get("LogGroupClass"):
        more["logGroupClass"] = properties["LogGroupClass"]
    site.client("logs").create_log_group(logGroupName=name, **more)
    return Made(name, {"Arn": site.arn("logs", f"log-group:{name}:*")})


def _complete_group(site: Site, made: Made, properties: Properties) -> Made:
    if "RetentionInDays" in properties:
        site.client("logs").put_retention_policy(
            logGroupName=made.physical, retentionInDays=int(properties["RetentionInDays"])
        )
    return made


def _update_group(site: Site, made: Made, before: Properties, after: Properties) -> Made:
    logs, name = site.client("logs"), made.physical
    if "RetentionInDays" in before and "RetentionInDays" not in after:
        logs.delete_retention_policy(logGroupName=name)
    if before.get("KmsKeyId") != after.get("KmsKeyId"):
        if after.get("KmsKeyId"):
            logs.associate_kms_key(logGroupName=name, kmsKeyId=after["KmsKeyId"])
        else:
            logs.disassociate_kms_key(logGroupName=name)
    arn = str(made.attributes["Arn"]).removesuffix(":*")
    gone = sorted(tag_map(before).keys() - tag_map(after).keys())
    if gone:
        logs.untag_resource(resourceArn=arn, tagKeys=gone)
    if tag_map(after) != tag_map(before) and tag_map(after):
        logs.tag_resource(resourceArn=arn, tags=tag_map(after))
    return _complete_group(site, made, after)


def _delete_group(site: Site, made: Made, _: Properties) -> None:
    logs = site.client("logs")
    try:
        logs.delete_log_group(logGroupName=made.physical)
    except logs.exceptions.ResourceNotFoundException:
        return


def _put_rule(site: Site, name: str, properties: Properties) -> Made:
    wanted = parameters("events", "PutRule", properties, _RULE)
    if tag_list(properties):
        wanted["Tags"] = tag_list(properties)
    arn = site.client("events").put_rule(Name=name, **wanted)["RuleArn"]
    return Made(name, {"Arn": arn})


def _complete_rule(site: Site, made: Made, properties: Properties) -> Made:
    _put_targets(site, made.physical, {}, properties)
    return made


def _update_rule(site: Site, made: Made, before: Properties, after: Properties) -> Made:
    done = _put_rule(site, made.physical, after)
    _put_targets(site, made.physical, before, after)
    return done


def _put_targets(site: Site, rule: str, before: Properties, after: Properties) -> None:
    """Give a rule its targets, and take away those that it had."""
    events = site.client("events")
    bus = {"EventBusName": after["EventBusName"]} if "EventBusName" in after else {}
    wanted = parameters("events", "PutTargets", after, ("Targets",)).get("Targets", [])
    names = {each["Id"] for each in wanted}
    gone = [each["Id"] for each in before.get("Targets", []) if each["Id"] not in names]
    if gone:
        events.remove_targets(Rule=rule, Ids=gone, **bus)
    if wanted:
        events.put_targets(Rule=rule, Targets=wanted, **bus)


def _delete_rule(site: Site, made: Made, properties: Properties) -> None:
    events = site.client("events")
    bus = {"EventBusName": properties["EventBusName"]} if "EventBusName" in properties else {}
    try:
        listed = events.list_targets_by_rule(Rule=made.physical, **bus)["Targets"]
    except events.exceptions.ResourceNotFoundException:
        return
    if listed:
        events.remove_targets(Rule=made.physical, Ids=[each["Id"] for each in listed], **bus)
    events.delete_rule(Name=made.physical, **bus)


def _create_schedule(site: Site, name: str, properties: Properties) -> Made:
    wanted = parameters("scheduler", "CreateSchedule", properties, _SCHEDULE)
    arn = site.client("scheduler").create_schedule(Name=name, **wanted)["ScheduleArn"]
    return Made(name, {"Arn": arn})


def _update_schedule(site: Site, made: Made, _: Properties, after: Properties) -> Made:
    wanted = parameters("scheduler", "UpdateSchedule", after, _SCHEDULE)
    site.client("scheduler").update_schedule(Name=made.physical, **wanted)
    return made


def _delete_schedule(site: Site, made: Made, properties: Properties) -> None:
    scheduler = site.client("scheduler")
    group = {"GroupName": properties["GroupName"]} if "GroupName" in properties else {}
    try:
        scheduler.delete_schedule(Name=made.physical, **group)
    except scheduler.exceptions.ResourceNotFoundException:
        return


KINDS: Final = (
    ResourceKind(
        type="AWS::Logs::LogGroup",
        fixed=frozenset({"LogGroupName"}),
        loose=frozenset({"KmsKeyId", "LogGroupClass", "RetentionInDays"}),
        named_by="LogGroupName",
        longest=512,
        tags=True,
        attributes=frozenset({"Arn"}),
        create=_create_group,
        complete=_complete_group,
        update=_update_group,
        delete=_delete_group,
    ),
    ResourceKind(
        type="AWS::Events::Rule",
        fixed=frozenset({"Name", "EventBusName"}),
        loose=frozenset(
            {"Description", "EventPattern", "RoleArn", "ScheduleExpression", "State", "Targets"}
        ),
        named_by="Name",
        tags=True,
        attributes=frozenset({"Arn"}),
        create=_put_rule,
        complete=_complete_rule,
        update=_update_rule,
        delete=_delete_rule,
    ),
    ResourceKind(
        type="AWS::Scheduler::Schedule",
        fixed=frozenset({"Name"}),
        loose=frozenset(_SCHEDULE),
        required=frozenset({"FlexibleTimeWindow", "ScheduleExpression", "Target"}),
        named_by="Name",
        attributes=frozenset({"Arn"}),
        create=_create_schedule,
        update=_update_schedule,
        delete=_delete_schedule,
    ),
)
