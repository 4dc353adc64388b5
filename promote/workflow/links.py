"""One link of the chain of a ledger's records, and whether it follows on the one before it."""

from __future__ import annotations

import functools
import hashlib
import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass

from promote.core.chain import Entry
from promote.core.codec import CodecError, digest_besides, from_json
from promote.core.record import Record
from promote.errors import NeedsAttentionError
from promote.workflow.checkpoint import Checkpoint


@dataclass(frozen=True, slots=True)
class Link:
    """One object of the chain, as it was read."""

    key: str
    number: int
    digest: str
    entry: Entry | Record | None
    """A record alone is of the time before the chain; None when the object is torn."""

    @property
    def records(self) -> tuple[Record, ...]:
        """What it says: one record, or none when it is torn."""
        if self.entry is None:
            return ()
        return (self.entry.record if isinstance(self.entry, Entry) else self.entry,)


def link_of(key: str, content: bytes | None) -> Link:
    """Read one object of the chain.

    Args:
        key: Its name.
        content: What lies there; None when it is gone.

    Raises:
        NeedsAttentionError: It cannot be read; names it.
    """
    if content is None:
        raise _unreadable(key, "it was listed, but is gone.")
    try:
        number = int(key.rpartition("/")[2].removesuffix(".json"))
    except ValueError as error:
        raise _unreadable(key, "its name is not a number.") from error
    return Link(key, number, hashlib.sha256(content).hexdigest(), _decoded(content, key))


@functools.lru_cache(maxsize=64)  # a record never changes, and every look reads it again
def _decoded(content: bytes, key: str) -> Entry | Record | None:
    try:
        data = json.loads(content)
    except ValueError:
        return None
    old = isinstance(data, dict) and "kind" in data
    try:
        found: Entry | Record = from_json(Record if old else Entry, data, key, lenient=True)
    except CodecError as error:
        raise _unknown(key, str(error)) from error
    said = found.digest if isinstance(found, Entry) else ""
    if said and said != digest_besides("digest", data):
        raise _broken(key, "is not what its own digest says")
    return found


def expect_start(link: Link) -> None:
    """Raise `NeedsAttentionError` if the first link names one before it."""
    if isinstance(link.entry, Entry) and link.entry.previous:
        raise _broken(link.key, "names a record before it, but there is none")


def expect_pinned(pinned: Checkpoint, links: Sequence[Link], key: str) -> None:
    """Raise `NeedsAttentionError` if the record that a checkpoint names is not there any more."""
    if not any((each.number, each.digest) == (pinned.number, pinned.digest) for each in links):
        why = (
            f"says that number {pinned.number} was the last record, but that is not there as it was"
        )
        raise _broken(key, why)


def expect_chain(links: Sequence[Link]) -> None:
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


def _unknown(key: str, why: str) -> NeedsAttentionError:
    return NeedsAttentionError(
        "A record of the ledger cannot be read",
        f"This version of promote does not know what it says: {why}. Without it nobody can tell "
        "what is unfinished or claimed.",
        "If a newer version of promote wrote it, use that one, here and wherever else this model "
        f"is promoted. Otherwise restore {key} from a backup; other records build on it, so never "
        "remove it.",
    )


def _broken(key: str, why: str) -> NeedsAttentionError:
    return NeedsAttentionError(
        "The chain of the ledger's records is broken",
        f"{key} {why}. A record was changed, removed or put there by something else than this "
        "version of promote, so nobody can tell what is unfinished or claimed.",
        "Restore the records of this model from a backup.",
    )
