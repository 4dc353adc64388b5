"""Let IAM changes become visible replica by replica, as an eventually consistent service does.

Every part of a user or role (its trust, each inline or attached policy, its existence) keeps its
history. A delay is drawn for each change and each replica; a request is decided by one replica,
chosen at random, so that for a while the old and the new answer alternate. Reads of IAM itself are
not delayed.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from promote.sandbox.clock import Clock
from promote.sandbox.settings import SettingsBox

REPLICAS: Final = 3
_LEAST, _MOST = 0.5, 1.5


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a principal: kind is exists, trust, inline, attached, boundary or tags."""

    entity: str
    kind: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class _Change:
    value: str | None
    visible_at: tuple[float, ...]


class PolicyHistory:
    """Remembers what each replica knows of every principal's policies."""

    def __init__(self, clock: Clock, settings: SettingsBox, seed: int = 0) -> None:
        self._clock = clock
        self._settings = settings
        self._random = random.Random(seed)  # noqa: S311 - repeatable on purpose
        self._lock = threading.Lock()
        self._changes: dict[str, dict[Part, list[_Change]]] = {}
        self._last: dict[str, dict[Part, str]] = {}

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._changes.clear()
            self._last.clear()

    def pick_replica(self) -> int:
        """Choose the replica that decides one request."""
        with self._lock:
            return self._random.randrange(REPLICAS)

    def observe(self, account: str, parts: Mapping[Part, str], *, at_once: bool = False) -> None:
        """Note the present state of an account; what differs from the last becomes a change."""
        with self._lock:
            last = self._last.get(account, {})
            for part in last.keys() | parts.keys():
                value = parts.get(part)
                if value != last.get(part):
                    self._add(part, _Change(value, self._draw(at_once=at_once)))
            self._last[account] = dict(parts)

    def visible(self, entity: str, replica: int) -> dict[Part, str]:
        """Return the parts of a principal as `replica` knows them now."""
        now = self._clock.now()
        found: dict[Part, str] = {}
        with self._lock:
            for part, changes in self._changes.get(entity, {}).items():
                known = [c.value for c in changes if c.visible_at[replica] <= now]
                if known and known[-1] is not None:
                    found[part] = known[-1]
        return found

    def settled_in(self) -> float:
        """Return in how many seconds every replica will know every change."""
        with self._lock:
            moments = [
                max(change.visible_at)
                for parts in self._changes.values()
                for changes in parts.values()
                for change in changes
            ]
        return max(0.0, max(moments, default=0.0) - self._clock.now())

    def _draw(self, *, at_once: bool) -> tuple[float, ...]:
        """Draw when each replica learns of a change made now."""
        delay = 0.0 if at_once else self._settings.current.propagation_seconds
        now = 0.0 if at_once else self._clock.now()
        spread = (self._random.uniform(_LEAST, _MOST) for _ in range(REPLICAS))
        return tuple(now + delay * factor for factor in spread)

    def _add(self, part: Part, change: _Change) -> None:
        """Append a change, dropping older ones that no replica will ever answer from again."""
        changes = self._changes.setdefault(part.entity, {}).setdefault(part, [])
        now = self._clock.now()
        everywhere = [i for i, c in enumerate(changes) if max(c.visible_at) <= now]
        del changes[: everywhere[-1] if everywhere else 0]
        changes.append(change)
