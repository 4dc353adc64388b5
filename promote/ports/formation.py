"""CloudFormation, as far as stacks are deployed through it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from promote.core.bootstrap import Change, Stack, StackState
from promote.ports.clock import Clock
from promote.ports.identities import Identities


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrance:
    """How an account is reached: by a role, by a profile, or by the caller's own credentials."""

    account: str
    role: str | None = None
    """The ARN of the role; None is the credentials as they are."""
    profile: str | None = None
    """A profile of the AWS configuration; None is the caller's own credentials."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSetState:
    """A change set as it is."""

    status: str
    reason: str
    changes: tuple[Change, ...]

    @property
    def pending(self) -> bool:
        """Say whether it is still being worked out."""
        return self.status in {"CREATE_PENDING", "CREATE_IN_PROGRESS"}

    @property
    def failed(self) -> bool:
        """Say whether it cannot be executed."""
        return self.status == "FAILED"

    @property
    def empty(self) -> bool:
        """Say whether it failed because there is nothing to change."""
        said = ("didn't contain changes", "No updates are to be performed")
        return self.failed and any(each in self.reason for each in said)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A resource that could not be made, changed or deleted."""

    logical: str
    type: str
    reason: str


class Formation(Protocol):
    """The stacks of every account that can be entered."""

    def state(self, name: str, *, by: Entrance) -> StackState | None:
        """Return a stack by its name or id, or None when there is none.

        Raises:
            AccessDeniedError: The account cannot be entered, or CloudFormation not be asked there.
        """
        ...

    def validate(self, stack: Stack, *, by: Entrance) -> None:
        """Let CloudFormation read a template that is small enough to be sent along.

        Raises:
            InputError: It does not understand it.
        """
        ...

    def propose(
        self,
        stack: Stack,
        change_set: str,
        *,
        create: bool,
        parameters: Mapping[str, str],
        previous: Collection[str],
        url: str | None,
        by: Entrance,
    ) -> None:
        """Ask for a change set to be worked out.

        Args:
            stack: What is wanted.
            change_set: A name for it.
            create: Whether there is no such stack yet.
            parameters: Values by name.
            previous: Parameters that keep the value that they have.
            url: Where the template lies; None sends it along.
            by: How to enter the account.
        """
        ...

    def proposed(self, stack: str, change_set: str, *, by: Entrance) -> ChangeSetState:
        """Return a change set as it is."""
        ...

    def execute(self, stack: str, change_set: str, *, by: Entrance) -> None:
        """Start to carry out a change set; one that was started already goes on."""
        ...

    def discard(self, stack: str, prefix: str, *, by: Entrance) -> None:
        """Delete the change sets of a stack whose names begin with something."""
        ...

    def delete(self, stack: str, *, by: Entrance) -> None:
        """Start to delete a stack; one that is gone stays so."""
        ...

    def failures(self, stack: str, *, by: Entrance) -> tuple[Failure, ...]:
        """Return what failed since the stack was last begun to be changed, the first first."""
        ...

    def has_bucket(self, name: str, *, by: Entrance) -> bool:
        """Say whether a bucket of a name exists, in whosever account."""
        ...

    def upload(self, bucket: str, key: str, text: str, *, by: Entrance) -> str:
        """Put a template into a bucket and return its URL."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Yard:
    """Every port that deploying stacks drives, chosen in `promote.wiring`."""

    clock: Clock
    identities: Identities
    formation: Formation
