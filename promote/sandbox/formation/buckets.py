"""Buckets: AWS::S3::Bucket and AWS::S3::BucketPolicy.

Reference: CloudFormation template reference, pages of each type. Every property is written through
the S3 operation that it stands for; one that is not here is refused by name.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from promote.sandbox.formation.kinds import (
    Made,
    Properties,
    ResourceError,
    ResourceKind,
    Site,
    tag_list,
)

_LIFECYCLE: Final = frozenset(
    {
        "AbortIncompleteMultipartUpload",
        "ExpirationInDays",
        "ExpiredObjectDeleteMarker",
        "Id",
        "NoncurrentVersionExpiration",
        "NoncurrentVersionExpirationInDays",
        "Prefix",
        "Status",
    }
)


def _create(site: Site, name: str, properties: Properties) -> Made:
    more: dict[str, Any] = {}
    if properties.get("ObjectLockEnabled") in (True, "true"):
        more["ObjectLockEnabledForBucket"] = True
    if site.region != "us-east-1":
        more["CreateBucketConfiguration"] = {"LocationConstraint": site.region}
    site.client("s3").create_bucket(Bucket=name, **more)
    domain = f"{name}.s3.amazonaws.com"
    regional = f"{name}.s3.{site.region}.amazonaws.com"
    return Made(
        name,
        {"Arn": f"arn:aws:s3:::{name}", "DomainName": domain, "RegionalDomainName": regional},
    )


def _complete(site: Site, made: Made, properties: Properties) -> Made:
    _write(site, made.physical, {}, properties)
    return made


def _update(site: Site, made: Made, before: Properties, after: Properties) -> Made:
    _write(site, made.physical, before, after)
    return made


def _write(site: Site, bucket: str, before: Properties, after: Properties) -> None:
    """Write the settings that differ, and reset those that are gone."""
    s3 = site.client("s3")
    for name, (put, reset) in _SETTINGS.items():
        if name in after and after[name] != before.get(name):
            put(s3, bucket, after[name])
        elif name in before and name not in after:
            reset(s3, bucket)
    if tag_list(after) != tag_list(before):
        if tag_list(after):
            s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tag_list(after)})
        else:
            s3.delete_bucket_tagging(Bucket=bucket)


def _delete(site: Site, made: Made, _: Properties) -> None:
    s3 = site.client("s3")
    try:
        s3.delete_bucket(Bucket=made.physical)
    except s3.exceptions.NoSuchBucket:
        return


def _put_encryption(s3: Any, bucket: str, value: Any) -> None:
    rules = []
    for each in value["ServerSideEncryptionConfiguration"]:
        rule: dict[str, Any] = {
            "ApplyServerSideEncryptionByDefault": dict(each["ServerSideEncryptionByDefault"])
        }
        if "BucketKeyEnabled" in each:
            rule["BucketKeyEnabled"] = _truth(each["BucketKeyEnabled"])
        rules.append(rule)
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": rules})


def _put_versioning(s3: Any, bucket: str, value: Any) -> None:
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=dict(value))


def _suspend(s3: Any, bucket: str) -> None:
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})


def _put_block(s3: Any, bucket: str, value: Any) -> None:
    settings = {name: _truth(each) for name, each in value.items()}
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=settings)


def _put_ownership(s3: Any, bucket: str, value: Any) -> None:
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=dict(value))


def _put_lifecycle(s3: Any, bucket: str, value: Any) -> None:
    rules = [_rule(each) for each in value["Rules"]]
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": rules})


def _rule(value: Mapping[str, Any]) -> dict[str, Any]:
    """Write a lifecycle rule as the API has it."""
    _expect(value, _LIFECYCLE, "LifecycleConfiguration/Rules")
    rule: dict[str, Any] = {
        "Status": value["Status"],
        "Filter": {"Prefix": value.get("Prefix", "")},
    }
    if "Id" in value:
        rule["ID"] = value["Id"]
    if "ExpirationInDays" in value:
        rule["Expiration"] = {"Days": int(value["ExpirationInDays"])}
    elif "ExpiredObjectDeleteMarker" in value:
        marker = _truth(value["ExpiredObjectDeleteMarker"])
        rule["Expiration"] = {"ExpiredObjectDeleteMarker": marker}
    if "NoncurrentVersionExpirationInDays" in value:
        days = int(value["NoncurrentVersionExpirationInDays"])
        rule["NoncurrentVersionExpiration"] = {"NoncurrentDays": days}
    for name in ("NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload"):
        if name in value:
            rule[name] = {key: int(each) for key, each in value[name].items()}
    return rule


def _put_logging(s3: Any, bucket: str, value: Any) -> None:
    _expect(value, frozenset({"DestinationBucketName", "LogFilePrefix"}), "LoggingConfiguration")
    status = {}
    if "DestinationBucketName" in value:
        target = {
            "TargetBucket": value["DestinationBucketName"],
            "TargetPrefix": value.get("LogFilePrefix", ""),
        }
        status = {"LoggingEnabled": target}
    s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus=status)


def _put_notification(s3: Any, bucket: str, value: Any) -> None:
    _expect(value, frozenset({"EventBridgeConfiguration"}), "NotificationConfiguration")
    wanted = _truth(value["EventBridgeConfiguration"].get("EventBridgeEnabled", True))
    configuration: dict[str, Any] = {"EventBridgeConfiguration": {}} if wanted else {}
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=configuration)


def _put_lock(s3: Any, bucket: str, value: Any) -> None:
    configuration = dict(value)
    rule = configuration.get("Rule", {}).get("DefaultRetention")
    if rule is not None:
        periods = {key: int(rule[key]) for key in ("Days", "Years") if key in rule}
        configuration["Rule"] = {"DefaultRetention": {"Mode": rule["Mode"], **periods}}
    s3.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration=configuration)


def _truth(value: Any) -> bool:
    """Read a boolean property, which a template may hold as text."""
    if value in (True, "true"):
        return True
    if value in (False, "false"):
        return False
    raise ResourceError(f"#: {value!r} is no boolean")


def _expect(value: Mapping[str, Any], known: frozenset[str], place: str) -> None:
    unknown = sorted(value.keys() - known)
    if unknown:
        text = f"#/{place}: extraneous key [{unknown[0]}] is not permitted or not served"
        raise ResourceError(text)


_Put = Callable[[Any, str, Any], None]
_Reset = Callable[[Any, str], None]
_SETTINGS: Final[Mapping[str, tuple[_Put, _Reset]]] = {
    "BucketEncryption": (
        _put_encryption,
        lambda s3, bucket: s3.delete_bucket_encryption(Bucket=bucket),
    ),
    "LifecycleConfiguration": (
        _put_lifecycle,
        lambda s3, bucket: s3.delete_bucket_lifecycle(Bucket=bucket),
    ),
    "LoggingConfiguration": (_put_logging, lambda s3, bucket: _put_logging(s3, bucket, {})),
    "NotificationConfiguration": (
        _put_notification,
        lambda s3, bucket: s3.put_bucket_notification_configuration(
            Bucket=bucket, NotificationConfiguration={}
        ),
    ),
    "ObjectLockConfiguration": (
        _put_lock,
        lambda s3, bucket: _put_lock(s3, bucket, {"ObjectLockEnabled": "Enabled"}),
    ),
    "OwnershipControls": (
        _put_ownership,
        lambda s3, bucket: s3.delete_bucket_ownership_controls(Bucket=bucket),
    ),
    "PublicAccessBlockConfiguration": (
        _put_block,
        lambda s3, bucket: s3.delete_public_access_block(Bucket=bucket),
    ),
    "VersioningConfiguration": (_put_versioning, _suspend),
}


def _put_policy(site: Site, _: str, properties: Properties) -> Made:
    document = properties["PolicyDocument"]
    text = document if isinstance(document, str) else json.dumps(document)
    site.client("s3").put_bucket_policy(Bucket=properties["Bucket"], Policy=text)
    return Made(properties["Bucket"])


def _update_policy(site: Site, _: Made, __: Properties, after: Properties) -> Made:
    return _put_policy(site, "", after)


def _delete_policy(site: Site, made: Made, _: Properties) -> None:
    s3 = site.client("s3")
    try:
        s3.delete_bucket_policy(Bucket=made.physical)
    except s3.exceptions.NoSuchBucket:
        return


KINDS: Final = (
    ResourceKind(
        type="AWS::S3::Bucket",
        fixed=frozenset({"BucketName", "ObjectLockEnabled"}),
        loose=frozenset(_SETTINGS),
        named_by="BucketName",
        longest=63,
        lower=True,
        tags=True,
        attributes=frozenset({"Arn", "DomainName", "RegionalDomainName"}),
        create=_create,
        complete=_complete,
        update=_update,
        delete=_delete,
    ),
    ResourceKind(
        type="AWS::S3::BucketPolicy",
        fixed=frozenset({"Bucket"}),
        loose=frozenset({"PolicyDocument"}),
        required=frozenset({"Bucket", "PolicyDocument"}),
        create=_put_policy,
        update=_update_policy,
        delete=_delete_policy,
    ),
)
