"""Keep the policies of buckets: written through S3, decided by as everything else is.

moto is not told of them: it decides by a bucket's policy on its own, without its conditions.
References: PutBucketPolicy, GetBucketPolicy and DeleteBucketPolicy in the S3 API reference.
"""

from __future__ import annotations

from typing import Final

from promote.errors import PolicyError
from promote.iam.document import Kind, Policy, parse
from promote.iam.quota import QUOTAS
from promote.sandbox.credentials import Caller
from promote.sandbox.exchange import Call, Request, Response, ServiceError
from promote.sandbox.iam_writes import WriteGuard
from promote.sandbox.propagation import Part, PolicyHistory
from promote.sandbox.storage import Storage

OPERATIONS: Final = frozenset({"DeleteBucketPolicy", "GetBucketPolicy", "PutBucketPolicy"})


class BucketPolicies:
    """Knows the policy of each bucket that has one."""

    def __init__(self, storage: Storage, write_guard: WriteGuard, history: PolicyHistory) -> None:
        self._storage = storage
        self._write_guard = write_guard
        self._history = history
        self._texts: dict[str, str] = {}

    def clear(self) -> None:
        """Forget every policy."""
        self._texts.clear()

    def seed(self, bucket: str, text: str) -> None:
        """Give a bucket a policy that is known everywhere at once."""
        self._write(bucket, text, at_once=True)

    def forget(self, bucket: str) -> None:
        """Drop the policy of a bucket that is gone."""
        if bucket in self._texts:
            self._write(bucket, None)

    def answer(self, request: Request, call: Call, caller: Caller) -> Response:
        """Carry out an operation on a bucket's policy.

        Raises:
            ServiceError: As S3 would answer.
        """
        bucket = str(call.params["Bucket"])
        self._expect_owner(bucket, caller)
        if call.operation == "PutBucketPolicy":
            text = request.body.decode("utf-8", "replace")
            self._check(bucket, text)
            self._write(bucket, text)
            return Response(204, (), b"")
        if call.operation == "DeleteBucketPolicy":
            self.forget(bucket)
            return Response(204, (), b"")
        if bucket not in self._texts:
            raise ServiceError("NoSuchBucketPolicy", "The bucket policy does not exist", 404)
        content = (("Content-Type", "application/json"),)
        return Response(200, content, self._texts[bucket].encode())

    def _expect_owner(self, bucket: str, caller: Caller) -> None:
        """Refuse a bucket that is not there, and a caller from another account than its own."""
        owner = self._storage.bucket_owner(bucket)
        if owner is None:
            raise ServiceError("NoSuchBucket", "The specified bucket does not exist", 404)
        if owner != caller.account:
            text = "The specified method is not allowed against this resource."
            raise ServiceError("MethodNotAllowed", text, 405)

    def _check(self, bucket: str, text: str) -> None:
        """Refuse a document that S3 would not store."""
        if not QUOTAS[Kind.BUCKET].usage([text]).fits:
            message = "Policy exceeds the maximum allowed document size."
            raise ServiceError("PolicyTooLarge", message)
        try:
            policy = parse(text, kind=Kind.BUCKET, name="the document")
        except PolicyError as error:
            raise ServiceError("MalformedPolicy", error.detail or error.summary) from error
        if not all(_is_of(bucket, one) for one in _resources(policy)):
            raise ServiceError("MalformedPolicy", "Policy has invalid resource")
        if self._write_guard.strangers(policy, self._history.pick_replica()):
            raise ServiceError("MalformedPolicy", "Invalid principal in policy")

    def _write(self, bucket: str, text: str | None, *, at_once: bool = False) -> None:
        """Store or drop a policy, and let it spread."""
        if text is None:
            self._texts.pop(bucket, None)
        else:
            self._texts[bucket] = text
        parts = {Part(f"arn:aws:s3:::{one}", "bucket"): t for one, t in self._texts.items()}
        self._history.observe("buckets", parts, at_once=at_once)


def _resources(policy: Policy) -> list[str]:
    """Return every pattern of resources in a policy."""
    return [one for statement in policy.statements for one in statement.resources]


def _is_of(bucket: str, resource: str) -> bool:
    """Say whether a pattern is about a bucket or its objects."""
    arn = f"arn:aws:s3:::{bucket}"
    return resource == arn or resource.startswith(f"{arn}/")
