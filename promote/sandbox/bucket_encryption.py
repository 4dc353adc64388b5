"""Ask for the use of a KMS key where S3 encrypts with one: by default of the bucket, or as told.

Reference: S3 user guide, "Using server-side encryption with AWS KMS keys": who puts an object needs
kms:GenerateDataKey, who gets one kms:Decrypt, both through S3 and with the object, or with a bucket
key the bucket, as encryption context. AWS's own key for S3 takes no permission.
"""

from __future__ import annotations

from typing import Any, Final

from promote.arn import parse_arn
from promote.sandbox.credentials import Caller
from promote.sandbox.encryption_keys import EncryptionKeys
from promote.sandbox.exchange import Call, Need, ServiceError
from promote.sandbox.storage import Storage

_WRITES: Final = frozenset({"CreateMultipartUpload", "PutObject"})
_AWS_OWN: Final = "alias/aws/s3"


class BucketEncryption:
    """Knows which key an object is, or will be, encrypted with."""

    def __init__(self, storage: Storage, keys: EncryptionKeys) -> None:
        self._storage = storage
        self._keys = keys

    def needs(self, call: Call, caller: Caller) -> list[Need]:
        """Return the permissions on a key that an S3 call needs.

        Raises:
            ServiceError: There is no such key.
        """
        if call.operation in _WRITES:
            key, whole = self._for_new(call)
            return self._use("kms:GenerateDataKey", key, call, caller, whole=whole)
        if call.operation == "GetObject":
            key, whole = self._of_present(call)
            return self._use("kms:Decrypt", key, call, caller, whole=whole)
        return []

    def _for_new(self, call: Call) -> tuple[str | None, bool]:
        """Return the key for a new object, and whether it is used for the whole bucket."""
        method, key = call.params.get("Encryption"), call.params.get("EncryptionKey")
        with self._storage.alone():
            bucket = self._bucket(call)
            rule = bucket.encryption["Rule"] if bucket is not None and bucket.encryption else {}
        default = rule.get("ApplyServerSideEncryptionByDefault", {})
        if method is None:
            method, key = default.get("SSEAlgorithm"), default.get("KMSMasterKeyID")
        shared = str(rule.get("BucketKeyEnabled", "")).lower() == "true"
        return (str(key) if method == "aws:kms" and key else None), shared

    def _of_present(self, call: Call) -> tuple[str | None, bool]:
        """Return the key of an object that is there."""
        with self._storage.alone():
            bucket = self._bucket(call)
            if bucket is None:
                return None, False
            version = call.params.get("VersionId")
            backend = self._storage.s3(bucket.account_id)
            found = backend.get_object(bucket.name, call.params["Key"], version)
            if found is None or found.encryption != "aws:kms":
                return None, False
            return found.kms_key_id, str(found.bucket_key_enabled).lower() == "true"

    def _bucket(self, call: Call) -> Any:
        name = str(call.params["Bucket"])
        owner = self._storage.bucket_owner(name)
        return None if owner is None else self._storage.s3(owner).buckets.get(name)

    def _use(
        self, action: str, key: str | None, call: Call, caller: Caller, *, whole: bool
    ) -> list[Need]:
        if not key or key.endswith(_AWS_OWN):
            return []
        arn = self._keys.arn(caller.account, call.region, key)
        if arn is None:
            raise ServiceError("KMS.NotFoundException", f"Key '{key}' does not exist")
        bucket = f"arn:aws:s3:::{call.params['Bucket']}"
        context = {
            "kms:CallerAccount": caller.account,
            "kms:EncryptionContext:aws:s3:arn": (
                bucket if whole else f"{bucket}/{call.params['Key']}"
            ),
            "kms:ViaService": f"s3.{call.region}.amazonaws.com",
        }
        return [Need(action, arn, dict(context), parse_arn(arn).account)]
