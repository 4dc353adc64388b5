"""The ledger's records of one model: appended one by one, never changed, folded into a state.

Each record is chained to the one before it by the digest of that object's bytes, so a record that
was changed, removed, inserted or brought here from elsewhere is noticed. What a chain cannot tell
by itself is that its newest records are gone.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from promote.core.codec import CodecError, canonical, from_json, to_json
from promote.core.record import LedgerState, Record, fold
from promote.errors import NeedsAttentionError
from promote.ports import Store

_LOG = logging.getLogger("promote")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One object of the ledger: a record and its place in the chain."""

    number: int
    previous: str
    """The SHA-256 of the bytes of the object before it, in hex; empty in the first."""
    record: Record


@dataclass(frozen=True, slots=True)
class _Link:
    key: str
    number: int
    digest: str
    entry: Entry | Record | None
    """A record alone is of the time before the chain; None when the object is torn."""


@dataclass(frozen=True, slots=True)
class Journal:
    """The records of one model in a store.

    Each record is an object of its own, created under the next number: creation is conditional in
    every store, so two writers never take the same number and no record is ever overwritten. An
    object that is not JSON is torn: as the last one it is said and skipped, for its writer never
    went on; the next record names its digest, so that it stays skipped.
    """

    store: Store
    model: str
    say: Callable[[str], None] = _LOG.warning
    """Told of a torn record."""

    def records(self) -> tuple[Record, ...]:
        """Read every record, oldest first.

        Raises:
            NeedsAttentionError: One of them cannot be read, or the chain is broken; names it.
        """
        links = [self._read(key) for key in self._keys()]
        if links:
            _expect_start(links[0])
        _expect_chain(links)
        if links and links[-1].entry is None:
            self.say(
                f"The last record of the ledger, {links[-1].key}, is torn; it is skipped, as if "
                "its writer had stopped just before it."
            )
        found = (link.entry for link in links if link.entry is not None)
        return tuple(each.record if isinstance(each, Entry) else each for each in found)

    def state(self) -> LedgerState:
        """Read the records and add them up."""
        return fold(self.records())

    def append(self, record: Record) -> None:
        """Write one record durably under the next free number.

        Raises:
            NeedsAttentionError: The last record does not follow on the one before it.
        """
        while True:
            last = self._last()
            number, previous = (last.number + 1, last.digest) if last else (1, "")
            content = canonical(to_json(Entry(number=number, previous=previous, record=record)))
            key = f"{self.model}/records/{number:08d}.json"
            if self.store.create(key, content) is not None:
                return
            there = self.store.read(key)
            if there is not None and there.content == content:
                return  # ours: the answer to our first try was lost on the way

    def _keys(self) -> Sequence[str]:
        return self.store.keys(f"{self.model}/records/")

    def _last(self) -> _Link | None:
        links = [self._read(key) for key in self._keys()[-2:]]
        _expect_chain(links)
        return links[-1] if links else None

    def _read(self, key: str) -> _Link:
        stored = self.store.read(key)
        if stored is None:
            raise _unreadable(key, "it was listed, but is gone.")
        try:
            number = int(key.rpartition("/")[2].removesuffix(".json"))
        except ValueError as error:
            raise _unreadable(key, "its name is not a number.") from error
        digest = hashlib.sha256(stored.content).hexdigest()
        return _Link(key, number, digest, _decoded(stored.content, key))


def _decoded(content: bytes, key: str) -> Entry | Record | None:
    try:
        data = json.loads(content)
    except ValueError:
        return None
    old = isinstance(data, dict) and "kind" in data
    try:
        found: Entry | Record = from_json(Record if old else Entry, data, key)
    except CodecError as error:
        raise _unreadable(key, f"{error}.") from error
    return found


def _expect_start(link: _Link) -> None:
    if isinstance(link.entry, Entry) and link.entry.previous:
        raise _broken(link.key, "names a record before it, but there is none")


def _expect_chain(links: Sequence[_Link]) -> None:
    """Raise `NeedsAttentionError` at the first link that does not follow on the one before."""
    for link in links:
        if isinstance(link.entry, Entry) and link.entry.number != link.number:
            raise _broken(link.key, f"was written as number {link.entry.number}")
    for before, link in itertools.pairwise(links):
        if isinstance(link.entry, Entry):
            if link.entry.previous != before.digest:
                raise _broken(link.key, f"does not follow on {before.key} as that is now")
        elif before.entry is None:
            raise _unreadable(before.key, "it is torn, and the record after it does not know.")
        elif link.entry is not None and isinstance(before.entry, Entry):
            raise _broken(link.key, f"is not chained, but {before.key} before it is")


def _unreadable(key: str, why: str) -> NeedsAttentionError:
    return NeedsAttentionError(
        "A record of the ledger cannot be read",
        f"{key}: {why} Without it nobody can tell what is unfinished or claimed.",
        "Restore the object from a backup, or move it away if it was never a record.",
    )


def _broken(key: str, why: str) -> NeedsAttentionError:
    return NeedsAttentionError(
        "The chain of the ledger's records is broken",
        f"{key} {why}. A record was changed, removed or put there by something else than this "
        "version of promote, so nobody can tell what is unfinished or claimed.",
        "Restore the records of this model from a backup.",
    )
