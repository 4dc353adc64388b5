"""End a process by SIGKILL at a moment that is told in its own requests, not in seconds.

A process is known to the sandbox by its `AWS_SDK_UA_APP_ID`, which botocore tells in every request.
So the same moment comes again on a machine of another speed, and among other processes.
"""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum

from promote.sandbox.calls import identify
from promote.sandbox.exchange import DROPPED, Request, Response
from promote.sandbox.front import Front
from promote.sandbox.signature import read_scope

WRITES = frozenset(
    {
        "iam:PutRolePolicy",
        "iam:DeleteRolePolicy",
        "rekognition:StartProjectVersion",
        "rekognition:StopProjectVersion",
        "ssm:PutParameter",
        "ssm:DeleteParameter",
    }
)
_PATIENCE = 120.0  # seconds; nothing here takes a tenth of it


class Moment(StrEnum):
    """When, at a call, the process is killed."""

    BEFORE = "before"
    """It has asked, but is not heard."""
    AFTER = "after"
    """It was heard, but not answered."""
    LATER = "later"
    """It was answered, and has gone on for a while."""


@dataclass(frozen=True, slots=True)
class Point:
    """Where a process is killed: at a call so many after one of its writes."""

    writes: int
    """The number of the write; 0 is the beginning."""
    calls: int
    """How many calls after it; if the next write comes first, that."""
    moment: Moment
    seconds: float = 0.0
    """How much `LATER`."""

    def __str__(self) -> str:
        """Name it, shortly."""
        when = f"{self.seconds:.2f} s after" if self.moment is Moment.LATER else self.moment
        return f"{when} call {self.calls} after write {self.writes}"


@dataclass(slots=True)
class Watch:
    """A process that is to be killed at a point."""

    point: Point
    where: str = ""
    """The call at which it was."""
    _process: subprocess.Popen[str] | None = None
    _writes: int = 0
    _calls: int = 0
    _open: int = 0
    _due: int = 0
    """The thread that serves the call."""
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def over(self, process: subprocess.Popen[str]) -> str:
        """Watch a process that was just started to its end, whatever that is.

        Returns:
            What it had said on stderr. Nothing of it is on its way any more.
        """
        with self._changed:
            self._process = process
            self._changed.notify_all()
        try:
            _, said = process.communicate(timeout=_PATIENCE)
        finally:
            process.kill()
        with self._changed:
            assert self._changed.wait_for(lambda: self._open == 0, _PATIENCE)
        return said

    def passes(self, operation: str) -> bool:
        """Take in a call on its way in; False if it must not be heard any more."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._process is not None, _PATIENCE)
            if self.where and self.point.moment is not Moment.LATER:
                return False
            due = self._is_due(operation)
            if due:
                self.where, self._due = operation, threading.get_ident()
                if self.point.moment is Moment.BEFORE:
                    self._kill()
                    return False
                if self.point.moment is Moment.LATER:
                    threading.Timer(self.point.seconds, self._kill).start()
            self._open += 1
            return True

    def answers(self) -> bool:
        """Take in that a call was carried out; False if its answer must not arrive."""
        with self._changed:
            self._open -= 1
            self._changed.notify_all()
            if self._due == threading.get_ident() and self.point.moment is Moment.AFTER:
                self._kill()
            return not self.where or self.point.moment is Moment.LATER

    def _is_due(self, operation: str) -> bool:
        if self.where:
            return False
        if operation in WRITES:
            self._writes += 1
            self._calls = 0
        else:
            self._calls += 1
        now, due = (self._writes, self._calls), (self.point.writes, self.point.calls)
        return now >= due

    def _kill(self) -> None:
        if self._process is not None:
            self._process.kill()


class Killer:
    """Kills the processes that it is told of, whichever sandbox of this process serves them."""

    def __init__(self) -> None:
        self._watches: dict[str, Watch] = {}

    def watch(self, name: str, point: Point) -> Watch:
        """Kill the process of that name, which is about to start, at a point."""
        self._watches[name] = Watch(point)
        return self._watches[name]

    def of(self, request: Request) -> Watch | None:
        """Return the watch over who makes a request."""
        words = request.headers.get("user-agent", "").split()
        names = [word.removeprefix("app/") for word in words if word.startswith("app/")]
        return self._watches.get(names[0]) if names else None


@contextmanager
def killing() -> Iterator[Killer]:
    """Look at every request on its way into the sandbox, and out of it."""
    killer, handle = Killer(), Front.handle

    def seen(front: Front, request: Request) -> Response:
        watch, scope = killer.of(request), read_scope(request)
        if watch is None or scope is None:
            return handle(front, request)
        if not watch.passes(identify(request, scope).name):
            return DROPPED
        response = handle(front, request)
        return response if watch.answers() else DROPPED

    Front.handle = seen  # type: ignore[assignment,method-assign]
    try:
        yield killer
    finally:
        Front.handle = handle  # type: ignore[method-assign]
