"""The policies of the organisation, through AWS Organizations.

No part of `promote.ports.World`, because no promotion drives it: guardrails are managed by other
people, from another account.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from promote.core.guardrails.organization import ControlPolicy, ControlType
from promote.ports.clock import Clock
from promote.ports.identities import Identities


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """The organisation and its root."""

    organization: str
    management: str
    """The management account."""
    root: str
    enabled: frozenset[ControlType]
    """The types of policy that are enabled and in force."""


class Organization(Protocol):
    """The tree of accounts and the policies on it."""

    def root(self, *, role: str | None) -> Root:
        """Return the organisation's root.

        Raises:
            NotFoundError: The account is in no organisation.
            AccessDeniedError: It is neither the management account nor one delegated to.
        """
        ...

    def parent(self, member: str, *, role: str | None) -> str | None:
        """Return what an account or unit lies in; None when the organisation has no such member."""
        ...

    def attached(
        self, holder: str, kind: ControlType, *, role: str | None
    ) -> tuple[ControlPolicy, ...]:
        """Return the policies of a type that are attached to one root, unit or account."""
        ...

    def named(self, kind: ControlType, name: str, *, role: str | None) -> ControlPolicy | None:
        """Return the policy of a type and a name, or None."""
        ...

    def policy(self, policy: str, *, role: str | None) -> ControlPolicy | None:
        """Return a policy by its id as it is now, or None when it is gone."""
        ...

    def holders(self, policy: str, *, role: str | None) -> frozenset[str]:
        """Return the ids of everything that a policy is attached to."""
        ...

    def enable(self, kind: ControlType, root: str, *, role: str | None) -> None:
        """Ask for a type to be enabled, which takes a moment; one that is enabled stays so."""
        ...

    def create(self, policy: ControlPolicy, *, role: str | None) -> str:
        """Create a policy and return its id; the id of `policy` is not looked at.

        Raises:
            StalePlanError: There is one of that name by now.
            LostResponseError: The outcome is unknown; look for it by its name.
        """
        ...

    def update(self, policy: str, content: str, *, role: str | None) -> None:
        """Replace what a policy says; Organizations has no compare-and-set."""
        ...

    def attach(self, policy: str, target: str, *, role: str | None) -> None:
        """Attach a policy; one that is attached stays so."""
        ...

    def detach(self, policy: str, target: str, *, role: str | None) -> None:
        """Detach a policy; one that is not attached stays so."""
        ...

    def delete(self, policy: str, *, role: str | None) -> None:
        """Delete a policy; one that is gone stays so.

        Raises:
            RefusedError: It is attached to something.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Oversight:
    """Every port that guardrails drive, chosen in `promote.wiring`."""

    clock: Clock
    identities: Identities
    organization: Organization
