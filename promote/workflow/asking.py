"""Ask the owner of a lock to give way: an object beside the lock, which the owner reads.

It names the owner that is meant, so that it never stops another one. Nobody has to remove it.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from datetime import datetime

from promote.core.codec import CodecError, canonical, from_json, to_json
from promote.core.status import LockHolder
from promote.errors import TryAgainError
from promote.ports import Store
from promote.workflow.contention import Turns


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """That somebody wants a lock, and from whom."""

    fence: int
    since: datetime
    """With the fence, it tells one owner from every other."""
    by: str
    """The ARN of the caller who asks."""
    operation: str
    """What it is wanted for."""


def ask(store: Store, model: str, holder: LockHolder, *, by: str, operation: str) -> None:
    """Ask the holder to end before its next write; whoever asks last is the one that is named."""
    key = _key(model)
    asked = Asked(fence=holder.fence, since=holder.since, by=by, operation=operation)
    content = canonical(to_json(asked))
    turns = Turns(key)
    while True:
        turns.take()
        found = store.read(key)
        if found is not None and found.content == content:
            return
        if found is None:
            written = store.create(key, content)
        else:
            written = store.replace(key, content, found.tag)
        if written is not None:
            return


def asked_of(store: Store, model: str, holder: LockHolder) -> Asked | None:
    """Return what was asked of this very holder, or of one after it, or None.

    Whoever takes a lock over asks for it first, so a later owner that is asked in its turn shows
    that this one is owner no more. A ledger that does not answer asks nothing: the lease's own
    time still holds.
    """
    with contextlib.suppress(TryAgainError):
        found = store.read(_key(model))
        asked = _decoded(found.content) if found else None
        if asked is None:
            return None
        if asked.fence > holder.fence or (asked.fence, asked.since) == (holder.fence, holder.since):
            return asked
    return None


def last_asked(store: Store, model: str) -> int:
    """Return the fencing number of the owner that was asked last; 0 when none ever was."""
    found = store.read(_key(model))
    asked = _decoded(found.content) if found else None
    return asked.fence if asked else 0


def _key(model: str) -> str:
    return f"{model}/yield.json"


def _decoded(content: bytes) -> Asked | None:
    try:
        asked: Asked = from_json(Asked, json.loads(content), "yield")
    except (CodecError, ValueError):
        return None  # torn: its writer never learnt that it had asked, and asks again
    return asked
