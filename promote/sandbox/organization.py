"""Keep the organisation's tree and what is attached to it, in moto and in the history.

Ids are the same in every sandbox. Policies that come with every organisation: Organizations user
guide, "SCP evaluation" (FullAWSAccess) and "RCP evaluation" (RCPFullAWSAccess).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from promote.sandbox.propagation import Part, PolicyHistory
from promote.sandbox.storage import Storage
from promote.sandbox.world import Account, Organization, WorldBox

if TYPE_CHECKING:
    from moto.organizations.models import (
        FakeAccount,
        FakeOrganizationalUnit,
        FakePolicy,
        OrganizationsBackend,
    )

    Target: TypeAlias = FakeAccount | FakeOrganizationalUnit

SCP: Final = "SERVICE_CONTROL_POLICY"
RCP: Final = "RESOURCE_CONTROL_POLICY"
FULL_ACCESS: Final = {SCP: "p-FullAWSAccess", RCP: "p-RCPFullAWSAccess"}
"""The policy of AWS's own of each type."""

_PARTS: Final = {SCP: "scp", RCP: "rcp"}


class OrganizationTree:
    """Knows roots, units, accounts and the policies attached to them."""

    def __init__(self, storage: Storage, world: WorldBox, history: PolicyHistory) -> None:
        self._storage = storage
        self._world = world
        self._history = history

    @property
    def backend(self) -> OrganizationsBackend:
        """Return moto's state of the organisation; hold moto's lock while using it."""
        return self._storage.organizations(self._world.current.organization.management)

    def policy(self, policy_id: object) -> FakePolicy | None:
        """Return a policy by its id."""
        return next((one for one in self.backend.policies if one.id == policy_id), None)

    def target(self, target_id: object) -> Target | None:
        """Return a root, unit or account by its id."""
        return next((one for one in self.targets() if one.id == target_id), None)

    def targets(self) -> list[Target]:
        """Return everything that a policy can be attached to."""
        return [*self.backend.ou, *self.backend.accounts]

    def enabled(self) -> frozenset[str]:
        """Return the types of policies that are enabled in the root."""
        found = [kind["Type"] for unit in self.backend.ou for kind in _types_of(unit)]
        return frozenset(found)

    def refresh(self, *, at_once: bool = False) -> None:
        """Note every change of the tree and its policies since the last look."""
        with self._storage.alone():
            parts = dict(self._parts())
        self._history.observe("organization", parts, at_once=at_once)

    def attach_full_access(self, kind: str) -> None:
        """Attach AWS's own policy of a type everywhere, as enabling the type does."""
        for target in self.targets():
            self.backend.attach_policy(PolicyId=FULL_ACCESS[kind], TargetId=target.id)

    def detach_all(self, kind: str) -> None:
        """Detach every policy of a type from everywhere, as disabling the type does."""
        for policy in self.backend.policies:
            if policy.type == kind:
                for target in policy.attachments:
                    target.attached_policies.remove(policy)
                policy.attachments.clear()

    def seed(self, organization: Organization, region: str) -> None:
        """Make the organisation, or what it lacks; hold moto's lock meanwhile."""
        if self.backend.org is None:
            self._create(organization, region)
        known = {account.id: account for account in self.backend.accounts}
        for account in organization.accounts:
            parent = self._unit(organization, account.ou)
            if account.id not in known:
                known[account.id] = self._account(account)
            known[account.id].name = account.name
            known[account.id].parent_id = parent
        self.refresh(at_once=True)

    def _create(self, organization: Organization, region: str) -> None:
        with (
            _drawing("make_random_org_id", organization.id),
            _drawing("make_random_root_id", organization.root),
        ):
            self.backend.create_organization(region, FeatureSet="ALL")
        for kind, policy_id in FULL_ACCESS.items():
            self.backend.enable_policy_type(RootId=organization.root, PolicyType=kind)
            policy = self.policy(policy_id)
            if policy is not None:
                stem = "arn:{0}:organizations::aws:policy"
                policy._arn_format = f"{stem}/{kind.lower()}/{{3}}"  # noqa: SLF001 - of the account

    def _account(self, account: Account) -> FakeAccount:
        with _drawing("make_random_account_id", account.id):
            email = f"{account.id}@example.com"
            self.backend.create_account(AccountName=account.name, Email=email)
        return self.backend.get_account_by_id(account.id)

    def _unit(self, organization: Organization, path: str) -> str:
        """Return the id of the unit with a path, made if it is not there; of no path, the root."""
        if not path:
            return organization.root
        above, _, name = path.rpartition("/")
        parent, unit_id = self._unit(organization, above), organization.unit_id(path)
        if self.target(unit_id) is None:
            with _drawing("make_random_ou_id", unit_id):
                self.backend.create_organizational_unit(ParentId=parent, Name=name)
        return unit_id

    def _parts(self) -> Iterator[tuple[Part, str]]:
        """Yield everything of the organisation that decisions depend on."""
        for unit in self.backend.ou:
            for kind in _types_of(unit):
                if kind["Type"] in _PARTS:
                    yield Part(unit.id, "enabled", _PARTS[kind["Type"]]), "true"
        for account in self.backend.accounts:
            yield Part(account.id, "path"), "/".join(self._path(account))
        for target in self.targets():
            for policy in target.attached_policies:
                if policy.type in _PARTS:
                    yield Part(target.id, _PARTS[policy.type], policy.id), str(policy.content)

    def _path(self, account: FakeAccount) -> list[str]:
        """Return the ids from the root down to an account."""
        units = {unit.id: unit for unit in self.backend.ou}
        path, parent = [account.id], account.parent_id
        while parent in units:
            path.insert(0, parent)
            parent = str(units[parent].parent_id)
        return path


def _types_of(unit: FakeOrganizationalUnit) -> list[dict[str, str]]:
    """Return the enabled types of policies; only a root has any."""
    found: list[dict[str, str]] = getattr(unit, "policy_types", [])
    return found


@contextmanager
def _drawing(function: str, fixed: str) -> Iterator[None]:
    """Let moto's random ids be a fixed one; our lock around moto is held meanwhile."""
    from moto.organizations import utils

    drawn: Any = getattr(utils, function)
    setattr(utils, function, lambda *_: fixed)
    try:
        yield
    finally:
        setattr(utils, function, drawn)
