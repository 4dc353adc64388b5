"""Map CloudFormation's operations to the permissions that they need.

Reference: Service Authorization Reference for AWS CloudFormation. A stack that does not exist yet
is asked about as ``stack/NAME/*``, as AWS's own denials name it.
"""

from __future__ import annotations

from typing import Final

from promote.sandbox.credentials import Caller
from promote.sandbox.dialect import common_error
from promote.sandbox.exchange import Call, Need
from promote.sandbox.formation.stacks import Stacks

_ON_STACK: Final = frozenset(
    {
        "CreateChangeSet",
        "CreateStack",
        "DeleteChangeSet",
        "DeleteStack",
        "DescribeChangeSet",
        "DescribeStackEvents",
        "DescribeStackResource",
        "DescribeStackResources",
        "ExecuteChangeSet",
        "GetTemplate",
        "ListChangeSets",
        "ListStackResources",
        "UpdateStack",
    }
)
_MAYBE_ON_STACK: Final = frozenset({"DescribeStacks", "GetTemplateSummary"})
_ON_NONE: Final = frozenset({"ListExports", "ListStacks", "ValidateTemplate"})
OPERATIONS: Final = _ON_STACK | _MAYBE_ON_STACK | _ON_NONE
_KEYS: Final = {
    "ChangeSetName": "cloudformation:ChangeSetName",
    "RoleARN": "cloudformation:RoleArn",
    "TemplateURL": "cloudformation:TemplateUrl",
}


def formation_needs(call: Call, caller: Caller, stacks: Stacks) -> list[Need] | None:
    """Return the permissions that a call needs; None for an operation not served."""
    if call.operation not in OPERATIONS:
        return None
    context: dict[str, str | tuple[str, ...]] = {
        key: str(call.params[name]) for name, key in _KEYS.items() if name in call.params
    }
    return [Need(call.name, _resource(call, caller, stacks), context)]


def _resource(call: Call, caller: Caller, stacks: Stacks) -> str:
    """Return the ARN that a call is about."""
    if call.operation in _ON_NONE:
        return "*"
    name = str(call.params.get("StackName", ""))
    if not name and (found := _by_change_set(call, caller, stacks)):
        return found
    if not name:
        if call.operation in _ON_STACK:
            text = "1 validation error detected: Value null at 'stackName' failed to satisfy "
            text += "constraint: Member must not be null"
            raise common_error("validation", call.protocol, text)
        return "*"
    stack = stacks.find(caller.account, call.region, name)
    if stack is not None:
        return stack.id
    if name.startswith("arn:"):
        return name
    return f"arn:aws:cloudformation:{call.region}:{caller.account}:stack/{name}/*"


def _by_change_set(call: Call, caller: Caller, stacks: Stacks) -> str | None:
    """Return the stack of a change set that is named by its ARN."""
    wanted = str(call.params.get("ChangeSetName", ""))
    for stack in stacks.of(caller.account, call.region):
        if any(each.id == wanted for each in stack.change_sets.values()):
            return stack.id
    return wanted if wanted.startswith("arn:") else None
