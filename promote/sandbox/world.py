"""Describe a world as data: what the sandbox holds when it starts. All of it travels as JSON."""

from __future__ import annotations

import base64
import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields, is_dataclass, replace
from typing import Any, cast

from promote.sandbox.key_seed import DEFAULT_REGION, Document, KeySeed


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account of the organisation; `ou` is a path of names: ``Workloads/Production``."""

    id: str
    name: str
    ou: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Organization:
    """The organisation and its accounts, the management account among them."""

    id: str
    management: str
    accounts: tuple[Account, ...]
    root: str = "r-a1b2"

    def unit_id(self, path: str) -> str:
        """Return the id of the unit with a path, which is the same in every sandbox.

        Pattern: ``OrganizationalUnitId`` in the service model of Organizations.
        """
        letters = "".join(one for one in path.lower() if one.isascii() and one.isalnum())
        return f"ou-{self.root.removeprefix('r-')}-{letters:0<8.32}"

    @property
    def units(self) -> Mapping[str, str]:
        """Return the id of each unit that has an account, by its path."""
        paths = sorted({account.ou for account in self.accounts if account.ou})
        return {path: self.unit_id(path) for path in paths}


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleSeed:
    """A role: its trust document, its inline policies and customer-managed ones by name.

    `boundary` becomes a customer-managed policy, too, and the role's permissions boundary.
    """

    account: str
    name: str
    trust: Document
    inline: Mapping[str, Document] = field(default_factory=dict)
    attached: Mapping[str, Document] = field(default_factory=dict)
    boundary: Document | None = None
    path: str = "/"
    max_session_seconds: int = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class UserSeed:
    """A user with one access key; `login` is the name under which the sandbox offers the key."""

    account: str
    name: str
    access_key_id: str
    secret_access_key: str
    inline: Mapping[str, Document] = field(default_factory=dict)
    login: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionSeed:
    """Credentials of a role as an application finds them on its machine; they do not expire."""

    account: str
    role: str
    name: str
    access_key_id: str
    secret_access_key: str
    session_token: str
    login: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionSeed:
    """A model version. `created` is in epoch milliseconds and ends its ARN."""

    name: str
    created: int
    status: str = "TRAINING_COMPLETED"
    quality: str = "good"
    f1: float = 0.9
    units: int = 1
    max_units: int | None = None
    fails_to_start: bool = False
    description: str = ""
    labels: tuple[str, ...] = ()
    """What it tells apart; none is the tools of the golden images."""
    summary: str | None = None
    """Where the summary of its evaluation lies: ``s3://bucket/key``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectSeed:
    """A Custom Labels project. `created` is in epoch milliseconds and ends its ARN."""

    account: str
    name: str
    created: int
    versions: tuple[VersionSeed, ...] = ()
    region: str = DEFAULT_REGION

    @property
    def arn(self) -> str:
        """Return the project's ARN."""
        return f"{self._stem}/{self.created}"

    def version_arn(self, name: str) -> str:
        """Return the ARN of the version called `name`."""
        created = next(version.created for version in self.versions if version.name == name)
        return f"{self._stem}/version/{name}/{created}"

    @property
    def _stem(self) -> str:
        return f"arn:aws:rekognition:{self.region}:{self.account}:project/{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterSeed:
    """An SSM parameter with the values that it has had, the present one last."""

    account: str
    name: str
    values: tuple[str, ...]
    region: str = DEFAULT_REGION


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectSeed:
    """An S3 object; the content is base64."""

    key: str
    base64: str

    @classmethod
    def of(cls, key: str, content: bytes) -> ObjectSeed:
        """Make an object from its bytes."""
        return cls(key=key, base64=base64.b64encode(content).decode())


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketSeed:
    """An S3 bucket, its first objects and its policy."""

    account: str
    name: str
    objects: tuple[ObjectSeed, ...] = ()
    policy: Document | None = None
    region: str = DEFAULT_REGION


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointSeed:
    """An interface VPC endpoint: a port of its own, for the named services (``*``: for all).

    Without a `policy` it lets everything pass, as AWS's default endpoint policy does.
    """

    id: str
    account: str
    services: tuple[str, ...] = ("rekognition",)
    policy: Document | None = None
    vpc: str = "vpc-0a1b2c3d4e5f60718"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotas:
    """Service quotas that the sandbox enforces, per account and Region."""

    running: int = 2
    units: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Everything that the sandbox holds when it starts."""

    organization: Organization
    region: str = DEFAULT_REGION
    roles: tuple[RoleSeed, ...] = ()
    users: tuple[UserSeed, ...] = ()
    sessions: tuple[SessionSeed, ...] = ()
    projects: tuple[ProjectSeed, ...] = ()
    parameters: tuple[ParameterSeed, ...] = ()
    buckets: tuple[BucketSeed, ...] = ()
    endpoints: tuple[EndpointSeed, ...] = ()
    keys: tuple[KeySeed, ...] = ()
    quotas: Quotas = field(default_factory=Quotas)


def to_json(world: World) -> dict[str, Any]:
    """Return the world as plain dictionaries and lists."""
    return asdict(world)


def from_json(document: Mapping[str, Any]) -> World:
    """Read a world that `to_json` wrote.

    Raises:
        ValueError: A key is unknown or missing, or a value is of the wrong shape.
    """
    return cast("World", _decode(World, document, "world"))


def _decode(kind: Any, value: Any, where: str) -> Any:
    """Build a value of the annotated type `kind` from JSON."""
    if is_dataclass(kind) and isinstance(kind, type):
        return _decode_dataclass(kind, value, where)
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if origin is tuple:
        _expect(isinstance(value, list | tuple), where, "a list")
        return tuple(_decode(args[0], item, f"{where}[{i}]") for i, item in enumerate(value))
    if origin is types.UnionType:
        return None if value is None else _decode(args[0], value, where)
    if isinstance(kind, type):
        number = kind is float and isinstance(value, int)
        _expect(isinstance(value, kind) or number, where, kind.__name__)
        return value
    _expect(isinstance(value, Mapping), where, "an object")
    return dict(value)


def _decode_dataclass(kind: type, value: Any, where: str) -> Any:
    """Build a dataclass from an object, refusing unknown and missing keys."""
    _expect(isinstance(value, Mapping), where, "an object")
    hints = typing.get_type_hints(kind)
    known = {item.name: item for item in fields(kind)}
    unknown = sorted(set(value) - set(known))
    _expect(not unknown, where, f"no key {', '.join(unknown)}")
    for name, item in known.items():
        optional = item.default is not MISSING or item.default_factory is not MISSING
        _expect(optional or name in value, where, f"the key {name}")
    return kind(**{name: _decode(hints[name], value[name], f"{where}.{name}") for name in value})


def _expect(truth: object, where: str, what: str) -> None:
    """Raise ValueError unless `truth`."""
    if not truth:
        msg = f"{where}: expected {what}"
        raise ValueError(msg)


def merged(old: World, new: World) -> World:
    """Return `old` with everything that `new` has added; of one name, the newer counts."""
    lists = ("roles", "users", "sessions", "projects", "parameters", "buckets", "endpoints", "keys")
    both: dict[str, Any] = {}
    for name in lists:
        added = getattr(new, name)
        both[name] = (*(one for one in getattr(old, name) if one not in added), *added)
    return replace(new, **both)


class WorldBox:
    """Holds the present world, for whatever needs its organisation or a quota."""

    def __init__(self, world: World) -> None:
        self.current = world

    @property
    def current(self) -> World:
        """Return the present world."""
        return self._world

    @current.setter
    def current(self, world: World) -> None:
        self._world = world
        accounts = world.organization.accounts
        self.accounts = frozenset(account.id for account in accounts)
        """The ids of the organisation's accounts."""
        self.known_accounts = self.accounts.union(
            (role.account for role in world.roles), (user.account for user in world.users)
        )
        """Those, and the accounts outside the organisation that somebody of the world is in."""
        self.endpoints = {one.id: one for one in world.endpoints}
        """The VPC endpoints by id; of one id, the newer."""

    def is_member(self, account: str) -> bool:
        """Say whether an account is governed by the organisation: the management one is not."""
        return account in self.accounts and account != self._world.organization.management
