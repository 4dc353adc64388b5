"""The checkpoint of a journal: the records that still matter, and which one was the last.

It is an object beside the records, written anew whenever a promotion ends, or a run ends that
leaves one unfinished. Nothing is in it that the records do not say, so one that cannot be read, or
is not as it was written, costs time and nothing else.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from dataclasses import dataclass

from promote.core.codec import CodecError, canonical, digest_besides, from_json, to_json
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
    own: str = ""
    """The SHA-256 of the rest as canonical JSON; empty before there were any."""


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
    """Read a checkpoint; None when it is damaged, or what another version of promote wrote."""
    if damage(content) is not None:
        return None
    try:
        found: Checkpoint = from_json(Checkpoint, json.loads(content), "checkpoint", lenient=True)
    except (CodecError, ValueError):
        return None
    return found if found.rule == RULE else None


def encoded(checkpoint: Checkpoint) -> bytes:
    """Write a checkpoint as the bytes of its object."""
    body = to_json(checkpoint)
    assert isinstance(body, dict)  # noqa: S101 (a dataclass is an object)
    return canonical({**body, "own": digest_besides("own", body)})


@functools.lru_cache(maxsize=4)
def damage(content: bytes) -> str | None:
    """Say what shows that an object is not as any version of promote wrote it, or None."""
    try:
        data = json.loads(content)
    except (ValueError, RecursionError):
        return "bytes that are not JSON"
    if not isinstance(data, dict):
        return "no object"
    if canonical(data) != content:
        return "the same values in other bytes"
    if "own" in data:
        whole = data["own"] == digest_besides("own", data)
        return None if whole else "content of another digest than it says"
    known = data.keys() == {"rule", "number", "digest", "records"}  # an older version's
    return None if known else f"an object of {', '.join(sorted(data))}"
