"""Read and write S3 objects as the role of a service: sources, and the artifacts of pipelines.

An object that is encrypted with a key of KMS takes the right to use the key through S3, too: S3
user guide, "Using server-side encryption with AWS KMS keys".
"""

from __future__ import annotations

from dataclasses import dataclass

from promote.arn import parse_arn
from promote.sandbox.encryption_keys import EncryptionKeys
from promote.sandbox.exchange import Need, Protocol, ServiceError
from promote.sandbox.service_roles import Actor, ServiceRoles
from promote.sandbox.storage import Storage

_AWS_OWN = "alias/aws/s3"


@dataclass(frozen=True, slots=True)
class Place:
    """Where an object lies."""

    bucket: str
    key: str

    @property
    def arn(self) -> str:
        """Return the ARN of the object."""
        return f"arn:aws:s3:::{self.bucket}/{self.key}"


@dataclass(frozen=True, slots=True)
class Found:
    """One version of an object; of a bucket without versions, the version is ``null``."""

    content: bytes
    version: str
    etag: str


class ArtifactStore:
    """Moves objects for services."""

    def __init__(self, storage: Storage, roles: ServiceRoles, keys: EncryptionKeys) -> None:
        self._storage = storage
        self._roles = roles
        self._keys = keys

    def is_versioned(self, actor: Actor, bucket: str) -> bool:
        """Ask S3 whether a bucket keeps versions.

        Raises:
            ServiceError: There is no such bucket, or the role may not ask.
        """
        owner = self._owner(bucket)
        need = Need("s3:GetBucketVersioning", f"arn:aws:s3:::{bucket}", _of(owner), owner)
        self._roles.check(actor, [need], Protocol.REST_XML)
        with self._storage.alone():
            return bool(self._storage.s3(owner).buckets[bucket].is_versioned)

    def read(self, actor: Actor, place: Place, version: str | None = None) -> Found:
        """Return an object, or one version of it.

        Raises:
            ServiceError: It is not there, or the role may not read it.
        """
        owner = self._owner(place.bucket)
        action = "s3:GetObjectVersion" if version else "s3:GetObject"
        needs = [Need(action, place.arn, _of(owner), owner)]
        self._roles.check(actor, needs, Protocol.REST_XML)
        with self._storage.alone():
            found = self._storage.s3(owner).get_object(place.bucket, place.key, version)
            if found is not None:
                content, key = bytes(found.value), found.kms_key_id
                answer = Found(content, found.version_id or "null", found.etag.strip('"'))
        if found is None:
            listing = Need("s3:ListBucket", f"arn:aws:s3:::{place.bucket}", _of(owner), owner)
            self._roles.check(actor, [listing], Protocol.REST_XML)
            raise ServiceError("NoSuchKey", "The specified key does not exist.", 404)
        self._use_key(actor, place, key, "kms:Decrypt")
        return answer

    def write(self, actor: Actor, place: Place, content: bytes, key: str | None) -> str:
        """Write an object, encrypted with a key if one is named; return its version.

        Raises:
            ServiceError: There is no such bucket, or the role may not write there.
        """
        owner = self._owner(place.bucket)
        encrypted = {} if key is None else _encryption(key)
        need = Need("s3:PutObject", place.arn, {**_of(owner), **encrypted}, owner)
        self._roles.check(actor, [need], Protocol.REST_XML)
        self._use_key(actor, place, key, "kms:GenerateDataKey")
        with self._storage.alone():
            made = self._storage.s3(owner).put_object(
                place.bucket,
                place.key,
                content,
                encryption="aws:kms" if key else None,
                kms_key_id=key,
            )
            return str(made.version_id or "null")

    def _owner(self, bucket: str) -> str:
        owner = self._storage.bucket_owner(bucket)
        if owner is None:
            raise ServiceError("NoSuchBucket", "The specified bucket does not exist", 404)
        return owner

    def _use_key(self, actor: Actor, place: Place, key: str | None, action: str) -> None:
        """Use a key through S3; the one of AWS's own takes no permission."""
        if not key or key.endswith(_AWS_OWN):
            return
        arn = self._keys.arn(actor.session.account, actor.region, key) or key
        if not arn.startswith("arn:"):
            raise ServiceError("KMS.NotFoundException", f"Key '{key}' does not exist")
        context = {
            "kms:ViaService": f"s3.{actor.region}.amazonaws.com",
            "kms:CallerAccount": actor.session.account,
            "kms:EncryptionContext:aws:s3:arn": place.arn,
        }
        need = Need(action, arn, context, parse_arn(arn).account)
        self._roles.check(actor, [need], Protocol.REST_XML)


def _of(owner: str) -> dict[str, str]:
    return {"s3:ResourceAccount": owner}


def _encryption(key: str) -> dict[str, str]:
    return {
        "s3:x-amz-server-side-encryption": "aws:kms",
        "s3:x-amz-server-side-encryption-aws-kms-key-id": key,
    }
