"""The access roles' policies, and who else can be asked about a policy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from promote.core.analysis import Answer, Remark
from promote.core.observation import AccessRoleState, Json
from promote.iam.document import Kind


class AccessRoles(Protocol):
    """The access roles' policies in the ML account."""

    def read(self, role_arn: str, *, role: str | None) -> AccessRoleState | None:
        """Return the access role with every policy on it, or None when it does not exist."""
        ...

    def policy(self, role_arn: str, name: str, *, role: str | None) -> Json | None:
        """Return one inline policy as it is now, or None."""
        ...

    def put(self, role_arn: str, name: str, document: Json, *, role: str | None) -> None:
        """Write one inline policy whole; IAM has no compare-and-set.

        Raises:
            QuotaError: The role's inline policies would exceed their aggregate size.
        """
        ...

    def remove(self, role_arn: str, policy: str, *, role: str | None) -> None:
        """Delete an inline policy by its name, or detach a managed one by its ARN."""
        ...


class PolicyAnalyzer(Protocol):
    """Who else can be asked about policy documents: IAM Access Analyzer.

    It looks at documents alone, so it is asked with the promoter's own credentials.
    """

    def validate(self, document: Json, *, kind: Kind) -> tuple[Remark, ...]:
        """Return what is found to be wrong or doubtful in a document."""
        ...

    def no_new_access(self, document: Json, *, reference: Json, kind: Kind) -> Answer:
        """Say whether a document allows nothing that its reference does not allow."""
        ...

    def not_granted(
        self, document: Json, *, action: str, resources: Sequence[str], kind: Kind
    ) -> Answer:
        """Say whether a document certainly does not allow an action on any of the resources.

        Args:
            document: The document.
            action: The action.
            resources: At most 100 ARNs.
            kind: What the document is attached to.
        """
        ...
