"""Answer STS: AssumeRole with trust and identity policies, and GetCallerIdentity.

Reference: "AssumeRole" in the STS API reference; a role of another account must be allowed by both
sides, one of the same account by a trust policy that names the caller, or by both.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from xml.sax.saxutils import escape

from promote.arn import assumed_role_arn, parse_arn
from promote.sandbox.authorisation import Authoriser
from promote.sandbox.clock import Clock, iso
from promote.sandbox.credentials import Caller, CredentialStore
from promote.sandbox.dialect import common_error
from promote.sandbox.exchange import Call, Context, Need, Protocol, Response, xml_response
from promote.sandbox.principals import Directory
from promote.sandbox.sts_parameters import CHAINED_SECONDS, Wanted, wanted_session

_NAMESPACE: Final = "https://sts.amazonaws.com/doc/2011-06-15/"


class TokenService:
    """Hands out sessions of roles."""

    def __init__(
        self,
        authoriser: Authoriser,
        credentials: CredentialStore,
        directory: Directory,
        clock: Clock,
    ) -> None:
        self._authoriser = authoriser
        self._credentials = credentials
        self._directory = directory
        self._clock = clock

    def who(self, caller: Caller, request_id: str) -> Response:
        """Answer GetCallerIdentity."""
        fields = {"Arn": caller.arn, "UserId": caller.unique_id, "Account": caller.account}
        return _answer("GetCallerIdentity", _elements(fields), request_id)

    def assume(self, call: Call, caller: Caller, context: Context, request_id: str) -> Response:
        """Answer AssumeRole.

        Raises:
            ServiceError: A parameter is wrong, or the role may not be assumed.
        """
        wanted = wanted_session(call, caller)
        self._authoriser.check(caller, call, _needs(wanted), context)
        arn = parse_arn(wanted.role)
        role = self._directory.role(arn.account, arn.name)
        longest = int((role.max_session_duration if role else None) or CHAINED_SECONDS)
        if wanted.seconds > longest:
            text = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
            raise common_error("validation", Protocol.QUERY, text)
        session = self._open(caller, wanted, role.id if role else "AROA")
        return _session_answer(session, request_id)

    def _open(self, caller: Caller, wanted: Wanted, role_id: str) -> Caller:
        """Make and remember the session."""
        key, secret, token = self._credentials.new_key()
        now = self._clock.now()
        session = Caller(
            account=parse_arn(wanted.role).account,
            arn=assumed_role_arn(wanted.role, wanted.name),
            entity=wanted.role,
            unique_id=f"{role_id}:{wanted.name}",
            access_key_id=key,
            secret=secret,
            token=token,
            issued=now,
            expires=now + wanted.seconds,
            session_policy=wanted.policy,
            tags=wanted.tags,
            source_identity=wanted.source_identity or caller.source_identity,
        )
        self._credentials.add_session(session)
        return session


def _needs(wanted: Wanted) -> list[Need]:
    """Return what must be allowed by the caller's policies and by the trust policy."""
    context: dict[str, str | tuple[str, ...]] = {"sts:RoleSessionName": wanted.name}
    actions = ["sts:AssumeRole"]
    if wanted.external_id:
        context["sts:ExternalId"] = wanted.external_id
    if wanted.source_identity:
        context["sts:SourceIdentity"] = wanted.source_identity
        actions.append("sts:SetSourceIdentity")
    if wanted.tags:
        context |= {f"aws:RequestTag/{key}": value for key, value in wanted.tags.items()}
        context["aws:TagKeys"] = tuple(wanted.tags)
        actions.append("sts:TagSession")
    return [Need(action, wanted.role, context) for action in actions]


def _session_answer(session: Caller, request_id: str) -> Response:
    """Write the answer to AssumeRole."""
    credentials = {
        "AccessKeyId": session.access_key_id,
        "SecretAccessKey": session.secret,
        "SessionToken": session.token,
        "Expiration": iso(session.expires or 0.0),
    }
    user = {"AssumedRoleId": session.unique_id, "Arn": session.arn}
    inner = (
        f"<Credentials>{_elements(credentials)}</Credentials>"
        f"<AssumedRoleUser>{_elements(user)}</AssumedRoleUser>"
    )
    return _answer("AssumeRole", inner, request_id)


def _elements(fields: Mapping[str, str]) -> str:
    return "".join(f"<{name}>{escape(value)}</{name}>" for name, value in fields.items())


def _answer(operation: str, inner: str, request_id: str) -> Response:
    return xml_response(
        f'<{operation}Response xmlns="{_NAMESPACE}"><{operation}Result>{inner}</{operation}Result>'
        f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>"
        f"</{operation}Response>"
    )
