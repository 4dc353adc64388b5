"""Run the commands of a build: each a process group of its own, which can be stopped.

A command that leaves processes behind is over when its shell is; they go on, as in CodeBuild, until
the build ends, and are killed then.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Final

_POLL: Final = 0.1
_REST: Final = 0.2  # seconds to wait for output that a process left behind may still hold back


class StoppedError(Exception):
    """The build was asked to stop."""


class TimedOutError(Exception):
    """The build took longer than it may."""


class Commands:
    """Runs commands one after the other, until they are stopped or out of time.

    Args:
        write: Told each line of their output.
        stop: Set to stop them.
        limit: How many seconds they may take together.
        grace: How many seconds lie between asking a command to end and killing it.
    """

    def __init__(
        self,
        write: Callable[[str], None],
        stop: threading.Event,
        limit: float | None = None,
        grace: float = 5.0,
    ) -> None:
        self._write = write
        self._stop = stop
        self._until = None if limit is None else time.monotonic() + limit
        self._grace = grace
        self._left: list[int] = []

    def run(self, command: Sequence[str], environment: Mapping[str, str], directory: Path) -> int:
        """Run a command with this environment alone; return its status as a shell tells it.

        Raises:
            StoppedError: It was stopped.
            TimedOutError: It was out of time.
        """
        self._check()
        process = subprocess.Popen(
            command,
            cwd=directory,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        copier = threading.Thread(target=self._copy, args=(process.stdout,), daemon=True)
        copier.start()
        try:
            status = self._wait(process)
        except (StoppedError, TimedOutError):
            self._end(process)
            raise
        finally:
            copier.join(_REST)
        if _lives(process.pid):
            self._left.append(process.pid)
        return status if status >= 0 else 128 - status

    def end(self) -> None:
        """Kill what commands have left behind."""
        for group in self._left:
            _send(group, signal.SIGKILL)
        self._left.clear()

    def _wait(self, process: subprocess.Popen[str]) -> int:
        while True:
            try:
                return process.wait(timeout=_POLL)
            except subprocess.TimeoutExpired:
                self._check()

    def _check(self) -> None:
        if self._stop.is_set():
            raise StoppedError
        if self._until is not None and time.monotonic() >= self._until:
            raise TimedOutError

    def _end(self, process: subprocess.Popen[str]) -> None:
        """Ask a group to end, and kill it when it does not."""
        _send(process.pid, signal.SIGTERM)
        try:
            process.wait(timeout=self._grace)
        except subprocess.TimeoutExpired:
            pass
        finally:
            _send(process.pid, signal.SIGKILL)
            process.wait()

    def _copy(self, output: IO[str]) -> None:
        with output:
            for line in output:
                self._write(line.rstrip("\n"))


def _send(group: int, number: signal.Signals) -> None:
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return


def _lives(group: int) -> bool:
    """Say whether a process of a group, whose leader is gone, goes on."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
