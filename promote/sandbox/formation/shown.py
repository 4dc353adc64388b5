"""Show stacks, resources, events and change sets as CloudFormation's answers have them."""

from __future__ import annotations

from typing import Any

from promote.sandbox.formation.stacks import ChangeSet, Event, Resource, Stack


def stack(one: Stack) -> dict[str, Any]:
    """Return a stack as DescribeStacks does."""
    wanted = one.wanted
    return {
        "StackId": one.id,
        "StackName": one.name,
        "Description": wanted.description if wanted and wanted.description else None,
        "Parameters": _parameters(one),
        "CreationTime": one.created,
        "DeletionTime": one.deleted,
        "LastUpdatedTime": one.updated,
        "StackStatus": one.status,
        "StackStatusReason": one.reason or None,
        "DisableRollback": False,
        "NotificationARNs": [],
        "Capabilities": list(wanted.capabilities) if wanted else [],
        "Outputs": one.outputs,
        "Tags": _tags(one),
        "DriftInformation": {"StackDriftStatus": "NOT_CHECKED"},
    }


def summary(one: Stack) -> dict[str, Any]:
    """Return a stack as ListStacks does."""
    return {
        "StackId": one.id,
        "StackName": one.name,
        "CreationTime": one.created,
        "LastUpdatedTime": one.updated,
        "DeletionTime": one.deleted,
        "StackStatus": one.status,
        "StackStatusReason": one.reason or None,
    }


def resource(one: Stack, each: Resource) -> dict[str, Any]:
    """Return a resource as DescribeStackResources does."""
    return {
        "StackName": one.name,
        "StackId": one.id,
        "LogicalResourceId": each.logical,
        "PhysicalResourceId": each.made.physical or None,
        "ResourceType": each.type,
        "Timestamp": each.at,
        "ResourceStatus": each.status,
        "ResourceStatusReason": each.reason or None,
    }


def resource_summary(each: Resource) -> dict[str, Any]:
    """Return a resource as ListStackResources does."""
    return {
        "LogicalResourceId": each.logical,
        "PhysicalResourceId": each.made.physical or None,
        "ResourceType": each.type,
        "LastUpdatedTimestamp": each.at,
        "ResourceStatus": each.status,
        "ResourceStatusReason": each.reason or None,
    }


def event(one: Stack, each: Event) -> dict[str, Any]:
    """Return an event as DescribeStackEvents does."""
    return {
        "StackId": one.id,
        "EventId": each.id,
        "StackName": one.name,
        "LogicalResourceId": each.logical,
        "PhysicalResourceId": each.physical or None,
        "ResourceType": each.type,
        "Timestamp": each.at,
        "ResourceStatus": each.status,
        "ResourceStatusReason": each.reason or None,
    }


def change_set(one: Stack, each: ChangeSet, *, values: bool) -> dict[str, Any]:
    """Return a change set as DescribeChangeSet does; `values` shows properties before and after."""
    parameters = each.wanted.parameters
    return {
        "ChangeSetName": each.name,
        "ChangeSetId": each.id,
        "StackId": one.id,
        "StackName": one.name,
        "Description": each.description or None,
        "Parameters": [
            {"ParameterKey": key, "ParameterValue": _value(value)}
            for key, value in parameters.items()
        ],
        "CreationTime": each.at,
        "ExecutionStatus": each.execution,
        "Status": each.status,
        "StatusReason": each.reason or None,
        "Capabilities": list(each.wanted.capabilities),
        "Tags": [{"Key": key, "Value": value} for key, value in each.wanted.tags.items()],
        "Changes": [
            {"Type": "Resource", "ResourceChange": _change(change, values=values)}
            for change in each.changes
        ],
        "IncludeNestedStacks": False,
    }


def change_set_summary(one: Stack, each: ChangeSet) -> dict[str, Any]:
    """Return a change set as ListChangeSets does."""
    return {
        "StackId": one.id,
        "StackName": one.name,
        "ChangeSetId": each.id,
        "ChangeSetName": each.name,
        "ExecutionStatus": each.execution,
        "Status": each.status,
        "StatusReason": each.reason or None,
        "CreationTime": each.at,
        "Description": each.description or None,
    }


def _change(change: dict[str, Any], *, values: bool) -> dict[str, Any]:
    """Return one change, with the properties' values only where they were asked for."""
    if values:
        return change
    contexts = {"BeforeContext", "AfterContext"}
    plain = {name: each for name, each in change.items() if name not in contexts}
    if "Details" in plain:
        hidden = {"BeforeValue", "AfterValue", "Path"}
        plain["Details"] = [
            {
                **detail,
                "Target": {k: v for k, v in detail["Target"].items() if k not in hidden},
            }
            for detail in plain["Details"]
        ]
    return plain


def _parameters(one: Stack) -> list[dict[str, str]]:
    """Return the parameters of a stack; one that is not to be echoed as stars."""
    if one.wanted is None:
        return []
    declared = one.wanted.template.section("Parameters")
    return [
        {
            "ParameterKey": key,
            "ParameterValue": "****" if _is_hidden(declared[key]) else _value(value),
        }
        for key, value in one.wanted.parameters.items()
    ]


def _is_hidden(declared: dict[str, Any]) -> bool:
    return declared.get("NoEcho") in (True, "true")


def _tags(one: Stack) -> list[dict[str, str]]:
    tags = one.wanted.tags if one.wanted else {}
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _value(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
