"""What `promote` needs of the world, as Protocols: the whole boundary between deciding and AWS.

Adapters implement them under `aws/`, `services/`, `pointers/` and `ledger/`; `wiring` chooses.
No adapter lets a foreign exception through: each raises classes of `promote.errors` only. Every
method that acts takes the ARN of the role to act as, so that a reader of the workflow sees which
identity does what; None means the promoter's own credentials.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from promote.core.observation import AccessRoleState, Json, PointerState, PointerValue
from promote.core.topology import Target
from promote.core.version import ModelVersion


class Clock(Protocol):
    """Time as an argument."""

    def now(self) -> datetime:
        """Return the wall-clock time, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait; a signal that asks us to end interrupts it with `InterruptedBySignalError`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who the promoter's own credentials belong to."""

    arn: str
    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """One fresh session of an access role; its `repr` shows no secret."""

    role: str
    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)
    endpoint_url: str | None = None
    """The VPC endpoint to call the model through; None is the default endpoint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """One label that a version recognised in an image, with its confidence in percent."""

    name: str
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledImage:
    """One image of the smoke test and the label that is true of it."""

    name: str
    label: str
    content: bytes = field(repr=False)


class Identities(Protocol):
    """The promoter and the roles that it walks through."""

    def caller(self) -> Caller:
        """Say whose credentials the promoter has.

        Raises:
            CredentialsError: There are none, or they are not valid.
        """
        ...

    def reach(self, role: str) -> None:
        """Make sure that the promoter can assume a role; its session serves later calls.

        Raises:
            AccessDeniedError: The role does not exist, or does not trust the promoter.
        """
        ...

    def enter(self, target: Target, session_name: str) -> Credentials:
        """Open a *fresh* session of the target's access role, exactly as a consumer would.

        Through the target's smoke role, whose session alone assumes the access role with the
        external id. Never cached: each session may meet another replica of IAM.

        Raises:
            AccessDeniedError: A trust policy or an identity policy does not allow it (yet).
        """
        ...


class ModelService(Protocol):
    """A model service: rekognition now, others by their own modules."""

    def project_arn(self, project: str, *, role: str | None) -> str:
        """Return the ARN of a project by its name.

        Raises:
            NotFoundError: The account and Region have no such project.
        """
        ...

    def versions(self, project_arn: str, *, role: str | None) -> tuple[ModelVersion, ...]:
        """Return every version of a project, newest first."""
        ...

    def describe(self, project_arn: str, version: str, *, role: str | None) -> ModelVersion:
        """Return one version by its name, as it is now.

        Raises:
            NotFoundError: The project has no such version.
        """
        ...

    def occupants(
        self, *, role: str | None, besides: str | None = None
    ) -> tuple[ModelVersion, ...]:
        """Return every version of the account and Region that holds a running slot.

        Args:
            role: The role to ask as.
            besides: The ARN of a project to leave out, because its versions are known already.
        """
        ...

    def start(
        self, version_arn: str, *, min_units: int, max_units: int | None, role: str | None
    ) -> None:
        """Ask for a version to be started.

        Raises:
            WrongStateError: It is not in a state to start from; describe it again and decide.
            LostResponseError: The outcome is unknown; describe it again and decide.
            QuotaError: No running slot, or more inference units than allowed.
        """
        ...

    def stop(self, version_arn: str, *, role: str | None) -> None:
        """Ask for a version to be stopped.

        Raises:
            WrongStateError: It is not RUNNING; describe it again and decide.
            LostResponseError: The outcome is unknown; describe it again and decide.
        """
        ...

    def invoke(self, credentials: Credentials, version_arn: str, image: bytes) -> tuple[Label, ...]:
        """Classify an image as a consumer would; the most confident label comes first.

        Raises:
            AccessDeniedError: No policy allows it (yet).
            ExplicitDenyError: A policy forbids it.
            NotReadyError: The version does not run. Comes after authorisation.
            ImageError: The image is refused. Comes after authorisation.
        """
        ...


class Pointer(Protocol):
    """Where applications read the version: SSM parameters now, others by their own modules."""

    def read(self, target: Target, *, role: str | None) -> PointerState:
        """Return the pointer with its whole history; one that does not exist has an empty one."""
        ...

    def current(self, target: Target, *, role: str | None) -> PointerValue | None:
        """Return what the pointer holds now, or None when it does not exist."""
        ...

    def create(self, target: Target, value: str, *, role: str | None) -> int:
        """Create the pointer and return its revision; never overwrites.

        Raises:
            PointerChangedError: It exists by now.
            LostResponseError: The outcome is unknown; read it and decide.
        """
        ...

    def write(self, target: Target, value: str, *, role: str | None) -> int:
        """Overwrite the pointer and return its new revision.

        SSM has no compare-and-set: the caller reads right before and compares the revision after.

        Raises:
            LostResponseError: The outcome is unknown; read it and decide.
        """
        ...

    def delete(self, target: Target, *, role: str | None) -> None:
        """Delete a pointer that this promotion created."""
        ...


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """One object of a ledger with the tag that its next conditional write must name."""

    content: bytes
    tag: str


class Store(Protocol):
    """Named objects with conditional writes: all that a ledger must offer.

    Keys are ``a/b/c`` of ``[A-Za-z0-9_.-]`` segments. Records, claims, direction and lock are
    built on this in `promote.workflow`, so a new kind of ledger is these five methods.
    """

    def read(self, key: str) -> Stored | None:
        """Return an object, or None when there is none."""
        ...

    def create(self, key: str, content: bytes) -> str | None:
        """Write a new object durably and return its tag; None when there already is one."""
        ...

    def replace(self, key: str, content: bytes, tag: str) -> str | None:
        """Overwrite the object that still has `tag` and return the new tag; None if it has not."""
        ...

    def delete(self, key: str, tag: str) -> bool:
        """Delete the object that still has `tag`; False if it has not, or is gone."""
        ...

    def keys(self, prefix: str) -> Sequence[str]:
        """Return the keys that start with `prefix`, sorted."""
        ...


class ImageSource(Protocol):
    """Where the smoke test's images come from."""

    def load(self, location: str) -> tuple[LabelledImage, ...]:
        """Read labelled images from a folder, a manifest or an ``s3://`` prefix.

        Raises:
            InputError: There are none there, or one is unusable; names it and says why.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Every port that a promotion drives, chosen in `promote.wiring`."""

    clock: Clock
    identities: Identities
    services: Mapping[str, ModelService]
    """By the `service` key of a model."""
    pointers: Mapping[str, Pointer]
    """By the kind of a pointer address."""
    roles: AccessRoles
    store: Store
    images: ImageSource
    cancelled: threading.Event = field(default_factory=threading.Event)
    """Set when a part of the work failed or a signal came: every wait of the others ends."""
