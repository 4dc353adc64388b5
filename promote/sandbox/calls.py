"""Understand a request: which service, which operation, with which parameters."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Final
from urllib.parse import parse_qsl

from promote.sandbox.dialect import common_error
from promote.sandbox.exchange import Call, Protocol, Request, ServiceError
from promote.sandbox.rest_requests import SERVICES as REST_JSON
from promote.sandbox.rest_requests import rest_json_call
from promote.sandbox.s3_requests import identify_s3
from promote.sandbox.signature import Scope

PROTOCOLS: Final = {
    "rekognition": Protocol.JSON,
    "ssm": Protocol.JSON,
    "organizations": Protocol.JSON,
    "kms": Protocol.JSON,
    "codebuild": Protocol.JSON,
    "codepipeline": Protocol.JSON,
    "events": Protocol.JSON,
    "logs": Protocol.JSON,
    "scheduler": Protocol.JSON,
    "sqs": Protocol.JSON,
    "cloudwatch": Protocol.QUERY_JSON,
    "cloudformation": Protocol.QUERY,
    "iam": Protocol.QUERY,
    "sns": Protocol.QUERY,
    "sts": Protocol.QUERY,
    "s3": Protocol.REST_XML,
}
_TARGETS: Final = {
    "RekognitionService": "rekognition",
    "AmazonSSM": "ssm",
    "AWSEvents": "events",
    "AmazonSQS": "sqs",
    "Logs_20140328": "logs",
    "TrentService": "kms",
    "CodeBuild_20161006": "codebuild",
    "CodePipeline_20150709": "codepipeline",
    "AWSOrganizationsV20161128": "organizations",
    "GraniteServiceVersion20100801": "cloudwatch",
}
_SIGNED_AS: Final = {"monitoring": "cloudwatch"}


def guess_protocol(request: Request) -> Protocol:
    """Guess how to write an error for a request that is not yet understood."""
    if "x-amz-target" in request.headers or "json" in request.headers.get("content-type", ""):
        return Protocol.JSON
    if "x-www-form-urlencoded" in request.headers.get("content-type", ""):
        return Protocol.QUERY
    return Protocol.REST_XML


def identify(request: Request, scope: Scope) -> Call:
    """Return the call that a signed request makes.

    Raises:
        ServiceError: The service is not served here, or its request cannot be read.
    """
    scope = replace(scope, service=_SIGNED_AS.get(scope.service, scope.service))
    protocol = _protocol(request, scope.service)
    if protocol is None:
        text = f"The sandbox does not serve {scope.service}; it serves {', '.join(PROTOCOLS)}."
        raise common_error("not_built", guess_protocol(request), text)
    if scope.service in REST_JSON:
        return rest_json_call(request, scope)
    if protocol in {Protocol.JSON, Protocol.QUERY_JSON}:
        return _json_call(request, scope, protocol)
    if protocol is Protocol.QUERY:
        return _query_call(request, scope)
    operation, params = identify_s3(request)
    return Call("s3", operation, scope.region, protocol, params)


def _protocol(request: Request, service: str) -> Protocol | None:
    """Return how a request is written; one service of many protocols is spoken to in two."""
    if request.headers.get("smithy-protocol") == "rpc-v2-cbor":
        text = f"The sandbox does not speak CBOR; use {service} by JSON or the query protocol."
        raise common_error("not_built", guess_protocol(request), text)
    protocol = PROTOCOLS.get(service)
    if protocol is Protocol.QUERY_JSON and "x-amz-target" not in request.headers:
        return Protocol.QUERY
    return protocol


def _json_call(request: Request, scope: Scope, protocol: Protocol) -> Call:
    """Read a request of the JSON 1.0 or 1.1 protocol."""
    prefix, _, operation = request.headers.get("x-amz-target", "").partition(".")
    if _TARGETS.get(prefix) != scope.service or not operation:
        raise ServiceError("UnknownOperationException", f"{prefix}.{operation} is no operation.")
    try:
        params = json.loads(request.body or b"{}")
    except ValueError:
        raise ServiceError("SerializationException", "The body is not JSON.") from None
    if not isinstance(params, dict):
        raise ServiceError("SerializationException", "The body is not a JSON object.")
    return Call(scope.service, operation, scope.region, protocol, params)


def _query_call(request: Request, scope: Scope) -> Call:
    """Read a request of the query protocol; its parameters stay flat."""
    text = request.body.decode("utf-8", "replace") if request.method == "POST" else request.query
    params = dict(parse_qsl(text, keep_blank_values=True))
    operation = params.get("Action", "")
    if not operation:
        raise common_error("validation", Protocol.QUERY, "The request names no Action.")
    return Call(scope.service, operation, scope.region, Protocol.QUERY, params)


def pairs(call: Call, name: str) -> dict[str, str]:
    """Return the tags of a query request as a dictionary."""
    found: dict[str, str] = {}
    while (stem := f"{name}.member.{len(found) + 1}") + ".Key" in call.params:
        found[str(call.params[stem + ".Key"])] = str(call.params.get(stem + ".Value", ""))
    return found
