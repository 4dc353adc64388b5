"""The lock: one lease for each model, so that two promotions of one model never interleave (P4).

An owner renews its lease while it works and treats it as lost a margin before it expires, by its
own monotonic clock; whoever waits takes it over a margin after it has expired. The owner of a
process on this very machine that is dead has lost it at once. Who asks the owner to give way is
heard before its next write. Whoever takes a lock from an owner asks for it first, so that this
owner writes nothing more even if it only seemed dead: its clock was behind, or stood still while
its machine slept.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta

from promote.core.codec import CodecError, canonical, from_json, to_json
from promote.core.status import LockHolder, ModelLock
from promote.core.topology import LEASE
from promote.errors import LockedError, NeedsAttentionError, PromoteError
from promote.ports import Clock, Store, Stored, World
from promote.workflow.asking import ask, asked_of, last_asked
from promote.workflow.contention import Turns
from promote.workflow.machine import is_dead, this_machine
from promote.workflow.wait import Pace, pause

MARGIN = timedelta(seconds=45)
"""More than the longest request takes: 5 s to connect and 30 s to read."""
_LOOK = 1.0  # seconds between two looks at a lock that was asked for


@dataclass(slots=True)
class Lease:
    """A lease that we hold; thread-safe."""

    store: Store
    clock: Clock
    model: str
    holder: LockHolder
    tag: str
    renewed: float
    """When it was last renewed, on the monotonic clock."""
    length: timedelta
    """How long it lasts unless it is renewed."""
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def keep(self) -> None:
        """Renew the lease when a third of it has passed; call before every write and pause.

        Raises:
            LockedError: It was lost: it nearly expired, or somebody took it over; or somebody
                asks for it, and we give way.
        """
        with self._guard:
            asked = asked_of(self.store, self.model, self.holder)
            if asked is not None:
                raise _gave_way(self.model, self.holder, f"{asked.by} ({asked.operation})")
            age = self.clock.monotonic() - self.renewed
            if age > (self.length - MARGIN).total_seconds():
                raise self._lost("it was not renewed in time")
            if age > self.length.total_seconds() / 3:
                self._renew()

    def release(self) -> None:
        """Give the lock back; somebody else's is left alone.

        A ledger that refuses or does not answer now changes nothing about how the work ended:
        leases expire.
        """
        with self._guard, contextlib.suppress(PromoteError):
            self.store.delete(_key(self.model), self.tag)

    def _renew(self) -> None:
        moment = self.clock.monotonic()
        holder = replace(self.holder, expires=self.clock.now() + self.length)
        tag = self.store.replace(_key(self.model), _encoded(holder), self.tag)
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


@contextmanager
def holding(
    world: World,
    *,
    model: str,
    owner: str,
    operation: str,
    length: timedelta,
    asks: bool = False,
    heartbeat: Callable[[], None] = lambda: None,
) -> Iterator[Lease]:
    """Hold the lock of a model while the body runs.

    Args:
        world: Whose ledger and clock it is.
        model: The model.
        owner: The ARN of the caller.
        operation: What the lock is wanted for.
        length: How long the lease lasts unless it is renewed.
        asks: Ask a live owner to give way, and wait until it has.
        heartbeat: Called again and again during that wait.

    Raises:
        LockedError: Somebody holds it, or does not give way in time.
    """
    store, clock = world.store, world.clock
    if asks:
        longest = (length + MARGIN).total_seconds() + _LOOK
        pace = Pace(clock=clock, deadline=longest, heartbeat=heartbeat, cancelled=world.cancelled)
        lease = acquire_from_owner(
            store, pace, model=model, owner=owner, operation=operation, length=length
        )
    else:
        lease = acquire(store, clock, model=model, owner=owner, operation=operation, length=length)
    try:
        yield lease
    finally:
        lease.release()


def acquire(
    store: Store,
    clock: Clock,
    *,
    model: str,
    owner: str,
    operation: str,
    length: timedelta = LEASE,
) -> Lease:
    """Take the lock of a model.

    Raises:
        LockedError: Somebody holds it; says who, where, since when and until when.
    """
    key, turns = _key(model), Turns(_key(model))
    while True:
        turns.take()
        moment, now = clock.monotonic(), clock.now()
        found = store.read(key)
        before = _decoded(found) if found else None
        if before is not None and not _is_free(before, clock):
            raise _held(before, model)
        if before is not None:
            ask(store, model, before, by=owner, operation=operation)
        holder = LockHolder(
            owner=owner,
            host=socket.gethostname(),
            pid=os.getpid(),
            operation=operation,
            since=now,
            expires=now + length,
            fence=max(before.fence if before else 0, last_asked(store, model)) + 1,
            machine=this_machine(),
        )
        content = _encoded(holder)
        written = store.replace(key, content, found.tag) if found else store.create(key, content)
        if written is not None:
            return Lease(store, clock, model, holder, written, moment, length)


def acquire_from_owner(
    store: Store, pace: Pace, *, model: str, owner: str, operation: str, length: timedelta
) -> Lease:
    """Take the lock of a model; ask a live owner to give way, and wait until it has.

    Args:
        store: The ledger.
        pace: For how long at most, on which clock, and what ends the wait early.
        model: The model.
        owner: The ARN of the caller.
        operation: What the lock is wanted for.
        length: How long the lease lasts unless it is renewed.

    Raises:
        LockedError: The owner did not give way in time.
    """
    end = pace.clock.monotonic() + pace.deadline
    while True:
        try:
            return acquire(
                store, pace.clock, model=model, owner=owner, operation=operation, length=length
            )
        except LockedError:
            if pace.clock.monotonic() >= end:
                raise
        holder = lock_holder(store, model)
        if holder is not None:
            ask(store, model, holder, by=owner, operation=operation)
        pace.heartbeat()
        pause(pace, _LOOK)


def lock_holder(store: Store, model: str) -> LockHolder | None:
    """Return who holds the lock of a model, expired or not, or None."""
    found = store.read(_key(model))
    return _decoded(found) if found else None


def model_lock(store: Store, clock: Clock, model: str, length: timedelta) -> ModelLock | None:
    """Return the lock of a model and whether its holder still counts, or None."""
    holder = lock_holder(store, model)
    if holder is None:
        return None
    live = not _is_free(holder, clock)
    return ModelLock(model=model, holder=holder, live=live, lease=length.total_seconds())


def release_lock(store: Store, lock: ModelLock, *, by: str) -> bool:
    """Take a lock from the holder that was shown, who writes nothing more after it.

    Returns:
        False when that holder has it no more; somebody else's lock is left alone.
    """
    model, shown = lock.model, lock.holder
    turns = Turns(_key(model))
    while True:
        turns.take()
        found = store.read(_key(model))
        now = _decoded(found) if found else None
        if found is None or now is None or (now.fence, now.since) != (shown.fence, shown.since):
            return False
        ask(store, model, now, by=by, operation=f"lock release {model}")
        if store.delete(_key(model), found.tag):
            return True


def _is_free(holder: LockHolder, clock: Clock) -> bool:
    """Say whether whoever comes next takes a lock over: its holder is dead, or silent too long."""
    expired = clock.now() > holder.expires + MARGIN
    return expired or is_dead(holder.machine, holder.pid)


def _held(holder: LockHolder, model: str) -> LockedError:
    return LockedError(
        "Another promotion is running",
        f"{model} is locked by {holder.owner} for {holder.operation} (process {holder.pid} on "
        f"{holder.host}) since {holder.since.isoformat(timespec='seconds')}. The lock expires at "
        f"{holder.expires.isoformat(timespec='seconds')} unless it is renewed.",
        f"Wait for it to end; to see how far it is:\n    promote status {model}",
    )


def _gave_way(model: str, holder: LockHolder, to: str) -> LockedError:
    return LockedError(
        "The lock was given up",
        f"{holder.operation} held it since {holder.since.isoformat(timespec='seconds')}, and gave "
        f"way to {to}. Nothing more was written.",
        f"To see what was done since, before anything else:\n    promote status {model}",
    )


def _key(model: str) -> str:
    return f"{model}/lock.json"


def _encoded(holder: LockHolder) -> bytes:
    return canonical(to_json(holder))


def _decoded(stored: Stored) -> LockHolder | None:
    """Read a lock, also one of a newer version of promote, which may say more than we know.

    Raises:
        NeedsAttentionError: It is whole, but does not say whose it is.
    """
    try:
        data = json.loads(stored.content)
    except ValueError:
        return None  # half a lock belongs to nobody: its writer never learnt that it held it
    known = {each.name for each in fields(LockHolder)}
    said = {k: v for k, v in data.items() if k in known} if isinstance(data, dict) else data
    try:
        holder: LockHolder = from_json(LockHolder, said, "lock", lenient=True)
    except CodecError as error:
        raise _unreadable(str(error)) from error
    return holder


def _unreadable(why: str) -> NeedsAttentionError:
    return NeedsAttentionError(
        "The lock of the ledger cannot be read",
        f"lock.json of the model: {why}. So nobody can tell who holds it, and until when.",
        "Use the newest version of promote that works with this ledger. If something else wrote "
        "that object, remove it while nobody promotes.",
    )
