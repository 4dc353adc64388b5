"""Keys: AWS::KMS::Key and AWS::KMS::Alias.

Reference: CloudFormation template reference, pages of each type.
"""

from __future__ import annotations

import json
from typing import Any, Final

from promote.sandbox.formation.kinds import Made, Properties, ResourceKind, Site, tag_map

_WINDOW: Final = 30


def _document(properties: Properties) -> str:
    policy = properties["KeyPolicy"]
    return policy if isinstance(policy, str) else json.dumps(policy)


def _create(site: Site, _: str, properties: Properties) -> Made:
    optional: dict[str, Any] = {
        name: properties[name]
        for name in ("Description", "KeySpec", "KeyUsage")
        if properties.get(name)
    }
    if "KeyPolicy" in properties:
        optional["Policy"] = _document(properties)
    if tags := tag_map(properties):
        optional["Tags"] = [{"TagKey": key, "TagValue": value} for key, value in tags.items()]
    made = site.client("kms").create_key(**optional)["KeyMetadata"]
    return Made(made["KeyId"], {"Arn": made["Arn"], "KeyId": made["KeyId"]})


def _complete(site: Site, made: Made, properties: Properties) -> Made:
    if "EnableKeyRotation" in properties or "RotationPeriodInDays" in properties:
        _rotate(site, made, properties)
    if properties.get("Enabled") in (False, "false"):
        site.client("kms").disable_key(KeyId=made.physical)
    return made


def _rotate(site: Site, made: Made, properties: Properties) -> None:
    kms = site.client("kms")
    if properties.get("EnableKeyRotation") in (True, "true"):
        days = properties.get("RotationPeriodInDays")
        period = {} if days is None else {"RotationPeriodInDays": int(days)}
        kms.enable_key_rotation(KeyId=made.physical, **period)
    else:
        kms.disable_key_rotation(KeyId=made.physical)


def _update(site: Site, made: Made, before: Properties, after: Properties) -> Made:
    kms, key = site.client("kms"), made.physical
    if "KeyPolicy" in after:
        kms.put_key_policy(KeyId=key, PolicyName="default", Policy=_document(after))
    if before.get("Description") != after.get("Description"):
        kms.update_key_description(KeyId=key, Description=after.get("Description", ""))
    rotation = ("EnableKeyRotation", "RotationPeriodInDays")
    if any(before.get(name) != after.get(name) for name in rotation):
        _rotate(site, made, after)
    if before.get("Enabled", True) != after.get("Enabled", True):
        if after.get("Enabled") in (False, "false"):
            kms.disable_key(KeyId=key)
        else:
            kms.enable_key(KeyId=key)
    gone = sorted(tag_map(before).keys() - tag_map(after).keys())
    if gone:
        kms.untag_resource(KeyId=key, TagKeys=gone)
    if tags := tag_map(after):
        listed = [{"TagKey": name, "TagValue": value} for name, value in tags.items()]
        kms.tag_resource(KeyId=key, Tags=listed)
    return made


def _delete(site: Site, made: Made, properties: Properties) -> None:
    days = int(properties.get("PendingWindowInDays", _WINDOW))
    site.client("kms").schedule_key_deletion(KeyId=made.physical, PendingWindowInDays=days)


def _create_alias(site: Site, name: str, properties: Properties) -> Made:
    site.client("kms").create_alias(AliasName=name, TargetKeyId=properties["TargetKeyId"])
    return Made(name)


def _update_alias(site: Site, made: Made, _: Properties, after: Properties) -> Made:
    site.client("kms").update_alias(AliasName=made.physical, TargetKeyId=after["TargetKeyId"])
    return made


def _delete_alias(site: Site, made: Made, _: Properties) -> None:
    kms = site.client("kms")
    try:
        kms.delete_alias(AliasName=made.physical)
    except kms.exceptions.NotFoundException:
        return


KINDS: Final = (
    ResourceKind(
        type="AWS::KMS::Key",
        fixed=frozenset({"KeySpec", "KeyUsage"}),
        loose=frozenset(
            {
                "Description",
                "EnableKeyRotation",
                "Enabled",
                "KeyPolicy",
                "PendingWindowInDays",
                "RotationPeriodInDays",
            }
        ),
        tags=True,
        attributes=frozenset({"Arn", "KeyId"}),
        create=_create,
        complete=_complete,
        update=_update,
        delete=_delete,
    ),
    ResourceKind(
        type="AWS::KMS::Alias",
        fixed=frozenset({"AliasName"}),
        loose=frozenset({"TargetKeyId"}),
        required=frozenset({"AliasName", "TargetKeyId"}),
        named_by="AliasName",
        create=_create_alias,
        update=_update_alias,
        delete=_delete_alias,
    ),
)
