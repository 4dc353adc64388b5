"""Read and check the parameters of AssumeRole.

Reference: "AssumeRole" in the STS API reference.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from promote.arn import parse_arn
from promote.errors import PolicyError
from promote.iam.document import Kind, Policy, parse
from promote.iam.quota import QUOTAS
from promote.sandbox.calls import pairs
from promote.sandbox.credentials import Caller
from promote.sandbox.dialect import common_error
from promote.sandbox.exchange import Call, Protocol, ServiceError

_SESSION_NAME: Final = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
_EXTERNAL_ID: Final = re.compile(r"[\w+=,.@:/-]{2,1224}", re.ASCII)
_ROLE: Final = re.compile(r"role/[\w+=,.@/-]+", re.ASCII)
CHAINED_SECONDS: Final = 3600
"""How long a session lives unless it says otherwise, and at most when it comes from another."""
_SHORTEST, _LONGEST = 900, 43_200


@dataclass(frozen=True, slots=True)
class Wanted:
    """The session that a caller asks for; an absent text is empty."""

    role: str
    name: str
    seconds: int
    external_id: str
    source_identity: str
    policy: Policy | None
    tags: Mapping[str, str]


def wanted_session(call: Call, caller: Caller) -> Wanted:
    """Return what an AssumeRole call asks for.

    Raises:
        ServiceError: A parameter is missing, malformed or out of its limits.
    """
    role = str(call.params.get("RoleArn", ""))
    _expect_arn(role)
    _match(_SESSION_NAME, str(call.params.get("RoleSessionName", "")), "roleSessionName")
    if "ExternalId" in call.params:
        _match(_EXTERNAL_ID, str(call.params["ExternalId"]), "externalId")
    if "PolicyArns.member.1.arn" in call.params:
        text = "The sandbox does not serve PolicyArns; give the session policy as Policy."
        raise common_error("not_built", Protocol.QUERY, text)
    return Wanted(
        role=role,
        name=str(call.params["RoleSessionName"]),
        seconds=_seconds(call, caller),
        external_id=str(call.params.get("ExternalId", "")),
        source_identity=str(call.params.get("SourceIdentity", "")),
        policy=_session_policy(str(call.params.get("Policy", ""))),
        tags=pairs(call, "Tags"),
    )


def _seconds(call: Call, caller: Caller) -> int:
    """Return how long the session is to live."""
    said = str(call.params.get("DurationSeconds", CHAINED_SECONDS))
    if not said.isdecimal() or not _SHORTEST <= int(said) <= _LONGEST:
        text = f"Value '{said}' at 'durationSeconds' must be from {_SHORTEST} to {_LONGEST}"
        raise common_error("validation", Protocol.QUERY, f"1 validation error detected: {text}")
    if caller.is_session and int(said) > CHAINED_SECONDS:
        text = (
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed "
            "by role chaining"
        )
        raise common_error("validation", Protocol.QUERY, text)
    return int(said)


def _session_policy(text: str) -> Policy | None:
    """Parse a session policy."""
    if not text:
        return None
    quota = QUOTAS[Kind.SESSION]
    if not quota.usage([text]).fits:
        rule = f"Member must have length less than or equal to {quota.limit}"
        problem = f"Value at 'policy' failed to satisfy constraint: {rule}"
        raise common_error("validation", Protocol.QUERY, f"1 validation error detected: {problem}")
    try:
        return parse(text, kind=Kind.SESSION, name="the session policy")
    except PolicyError as error:
        raise ServiceError("MalformedPolicyDocument", str(error)) from error


def _expect_arn(role: str) -> None:
    """Raise ValidationError unless `role` is the ARN of a role."""
    try:
        arn = parse_arn(role)
    except ValueError:
        raise common_error("validation", Protocol.QUERY, f"{role} is invalid") from None
    if arn.service != "iam" or not _ROLE.fullmatch(arn.resource):
        raise common_error("validation", Protocol.QUERY, f"{role} is invalid")


def _match(pattern: re.Pattern[str], value: str, name: str) -> None:
    """Raise ValidationError unless a value matches its pattern."""
    if not pattern.fullmatch(value):
        text = (
            f"1 validation error detected: Value '{value}' at '{name}' failed to satisfy "
            f"constraint: Member must satisfy regular expression pattern: {pattern.pattern}"
        )
        raise common_error("validation", Protocol.QUERY, text)
