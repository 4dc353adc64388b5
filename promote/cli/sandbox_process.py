"""Start, find and stop the sandbox's process; ``.promote/sandbox.json`` says where it is."""

from __future__ import annotations

import json
import select
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from promote.errors import FailedError, InputError, NotFoundError, PromoteError, RefusedError
from promote.sandbox import admin
from promote.sandbox.statefile import read_state

_SECONDS_TO_START = 60.0
_SECONDS_TO_STOP = 10.0


def state_file(directory: Path) -> Path:
    """Return where a sandbox of this directory writes what it is."""
    return directory / ".promote" / "sandbox.json"


def running(directory: Path) -> dict[str, Any] | None:
    """Return what the running sandbox says of itself, or None when none runs."""
    state = read_state(state_file(directory))
    if state is None:
        return None
    try:
        return admin.info(state["endpoint"])
    except (KeyError, PromoteError):
        return None


def require_running(directory: Path) -> dict[str, Any]:
    """Return what the running sandbox says of itself.

    Raises:
        NotFoundError: None runs.
    """
    info = running(directory)
    if info is None:
        raise NotFoundError(
            "No sandbox runs here",
            f"{state_file(directory)} names none that answers.",
            "To start one:\n    promote sandbox up --detach",
        )
    return info


def require_installed() -> None:
    """Refuse to go on without the sandbox's own dependencies.

    Raises:
        InputError: The extra is not installed.
    """
    if find_spec("moto") is None or find_spec("PIL") is None:
        raise InputError(
            "The sandbox is not installed",
            "It needs moto and Pillow, which promote itself does without.",
            "To install them:\n    python -m pip install 'aws-model-promote[sandbox]'",
        )


@contextmanager
def started(
    directory: Path, world: Mapping[str, Any], *, port: int
) -> Iterator[subprocess.Popen[str]]:
    """Start a sandbox in a process of its own, which ends if the body fails.

    Raises:
        InputError: The sandbox's dependencies are not installed.
        RefusedError: One runs here already.
        FailedError: It did not start; says what it said.
    """
    require_installed()
    if running(directory) is not None:
        raise RefusedError(
            "A sandbox runs here already",
            f"{state_file(directory)} names one that answers.",
            "To stop it:\n    promote sandbox down",
        )
    home = state_file(directory).parent
    home.mkdir(parents=True, exist_ok=True)
    seed = home / "sandbox-world.json"
    seed.write_text(json.dumps(world), encoding="utf-8")
    log = home / "sandbox.log"
    process = _launched(directory, seed, log, port)
    try:
        _wait_until_it_serves(process, log)
        yield process
    except BaseException:
        _end(process)
        raise


def stop(directory: Path) -> bool:
    """Stop the sandbox and wait until it is gone; False when none runs."""
    info = running(directory)
    if info is None:
        return False
    admin.shutdown(info["endpoint"])
    deadline = time.monotonic() + _SECONDS_TO_STOP
    while running(directory) is not None and time.monotonic() < deadline:
        time.sleep(0.05)
    return True


def _launched(directory: Path, seed: Path, log: Path, port: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "promote.sandbox", "--port", str(port)]
    command += ["--state-file", str(state_file(directory)), "--world", str(seed)]
    with log.open("w", encoding="utf-8") as errors:
        # A session of its own: Ctrl-C reaches us alone, and we stop it in order.
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,
        )


def _wait_until_it_serves(process: subprocess.Popen[str], log: Path) -> None:
    """Read the line that it writes when it serves."""
    told = [process.stdout] if process.stdout is not None else []
    ready, _, _ = select.select(told, [], [], _SECONDS_TO_START)
    if ready and told[0].readline():
        return
    late = process.poll() is None and not ready
    _end(process)
    said = log.read_text(encoding="utf-8").strip()
    ended = f"It ended with {process.returncode}."
    how = f"It did not serve within {_SECONDS_TO_START:g} s." if late else ended
    raise FailedError("The sandbox did not start", said or how)


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(_SECONDS_TO_STOP)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
