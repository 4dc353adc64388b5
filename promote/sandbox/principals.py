"""Read the principals of an account out of moto's IAM: their policies, keys, ids and tags."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from promote.sandbox.credentials import Caller, CredentialStore
from promote.sandbox.propagation import Part, PolicyHistory
from promote.sandbox.storage import Storage

if TYPE_CHECKING:
    from moto.iam.models import IAMBackend, ManagedPolicy, Role, User


class Directory:
    """Looks up users and roles, and tells credentials and history what changed."""

    def __init__(
        self, storage: Storage, credentials: CredentialStore, history: PolicyHistory
    ) -> None:
        self._storage = storage
        self._credentials = credentials
        self._history = history

    def refresh(self, account: str, *, at_once: bool = False) -> None:
        """Note every change of an account's IAM since the last look."""
        with self._storage.alone():
            backend = self._storage.iam(account)
            parts = dict(_parts(backend))
            callers = dict(_callers(backend))
        self._history.observe(account, parts, at_once=at_once)
        self._credentials.set_users(account, callers)

    def role(self, account: str, name: str) -> Role | None:
        """Return a role by its name."""
        with self._storage.alone():
            roles = self._storage.iam(account).roles.values()
            return next((role for role in roles if role.name == name), None)

    def role_arn(self, account: str, name: str, path: str = "/") -> str:
        """Return the ARN that a role has, or would have with `path`."""
        role = self.role(account, name)
        return role.arn if role else f"arn:aws:iam::{account}:role{path}{name}"

    def user_arn(self, account: str, name: str, path: str = "/") -> str:
        """Return the ARN that a user has, or would have with `path`."""
        with self._storage.alone():
            user = self._storage.iam(account).users.get(name)
        return user.arn if user else f"arn:aws:iam::{account}:user{path}{name}"

    def inline_documents(self, account: str, role: str) -> dict[str, str]:
        """Return the inline policies of a role by name, as stored."""
        found = self.role(account, role)
        return dict(found.policies) if found else {}


def _parts(backend: IAMBackend) -> Iterator[tuple[Part, str]]:
    """Yield every part of every principal that decisions depend on."""
    for role in backend.roles.values():
        yield Part(role.arn, "exists"), role.id
        yield Part(role.arn, "trust"), role.assume_role_policy_document
        yield Part(role.arn, "tags"), json.dumps({t["Key"]: t["Value"] for t in role.tags})
        boundary = role.permissions_boundary_arn
        if boundary:
            yield Part(role.arn, "boundary", boundary), _managed(backend, boundary)
        yield from _policies(role)
    for user in backend.users.values():
        yield Part(user.arn, "exists"), user.id
        yield from _policies(user)


def _policies(principal: Role | User) -> Iterator[tuple[Part, str]]:
    """Yield the inline and attached policies of a principal."""
    for name, document in principal.policies.items():
        yield Part(principal.arn, "inline", name), document
    for arn, policy in principal.managed_policies.items():
        yield Part(principal.arn, "attached", arn), _default_document(policy)


def _managed(backend: IAMBackend, arn: str) -> str:
    """Return a managed policy's document; of one that does not exist, nothing, which denies."""
    policy = backend.managed_policies.get(arn)
    return _default_document(policy) if policy else ""


def _default_document(policy: ManagedPolicy) -> str:
    """Return the document of a managed policy's default version."""
    documents = (version.document for version in policy.versions if version.is_default)
    return next(documents, None) or ""


def _callers(backend: IAMBackend) -> Iterator[tuple[str, Caller]]:
    """Yield every active access key with its user."""
    for user in backend.users.values():
        for key in user.access_keys:
            if key.status == "Active":
                yield (
                    key.access_key_id,
                    Caller(
                        account=user.account_id,
                        arn=user.arn,
                        entity=user.arn,
                        unique_id=user.id,
                        access_key_id=key.access_key_id,
                        secret=key.secret_access_key,
                    ),
                )
