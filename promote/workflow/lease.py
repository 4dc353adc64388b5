"""The lock: one lease for each model, so that two promotions of one model never interleave (P4).

An owner renews its lease while it works and treats it as lost a margin before it expires, by its
own monotonic clock; whoever waits takes it over a margin after it has expired. The owner of a
process on this very machine that is dead has lost it at once.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
from dataclasses import dataclass, field, replace
from datetime import timedelta

from promote.core.codec import CodecError, canonical, from_json, to_json
from promote.core.status import LockHolder
from promote.errors import LockedError, TryAgainError
from promote.ports import Clock, Store, Stored

LEASE = timedelta(minutes=2)
MARGIN = timedelta(seconds=45)
"""More than the longest request takes: 5 s to connect and 30 s to read."""


@dataclass(slots=True)
class Lease:
    """A lease that we hold; thread-safe."""

    store: Store
    clock: Clock
    key: str
    holder: LockHolder
    tag: str
    renewed: float
    """When it was last renewed, on the monotonic clock."""
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def keep(self) -> None:
        """Renew the lease when a third of it has passed; call before every write and pause.

        Raises:
            LockedError: It was lost: it nearly expired, or somebody took it over.
        """
        with self._guard:
            age = self.clock.monotonic() - self.renewed
            if age > (LEASE - MARGIN).total_seconds():
                raise self._lost("it was not renewed in time")
            if age > LEASE.total_seconds() / 3:
                self._renew()

    def release(self) -> None:
        """Give the lock back; somebody else's is left alone.

        A ledger that does not answer now changes nothing about how the work ended: leases expire.
        """
        with self._guard, contextlib.suppress(TryAgainError):
            self.store.delete(self.key, self.tag)

    def _renew(self) -> None:
        moment = self.clock.monotonic()
        holder = replace(self.holder, expires=self.clock.now() + LEASE)
        tag = self.store.replace(self.key, _encoded(holder), self.tag)
        if tag is None:
            raise self._lost("somebody else has taken it over")
        self.holder, self.tag, self.renewed = holder, tag, moment

    def _lost(self, why: str) -> LockedError:
        return LockedError(
            "The lock was lost",
            f"{self.holder.operation} held it since {self.holder.since.isoformat()}, but {why}. "
            "Nothing more was written.",
            "Run the same command again; it continues where this one stopped.",
        )


def acquire(store: Store, clock: Clock, *, model: str, owner: str, operation: str) -> Lease:
    """Take the lock of a model.

    Raises:
        LockedError: Somebody holds it; says who, where, since when and until when.
    """
    key = f"{model}/lock.json"
    moment, now = clock.monotonic(), clock.now()
    found = store.read(key)
    before = _decoded(found) if found else None
    if before is not None and not _free(before, clock):
        raise _held(before, model)
    holder = LockHolder(
        owner=owner,
        host=socket.gethostname(),
        pid=os.getpid(),
        operation=operation,
        since=now,
        expires=now + LEASE,
        fence=before.fence + 1 if before else 1,
    )
    content = _encoded(holder)
    tag = store.create(key, content) if found is None else store.replace(key, content, found.tag)
    if tag is None:
        return acquire(store, clock, model=model, owner=owner, operation=operation)
    return Lease(store, clock, key, holder, tag, moment)


def lock_holder(store: Store, model: str) -> LockHolder | None:
    """Return who holds the lock of a model, expired or not, or None."""
    found = store.read(f"{model}/lock.json")
    return _decoded(found) if found else None


def _free(holder: LockHolder, clock: Clock) -> bool:
    expired = clock.now() > holder.expires + MARGIN
    return expired or (holder.host == socket.gethostname() and not _alive(holder.pid))


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _held(holder: LockHolder, model: str) -> LockedError:
    return LockedError(
        "Another promotion is running",
        f"{model} is locked by {holder.owner} for {holder.operation} (process {holder.pid} on "
        f"{holder.host}) since {holder.since.isoformat(timespec='seconds')}. The lock expires at "
        f"{holder.expires.isoformat(timespec='seconds')} unless it is renewed.",
        f"Wait for it to end; to see how far it is:\n    promote status {model}",
    )


def _encoded(holder: LockHolder) -> bytes:
    return canonical(to_json(holder))


def _decoded(stored: Stored) -> LockHolder | None:
    try:
        holder: LockHolder = from_json(LockHolder, json.loads(stored.content), "lock")
    except (CodecError, ValueError):
        return None  # half a lock belongs to nobody: its writer never learnt that it held it
    return holder
