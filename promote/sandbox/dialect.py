"""Write errors the way each protocol writes them: code, HTTP status and body.

Sources: botocore's service models and the services' pages on common errors.
"""

from __future__ import annotations

import json
from typing import Final
from xml.sax.saxutils import escape

from promote.sandbox.exchange import Call, Protocol, Response, ServiceError

_J, _Q, _X = Protocol.JSON, Protocol.QUERY, Protocol.REST_XML

_COMMON: Final[dict[str, dict[Protocol, tuple[str, int]]]] = {
    "access_denied": {
        _J: ("AccessDeniedException", 400), _Q: ("AccessDenied", 403), _X: ("AccessDenied", 403),
    },
    "unknown_key": {
        _J: ("UnrecognizedClientException", 400),
        _Q: ("InvalidClientTokenId", 403),
        _X: ("InvalidAccessKeyId", 403),
    },
    "bad_token": {
        _J: ("UnrecognizedClientException", 400),
        _Q: ("InvalidClientTokenId", 403),
        _X: ("InvalidToken", 400),
    },
    "expired": {
        _J: ("ExpiredTokenException", 400), _Q: ("ExpiredToken", 403), _X: ("ExpiredToken", 400),
    },
    "unsigned": {
        _J: ("MissingAuthenticationTokenException", 400),
        _Q: ("MissingAuthenticationToken", 403),
        _X: ("AccessDenied", 403),
    },
    "bad_signature": {
        _J: ("InvalidSignatureException", 400),
        _Q: ("SignatureDoesNotMatch", 403),
        _X: ("SignatureDoesNotMatch", 403),
    },
    "throttle": {
        _J: ("ThrottlingException", 400), _Q: ("Throttling", 400), _X: ("SlowDown", 503),
    },
    "error5xx": {
        _J: ("InternalServerError", 500), _Q: ("InternalFailure", 500), _X: ("InternalError", 500),
    },
    "limit_exceeded": {
        _J: ("LimitExceededException", 400), _Q: ("LimitExceeded", 409), _X: ("SlowDown", 503),
    },
    "conflict": {
        _J: ("ConcurrentModificationException", 400),
        _Q: ("ConcurrentModification", 409),
        _X: ("ConditionalRequestConflict", 409),
    },
    "validation": {
        _J: ("ValidationException", 400), _Q: ("ValidationError", 400), _X: ("InvalidRequest", 400),
    },
    "not_built": {
        _J: ("NotImplementedException", 501),
        _Q: ("NotImplemented", 501),
        _X: ("NotImplemented", 501),
    },
}  # fmt: skip


def common_error(kind: str, protocol: Protocol, message: str) -> ServiceError:
    """Return an error that every service has, under the name that `protocol` gives it."""
    known = _COMMON[kind]
    code, status = known[_J if protocol is Protocol.QUERY_JSON else protocol]
    return ServiceError(code, message, status, query_code=known[_Q][0])


def required(call: Call, name: str) -> str:
    """Return a parameter that decides about the resource.

    Raises:
        ServiceError: It is missing, or no text.
    """
    value = call.params.get(name)
    if not isinstance(value, str) or not value:
        raise common_error("validation", call.protocol, f"The parameter {name} is required.")
    return value


def render_error(
    error: ServiceError, protocol: Protocol, request_id: str, *, head: bool = False
) -> Response:
    """Write an error as `protocol` does; the answer to a HEAD request has no body."""
    sender = "Sender" if error.status < 500 else "Receiver"  # noqa: PLR2004 - HTTP's own border
    if protocol is Protocol.JSON:
        return _json_error(error, request_id)
    if protocol is Protocol.QUERY_JSON:
        compatible = ("x-amzn-query-error", f"{error.query_code};{sender}")
        return _json_error(error, request_id, compatible)
    code, message = escape(error.code), escape(error.message)
    fields = f"<Code>{code}</Code><Message>{message}</Message>"
    if protocol is Protocol.QUERY:
        inner = f"<Error><Type>{sender}</Type>{fields}</Error><RequestId>{request_id}</RequestId>"
        text = f"<ErrorResponse>{inner}</ErrorResponse>"
    else:
        text = f"<Error>{fields}<RequestId>{request_id}</RequestId><HostId>sandbox</HostId></Error>"
    body = b"" if head else text.encode()
    return Response(error.status, (("Content-Type", "text/xml"),), body)


def _json_error(error: ServiceError, request_id: str, *more: tuple[str, str]) -> Response:
    """Write an error of the JSON protocol; SDKs read the header or the `__type`."""
    document = {"__type": error.code, "Code": error.code, "Message": error.message}
    if error.reason:
        document["Reason"] = error.reason
    headers = (
        ("Content-Type", "application/x-amz-json-1.1"),
        ("x-amzn-ErrorType", error.code),
        ("x-amzn-RequestId", request_id),
        *more,
    )
    return Response(error.status, headers, json.dumps(document).encode())
