"""The chain of a ledger's records, held against everything that it promises of itself.

Pure: the objects come in as they lie in the store. What is checked of each record, in this order:
its number, that it can be read and is spelled canonically, its own digest, the link to the record
before it, that it may come where it comes (`promote.core.lawful`), the digest of the plan in it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from promote.core.codec import CodecError, canonical, digest_besides, from_json, to_json
from promote.core.fold import after
from promote.core.lawful import unlawful
from promote.core.planfile import digest as plan_digest
from promote.core.record import LedgerState, PromotionEnded, PromotionStarted, Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One object of the ledger: a record and its place in the chain."""

    number: int
    previous: str
    """The SHA-256 of the bytes of the object before it, in hex; empty in the first."""
    record: Record
    digest: str = ""
    """The SHA-256 of the rest of the entry as canonical JSON; empty before there were any."""


def encoded(number: int, previous: str, record: Record) -> bytes:
    """Write an entry as the bytes of its object."""
    body = {"number": number, "previous": previous, "record": to_json(record)}
    return canonical({**body, "digest": _sha256(canonical(body))})


@dataclass(frozen=True, slots=True)
class LedgerObject:
    """One object as it lies in the store."""

    key: str
    content: bytes = field(repr=False)

    @property
    def number(self) -> int | None:
        """The number that its name says; None when it says none."""
        name = self.key.rpartition("/")[2].removesuffix(".json")
        return int(name) if name.isdecimal() else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """A record that is what its chain says, and its place there."""

    number: int
    link: str
    """The SHA-256 of the bytes of its object, in hex: what the next record names."""
    record: Record
    plan: str = ""
    """The digest of the plan that it begins, as it is spelled there; empty when it begins none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """The first thing that is not as the chain says."""

    record: str
    """The key of the object."""
    expected: str
    found: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """The records up to the first that is broken, or all of them."""

    links: tuple[Linked, ...]
    broken: Broken | None = None
    torn: int = 0
    """How many objects a writer did not finish; the record after each of them says so."""
    state: LedgerState = field(default_factory=LedgerState)

    @property
    def records(self) -> tuple[Record, ...]:
        """The records alone."""
        return tuple(each.record for each in self.links)


def checked(objects: Sequence[LedgerObject]) -> Chain:
    """Check the objects of one model's records, in the order of their names."""
    walk = _Walk()
    for item in objects:
        broken = next(walk.wrong(item, last=item is objects[-1]), None)
        if broken is not None:
            return Chain(links=tuple(walk.links), broken=broken, torn=walk.torn, state=walk.state)
    return Chain(links=tuple(walk.links), torn=walk.torn, state=walk.state)


@dataclass(slots=True)
class _Walk:
    """How far the check has come."""

    number: int = 0
    digest: str = ""
    chained: bool = False
    """Whether an entry was met; before the first, a record may stand alone."""
    torn: int = 0
    state: LedgerState = field(default_factory=LedgerState)
    ended: set[str] = field(default_factory=set)
    plans: dict[str, str] = field(default_factory=dict)
    """The digest of the last plan of each promotion."""
    links: list[Linked] = field(default_factory=list)

    def wrong(self, item: LedgerObject, *, last: bool) -> Iterator[Broken]:
        """Yield what is wrong with the next object; when nothing is, it is taken in."""
        if item.number != self.number + 1:
            name = "no number" if item.number is None else f"number {item.number}"
            yield _broken(item, f"number {self.number + 1}", name)
        digest = _sha256(item.content)
        try:
            data = json.loads(item.content)
        except (ValueError, RecursionError):
            if last:
                yield _broken(item, "a whole record", "bytes that are not JSON")
            self._step(digest)
            self.torn += 1
            return
        if canonical(data) != item.content:
            yield _broken(item, "canonical JSON", "the same values in other bytes")
        try:
            record = self._read(item, data)
        except CodecError as error:
            yield _broken(item, "a record that this version of promote knows", str(error))
            return
        if isinstance(record, Broken):
            yield record
            return
        why = unlawful(record, self.state, self.ended) or self._sealed_otherwise(record)
        why = why or self._planned_otherwise(record, data)
        if why is not None:
            yield _broken(item, *why)
            return
        self._take(record, digest)

    def _read(self, item: LedgerObject, data: object) -> Record | Broken:
        if isinstance(data, dict) and "kind" in data:
            alone: Record = from_json(Record, data, item.key, lenient=True)
            return (
                _broken(item, "an entry of the chain", "a record alone") if self.chained else alone
            )
        entry: Entry = from_json(Entry, data, item.key, lenient=True)
        if entry.digest:
            assert isinstance(data, dict)  # noqa: S101 (or it could not have been read)
            own = digest_besides("digest", data)
            if own != entry.digest:
                return _broken(item, f"content of the digest {entry.digest}", own)
        if entry.number != item.number:
            return _broken(item, f"number {item.number}", f"an entry of number {entry.number}")
        if entry.previous != self.digest:
            before = f"the record before it, of the digest {self.digest or 'of nothing'}"
            return _broken(item, before, f"it names {entry.previous or 'nothing'}")
        self.chained = True
        return entry.record

    def _sealed_otherwise(self, record: Record) -> tuple[str, str] | None:
        if record.kind != "sealed":
            return None
        links = {each.number: each.link for each in self.links}
        if links.get(record.number) == record.link:
            return None
        found = links.get(record.number, "no such record before it")
        return f"number {record.number} with the digest {record.link}", found

    def _planned_otherwise(self, record: Record, data: dict[str, object]) -> tuple[str, str] | None:
        """Hold the digest of an end against the plan of its beginning, as that is spelled there.

        An older version of promote spelled fewer keys, so the plan is not spelled anew for it. What
        a newer one has ended it spelled as itself does, which nobody can tell later on.
        """
        if isinstance(record, PromotionStarted):
            body = data if "kind" in data else data["record"]
            assert isinstance(body, dict)  # noqa: S101 (or it could not have been read)
            plan = {key: value for key, value in body["plan"].items() if key != "made"}
            self.plans[record.promotion] = _sha256(canonical(plan))
        if isinstance(record, PromotionEnded):
            begun, found = self.plans[record.promotion], self.state.opened(record.promotion)
            spelled_so = found is not None and plan_digest(found.plan) == begun
            if begun != record.digest and spelled_so:
                return f"the end of the plan {begun} that was begun", f"of {record.digest}"
        return None

    def _take(self, record: Record, digest: str) -> None:
        self._step(digest)
        self.state = after(self.state, record)
        if isinstance(record, PromotionEnded):
            self.ended.add(record.promotion)
        plan = self.plans[record.promotion] if isinstance(record, PromotionStarted) else ""
        self.links.append(Linked(number=self.number, link=digest, record=record, plan=plan))

    def _step(self, digest: str) -> None:
        self.number, self.digest = self.number + 1, digest


def _broken(item: LedgerObject, expected: str, found: str) -> Broken:
    return Broken(record=item.key, expected=expected, found=found)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
