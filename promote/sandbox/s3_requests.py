"""Understand S3's requests, in path style: the operation and what it needs.

Reference: Service Authorization Reference, "Actions, resources, and condition keys for Amazon S3".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qs, unquote

from promote.sandbox.dialect import common_error
from promote.sandbox.exchange import Context, Need, Protocol, Request

ON_BUCKET: Final = {
    ("GET", ""): ("ListObjects", "s3:ListBucket"),
    ("HEAD", ""): ("HeadBucket", "s3:ListBucket"),
    ("PUT", ""): ("CreateBucket", "s3:CreateBucket"),
    ("DELETE", ""): ("DeleteBucket", "s3:DeleteBucket"),
    ("GET", "location"): ("GetBucketLocation", "s3:GetBucketLocation"),
    ("GET", "versioning"): ("GetBucketVersioning", "s3:GetBucketVersioning"),
    ("PUT", "versioning"): ("PutBucketVersioning", "s3:PutBucketVersioning"),
    ("GET", "versions"): ("ListObjectVersions", "s3:ListBucketVersions"),
    ("GET", "uploads"): ("ListMultipartUploads", "s3:ListBucketMultipartUploads"),
    ("GET", "policy"): ("GetBucketPolicy", "s3:GetBucketPolicy"),
    ("PUT", "policy"): ("PutBucketPolicy", "s3:PutBucketPolicy"),
    ("DELETE", "policy"): ("DeleteBucketPolicy", "s3:DeleteBucketPolicy"),
    ("GET", "encryption"): ("GetBucketEncryption", "s3:GetEncryptionConfiguration"),
    ("PUT", "encryption"): ("PutBucketEncryption", "s3:PutEncryptionConfiguration"),
    ("DELETE", "encryption"): ("DeleteBucketEncryption", "s3:PutEncryptionConfiguration"),
    ("GET", "lifecycle"): ("GetBucketLifecycleConfiguration", "s3:GetLifecycleConfiguration"),
    ("PUT", "lifecycle"): ("PutBucketLifecycleConfiguration", "s3:PutLifecycleConfiguration"),
    ("DELETE", "lifecycle"): ("DeleteBucketLifecycle", "s3:PutLifecycleConfiguration"),
    ("GET", "publicAccessBlock"): ("GetPublicAccessBlock", "s3:GetBucketPublicAccessBlock"),
    ("PUT", "publicAccessBlock"): ("PutPublicAccessBlock", "s3:PutBucketPublicAccessBlock"),
    ("DELETE", "publicAccessBlock"): ("DeletePublicAccessBlock", "s3:PutBucketPublicAccessBlock"),
    ("GET", "ownershipControls"): ("GetBucketOwnershipControls", "s3:GetBucketOwnershipControls"),
    ("PUT", "ownershipControls"): ("PutBucketOwnershipControls", "s3:PutBucketOwnershipControls"),
    ("DELETE", "ownershipControls"): (
        "DeleteBucketOwnershipControls",
        "s3:PutBucketOwnershipControls",
    ),
    ("GET", "tagging"): ("GetBucketTagging", "s3:GetBucketTagging"),
    ("PUT", "tagging"): ("PutBucketTagging", "s3:PutBucketTagging"),
    ("DELETE", "tagging"): ("DeleteBucketTagging", "s3:PutBucketTagging"),
    ("GET", "logging"): ("GetBucketLogging", "s3:GetBucketLogging"),
    ("PUT", "logging"): ("PutBucketLogging", "s3:PutBucketLogging"),
    ("GET", "notification"): ("GetBucketNotificationConfiguration", "s3:GetBucketNotification"),
    ("PUT", "notification"): ("PutBucketNotificationConfiguration", "s3:PutBucketNotification"),
    ("GET", "object-lock"): ("GetObjectLockConfiguration", "s3:GetBucketObjectLockConfiguration"),
    ("PUT", "object-lock"): ("PutObjectLockConfiguration", "s3:PutBucketObjectLockConfiguration"),
    ("POST", "delete"): ("DeleteObjects", "s3:DeleteObject"),
}
ON_OBJECT: Final = {
    ("GET", ""): ("GetObject", "s3:GetObject"),
    ("HEAD", ""): ("HeadObject", "s3:GetObject"),
    ("PUT", ""): ("PutObject", "s3:PutObject"),
    ("DELETE", ""): ("DeleteObject", "s3:DeleteObject"),
    ("POST", "uploads"): ("CreateMultipartUpload", "s3:PutObject"),
    ("PUT", "uploadId"): ("UploadPart", "s3:PutObject"),
    ("POST", "uploadId"): ("CompleteMultipartUpload", "s3:PutObject"),
    ("DELETE", "uploadId"): ("AbortMultipartUpload", "s3:AbortMultipartUpload"),
    ("GET", "uploadId"): ("ListParts", "s3:ListMultipartUploadParts"),
    ("GET", "tagging"): ("GetObjectTagging", "s3:GetObjectTagging"),
    ("PUT", "tagging"): ("PutObjectTagging", "s3:PutObjectTagging"),
}
# Query parameters that make a request another operation; all others are plain parameters.
_SUBRESOURCES: Final = frozenset(
    {
        "accelerate",
        "acl",
        "analytics",
        "attributes",
        "cors",
        "delete",
        "encryption",
        "inventory",
        "legal-hold",
        "lifecycle",
        "location",
        "logging",
        "metrics",
        "notification",
        "object-lock",
        "ownershipControls",
        "policy",
        "policyStatus",
        "publicAccessBlock",
        "replication",
        "requestPayment",
        "restore",
        "retention",
        "select",
        "session",
        "tagging",
        "torrent",
        "uploadId",
        "uploads",
        "versioning",
        "versions",
        "website",
    }
)
_VERSIONED: Final = {
    "s3:GetObject": "s3:GetObjectVersion",
    "s3:DeleteObject": "s3:DeleteObjectVersion",
    "s3:GetObjectTagging": "s3:GetObjectVersionTagging",
    "s3:PutObjectTagging": "s3:PutObjectVersionTagging",
}
_ENCRYPTION: Final = {
    "Encryption": "x-amz-server-side-encryption",
    "EncryptionKey": "x-amz-server-side-encryption-aws-kms-key-id",
}
_DELETED = re.compile(rb"<Object>.*?<Key>(.*?)</Key>(.*?)</Object>", re.DOTALL)


def identify_s3(request: Request) -> tuple[str, dict[str, Any]]:
    """Return the operation of an S3 request and its parameters.

    Raises:
        ServiceError: The sandbox does not know this kind of request.
    """
    bucket, _, key = unquote(request.path).lstrip("/").partition("/")
    query = parse_qs(request.query, keep_blank_values=True)
    if not bucket:
        return "ListBuckets", {"action": "s3:ListAllMyBuckets"}
    named = sorted(query.keys() & _SUBRESOURCES)
    table = ON_OBJECT if key else ON_BUCKET
    operation, action = table.get((request.method, named[0] if named else ""), ("", ""))
    if len(named) > 1 or not operation:
        text = f"The sandbox does not serve {request.method} with {', '.join(named) or 'no'} query."
        raise common_error("not_built", Protocol.REST_XML, text)
    params: dict[str, Any] = {"Bucket": bucket, "Key": key, "action": action}
    if "versionId" in query:
        params["VersionId"] = query["versionId"][0]
    params["IfMatch"] = "if-match" in request.headers
    told = request.headers
    params |= {name: told[key] for name, key in _ENCRYPTION.items() if key in told}
    params["Prefix"] = query.get("prefix", [""])[0]
    if "x-amz-copy-source" in request.headers:
        params["CopySource"] = unquote(request.headers["x-amz-copy-source"]).lstrip("/")
    if operation == "DeleteObjects":
        found = _DELETED.findall(request.body)
        params["Keys"] = [(name.decode(), b"<VersionId>" in rest) for name, rest in found]
    return operation, params


def s3_needs(operation: str, params: Mapping[str, Any]) -> list[Need]:
    """Return the permissions that an S3 operation needs."""
    action = params["action"]
    if operation == "ListBuckets":
        return [Need(action, "*")]
    bucket = f"arn:aws:s3:::{params['Bucket']}"
    if operation == "DeleteObjects":
        return [_object_need(action, bucket, key, versioned=v) for key, v in params["Keys"]]
    if not params["Key"]:
        prefix = {"s3:prefix": params["Prefix"]} if action == "s3:ListBucket" else {}
        return [Need(action, bucket, prefix)]
    asked = {f"s3:{key}": params[name] for name, key in _ENCRYPTION.items() if name in params}
    needs = [
        _object_need(
            action,
            bucket,
            params["Key"],
            versioned="VersionId" in params,
            context=asked if action == "s3:PutObject" else {},
        )
    ]
    if params["IfMatch"] and action != "s3:GetObject":
        # S3 user guide, "Conditional writes" and "Conditional deletes": to compare is to read.
        needs.append(_object_need("s3:GetObject", bucket, params["Key"], versioned=False))
    if "CopySource" in params:
        source, _, rest = params["CopySource"].partition("?")
        needs.append(_object_need("s3:GetObject", "arn:aws:s3::", source, versioned=bool(rest)))
    return needs


def _object_need(
    action: str, bucket: str, key: str, *, versioned: bool, context: Context | None = None
) -> Need:
    """Return the need for one object; a named version wants the action's own twin."""
    chosen = _VERSIONED.get(action, action) if versioned else action
    if bucket == "arn:aws:s3::":
        return Need(chosen, f"{bucket}:{key}")
    return Need(chosen, f"{bucket}/{key}", context or {})
