"""Name what passes between the sandbox's parts: a request, a call, a response, an AWS error."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

Context: TypeAlias = Mapping[str, str | tuple[str, ...]]
"""Condition keys and their values."""


class Protocol(StrEnum):
    """How a service writes its requests, responses and errors."""

    JSON = "json"
    QUERY_JSON = "query-json"
    """JSON that also names its errors as the query protocol, which its clients spoke before."""
    QUERY = "query"
    REST_XML = "rest-xml"


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request as it came; header names are lower case, `path` is still quoted."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    endpoint: str | None = None
    """The VPC endpoint whose port it came in by; None on the main port."""
    via: str = ""
    """The service that makes it on behalf of its caller; "" if the caller does."""


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP response; `dropped` says that the connection is closed instead."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    dropped: bool = False


DROPPED = Response(0, (), b"", dropped=True)


@dataclass(frozen=True, slots=True)
class Call:
    """A request understood as an operation of a service."""

    service: str
    operation: str
    region: str
    protocol: Protocol
    params: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Return the operation's full name, such as ``rekognition:StartProjectVersion``."""
        return f"{self.service}:{self.operation}"


@dataclass(frozen=True, slots=True)
class Need:
    """One permission that a call needs; `owner` is the account of a bucket, whose ARN has none."""

    action: str
    resource: str
    context: Context = field(default_factory=dict)
    owner: str | None = None


class ServiceError(Exception):
    """An error that an AWS service answers with.

    Args:
        code: AWS's error code, such as ``ResourceInUseException``.
        message: AWS's text.
        status: The HTTP status.
        reason: AWS's name for the rule that was broken, where the service tells it.
        query_code: The code by its name in the query protocol, where that is another.
    """

    def __init__(
        self,
        code: str,
        message: str,
        status: int = 400,
        *,
        reason: str = "",
        query_code: str = "",
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.reason = reason
        self.query_code = query_code or code


def json_response(document: Any, status: int = 200) -> Response:
    """Write a document as an answer of AWS's JSON 1.1 protocol."""
    content = (("Content-Type", "application/x-amz-json-1.1"),)
    return Response(status, content, json.dumps(document).encode())


def xml_response(text: str, status: int = 200) -> Response:
    """Write an XML answer."""
    return Response(status, (("Content-Type", "text/xml"),), text.encode())
