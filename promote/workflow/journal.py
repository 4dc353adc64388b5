"""The ledger's records of one model: appended one by one, never changed, folded into a state."""

from __future__ import annotations

import json
from dataclasses import dataclass

from promote.core.codec import CodecError, canonical, from_json, to_json
from promote.core.record import LedgerState, Record, fold
from promote.errors import NeedsAttentionError
from promote.ports import Store


@dataclass(frozen=True, slots=True)
class Journal:
    """The records of one model in a store.

    Each record is an object of its own, created under the next number: creation is conditional in
    every store, so two writers never take the same number and no record is ever overwritten.
    """

    store: Store
    model: str

    def records(self) -> tuple[Record, ...]:
        """Read every record, oldest first.

        Raises:
            NeedsAttentionError: One of them cannot be read; names it.
        """
        return tuple(self._read(key) for key in self.store.keys(f"{self.model}/records/"))

    def state(self) -> LedgerState:
        """Read the records and add them up."""
        return fold(self.records())

    def append(self, record: Record) -> None:
        """Write one record durably under the next free number."""
        content = canonical(to_json(record))
        keys = self.store.keys(f"{self.model}/records/")
        number = int(keys[-1].rpartition("/")[2].removesuffix(".json")) if keys else 0
        while True:
            number += 1
            key = f"{self.model}/records/{number:08d}.json"
            if self.store.create(key, content) is not None:
                return

    def _read(self, key: str) -> Record:
        stored = self.store.read(key)
        try:
            record: Record = from_json(Record, json.loads(stored.content if stored else b""), key)
        except (CodecError, ValueError) as error:
            raise NeedsAttentionError(
                "A record of the ledger cannot be read",
                f"{key}: {error}. Without it nobody can tell what is unfinished or claimed.",
                "Restore the object from a backup, or move it away if it was never a record.",
            ) from error
        return record
