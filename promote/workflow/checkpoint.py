"""The checkpoint of a journal: the records that still matter, and which one was the last.

It is an object beside the records, written anew whenever a promotion ends. Nothing is in it that
the records do not say, so one that cannot be read costs time and nothing else.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from dataclasses import dataclass

from promote.core.codec import CodecError, from_json
from promote.core.condense import RULE, condensed
from promote.core.record import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """What all records up to one of them come to."""

    rule: int
    """By which rule records were left out, see `promote.core.condense`."""
    number: int
    """The last record's."""
    digest: str
    """The SHA-256 of the bytes of that record's object, in hex."""
    records: tuple[Record, ...]


def checkpoint_of(records: Sequence[Record], *, number: int, digest: str) -> Checkpoint:
    """Return the checkpoint after a record.

    Args:
        records: All that matter, up to that record.
        number: That record's.
        digest: The SHA-256 of the bytes of its object, in hex.
    """
    return Checkpoint(rule=RULE, number=number, digest=digest, records=condensed(records))


@functools.lru_cache(maxsize=4)  # a checkpoint is read at every look, and changes seldom
def decoded(content: bytes) -> Checkpoint | None:
    """Read a checkpoint; None when it is torn, or what another version of promote wrote."""
    try:
        found: Checkpoint = from_json(Checkpoint, json.loads(content), "checkpoint", lenient=True)
    except (CodecError, ValueError):
        return None
    return found if found.rule == RULE else None
