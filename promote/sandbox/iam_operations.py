"""Map IAM's operations to the actions and resources that they need.

Reference: Service Authorization Reference for AWS Identity and Access Management.
"""

from __future__ import annotations

from typing import Final

from promote.sandbox.calls import pairs
from promote.sandbox.credentials import Caller
from promote.sandbox.dialect import common_error
from promote.sandbox.exchange import Call, Need
from promote.sandbox.principals import Directory

ON_ROLE: Final = frozenset(
    {
        "AttachRolePolicy",
        "CreateRole",
        "DeleteRole",
        "DeleteRolePermissionsBoundary",
        "DeleteRolePolicy",
        "DetachRolePolicy",
        "GetRole",
        "GetRolePolicy",
        "ListAttachedRolePolicies",
        "ListRolePolicies",
        "ListRoleTags",
        "PutRolePermissionsBoundary",
        "PutRolePolicy",
        "TagRole",
        "UntagRole",
        "UpdateAssumeRolePolicy",
        "UpdateRole",
    }
)
ON_USER: Final = frozenset(
    {
        "AttachUserPolicy",
        "CreateAccessKey",
        "CreateUser",
        "DeleteAccessKey",
        "DeleteUser",
        "DeleteUserPolicy",
        "DetachUserPolicy",
        "GetUser",
        "GetUserPolicy",
        "ListAccessKeys",
        "ListAttachedUserPolicies",
        "ListUserPolicies",
        "PutUserPolicy",
        "UpdateAccessKey",
    }
)
ON_POLICY: Final = frozenset(
    {
        "CreatePolicyVersion",
        "DeletePolicy",
        "DeletePolicyVersion",
        "GetPolicy",
        "GetPolicyVersion",
        "ListEntitiesForPolicy",
        "ListPolicyVersions",
        "SetDefaultPolicyVersion",
    }
)
ON_ACCOUNT: Final = frozenset({"GetAccountSummary", "ListAccountAliases"})
LISTS: Final = {"ListRoles": "role", "ListUsers": "user", "ListPolicies": "policy"}


def iam_needs(call: Call, caller: Caller, directory: Directory) -> list[Need] | None:
    """Return the needs of an IAM call, or None if it has no mapping."""
    resource = _resource(call, caller, directory)
    if resource is None:
        return None
    return [Need(f"iam:{call.operation}", resource, _context(call))]


def _resource(call: Call, caller: Caller, directory: Directory) -> str | None:
    """Return the ARN that an IAM call is about."""
    account, path = caller.account, str(call.params.get("Path", "/"))
    if call.operation in ON_ROLE:
        return directory.role_arn(account, _required(call, "RoleName"), path)
    if call.operation in ON_USER:
        name = str(call.params.get("UserName", ""))
        return directory.user_arn(account, name, path) if name else caller.entity
    if call.operation in ON_POLICY:
        return _required(call, "PolicyArn")
    if call.operation == "CreatePolicy":
        return f"arn:aws:iam::{account}:policy{path}{_required(call, 'PolicyName')}"
    if call.operation in LISTS:
        prefix = str(call.params.get("PathPrefix", "/"))
        return f"arn:aws:iam::{account}:{LISTS[call.operation]}{prefix}"
    return "*" if call.operation in ON_ACCOUNT else None


def _context(call: Call) -> dict[str, str | tuple[str, ...]]:
    """Return the condition keys of IAM's own that a call carries."""
    found: dict[str, str | tuple[str, ...]] = {}
    if "PolicyArn" in call.params and call.operation.startswith(("Attach", "Detach")):
        found["iam:PolicyARN"] = str(call.params["PolicyArn"])
    if "PermissionsBoundary" in call.params:
        found["iam:PermissionsBoundary"] = str(call.params["PermissionsBoundary"])
    tags = pairs(call, "Tags")
    if tags:
        found |= {f"aws:RequestTag/{key}": value for key, value in tags.items()}
        found["aws:TagKeys"] = tuple(tags)
    return found


def _required(call: Call, name: str) -> str:
    """Return a parameter, or raise the error for its absence."""
    value = str(call.params.get(name, ""))
    if not value:
        text = f"The request must contain the parameter {name}."
        raise common_error("validation", call.protocol, text)
    return value
