"""Who the promoter is, and the roles that it walks through."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from promote.core.topology import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who the promoter's own credentials belong to."""

    arn: str
    account: str
    user_id: str = ""
    """As policies know it by ``aws:userid``: of a session, ``ROLE-ID:SESSION-NAME``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """One fresh session of an access role; its `repr` shows no secret."""

    role: str
    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)
    endpoint_url: str | None = None
    """The VPC endpoint to call the model through; None is the default endpoint."""


class Identities(Protocol):
    """The promoter and the roles that it walks through."""

    def caller(self) -> Caller:
        """Say whose credentials the promoter has.

        Raises:
            CredentialsError: There are none, or they are not valid.
        """
        ...

    def reach(self, role: str) -> None:
        """Make sure that the promoter can assume a role; its session serves later calls.

        Raises:
            AccessDeniedError: The role does not exist, or does not trust the promoter.
        """
        ...

    def enter(self, target: Target, session_name: str) -> Credentials:
        """Open a *fresh* session of the target's access role, exactly as a consumer would.

        Through the target's smoke role, whose session alone assumes the access role with the
        external id. Never cached: each session may meet another replica of IAM.

        Raises:
            AccessDeniedError: A trust policy or an identity policy does not allow it (yet).
        """
        ...
