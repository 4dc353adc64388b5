"""Read and verify Signature Version 4 on a request.

Reference: "Create a signed AWS API request" in the IAM user guide. Only the Authorization header
is read; presigned URLs are refused.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qsl, quote, unquote

from promote.sandbox.exchange import Request

_HEADER = re.compile(
    r"AWS4-HMAC-SHA256\s+Credential=([^/,\s]+)/(\d{8})/([^/,\s]+)/([^/,\s]+)/aws4_request,"
    r"\s*SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]{64})"
)
_HEX_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Scope:
    """What the Authorization header says of itself."""

    access_key_id: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str


def read_scope(request: Request) -> Scope | None:
    """Return the scope of the request's signature, or None if it is not signed."""
    match = _HEADER.match(request.headers.get("authorization", ""))
    if match is None:
        return None
    key, date, region, service, headers, signature = match.groups()
    return Scope(key, date, region, service, tuple(headers.split(";")), signature)


def is_genuine(request: Request, scope: Scope, secret: str) -> bool:
    """Say whether the request was signed with `secret` and is what was signed."""
    payload = _payload_digest(request)
    if payload is None or "host" not in scope.signed_headers:
        return False
    canonical = _canonical_request(request, scope, payload)
    scope_text = f"{scope.date}/{scope.region}/{scope.service}/aws4_request"
    moment = request.headers.get("x-amz-date", "")
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{moment}\n{scope_text}\n{digest}"
    key = _signing_key(secret, scope.date, scope.region, scope.service)
    expected = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    return moment.startswith(scope.date) and hmac.compare_digest(expected, scope.signature)


def _payload_digest(request: Request) -> str | None:
    """Return the digest that was signed, or None if the body does not agree with it."""
    actual = hashlib.sha256(request.body).hexdigest()
    said = request.headers.get("x-amz-content-sha256", actual)
    if _HEX_DIGEST.fullmatch(said) and said != actual:
        return None
    return said


def _canonical_request(request: Request, scope: Scope, payload: str) -> str:
    """Write the request in the form that is hashed and signed."""
    lines = (
        f"{name}:{' '.join(request.headers.get(name, '').split())}\n"
        for name in scope.signed_headers
    )
    path = unquote(request.path) if scope.service == "s3" else request.path
    return "\n".join(
        (
            request.method,
            quote(path, safe="/~") or "/",
            _canonical_query(request.query),
            "".join(lines),
            ";".join(scope.signed_headers),
            payload,
        )
    )


def _canonical_query(query: str) -> str:
    """Sort and quote the query's pairs."""
    pairs = parse_qsl(query, keep_blank_values=True)
    quoted = sorted((quote(name, safe="~"), quote(value, safe="~")) for name, value in pairs)
    return "&".join(f"{name}={value}" for name, value in quoted)


@lru_cache(maxsize=1024)
def _signing_key(secret: str, date: str, region: str, service: str) -> bytes:
    """Derive the day's key for one Region and service."""
    key = f"AWS4{secret}".encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key
