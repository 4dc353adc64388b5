"""Roles and policies: AWS::IAM::Role, AWS::IAM::Policy, AWS::IAM::ManagedPolicy.

Reference: CloudFormation template reference, pages of each type: properties, "Update requires",
return values.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from promote.sandbox.formation.kinds import (
    Made,
    Properties,
    ResourceKind,
    Site,
    tag_list,
    tag_map,
    texts,
)

_DEFAULT_SECONDS: Final = 3600


def _document(value: Any) -> str:
    """Write a policy document, which a template may hold as text too."""
    return value if isinstance(value, str) else json.dumps(value)


def _inline(properties: Properties) -> dict[str, str]:
    policies = properties.get("Policies") or []
    return {each["PolicyName"]: _document(each["PolicyDocument"]) for each in policies}


def _create_role(site: Site, name: str, properties: Properties) -> Made:
    optional: dict[str, Any] = {
        "Path": properties.get("Path"),
        "Description": properties.get("Description"),
        "MaxSessionDuration": properties.get("MaxSessionDuration"),
        "PermissionsBoundary": properties.get("PermissionsBoundary"),
        "Tags": tag_list(properties),
    }
    if optional["MaxSessionDuration"] is not None:
        optional["MaxSessionDuration"] = int(optional["MaxSessionDuration"])
    role = site.client("iam").create_role(
        RoleName=name,
        AssumeRolePolicyDocument=_document(properties["AssumeRolePolicyDocument"]),
        **{key: value for key, value in optional.items() if value},
    )["Role"]
    return Made(name, {"Arn": role["Arn"], "RoleId": role["RoleId"]})


def _complete_role(site: Site, made: Made, properties: Properties) -> Made:
    _write_policies(site, made.physical, {}, properties)
    return made


def _write_policies(site: Site, role: str, before: Properties, after: Properties) -> None:
    """Give a role its inline and managed policies, and take away those that it had."""
    iam = site.client("iam")
    inline = _inline(after)
    for name in sorted(_inline(before).keys() - inline.keys()):
        iam.delete_role_policy(RoleName=role, PolicyName=name)
    for name, text in inline.items():
        iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=text)
    wanted = texts(after.get("ManagedPolicyArns"))
    for arn in sorted(set(texts(before.get("ManagedPolicyArns"))) - set(wanted)):
        iam.detach_role_policy(RoleName=role, PolicyArn=arn)
    for arn in wanted:
        iam.attach_role_policy(RoleName=role, PolicyArn=arn)


def _update_role(site: Site, made: Made, before: Properties, after: Properties) -> Made:
    iam = site.client("iam")
    name = made.physical
    trust = _document(after["AssumeRolePolicyDocument"])
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=trust)
    iam.update_role(
        RoleName=name,
        Description=after.get("Description", ""),
        MaxSessionDuration=int(after.get("MaxSessionDuration", _DEFAULT_SECONDS)),
    )
    if boundary := after.get("PermissionsBoundary"):
        iam.put_role_permissions_boundary(RoleName=name, PermissionsBoundary=boundary)
    elif before.get("PermissionsBoundary"):
        iam.delete_role_permissions_boundary(RoleName=name)
    gone = sorted(tag_map(before).keys() - tag_map(after).keys())
    if gone:
        iam.untag_role(RoleName=name, TagKeys=gone)
    if tag_list(after):
        iam.tag_role(RoleName=name, Tags=tag_list(after))
    _write_policies(site, name, before, after)
    return made


def _delete_role(site: Site, made: Made, _: Properties) -> None:
    iam = site.client("iam")
    try:
        attached = iam.list_attached_role_policies(RoleName=made.physical)["AttachedPolicies"]
    except iam.exceptions.NoSuchEntityException:
        return
    for each in attached:
        iam.detach_role_policy(RoleName=made.physical, PolicyArn=each["PolicyArn"])
    for name in iam.list_role_policies(RoleName=made.physical)["PolicyNames"]:
        iam.delete_role_policy(RoleName=made.physical, PolicyName=name)
    iam.delete_role(RoleName=made.physical)


def _create_policy(_: Site, name: str, __: Properties) -> Made:
    return Made(name, {"Id": name})


def _complete_policy(site: Site, made: Made, properties: Properties) -> Made:
    return _update_policy(site, made, {}, properties)


def _update_policy(site: Site, made: Made, before: Properties, after: Properties) -> Made:
    """Write an inline policy on each of its roles, and delete it from those that it had."""
    iam = site.client("iam")
    same = before.get("PolicyName") == after["PolicyName"]
    kept = set(texts(after.get("Roles"))) if same else set()
    _forget_policy(site, before, [role for role in texts(before.get("Roles")) if role not in kept])
    for role in texts(after.get("Roles")):
        iam.put_role_policy(
            RoleName=role,
            PolicyName=after["PolicyName"],
            PolicyDocument=_document(after["PolicyDocument"]),
        )
    return made


def _delete_policy(site: Site, _: Made, properties: Properties) -> None:
    _forget_policy(site, properties, texts(properties.get("Roles")))


def _forget_policy(site: Site, properties: Properties, roles: list[str]) -> None:
    iam = site.client("iam")
    for role in roles:
        try:
            iam.delete_role_policy(RoleName=role, PolicyName=properties["PolicyName"])
        except iam.exceptions.NoSuchEntityException:
            continue


def _create_managed(site: Site, name: str, properties: Properties) -> Made:
    optional = {key: properties[key] for key in ("Path", "Description") if properties.get(key)}
    policy = site.client("iam").create_policy(
        PolicyName=name, PolicyDocument=_document(properties["PolicyDocument"]), **optional
    )["Policy"]
    return Made(policy["Arn"], {"PolicyArn": policy["Arn"], "PolicyId": policy["PolicyId"]})


def _complete_managed(site: Site, made: Made, properties: Properties) -> Made:
    for role in texts(properties.get("Roles")):
        site.client("iam").attach_role_policy(RoleName=role, PolicyArn=made.physical)
    return made


def _update_managed(site: Site, made: Made, before: Properties, after: Properties) -> Made:
    """Write a new version, drop the oldest ones, and attach it as wanted."""
    iam, arn = site.client("iam"), made.physical
    if before.get("PolicyDocument") != after["PolicyDocument"]:
        _drop_versions(iam, arn)
        text = _document(after["PolicyDocument"])
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=text, SetAsDefault=True)
        _drop_versions(iam, arn)
    for role in sorted(set(texts(before.get("Roles"))) - set(texts(after.get("Roles")))):
        iam.detach_role_policy(RoleName=role, PolicyArn=arn)
    return _complete_managed(site, made, after)


def _delete_managed(site: Site, made: Made, _: Properties) -> None:
    iam, arn = site.client("iam"), made.physical
    try:
        roles = iam.list_entities_for_policy(PolicyArn=arn)["PolicyRoles"]
    except iam.exceptions.NoSuchEntityException:
        return
    for each in roles:
        iam.detach_role_policy(RoleName=each["RoleName"], PolicyArn=arn)
    _drop_versions(iam, arn)
    iam.delete_policy(PolicyArn=arn)


def _drop_versions(iam: Any, arn: str) -> None:
    """Delete every version of a managed policy that is not the default."""
    for each in iam.list_policy_versions(PolicyArn=arn)["Versions"]:
        if not each["IsDefaultVersion"]:
            iam.delete_policy_version(PolicyArn=arn, VersionId=each["VersionId"])


KINDS: Final = (
    ResourceKind(
        type="AWS::IAM::Role",
        fixed=frozenset({"RoleName", "Path"}),
        loose=frozenset(
            {
                "AssumeRolePolicyDocument",
                "Description",
                "ManagedPolicyArns",
                "MaxSessionDuration",
                "PermissionsBoundary",
                "Policies",
            }
        ),
        required=frozenset({"AssumeRolePolicyDocument"}),
        named_by="RoleName",
        tags=True,
        slow=True,
        attributes=frozenset({"Arn", "RoleId"}),
        create=_create_role,
        complete=_complete_role,
        update=_update_role,
        delete=_delete_role,
    ),
    ResourceKind(
        type="AWS::IAM::Policy",
        loose=frozenset({"PolicyName", "PolicyDocument", "Roles"}),
        required=frozenset({"PolicyName", "PolicyDocument", "Roles"}),
        slow=True,
        attributes=frozenset({"Id"}),
        create=_create_policy,
        complete=_complete_policy,
        update=_update_policy,
        delete=_delete_policy,
    ),
    ResourceKind(
        type="AWS::IAM::ManagedPolicy",
        fixed=frozenset({"ManagedPolicyName", "Path", "Description"}),
        loose=frozenset({"PolicyDocument", "Roles"}),
        required=frozenset({"PolicyDocument"}),
        named_by="ManagedPolicyName",
        longest=128,
        slow=True,
        attributes=frozenset({"PolicyArn", "PolicyId"}),
        create=_create_managed,
        complete=_complete_managed,
        update=_update_managed,
        delete=_delete_managed,
    ),
)

_NAMED: Final[Mapping[str, str]] = {
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Role": "RoleName",
}
_CUSTOM: Final = frozenset({"AWS::IAM::ManagedPolicy", "AWS::IAM::Policy", "AWS::IAM::Role"})


def capabilities(resources: Mapping[str, tuple[str, Properties]]) -> tuple[str, ...]:
    """Return which capability a template's resources take: type and properties by logical id.

    User guide, "Acknowledging IAM resources in CloudFormation templates".
    """
    present = [value for value in resources.values() if value[0] in _CUSTOM]
    if any(_NAMED.get(kind, "") in properties for kind, properties in present):
        return ("CAPABILITY_NAMED_IAM",)
    return ("CAPABILITY_IAM",) if present else ()
