"""Map the operations of Organizations to the actions and resources that they need.

Reference: Service Authorization Reference for AWS Organizations. Where several resources are
named, the action is needed on each.
"""

from __future__ import annotations

from typing import Final

from promote.arn import is_account_id
from promote.sandbox.dialect import common_error
from promote.sandbox.exchange import Call, Context, Need
from promote.sandbox.organization import SCP, OrganizationTree
from promote.sandbox.world import WorldBox

# The parameters that name what an operation is about.
ENTITIES: Final = {
    "AttachPolicy": ("PolicyId", "TargetId"),
    "CreateOrganizationalUnit": ("ParentId",),
    "DeletePolicy": ("PolicyId",),
    "DescribeAccount": ("AccountId",),
    "DescribeOrganizationalUnit": ("OrganizationalUnitId",),
    "DescribePolicy": ("PolicyId",),
    "DetachPolicy": ("PolicyId", "TargetId"),
    "DisablePolicyType": ("RootId",),
    "EnablePolicyType": ("RootId",),
    "ListAccountsForParent": ("ParentId",),
    "ListChildren": ("ParentId",),
    "ListOrganizationalUnitsForParent": ("ParentId",),
    "ListParents": ("ChildId",),
    "ListPoliciesForTarget": ("TargetId",),
    "ListTagsForResource": ("ResourceId",),
    "ListTargetsForPolicy": ("PolicyId",),
    "MoveAccount": ("AccountId", "SourceParentId", "DestinationParentId"),
    "TagResource": ("ResourceId",),
    "UntagResource": ("ResourceId",),
    "UpdatePolicy": ("PolicyId",),
}
UNBOUND: Final = frozenset(
    {
        "DescribeCreateAccountStatus",
        "DescribeOrganization",
        "ListAccounts",
        "ListPolicies",
        "ListRoots",
    }
)
_TYPE_PARAMETERS: Final = ("Filter", "PolicyType", "Type")


def organization_needs(call: Call, tree: OrganizationTree, world: WorldBox) -> list[Need] | None:
    """Return the needs of a call to Organizations, or None if it has no mapping."""
    action, keys = f"organizations:{call.operation}", _keys(call, tree)
    if call.operation in UNBOUND:
        return [Need(action, "*", keys)]
    if call.operation == "CreatePolicy":
        resource = f"{_stem(world, 'policy')}/{str(call.params.get('Type', SCP)).lower()}/p-*"
        needs = [Need(action, resource, keys)]
        if call.params.get("Tags"):
            needs.append(Need("organizations:TagResource", resource, keys))
        return needs
    if call.operation not in ENTITIES:
        return None
    names = [_named(call, parameter) for parameter in ENTITIES[call.operation]]
    return [Need(action, _arn(name, tree, world), keys) for name in names]


def _keys(call: Call, tree: OrganizationTree) -> Context:
    """Return the condition keys that a call carries."""
    keys: dict[str, str | tuple[str, ...]] = {}
    kind = next((call.params[name] for name in _TYPE_PARAMETERS if name in call.params), None)
    policy = tree.policy(call.params.get("PolicyId") or call.params.get("ResourceId"))
    if kind is not None or policy is not None:
        keys["organizations:PolicyType"] = str(policy.type if policy is not None else kind)
    tags = call.params.get("Tags")
    if isinstance(tags, list) and tags:
        keys |= {f"aws:RequestTag/{tag['Key']}": str(tag["Value"]) for tag in tags}
        keys["aws:TagKeys"] = tuple(str(tag["Key"]) for tag in tags)
    return keys


def _arn(name: str, tree: OrganizationTree, world: WorldBox) -> str:
    """Return the ARN of a policy, root, unit or account by its id."""
    if name.startswith("p-"):
        policy = tree.policy(name)
        return policy.arn if policy else f"{_stem(world, 'policy')}/{SCP.lower()}/{name}"
    kind = "account" if is_account_id(name) else "root" if name.startswith("r-") else "ou"
    return f"{_stem(world, kind)}/{name}"


def _stem(world: WorldBox, kind: str) -> str:
    organization = world.current.organization
    return f"arn:aws:organizations::{organization.management}:{kind}/{organization.id}"


def _named(call: Call, parameter: str) -> str:
    """Return a parameter, or raise the error for its absence."""
    value = call.params.get(parameter)
    if not isinstance(value, str) or not value:
        text = f"You must include a value for the parameter {parameter}."
        raise common_error("validation", call.protocol, text)
    return value
