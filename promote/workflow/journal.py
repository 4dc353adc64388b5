"""The ledger's records of one model: appended one by one, never changed, folded into a state.

Each record is chained to the one before it by the digest of that object's bytes, so a record that
was changed, removed, inserted or brought here from elsewhere is noticed. What a chain cannot tell
by itself is that its newest records are gone; so the end of each promotion leaves a checkpoint,
which names the last record by its digest and keeps those that still matter. The state is read from
there on, however long the history is; `records` reads and checks all of it.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from promote.core.chain import encoded
from promote.core.fold import fold
from promote.core.record import LedgerState, PromotionEnded, Record
from promote.errors import NeedsAttentionError, PromoteError
from promote.ports import Store
from promote.workflow.checkpoint import Checkpoint, checkpoint_of, damage, decoded
from promote.workflow.checkpoint import encoded as checkpoint_bytes
from promote.workflow.contention import Turns
from promote.workflow.links import Link, expect_chain, expect_pinned, expect_start, link_of

_LOG = logging.getLogger("promote")


@dataclass(frozen=True, slots=True)
class _View:
    """The records as they were found or written last."""

    records: tuple[Record, ...] = ()
    """All that matter."""
    number: int = 0
    digest: str = ""
    tag: str | None = None
    """The checkpoint's; None when there is none."""
    torn: bool = False
    """Whether the last object is."""


@dataclass(slots=True)
class _Memory:
    view: _View | None = None
    told: str = ""
    """The tag of a damaged checkpoint that was told of."""
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass(frozen=True, slots=True)
class Journal:
    """The records of one model in a store; safe for use by many threads.

    Each record is an object of its own, created under the next number: creation is conditional in
    every store, so two writers never take the same number and no record is ever overwritten. An
    object that is not JSON is torn: as the last one it is said and skipped, for its writer never
    went on; the next record names its digest, so that it stays skipped.
    """

    store: Store
    model: str
    say: Callable[[str], None] = _LOG.warning
    """Told of a torn record."""
    _memory: _Memory = field(default_factory=_Memory, compare=False, repr=False)

    def records(self) -> tuple[Record, ...]:
        """Read every record, oldest first.

        Raises:
            NeedsAttentionError: One of them cannot be read, or the chain is broken; names it.
        """
        pinned, _ = self._checkpoint()
        links = self._links()
        if links:
            expect_start(links[0])
        if pinned is not None:
            expect_pinned(pinned, links, self._checkpoint_key)
        return self._said(links)

    def legible(self) -> tuple[Record, ...]:
        """Read every record that can be read, oldest first; whether they are whole, `records` says.

        For a person who has to find out what happened, and for nothing else.
        """
        found: list[Record] = []
        for key in self.store.keys(f"{self.model}/records/"):
            with contextlib.suppress(NeedsAttentionError):
                found += self._read(key).records
        return tuple(found)

    def state(self) -> LedgerState:
        """Read what the records add up to.

        Raises:
            NeedsAttentionError: One since the last checkpoint cannot be read, or the chain is
                broken there; names it.
        """
        with self._memory.lock:
            return fold(self._look().records)

    def head(self) -> tuple[int, str]:
        """Return the number of the last record, and the SHA-256 of the bytes of its object."""
        with self._memory.lock:
            view = self._memory.view or self._look()
            return view.number, view.digest

    def append(self, record: Record) -> None:
        """Write one record durably under the next free number.

        Raises:
            NeedsAttentionError: The last record does not follow on the one before it.
        """
        with self._memory.lock:
            view = self._memory.view or self._look()
            turns = Turns(f"the next record of {self.model}")
            while (content := self._create(record, view)) is None:
                turns.take()
                view = self._look()
            records = (*view.records, record)
            digest = hashlib.sha256(content).hexdigest()
            view = replace(view, records=records, number=view.number + 1, digest=digest)
            self._memory.view = view
            if isinstance(record, PromotionEnded):
                self._memory.view = self._pin(view)

    def pin(self) -> None:
        """Leave a checkpoint of an unfinished promotion, so that its newest records are missed.

        For the end of a run that leaves one; without it nothing is lost but that.
        """
        with self._memory.lock:
            view = self._look()
            if fold(view.records).open and not view.torn:
                self._memory.view = self._pin(view)

    def _create(self, record: Record, view: _View) -> bytes | None:
        """Write a record after those of a view; None when somebody else took the number."""
        number = view.number + 1
        content, key = encoded(number, view.digest, record), self._key(number)
        if self.store.create(key, content) is not None:
            return content
        there = self.store.read(key)
        # Ours all the same, if the answer to our first try was lost on the way.
        return content if there is not None and there.content == content else None

    def _pin(self, view: _View) -> _View:
        """Leave a checkpoint; without it nothing is lost but time."""
        checkpoint = checkpoint_of(view.records, number=view.number, digest=view.digest)
        content = checkpoint_bytes(checkpoint)
        with contextlib.suppress(PromoteError):
            if view.tag is None:
                tag = self.store.create(self._checkpoint_key, content)
            else:
                tag = self.store.replace(self._checkpoint_key, content, view.tag)
            return replace(view, records=checkpoint.records, tag=tag)
        return view

    def _look(self) -> _View:
        """Read what matters of the records, and remember it."""
        pinned, tag = self._checkpoint()
        if pinned is None:
            links = self._links()
            if links:
                expect_start(links[0])
            records = self._said(links)
        else:
            links = self._links(after=pinned.number - 1)
            expect_pinned(pinned, links, self._checkpoint_key)
            records = (*pinned.records, *self._said(links)[1:])
        last = links[-1] if links else None
        view = _View(tag=tag)
        if last is not None:
            view = _View(records, last.number, last.digest, tag, torn=last.entry is None)
        self._memory.view = view
        return view

    def _said(self, links: Sequence[Link]) -> tuple[Record, ...]:
        """Return the records of links that follow on each other, and say when the last is torn."""
        expect_chain(links)
        if links and links[-1].entry is None:
            self.say(
                f"The last record of the ledger, {links[-1].key}, is torn; it is skipped, as if "
                "its writer had stopped just before it."
            )
        return tuple(record for link in links for record in link.records)

    def _checkpoint(self) -> tuple[Checkpoint | None, str | None]:
        """Return the checkpoint, if it is one of this rule, and the tag of whatever is there."""
        found = self.store.read(self._checkpoint_key)
        if found is None:
            return None, None
        wrong = damage(found.content)
        if wrong is not None and found.tag != self._memory.told:
            self._memory.told = found.tag
            self.say(
                f"The checkpoint {self._checkpoint_key} is not as it was written: {wrong}. It is "
                "not used; every record is read instead. To check them all: "
                f"promote history {self.model} --verify"
            )
        return decoded(found.content), found.tag

    @property
    def _checkpoint_key(self) -> str:
        return f"{self.model}/checkpoint.json"

    def _key(self, number: int) -> str:
        return f"{self.model}/records/{number:08d}.json"

    def _links(self, *, after: int = 0) -> list[Link]:
        """Read the records that follow the one of a number."""
        last = self._key(after) if after else ""
        return [self._read(key) for key in self.store.keys(f"{self.model}/records/", last)]

    def _read(self, key: str) -> Link:
        stored = self.store.read(key)
        return link_of(key, None if stored is None else stored.content)
