"""Collect the global condition keys of a request.

Reference: "AWS global condition context keys" in the IAM user guide.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime

from promote.arn import parse_arn
from promote.sandbox.clock import Clock
from promote.sandbox.credentials import Caller
from promote.sandbox.exchange import Call, Context, Request
from promote.sandbox.propagation import PolicyHistory
from promote.sandbox.world import WorldBox


class ContextKeys:
    """Says what is known of a request beside its action and resource."""

    def __init__(self, world: WorldBox, history: PolicyHistory, clock: Clock) -> None:
        self._world = world
        self._history = history
        self._clock = clock

    def of(self, request: Request, call: Call, caller: Caller) -> Context:
        """Return the global keys of one request."""
        now = self._clock.now()
        keys: dict[str, str | tuple[str, ...]] = {
            "aws:CurrentTime": _moment(now),
            "aws:EpochTime": str(int(now)),
            "aws:PrincipalAccount": caller.account,
            "aws:PrincipalArn": caller.entity,
            "aws:PrincipalIsAWSService": "false",
            "aws:PrincipalType": "AssumedRole" if caller.is_session else "User",
            "aws:RequestedRegion": "us-east-1" if call.service == "iam" else call.region,
            "aws:SecureTransport": "true",
            "aws:ViaAWSService": "false",
            "aws:userid": caller.unique_id,
        }
        organization = self._world.current.organization
        if caller.account in self._world.accounts:
            keys["aws:PrincipalOrgID"] = organization.id
            keys["aws:PrincipalOrgPaths"] = (self._org_path(caller.account),)
        keys |= _through(request.via) if request.via else self._network(request)
        keys |= {f"aws:PrincipalTag/{k}": v for k, v in self._tags(caller).items()}
        return keys | _session_keys(caller)

    def _network(self, request: Request) -> dict[str, str]:
        """Return the keys that tell where the request comes from."""
        endpoint = self._world.endpoints.get(request.endpoint or "")
        if endpoint is None:
            return {"aws:SourceIp": "127.0.0.1"}
        return {
            "aws:SourceVpce": endpoint.id,
            "aws:SourceVpc": endpoint.vpc,
            "aws:VpceAccount": endpoint.account,
            "aws:VpceOrgID": self._world.current.organization.id,
        }

    def _org_path(self, account: str) -> str:
        """Return the path of an account in the organisation, without the account itself."""
        parts = self._history.visible(account, 0)
        path = next((text for part, text in parts.items() if part.kind == "path"), "")
        return f"{self._world.current.organization.id}/{path.removesuffix(account)}"

    def _tags(self, caller: Caller) -> dict[str, str]:
        """Return the tags of the caller's role, session tags over them."""
        parts = self._history.visible(caller.entity, 0)
        stored = (json.loads(text) for part, text in parts.items() if part.kind == "tags")
        return {**next(stored, {}), **caller.tags}


def _session_keys(caller: Caller) -> dict[str, str]:
    """Return the keys that only a user or only a session has."""
    if not caller.is_session:
        return {"aws:username": parse_arn(caller.arn).name}
    keys = {"aws:TokenIssueTime": _moment(caller.issued)}
    if caller.source_identity:
        keys["aws:SourceIdentity"] = caller.source_identity
    return keys


def _through(service: str) -> dict[str, str | tuple[str, ...]]:
    """Return the keys of a request that a service makes on behalf of its caller."""
    return {
        "aws:CalledVia": (service,),
        "aws:CalledViaFirst": service,
        "aws:CalledViaLast": service,
        "aws:ViaAWSService": "true",
    }


def _moment(seconds: float) -> str:
    """Write a moment as IAM's date keys do."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
