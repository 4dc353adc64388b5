"""Check IAM's writes before they are stored: documents, quotas and principals.

moto stores documents of any size and trusts principals that do not exist; AWS does neither.
Quotas: "IAM and STS quotas" in the IAM user guide; white space does not count.
"""

from __future__ import annotations

from typing import Final

from promote.arn import parse_arn
from promote.errors import PolicyError
from promote.iam.document import Kind, Policy, parse
from promote.iam.quota import INLINE_ROLE_TOTAL, MANAGED, TRUST
from promote.sandbox.authorisation import Authoriser
from promote.sandbox.credentials import Caller
from promote.sandbox.exchange import Call, ServiceError
from promote.sandbox.principals import Directory
from promote.sandbox.world import WorldBox

_INLINE_USER_TOTAL: Final = 2_048
_TRUST_PARAM: Final = {
    "CreateRole": "AssumeRolePolicyDocument",
    "UpdateAssumeRolePolicy": "PolicyDocument",
}
_IDENTITY: Final = frozenset(
    {"PutRolePolicy", "PutUserPolicy", "CreatePolicy", "CreatePolicyVersion"}
)


class WriteGuard:
    """Refuses IAM writes that AWS would refuse."""

    def __init__(self, directory: Directory, authoriser: Authoriser, world: WorldBox) -> None:
        self._directory = directory
        self._authoriser = authoriser
        self._world = world

    def check(self, call: Call, caller: Caller, replica: int) -> None:
        """Return if a call writes no document, or one that AWS accepts.

        Raises:
            ServiceError: MalformedPolicyDocument or LimitExceeded.
        """
        if call.operation in _TRUST_PARAM:
            text = str(call.params.get(_TRUST_PARAM[call.operation], ""))
            self._check_trust(text, replica)
        elif call.operation in _IDENTITY:
            text = str(call.params.get("PolicyDocument", ""))
            _parse(text, Kind.IDENTITY)
            self._check_size(call, caller, text)

    def _check_size(self, call: Call, caller: Caller, text: str) -> None:
        """Check the aggregate size of a principal's inline policies, or a managed policy's own."""
        if call.operation == "PutRolePolicy":
            role = str(call.params.get("RoleName", ""))
            others = self._directory.inline_documents(caller.account, role)
            others.pop(str(call.params.get("PolicyName", "")), None)
            total = sum(map(_size, [*others.values(), text]))
            _limit(total, INLINE_ROLE_TOTAL, f"for role {role}")
        elif call.operation == "PutUserPolicy":
            _limit(_size(text), _INLINE_USER_TOTAL, "for the user")
        else:
            _limit(_size(text), MANAGED, "for the policy")

    def _check_trust(self, text: str, replica: int) -> None:
        """Check a trust policy: its form, its size, and that its principals exist."""
        policy = _parse(text, Kind.TRUST)
        if _size(text) > TRUST:
            quota = f"Cannot exceed quota for ACLSizePerRole: {TRUST}"
            raise ServiceError("LimitExceeded", quota, 409)
        for stranger in self.strangers(policy, replica):
            name = f'Invalid principal in policy: "AWS":"{stranger}"'
            raise ServiceError("MalformedPolicyDocument", name)

    def strangers(self, policy: Policy, replica: int) -> list[str]:
        """Return the principals of a trust policy that do not exist, as a replica knows."""
        return [
            principal.value
            for statement in policy.statements
            for principal in statement.principals
            if principal.type == "AWS" and not self._is_known(principal.value, replica)
        ]

    def _is_known(self, value: str, replica: int) -> bool:
        """Say whether an ARN in a trust policy names somebody who exists, as a replica knows."""
        if value == "*":
            return True
        arn = parse_arn(value)
        if arn.account not in self._world.known_accounts:
            return False
        if arn.resource == "root":
            return True
        if arn.service == "sts":
            name = arn.resource.partition("/")[2].partition("/")[0]
            value = self._directory.role_arn(arn.account, name)
        return self._authoriser.exists(value, replica)


def _parse(text: str, kind: Kind) -> Policy:
    """Parse a document strictly; what the evaluator cannot decide may not be stored."""
    try:
        return parse(text, kind=kind, name="the document")
    except PolicyError as error:
        raise ServiceError("MalformedPolicyDocument", error.detail or error.summary) from error


def _size(text: str) -> int:
    """Count a document's characters as IAM does, without white space."""
    return sum(map(len, text.split()))


def _limit(used: int, limit: int, whom: str) -> None:
    """Raise LimitExceeded if a quota is exceeded."""
    if used > limit:
        text = f"Maximum policy size of {limit} bytes exceeded {whom}"
        raise ServiceError("LimitExceeded", text, 409)
