"""What is kept outside: pointers, and the objects of a ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from promote.core.observation import PointerState, PointerValue
from promote.core.topology import Target


class Pointer(Protocol):
    """Where applications read the version: SSM parameters now, others by their own modules."""

    def read(self, target: Target, *, role: str | None) -> PointerState:
        """Return the pointer with its whole history; one that does not exist has an empty one."""
        ...

    def current(self, target: Target, *, role: str | None) -> PointerValue | None:
        """Return what the pointer holds now, or None when it does not exist."""
        ...

    def published(self, target: Target, *, role: str | None) -> str | None:
        """Return the text that applications publish in such a place, None when there is none."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """One object of a ledger with the tag that its next conditional write must name."""

    content: bytes
    tag: str


class Store(Protocol):
    """Named objects with conditional writes: all that a ledger must offer.

    Keys are ``a/b/c`` of ``[A-Za-z0-9_.:=+,@-]`` segments. Records, claims, direction and lock are
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

    def keys(self, prefix: str, after: str = "") -> Sequence[str]:
        """Return the keys that start with `prefix` and come after `after`, sorted."""
        ...
