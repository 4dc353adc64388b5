"""Who the promoter is, and the walk into an access role that a consumer takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promote.aws.clock import SystemClock, expect_right
from promote.aws.sessions import Sessions, session_name
from promote.aws.translation import translated
from promote.core.topology import Target
from promote.ports import Caller, Credentials

if TYPE_CHECKING:
    from types_boto3_sts.type_defs import AssumeRoleRequestTypeDef

_SHORTEST = 900  # seconds; the least that STS gives, and more than a probe needs


class StsIdentities:
    """The `promote.ports.Identities` of AWS."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._caller: Caller | None = None

    def caller(self) -> Caller:
        """Say whose credentials the promoter has; asked once, since they do not change hands.

        Raises:
            CredentialsError: There are none, or they are not valid; or this machine's clock is
                wrong.
        """
        if self._caller is not None:
            return self._caller
        with translated("asking who we are", role=None, resource="at STS"):
            answer = self._sessions.client("sts", role=None).get_caller_identity()
        date = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
        expect_right(SystemClock().now(), date)
        self._caller = Caller(
            arn=answer["Arn"], account=answer["Account"], user_id=answer["UserId"]
        )
        return self._caller

    def reach(self, role: str) -> None:
        """Make sure that the promoter can assume a role; its session serves later calls.

        Raises:
            AccessDeniedError: The role does not exist, or does not trust the promoter.
        """
        self._sessions.assume(role)

    def enter(self, target: Target, session_name: str) -> Credentials:
        """Open a fresh session of the target's access role, from its smoke role's session.

        Raises:
            AccessDeniedError: A trust policy or an identity policy does not allow it (yet).
        """
        sts = self._sessions.client("sts", role=target.smoke_role)
        with translated(
            "assuming the access role", role=target.smoke_role, resource=target.access_role
        ):
            answer = sts.assume_role(**_request(target, session_name))["Credentials"]
        return Credentials(
            role=target.access_role,
            access_key_id=answer["AccessKeyId"],
            secret_access_key=answer["SecretAccessKey"],
            session_token=answer["SessionToken"],
            endpoint_url=target.endpoint_url,
        )


def _request(target: Target, name: str) -> AssumeRoleRequestTypeDef:
    request: AssumeRoleRequestTypeDef = {
        "RoleArn": target.access_role,
        "RoleSessionName": session_name(name),
        "DurationSeconds": _SHORTEST,
    }
    if target.external_id is not None:
        request["ExternalId"] = target.external_id
    return request
