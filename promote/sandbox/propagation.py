"""Let changes of policies become visible replica by replica, eventually, as AWS does.

Every part of a user or role (its trust, each inline or attached policy, its existence), of a
bucket (its policy) and of a root, unit or account of the organisation (its place, each policy
attached to it) keeps its history. A delay is drawn for each write and each replica; a request is
decided by one replica, chosen at random, so that for a while the old and the new answer alternate.
Reads of the policies themselves are not delayed.
"""

from __future__ import annotations

import math
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
    """One part of what has policies.

    Attributes:
        entity: The ARN of a user, role or bucket; the id of a root, unit or account.
        kind: Of a user or role ``exists``, ``trust``, ``inline``, ``attached``, ``boundary`` or
            ``tags``; of a bucket ``bucket``; of the organisation's ``path``, ``scp`` or ``rcp``,
            and ``enabled`` of its root.
        name: Tells parts of a kind apart.
    """

    entity: str
    kind: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class _Change:
    value: str | None
    visible_at: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class _View:
    parts: Mapping[Part, str]
    until: float  # when the replica learns of the next change


class PolicyHistory:
    """Remembers what each replica knows of everybody's and everything's policies."""

    def __init__(self, clock: Clock, settings: SettingsBox, seed: int = 0) -> None:
        self._clock = clock
        self._settings = settings
        self._random = random.Random(seed)  # noqa: S311 - repeatable on purpose
        self._lock = threading.Lock()
        self._changes: dict[str, dict[Part, list[_Change]]] = {}
        self._last: dict[str, dict[Part, str]] = {}
        self._views: dict[tuple[str, int], _View] = {}

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._changes.clear()
            self._last.clear()
            self._views.clear()

    def pick_replica(self) -> int:
        """Choose the replica that decides one request."""
        with self._lock:
            return self._random.randrange(REPLICAS)

    def observe(self, scope: str, parts: Mapping[Part, str], *, at_once: bool = False) -> None:
        """Note the present state of a scope, such as an account.

        What differs from the last look becomes one change: a replica learns of all of it at once.
        """
        with self._lock:
            last = self._last.get(scope, {})
            changed = [p for p in last.keys() | parts.keys() if parts.get(p) != last.get(p)]
            if changed:
                visible_at = self._draw(at_once=at_once)
                for part in changed:
                    self._add(part, _Change(parts.get(part), visible_at))
            self._last[scope] = dict(parts)

    def visible(self, entity: str, replica: int) -> Mapping[Part, str]:
        """Return the parts of an entity as `replica` knows them now.

        It is the same object as before until one of them changes.
        """
        now = self._clock.now()
        view = self._views.get((entity, replica))
        if view is not None and now < view.until:
            return view.parts
        with self._lock:
            parts = self._changes.get(entity)
            if parts is None:
                return {}
            view = _view(parts, replica, now)
            self._views[entity, replica] = view
        return view.parts

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
        for replica in range(REPLICAS):
            self._views.pop((part.entity, replica), None)
        changes = self._changes.setdefault(part.entity, {}).setdefault(part, [])
        now = self._clock.now()
        everywhere = [i for i, c in enumerate(changes) if max(c.visible_at) <= now]
        del changes[: everywhere[-1] if everywhere else 0]
        changes.append(change)


def _view(parts: Mapping[Part, list[_Change]], replica: int, now: float) -> _View:
    """Return what a replica knows of an entity, and until when it knows no more."""
    found: dict[Part, str] = {}
    until = math.inf
    for part, changes in parts.items():
        known = [c.value for c in changes if c.visible_at[replica] <= now]
        if known and known[-1] is not None:
            found[part] = known[-1]
        until = min(
            [until, *(c.visible_at[replica] for c in changes if c.visible_at[replica] > now)]
        )
    return _View(found, until)
