"""Put a world into the sandbox's parts, past authentication and authorisation."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from promote.errors import InputError
from promote.iam.document import Kind, parse
from promote.iam.quota import inline_usage, trust_usage
from promote.sandbox.credentials import Caller
from promote.sandbox.world import (
    BucketSeed,
    Organization,
    ParameterSeed,
    RoleSeed,
    SessionSeed,
    UserSeed,
    World,
)

if TYPE_CHECKING:
    from moto.iam.models import IAMBackend, Role

    from promote.sandbox.parts import Parts


def seed_world(parts: Parts, world: World) -> None:
    """Add everything in `world`; what exists under the same name is replaced.

    Raises:
        PolicyError: A document is outside the fragment of `promote.iam`.
        InputError: A role's documents are too large, its trust names somebody who does not exist,
            or a session names a role that the world does not have.
    """
    for role in world.roles:
        _check_documents(role)
    with parts.storage.alone():
        _seed_organization(parts, world.organization, world.region)
        for role in world.roles:
            _seed_role(parts.storage.iam(role.account), role)
        for user in world.users:
            _seed_user(parts.storage.iam(user.account), user, world.region)
        for parameter in world.parameters:
            _seed_parameter(parts, parameter)
        for bucket in world.buckets:
            _seed_bucket(parts, bucket)
    for account in world.organization.accounts:
        parts.directory.refresh(account.id, at_once=True)
    for role in world.roles:
        _check_principals(parts, role)
    for session in world.sessions:
        _seed_session(parts, session)
    for project in world.projects:
        parts.rekognition.seed(project)


def _seed_organization(parts: Parts, organization: Organization, region: str) -> None:
    """Make the organisation with the ids that the world names."""
    backend = parts.storage.organizations(organization.management)
    if backend.org is None:
        with _drawing("make_random_org_id", organization.id):
            backend.create_organization(region, FeatureSet="ALL")
    root = next(unit.id for unit in backend.ou if unit.type == "ROOT")
    units = {unit.name: unit.id for unit in backend.ou}
    known = {account.id: account for account in backend.accounts}
    for account in organization.accounts:
        if account.ou and account.ou not in units:
            made = backend.create_organizational_unit(ParentId=root, Name=account.ou)
            units[account.ou] = made["OrganizationalUnit"]["Id"]
        if account.id in known:
            known[account.id].name = account.name
            continue
        with _drawing("make_random_account_id", account.id):
            backend.create_account(AccountName=account.name, Email=f"{account.id}@example.com")
        if account.ou:
            backend.move_account(
                AccountId=account.id,
                SourceParentId=root,
                DestinationParentId=units[account.ou],
            )


def _check_documents(role: RoleSeed) -> None:
    """Refuse a role that IAM would not have stored.

    Raises:
        PolicyError: A document is outside the fragment of `promote.iam`.
        InputError: The documents are larger than IAM's quotas.
    """
    where = f"{role.name} in {role.account}"
    parse(role.trust, kind=Kind.TRUST, name=f"the trust policy of {where}")
    for name, document in (*role.inline.items(), *role.attached.items()):
        parse(document, kind=Kind.IDENTITY, name=f"{name} of {where}")
    for usage in (inline_usage(role.inline.values()), trust_usage(role.trust)):
        if not usage.fits:
            raise InputError(
                "World not accepted",
                f"The policies of {where} have {usage.used} characters of {usage.limit}.",
            )


def _check_principals(parts: Parts, role: RoleSeed) -> None:
    """Refuse a trust policy that names somebody who does not exist, as IAM does."""
    trust = parse(role.trust, kind=Kind.TRUST, name="the trust policy")
    if strangers := parts.write_guard.strangers(trust, 0):
        raise InputError(
            "World not accepted",
            f"The trust policy of {role.name} in {role.account} names {', '.join(strangers)}, "
            "who does not exist.",
        )


@contextmanager
def _drawing(function: str, fixed: str) -> Iterator[None]:
    """Let moto's random ids be a fixed one; our lock around moto is held meanwhile."""
    from moto.organizations import utils

    drawn = getattr(utils, function)
    setattr(utils, function, lambda: fixed)
    try:
        yield
    finally:
        setattr(utils, function, drawn)


def _seed_role(iam: IAMBackend, seed: RoleSeed) -> None:
    """Create or replace a role with its policies."""
    role = next((one for one in iam.roles.values() if one.name == seed.name), None)
    if role is None:
        role = iam.create_role(
            role_name=seed.name,
            assume_role_policy_document=_text(seed.trust),
            path=seed.path,
            permissions_boundary=None,
            description="",
            tags=[],
            max_session_duration=str(seed.max_session_seconds),
        )
    role.assume_role_policy_document = _text(seed.trust)
    role.max_session_duration = str(seed.max_session_seconds)
    role.policies.clear()
    role.policies.update({name: _text(document) for name, document in seed.inline.items()})
    role.managed_policies.clear()
    for name, document in seed.attached.items():
        _attach(iam, role, name, _text(document))


def _attach(iam: IAMBackend, role: Role, name: str, document: str) -> None:
    """Create a customer-managed policy anew and attach it."""
    existing = [arn for arn, policy in iam.managed_policies.items() if policy.name == name]
    for arn in existing:
        del iam.managed_policies[arn]
    policy = iam.create_policy("", "/", document, name, [])
    policy.attach_to(role)


def _seed_user(iam: IAMBackend, seed: UserSeed, region: str) -> None:
    """Create or replace a user with one access key."""
    user = iam.users.get(seed.name) or iam.create_user(region, seed.name)
    user.id = f"AIDA{user.id[4:]}".upper()
    user.policies.clear()
    user.policies.update({name: _text(document) for name, document in seed.inline.items()})
    for key in user.access_keys:
        iam.access_keys.pop(key.physical_resource_id, None)
    user.access_keys.clear()
    key = iam.create_access_key(seed.name)
    iam.access_keys.pop(key.physical_resource_id, None)
    key.access_key_id, key.secret_access_key = seed.access_key_id, seed.secret_access_key
    iam.access_keys[key.physical_resource_id] = key


def _seed_parameter(parts: Parts, seed: ParameterSeed) -> None:
    """Write a parameter's values one after the other, so that it has a history."""
    backend = parts.storage.ssm(seed.account, seed.region)
    if seed.name in backend._parameters:  # noqa: SLF001 - moto has no public way past its checks
        backend.delete_parameter(seed.name)
    for value in seed.values:
        backend.put_parameter(
            name=seed.name,
            description="",
            value=value,
            parameter_type="String",
            allowed_pattern="",
            keyid="",
            overwrite=True,
            tags=[],
            data_type="text",
            tier="Standard",
            policies=None,
        )


def _seed_bucket(parts: Parts, seed: BucketSeed) -> None:
    """Create a bucket and put its objects."""
    backend = parts.storage.s3(seed.account)
    if seed.name not in backend.buckets:
        backend.create_bucket(seed.name, seed.region)
    for item in seed.objects:
        backend.put_object(seed.name, item.key, base64.b64decode(item.base64))


def _seed_session(parts: Parts, seed: SessionSeed) -> None:
    """Open a session of a role that does not expire, with fixed keys."""
    role = parts.directory.role(seed.account, seed.role)
    if role is None:
        raise InputError(
            "World not accepted",
            f"The session {seed.name} is of role {seed.role} in {seed.account}, which is missing.",
        )
    parts.credentials.add_session(
        Caller(
            account=seed.account,
            arn=f"arn:aws:sts::{seed.account}:assumed-role/{seed.role}/{seed.name}",
            entity=role.arn,
            unique_id=f"{role.id}:{seed.name}",
            access_key_id=seed.access_key_id,
            secret=seed.secret_access_key,
            token=seed.session_token,
            issued=parts.clock.now(),
        )
    )


def _text(document: Mapping[str, Any]) -> str:
    return json.dumps(document, separators=(",", ":"))
