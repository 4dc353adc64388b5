"""Refuse a world whose documents AWS would not have stored."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from promote.errors import InputError
from promote.iam.document import Kind, parse
from promote.iam.quota import MANAGED, QUOTAS
from promote.sandbox.key_seed import Document
from promote.sandbox.world import RoleSeed, World

_LIMITS: Final = {Kind.IDENTITY: MANAGED}


def check_world(world: World) -> None:
    """Return if every document of a world is one that AWS would store.

    Raises:
        PolicyError: A document is outside the fragment of `promote.iam`.
        InputError: A document, or a role's inline documents together, are larger than the quota.
    """
    for role in world.roles:
        _check_role(role)
    for bucket in world.buckets:
        if bucket.policy is not None:
            _check(bucket.policy, Kind.BUCKET, f"the policy of the bucket {bucket.name}")
    for endpoint in world.endpoints:
        if endpoint.policy is not None:
            _check(endpoint.policy, Kind.ENDPOINT, f"the policy of {endpoint.id}")


def _check_role(role: RoleSeed) -> None:
    where = f"{role.name} in {role.account}"
    _check(role.trust, Kind.TRUST, f"the trust policy of {where}")
    for name, document in role.attached.items():
        _check(document, Kind.IDENTITY, f"{name} of {where}")
    if role.boundary is not None:
        _check(role.boundary, Kind.BOUNDARY, f"the boundary of {where}")
    for name, document in role.inline.items():
        parse(document, kind=Kind.IDENTITY, name=f"{name} of {where}")
    _measure(role.inline.values(), Kind.IDENTITY, f"the inline policies of {where}", None)


def _check(document: Document, kind: Kind, name: str) -> None:
    """Check the form and the size of one document."""
    parse(document, kind=kind, name=name)
    _measure([document], kind, name, _LIMITS.get(kind))


def _measure(documents: Iterable[Document], kind: Kind, name: str, limit: int | None) -> None:
    usage = QUOTAS[kind].usage(documents, limit=limit)
    if not usage.fits:
        subject = name[:1].upper() + name[1:]
        text = f"{subject}: {usage.used} {QUOTAS[kind].unit} of {usage.limit}."
        raise InputError("World not accepted", text)
