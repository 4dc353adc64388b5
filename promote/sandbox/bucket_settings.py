"""Mend what moto does with the settings of buckets: access logs and notifications.

moto delivers an access log with every request, where S3 takes its time: nobody could take a stack
back that has just been made. Here where to log is kept, and nothing is delivered.

References: PutBucketLogging and GetBucketNotificationConfiguration in the S3 API reference.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

from promote.sandbox.credentials import Caller
from promote.sandbox.exchange import Call, Request, Response, ServiceError, xml_response
from promote.sandbox.storage import Storage

if TYPE_CHECKING:
    from moto.s3.models import FakeBucket

OPERATIONS: Final = frozenset(
    {"GetBucketLogging", "GetBucketNotificationConfiguration", "PutBucketLogging"}
)
_TARGET: Final = re.compile(rb"<TargetBucket>(.*?)</TargetBucket>")
_NOWHERE: Final = b"<BucketLoggingStatus/>"
_END: Final = b"</NotificationConfiguration>"
_BRIDGE: Final = b"<EventBridgeConfiguration/>"


class BucketSettings:
    """Serves the operations in which moto departs from S3."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._logging: WeakKeyDictionary[FakeBucket, bytes] = WeakKeyDictionary()

    def answer(self, request: Request, call: Call, caller: Caller) -> Response:
        """Carry out one of `OPERATIONS`.

        Raises:
            ServiceError: As S3 would answer.
        """
        with self._storage.alone():
            if call.operation == "PutBucketLogging":
                return self._set_logging(call, request)
            if call.operation == "GetBucketLogging":
                return xml_response(self._logging.get(self._bucket(call), _NOWHERE).decode())
            return self._notification(request, call, caller)

    def _set_logging(self, call: Call, request: Request) -> Response:
        """Say where access is logged; S3 does not ask whether it may deliver there."""
        found = _TARGET.search(request.body)
        source = self._bucket(call)
        if found is not None:
            owner = self._storage.bucket_owner(found[1].decode())
            if owner is None or owner != source.account_id:
                text = (
                    "The owner for the bucket to be logged and the target bucket must be the same."
                )
                raise ServiceError("InvalidTargetBucketForLogging", text)
        self._logging[source] = request.body
        return Response(200, (), b"")

    def _bucket(self, call: Call) -> FakeBucket:
        """Return the bucket that a call is about.

        Raises:
            ServiceError: There is none.
        """
        name = str(call.params["Bucket"])
        owner = self._storage.bucket_owner(name)
        if owner is None:
            raise ServiceError("NoSuchBucket", "The specified bucket does not exist", 404)
        return self._storage.s3(owner).buckets[name]

    def _notification(self, request: Request, call: Call, caller: Caller) -> Response:
        """Show also whether events go to EventBridge, which moto keeps and leaves out."""
        response = self._storage.call(request, call, caller.account)
        bucket = self._storage.s3(caller.account).buckets.get(str(call.params["Bucket"]))
        kept = None if bucket is None else bucket.notification_configuration
        if kept is None or kept.event_bridge is None or _BRIDGE in response.body:
            return response
        if _END in response.body:
            body = response.body.replace(_END, _BRIDGE + _END)
        else:
            body = b"<NotificationConfiguration>" + _BRIDGE + _END
        return replace(response, body=body)
