"""A ledger in S3, ``s3://bucket/prefix``: conditional writes decide between writers.

References: S3 user guide, "How to prevent object overwrites with conditional writes" and "How to
perform conditional deletes". Every write names what it expects (``If-None-Match: *`` or
``If-Match: ETAG``); S3 answers 412 to who lost and 409 to who met another write at that very
moment, which is then sent again. The tag of an object is its ETag.

A write whose answer is lost may have been carried out. Each carries a number of its own in the
object's metadata, so that the object itself tells, even where somebody else wrote the same content.

An object below ``records/`` is never changed (`promote.workflow.journal`), so its content is asked
for once, side by side with its neighbours', and again only when a listing shows another ETag.
"""

from __future__ import annotations

import re
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from promote.aws.sessions import Sessions
from promote.aws.translation import error_code, translated
from promote.errors import AccessDeniedError, InputError, LostResponseError, ThrottledError
from promote.ledger import checked, is_key
from promote.ports import Stored
from promote.workflow.side_by_side import side_by_side

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

    Send = Callable[[S3Client], str | None]
    Look = Callable[[], str | None]

ATTEMPTS: Final = 3
"""How often a write with unknown outcome is looked at and sent again."""

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_MARK: Final = "promote-write"
_RECORDS: Final = "/records/"
_LOST: Final = frozenset({"PreconditionFailed", "412"})
_GONE: Final = frozenset({"NoSuchKey", "404"})
_RACED: Final = frozenset({"ConditionalRequestConflict", "OperationAborted", "409"})
_REMEDY: Final = (
    "Correct `ledger` in promote.yaml, or let who runs promote use that bucket. To see what it "
    "needs there:\n    promote policy render --kind ledger --trusted ARN"
)


def from_location(location: str, sessions: Sessions) -> S3Store:
    """Return the store at ``s3://bucket/prefix``.

    Raises:
        InputError: The location has no bucket, or a prefix that no key can begin with.
    """
    bucket, _, prefix = location.removeprefix("s3://").partition("/")
    prefix = prefix.removesuffix("/")
    if _BUCKET.fullmatch(bucket) is None or not (prefix == "" or is_key(prefix)):
        raise InputError(
            "Not a place for a ledger",
            f"{location!r} is not of the form s3://bucket/prefix, with a prefix of letters, digits "
            "and _ . - in segments that do not begin with a dot.",
            "Correct `ledger` in promote.yaml.",
        )
    return S3Store(bucket, prefix, sessions)


class S3Store:
    """The `promote.ports.Store` of a bucket's prefix; safe for use by many threads.

    Args:
        bucket: The bucket's name.
        prefix: What all keys begin with, without a slash at its end; empty for the whole bucket.
        sessions: Its own credentials, not a role's, are used.
    """

    def __init__(self, bucket: str, prefix: str, sessions: Sessions) -> None:
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        self._sessions = sessions
        self._lock = threading.Lock()
        self._records: dict[str, Stored | None] = {}
        """Records by their keys; None for one that was listed and not read yet."""

    def read(self, key: str) -> Stored | None:
        """Return an object, or None when there is none."""
        if _RECORDS not in checked(key):
            return self._get(key)[0]
        with self._lock:
            known = self._records.get(key)
            folder = key.rpartition("/")[0] + "/"
            unread = [k for k, v in self._records.items() if v is None and k.startswith(folder)]
        if known is None:
            wanted = list(dict.fromkeys([key, *unread]))
            found = dict(zip(wanted, side_by_side(self._content, wanted), strict=True))
            known = found[key]
            with self._lock:
                self._records.update({k: v for k, v in found.items() if v is not None})
        return known

    def create(self, key: str, content: bytes) -> str | None:
        """Write a new object durably and return its tag; None when there already is one."""
        name, mark = self._name(key), uuid.uuid4().hex

        def send(s3: S3Client) -> str | None:
            answer = s3.put_object(
                Bucket=self._bucket,
                Key=name,
                Body=content,
                IfNoneMatch="*",
                Metadata={_MARK: mark},
            )
            return answer["ETag"]

        return self._write("creating", key, send, lambda: self._marked(key, mark))

    def replace(self, key: str, content: bytes, tag: str) -> str | None:
        """Overwrite the object that still has `tag` and return the new tag; None if it has not."""
        name, mark = self._name(key), uuid.uuid4().hex

        def send(s3: S3Client) -> str | None:
            answer = s3.put_object(
                Bucket=self._bucket,
                Key=name,
                Body=content,
                IfMatch=tag,
                Metadata={_MARK: mark},
            )
            return answer["ETag"]

        return self._write("replacing", key, send, lambda: self._marked(key, mark))

    def delete(self, key: str, tag: str) -> bool:
        """Delete the object that still has `tag`; False if it has not, or is gone.

        When the answer was lost and the object is gone, it counts as deleted by this call.
        """
        name = self._name(key)

        def send(s3: S3Client) -> str | None:
            s3.delete_object(Bucket=self._bucket, Key=name, IfMatch=tag)
            return tag

        def look() -> str | None:
            return tag if self._get(key)[0] is None else None

        return self._write("deleting", key, send, look) is not None

    def keys(self, prefix: str, after: str = "") -> Sequence[str]:
        """Return the keys that start with `prefix` and come after `after`, sorted."""
        s3 = self._sessions.client("s3", role=None)
        with self._explained("listing", self._prefix + prefix):
            lister, name = s3.get_paginator("list_objects_v2"), self._prefix + prefix
            if after:
                start = self._prefix + after
                pages = lister.paginate(Bucket=self._bucket, Prefix=name, StartAfter=start)
            else:
                pages = lister.paginate(Bucket=self._bucket, Prefix=name)
            listed = [(o["Key"], o["ETag"]) for page in pages for o in page.get("Contents", ())]
        found = {name.removeprefix(self._prefix): tag for name, tag in listed}
        tags = {key: found[key] for key in sorted(found) if is_key(key)}
        self._remember(prefix, after, tags)
        return list(tags)

    def _remember(self, prefix: str, after: str, tags: dict[str, str]) -> None:
        """Forget the records that a listing shows no more, or otherwise than they were read."""
        with self._lock:
            kept = {
                k: v
                for k, v in self._records.items()
                if not k.startswith(prefix) or (k <= after and v is not None)
            }
            for key, tag in tags.items():
                if _RECORDS in key:
                    known = self._records.get(key)
                    kept[key] = known if known is not None and known.tag == tag else None
            self._records = kept

    def _content(self, key: str) -> Stored | None:
        return self._get(key)[0]

    def _marked(self, key: str, mark: str) -> str | None:
        """Return the tag of an object that the write of this mark made."""
        stored, found = self._get(key)
        return stored.tag if stored is not None and found == mark else None

    def _get(self, key: str) -> tuple[Stored | None, str]:
        """Return an object as it is now, and the mark of the write that made it."""
        s3 = self._sessions.client("s3", role=None)
        try:
            with self._explained("reading", self._name(key)):
                try:
                    answer = s3.get_object(Bucket=self._bucket, Key=self._name(key))
                    content = answer["Body"].read()
                except ClientError as error:
                    if error_code(error) in _GONE:
                        return None, ""
                    raise
        except AccessDeniedError:
            # Who may list only a prefix is not told that a single key is missing (GetObject,
            # "Permissions"), but may list that key.
            if key in self.keys(key):
                raise
            return None, ""
        return Stored(content=content, tag=answer["ETag"]), answer["Metadata"].get(_MARK, "")

    def _write(self, what: str, key: str, send: Send, look: Look) -> str | None:
        """Send a write until its outcome is known; `look` tells a tag if it was carried out.

        Raises:
            LostResponseError: Nothing told the outcome.
        """
        with self._lock:
            self._records.pop(key, None)
        for attempt in range(1, ATTEMPTS + 1):
            try:
                tag = self._sessions.traffic.write(
                    self._writer, lambda s3: self._once(what, key, send, s3)
                )
            except LostResponseError:
                if (tag := look()) is not None or attempt == ATTEMPTS:
                    if tag is None:
                        raise
                    return tag
            else:
                # Lost to somebody, who may be an attempt of our own: one before this, or the same
                # one when something on the way sent it twice. A deletion has no mark to tell.
                mine = tag is None and (attempt > 1 or what != "deleting")
                return look() if mine else tag
        return None

    def _writer(self) -> S3Client:
        return self._sessions.client("s3", role=None, writing=True)

    def _once(self, what: str, key: str, send: Send, s3: S3Client) -> str | None:
        """Send a write once; None when its condition does not hold."""
        try:
            with self._explained(what, self._name(key), mutating=True):
                try:
                    return send(s3)
                except ClientError as error:
                    if error_code(error) in _LOST | _GONE:
                        return None
                    if error_code(error) in _RACED:
                        raise _raced(self._place(self._name(key))) from error
                    raise
        except AccessDeniedError:
            if self._get(key)[0] is None and what != "creating":
                return None
            raise

    def _name(self, key: str) -> str:
        return self._prefix + checked(key)

    def _place(self, name: str) -> str:
        return f"s3://{self._bucket}/{name}"

    @contextmanager
    def _explained(self, what: str, name: str, *, mutating: bool = False) -> Iterator[None]:
        with translated(
            f"{what} an object of the ledger,",
            role=None,
            resource=self._place(name),
            mutating=mutating,
            denied=_REMEDY,
            otherwise=_REMEDY,
        ):
            yield


def _raced(place: str) -> ThrottledError:
    return ThrottledError(
        "Somebody else writes the same object",
        f"S3 could not decide between two writes of {place}, again and again.",
        "Wait a little and run the same command again; it continues where this one ended.",
    )
