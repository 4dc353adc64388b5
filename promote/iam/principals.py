"""Who a statement is about: reading the Principal element, and matching it against a caller.

IAM reference, "AWS JSON policy elements: Principal".
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass

from promote.arn import is_account_id, parse_arn
from promote.iam.elements import Kind, Principal
from promote.iam.reading import Place, mapping, texts, undecided
from promote.iam.spelling import account_root

_SERVICE = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*\.amazonaws\.com")
_IAM_PRINCIPAL = re.compile(r"root|(?:role|user)/[\w+=,.@/-]+", re.ASCII)
_STS_PRINCIPAL = re.compile(r"assumed-role/[\w+=,.@-]+/[\w+=,.@-]+", re.ASCII)
_REFUSED = {
    "Federated": "is not accepted: an identity provider's claims are not among what we decide by.",
    "CanonicalUser": "is not accepted: it does not say which account is meant.",
}
ANONYMOUS = "anonymous"
"""The principal of a request that nobody signed."""

_EVERYONE = (Principal("AWS", "*"),)


class Reach(enum.IntEnum):
    """How closely a Principal element names a caller.

    What limits a grant depends on it (IAM reference, "Policy evaluation for requests within a
    single account").
    """

    NONE = 0
    """It names others."""
    ACCOUNT = 1
    """It names the caller's account, whose own policies decide."""
    ROLE = 2
    """It names the role of the caller's session: a boundary or a session policy still limits."""
    CALLER = 3
    """It names the session, the user or the service itself, or everyone: neither limits."""


@dataclass(frozen=True, slots=True)
class Caller:
    """How a Principal element may name the principal of a request."""

    name: str
    role: str | None
    root: str | None
    account: str | None

    @property
    def is_root(self) -> bool:
        """Say whether this is the root user of an account."""
        return self.name == self.root

    def reach(self, principals: tuple[Principal, ...]) -> Reach:
        """Return how closely any of some principals names this caller."""
        found = Reach.NONE
        for one in principals:
            if one.value == self.root:
                found = found or Reach.ACCOUNT
            elif one.value in ("*", self.name):
                return Reach.CALLER
            elif one.value == self.role:
                found = Reach.ROLE
        return found


def caller_of(principal: str, context: Mapping[str, tuple[str, ...]]) -> Caller:
    """Return how policies may name a principal; a service has no ARN and no account.

    Args:
        principal: The ARN of a session, a user or an account's root, or the name of a service.
        context: The request's, keys in lower case.

    Raises:
        ValueError: The principal is a session and the context has no ``aws:PrincipalArn``, without
            which a statement on its role cannot be decided.
        PolicyError: It is a federated user, to whom grants of their user apply in a way of its own.
    """
    if not principal.startswith("arn:"):
        return Caller(principal, None, None, None)
    arn = parse_arn(principal)
    role = None
    if arn.service == "sts":
        if not arn.resource.startswith("assumed-role/"):
            raise undecided(f"{principal} is neither a user nor a session of a role.")
        if not context.get("aws:principalarn"):
            msg = f"the context of a request by {principal} needs aws:PrincipalArn, its role's ARN"
            raise ValueError(msg)
        role = context["aws:principalarn"][0]
    return Caller(principal, role, f"arn:{arn.partition}:iam::{arn.account}:root", arn.account)


def is_caller(text: str) -> bool:
    """Say whether a text can be the principal of a request, or be the role of one's session."""
    return text == ANONYMOUS or (text != "*" and _is_aws_principal(text)) or _is_service(text)


def read_principals(value: object, kind: Kind, at: Place) -> tuple[Principal, ...]:
    """Read a Principal element of a kind of policy; sorted, each once.

    Raises:
        PolicyError: It is not everyone, AWS principals and services, spelt as IAM takes them.
    """
    if value == "*":
        return _EVERYONE
    if kind is Kind.RCP:  # RCP syntax, "Principal element".
        raise at.refusal(value, '"*": exceptions in an RCP are conditions')
    if isinstance(value, str):
        raise at.refusal(value, '"*", or an object with AWS or Service as its keys')
    found = set()
    for name, values in mapping(value, at).items():
        if name in _REFUSED:
            raise at.key(name).problem(_REFUSED[name])
        if name not in _PRINCIPALS:
            raise at.unknown(name, _PRINCIPALS)
        accepts, expected = _PRINCIPALS[name]
        for one, place in texts(values, at.key(name)):
            if not accepts(account_root(one)):
                raise place.refusal(one, expected)
            found.add(Principal(name, account_root(one)))
    return tuple(sorted(found, key=lambda one: (one.type, one.value)))


def _is_aws_principal(value: str) -> bool:
    if value == "*":
        return True
    try:
        arn = parse_arn(value)
    except ValueError:
        return False
    resources = {"iam": _IAM_PRINCIPAL, "sts": _STS_PRINCIPAL}.get(arn.service)
    of_account = is_account_id(arn.account) and not arn.region
    return of_account and resources is not None and resources.fullmatch(arn.resource) is not None


def _is_service(value: str) -> bool:
    return _SERVICE.fullmatch(value) is not None


# IAM replaces the ARN of a deleted role or user by its unique id (AROA…, AIDA…).
_AWS_EXPECTED = (
    "*, an account id, or the ARN of a root, role, user or session without wildcards; an id like "
    "AROA… stands for a role or user that was deleted"
)
_PRINCIPALS = {
    "AWS": (_is_aws_principal, _AWS_EXPECTED),
    "Service": (_is_service, "the name of a service, such as codebuild.amazonaws.com"),
}
