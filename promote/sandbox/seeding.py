"""Put a world into the sandbox's parts, past authentication and authorisation."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from promote.errors import InputError
from promote.iam.document import Kind, Policy, parse
from promote.sandbox.credentials import Caller
from promote.sandbox.world import (
    BucketSeed,
    ParameterSeed,
    RoleSeed,
    SessionSeed,
    UserSeed,
    World,
)
from promote.sandbox.world_checks import check_world

if TYPE_CHECKING:
    from moto.iam.models import IAMBackend, ManagedPolicy

    from promote.sandbox.parts import Parts


def seed_world(parts: Parts, world: World) -> None:
    """Add everything in `world`; what exists under the same name is replaced.

    Raises:
        PolicyError: A document is outside the fragment of `promote.iam`.
        InputError: A document is too large, the trust of a role or the policy of a bucket names
            somebody who does not exist, or a session names a role that the world does not have.
    """
    check_world(world)
    with parts.storage.alone():
        parts.organization.seed(world.organization, world.region)
        for role in world.roles:
            _seed_role(parts.storage.iam(role.account), role)
        for user in world.users:
            _seed_user(parts.storage.iam(user.account), user, world.region)
        for parameter in world.parameters:
            _seed_parameter(parts, parameter)
        for bucket in world.buckets:
            _seed_bucket(parts, bucket)
    for account in parts.world.known_accounts:
        parts.directory.refresh(account, at_once=True)
    _seed_trust(parts, world)
    parts.keys.seed(world.keys)
    for session in world.sessions:
        _seed_session(parts, session)
    for project in world.projects:
        parts.rekognition.seed(project)


def _seed_trust(parts: Parts, world: World) -> None:
    """Check whom roles trust, and let buckets trust whom their policies name."""
    for role in world.roles:
        name = f"The trust policy of {role.name} in {role.account}"
        _check_principals(parts, parse(role.trust, kind=Kind.TRUST, name=name))
    for bucket in world.buckets:
        if bucket.policy is not None:
            name = f"The policy of the bucket {bucket.name}"
            _check_principals(parts, parse(bucket.policy, kind=Kind.BUCKET, name=name))
            parts.bucket_policies.seed(bucket.name, _text(bucket.policy))


def _check_principals(parts: Parts, policy: Policy) -> None:
    """Refuse a policy that names somebody who does not exist, as AWS does."""
    if strangers := parts.write_guard.strangers(policy, 0):
        raise InputError(
            "World not accepted",
            f"{policy.name} names {', '.join(strangers)}, who does not exist.",
        )


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
        _managed(iam, name, _text(document)).attach_to(role)
    role.permissions_boundary_arn = None
    if seed.boundary is not None:
        boundary = _managed(iam, f"{seed.name}-boundary", _text(seed.boundary))
        role.permissions_boundary_arn = boundary.arn


def _managed(iam: IAMBackend, name: str, document: str) -> ManagedPolicy:
    """Create a customer-managed policy anew."""
    existing = [arn for arn, policy in iam.managed_policies.items() if policy.name == name]
    for arn in existing:
        del iam.managed_policies[arn]
    return iam.create_policy("", "/", document, name, [])


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
