"""Run `promote` before the user's eyes, as the demos do."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from promote.errors import PromoteError

if TYPE_CHECKING:
    from pathlib import Path

    from promote.cli.run import Run

_PROMOTE = (sys.executable, "-c", "import sys; from promote.cli.main import main; sys.exit(main())")
_PROXIES = {"http_proxy", "https_proxy", "all_proxy"}


class Shell:
    """Runs `promote` as a user would, in the demo's directory and with somebody's keys."""

    def __init__(self, run: Run, directory: Path, variables: Mapping[str, str]) -> None:
        self._run = run
        self._directory = directory
        self._variables = variables

    def say(self, heading: str) -> None:
        """Begin another part."""
        say(self._run, heading)

    def promote(self, *arguments: str) -> None:
        """Show a command line and run it.

        Raises:
            PromoteError: It failed.
        """
        from promote.cli.sandbox_load import attended

        line = shlex.join(["promote", *arguments])
        tell(self._run, click.style(f"\n$ {line}", bold=True))
        process = subprocess.Popen(
            [*_PROMOTE, *arguments],
            cwd=self._directory,
            env=dict(self._variables),
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr if self._run.json else None,
            text=True,
        )
        with attended(process):
            code = process.wait()
        if code != 0:
            raise PromoteError("The demo failed", f"`{line}` ended with exit code {code}.")


def say(run: Run, heading: str) -> None:
    """Begin another part."""
    tell(run, "\n" + click.style(f"== {heading}", bold=True))


def tell(run: Run, text: str) -> None:
    """Write to where the commands of the demo write, before they do."""
    if run.json:
        run.screen.say(text)
    else:
        run.screen.result(text)
    run.screen.flush()


def environment(variables: Mapping[str, str], color: str) -> dict[str, str]:
    """Return the environment of the demo's processes: nothing of the user's AWS, and no proxy."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "PROMOTE_")) and name.lower() not in _PROXIES
    }
    return {
        **kept,
        **variables,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "PROMOTE_COLOR": color,
        "PROMOTE_NO_INPUT": "1",
    }


@contextmanager
def hanging_up_ends_it() -> Iterator[None]:
    """Take a terminal that closes for a SIGTERM, so that nothing is left running."""

    def end(_number: int, _frame: object) -> None:
        signal.raise_signal(signal.SIGTERM)

    before = signal.signal(signal.SIGHUP, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)
