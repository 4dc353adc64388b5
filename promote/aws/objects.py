"""One object of S3, read whole but never more of it than can be meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promote.aws.translation import translated
from promote.errors import InputError

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

_SCHEME = "s3://"


def read_object(
    s3: S3Client, location: str, *, role: str | None, most: int, what: str, denied: str
) -> bytes:
    """Return the content of an object.

    Args:
        s3: The client of who reads.
        location: ``s3://bucket/key``.
        role: The ARN of the role whose client it is; None is the promoter itself.
        most: How many bytes it may have.
        what: What it is, for messages: ``the evaluation summary``.
        denied: What helps when access is denied.

    Raises:
        NotFoundError: There is no such bucket or object. S3 tells it only to who may list the
            bucket, everybody else is denied ("GetObject", Amazon S3 API Reference).
        AccessError: It may not be read.
        InputError: It is larger than `most`, or archived.
    """
    bucket, _, key = location.removeprefix(_SCHEME).partition("/")
    with translated(f"reading {what}", role=role, resource=location, denied=denied):
        answer = s3.get_object(Bucket=bucket, Key=key)
        with answer["Body"] as body:
            size = answer["ContentLength"]
            content = b"" if size > most else body.read(most + 1)
    if max(size, len(content)) > most:
        raise InputError(
            "An object is too large",
            f"{location} has {size:,} bytes; {what} has at most {most:,}.",
            "Look at what lies there:\n    aws s3 ls " + location,
        )
    return content
