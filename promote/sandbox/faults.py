"""Inject faults on demand, and throttle.

A fault waits for matching calls: `operation` is required, `account` and `principal` narrow it
(`operation`, `principal` and `resource` may have ``*``), `skip` lets so many pass first, `count`
is how many it hits. Throttling counts calls per account in a sliding second.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any, Final

from promote.sandbox.clock import Clock
from promote.sandbox.settings import SettingsBox


class FaultKind(StrEnum):
    """What a fault does to a call."""

    THROTTLE = "throttle"
    ERROR5XX = "error5xx"
    DROP_BEFORE = "drop_before"
    DROP_AFTER = "drop_after"
    ACCESS_DENIED = "access_denied"
    DELAY = "delay"
    LIMIT_EXCEEDED = "limit_exceeded"
    CONFLICT = "conflict"


@dataclass(slots=True)
class Fault:
    """One order to spoil some calls."""

    operation: str
    fault: FaultKind
    account: str = "*"
    principal: str = "*"
    resource: str = "*"
    count: int = 1
    skip: int = 0
    seconds: float = 0.0

    def matches(self, operation: str, account: str, principal: str, resource: str) -> bool:
        """Say whether a call is meant."""
        asked = (self.operation, self.account, self.principal, self.resource)
        given = (operation, account, principal, resource)
        return all(fnmatchcase(g, a) for a, g in zip(asked, given, strict=True))


class FaultBox:
    """Holds the faults that are still to come."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, document: Mapping[str, Any]) -> None:
        """Add a fault.

        Raises:
            ValueError: A key is unknown, or the fault's kind is.
        """
        known = {item.name for item in fields(Fault)}
        if unknown := sorted(set(document) - known):
            msg = f"unknown {', '.join(unknown)}; a fault has {', '.join(sorted(known))}"
            raise ValueError(msg)
        if "operation" not in document or "fault" not in document:
            msg = "a fault needs an operation and a fault"
            raise ValueError(msg)
        values = {**document, "fault": FaultKind(document["fault"])}
        with self._lock:
            self._faults.append(Fault(**values))

    def clear(self) -> None:
        """Forget every fault."""
        with self._lock:
            self._faults.clear()

    def to_json(self) -> list[dict[str, Any]]:
        """Return the faults that are still to come."""
        with self._lock:
            return [asdict(fault) for fault in self._faults]

    def take(self, operation: str, account: str, principal: str, resource: str) -> Fault | None:
        """Return the fault that hits this call, counting it."""
        with self._lock:
            for fault in self._faults:
                if not fault.matches(operation, account, principal, resource):
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                fault.count -= 1
                if fault.count <= 0:
                    self._faults.remove(fault)
                return fault
        return None


_WINDOW_SECONDS: Final = 1.0


class Throttle:
    """Lets so many Rekognition calls per second and account pass as the settings say."""

    def __init__(self, clock: Clock, settings: SettingsBox) -> None:
        self._clock = clock
        self._settings = settings
        self._seen: dict[tuple[str, str], deque[float]] = {}
        self._lock = threading.Lock()

    def admits(self, operation: str, account: str) -> bool:
        """Say whether a call is within its account's rate, counting it if so."""
        limit = self._limit(operation)
        if limit <= 0:
            return True
        now = self._clock.now()
        with self._lock:
            seen = self._seen.setdefault((account, operation), deque())
            while seen and seen[0] <= now - _WINDOW_SECONDS:
                seen.popleft()
            if len(seen) >= limit:
                return False
            seen.append(now)
            return True

    def _limit(self, operation: str) -> float:
        """Return the calls per second of an operation; 0 means no limit."""
        if not operation.startswith("rekognition:"):
            return 0.0
        settings = self._settings.current
        detects = operation == "rekognition:DetectCustomLabels"
        return settings.detect_calls_per_second if detects else settings.control_calls_per_second
