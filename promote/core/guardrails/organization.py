"""What was read of the organisation: its tree as far as it matters, and the policies on it.

An SCP governs the principals of the accounts below what it is attached to, an RCP their resources;
neither ever governs the management account (Organizations user guide, "Service control policies"
and "Resource control policies").
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field


class ControlType(enum.Enum):
    """The two types of policy that limit what accounts may do; the value is AWS's own."""

    SCP = "SERVICE_CONTROL_POLICY"
    RCP = "RESOURCE_CONTROL_POLICY"

    @property
    def short(self) -> str:
        """The word for messages: ``SCP`` or ``RCP``."""
        return self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlPolicy:
    """One policy of the organisation, as it is stored."""

    id: str
    name: str
    type: ControlType
    description: str = ""
    content: str = field(repr=False)


_START = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow",'
_EVERYTHING = '"Action":"*","Resource":"*"}]}'

AWS_OWN: Mapping[ControlType, ControlPolicy] = {
    ControlType.SCP: ControlPolicy(
        id="p-FullAWSAccess",
        name="FullAWSAccess",
        type=ControlType.SCP,
        content=_START + _EVERYTHING,
    ),
    ControlType.RCP: ControlPolicy(
        id="p-RCPFullAWSAccess",
        name="RCPFullAWSAccess",
        type=ControlType.RCP,
        content=_START + '"Principal":"*",' + _EVERYTHING,
    ),
}
"""What Organizations attaches to the root, every unit and every account when a type is enabled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationState:
    """What one look at the organisation saw; only the paths to the accounts asked about are known.

    Attributes:
        id: Such as ``o-a1b2c3d4e5``.
        management: The account that no SCP and no RCP governs.
        root: The id of the root, where every path begins.
        enabled: The types that the root has enabled; policies of another type are not in force.
        parents: The parent of every account and organisational unit that was looked at.
        policies: Every policy that was met, by its id.
        attached: The ids of all policies attached to each root, unit and account looked at.
        holders: What our own policies are attached to, by the policy's id, anywhere.
    """

    id: str
    management: str
    root: str
    enabled: frozenset[ControlType]
    parents: Mapping[str, str]
    policies: Mapping[str, ControlPolicy]
    attached: Mapping[str, frozenset[str]]
    holders: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def path(self, member: str) -> tuple[str, ...]:
        """Return the ids from the root down to an account or unit; empty if it is no member."""
        found = [member]
        while found[-1] in self.parents:
            found.append(self.parents[found[-1]])
        return tuple(reversed(found)) if found[-1] == self.root else ()

    def lies_below(self, member: str, above: str) -> bool:
        """Say whether `member` lies somewhere below `above`."""
        return above in self.path(member)[:-1]

    def keys(self, asking: str | None, owner: str | None) -> Mapping[str, str]:
        """Return the condition keys that tell to whom the organisation's own belong.

        Args:
            asking: The account of the principal.
            owner: The account of the resource.
        """
        found: dict[str, str] = {}
        for who, account in (("Principal", asking), ("Resource", owner)):
            path = self.path(account) if account else ()
            if path:
                found[f"aws:{who}OrgID"] = self.id
                found[f"aws:{who}OrgPaths"] = "/".join((self.id, *path[:-1], ""))
        return found

    def on(self, holder: str, kind: ControlType) -> tuple[ControlPolicy, ...]:
        """Return the policies of a type attached to one root, unit or account, by name."""
        found = [self.policies[each] for each in self.attached.get(holder, ())]
        return tuple(sorted((p for p in found if p.type is kind), key=lambda p: (p.name, p.id)))

    def levels(
        self, account: str, kind: ControlType
    ) -> tuple[tuple[str, tuple[ControlPolicy, ...]], ...]:
        """Return what governs an account, from the root down: each holder with its policies.

        Empty where nothing of the type governs: outside the organisation, in the management
        account, and where the type is not enabled.
        """
        if kind not in self.enabled or account == self.management:
            return ()
        return tuple((holder, self.on(holder, kind)) for holder in self.path(account))

    def named(self, kind: ControlType, name: str) -> ControlPolicy | None:
        """Return the policy of a type and a name, which Organizations keeps unique, or None."""
        found = (p for p in self.policies.values() if (p.type, p.name) == (kind, name))
        return next(found, None)
