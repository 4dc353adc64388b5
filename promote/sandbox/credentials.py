"""Say who calls: from an access key id to a user or to the session of a role."""

from __future__ import annotations

import os
import string
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Final

from promote.iam.document import Policy
from promote.sandbox.clock import Clock
from promote.sandbox.dialect import common_error
from promote.sandbox.exchange import Protocol, Request
from promote.sandbox.signature import Scope, is_genuine

_PRUNED_EVERY: Final = 500
_INVALID: Final = "The security token included in the request is invalid."
_EXPIRED: Final = "The security token included in the request is expired"
_MISMATCH: Final = (
    "The request signature we calculated does not match the signature you provided. "
    "Check your AWS Secret Access Key and signing method."
)


@dataclass(frozen=True, slots=True)
class Caller:
    """A principal with its credentials.

    `arn` is what GetCallerIdentity shows; `entity` is the user or role whose policies count.
    """

    account: str
    arn: str
    entity: str
    unique_id: str
    access_key_id: str
    secret: str
    token: str = ""
    issued: float = 0.0
    expires: float | None = None
    session_policy: Policy | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    source_identity: str = ""

    @property
    def is_session(self) -> bool:
        """Say whether this is a session of a role, so that assuming another one is chaining."""
        return bool(self.token)


class CredentialStore:
    """Knows every access key of the world."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._users: dict[str, Caller] = {}
        self._sessions: dict[str, Caller] = {}

    def clear(self) -> None:
        """Forget every key."""
        self._users.clear()
        self._sessions.clear()

    def set_users(self, account: str, callers: Mapping[str, Caller]) -> None:
        """Replace the users' keys of one account, active ones only."""
        others = {key: c for key, c in self._users.items() if c.account != account}
        self._users = {**others, **callers}

    def add_session(self, caller: Caller) -> None:
        """Remember a session; now and then forget those that expired over an hour ago."""
        self._sessions[caller.access_key_id] = caller
        if len(self._sessions) % _PRUNED_EVERY:
            return
        limit = self._clock.now() - 3600
        for key, session in list(self._sessions.items()):
            if session.expires is not None and session.expires < limit:
                self._sessions.pop(key, None)

    def expire(self, pattern: str) -> int:
        """Let the sessions end whose ARN matches a pattern with ``*``; return how many did."""
        now, ended = self._clock.now(), 0
        for key, session in list(self._sessions.items()):
            if fnmatchcase(session.arn, pattern):
                self._sessions[key] = replace(session, expires=now)
                ended += 1
        return ended

    def new_key(self) -> tuple[str, str, str]:
        """Draw an access key id, a secret and a session token."""
        letters = string.ascii_letters + string.digits
        key = "ASIA" + _drawn(string.ascii_uppercase + "234567", 16)
        return key, _drawn(letters, 40), "sandbox" + _drawn(letters, 180)

    def authenticate(self, request: Request, scope: Scope | None, protocol: Protocol) -> Caller:
        """Return who signed the request.

        Raises:
            ServiceError: It is not signed, or by nobody we know, or with an expired session.
        """
        if scope is None:
            raise common_error("unsigned", protocol, "Missing Authentication Token")
        caller = self._users.get(scope.access_key_id) or self._sessions.get(scope.access_key_id)
        if caller is None:
            raise common_error("unknown_key", protocol, _INVALID)
        if request.headers.get("x-amz-security-token", "") != caller.token:
            raise common_error("bad_token", protocol, _INVALID)
        if not is_genuine(request, scope, caller.secret):
            raise common_error("bad_signature", protocol, _MISMATCH)
        if caller.expires is not None and caller.expires <= self._clock.now():
            raise common_error("expired", protocol, _EXPIRED)
        return caller


def _drawn(letters: str, count: int) -> str:
    """Draw so many letters; that some come a little more often does not matter here."""
    return "".join(letters[byte % len(letters)] for byte in os.urandom(count))
