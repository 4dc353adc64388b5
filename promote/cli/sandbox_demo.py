"""``promote sandbox demo``."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from promote.cli.grammar import Command
from promote.errors import PromoteError

if TYPE_CHECKING:
    from promote.cli.run import Run
    from promote.cli.sandbox_load import Tally
    from promote.core.topology import Topology

_HELP = """Promote a version through two environments on a local AWS, and watch.

\b
    promote sandbox demo

Takes about a minute, asks nothing, needs no AWS account and leaves nothing behind. Applications in
three accounts call the model all the while; ends with exit code 1 if one of their calls fails.
"""

_TTL = 2.0
"""Seconds for which the applications keep the pointer; the drain leaves them 3 for a request."""
_RATE = 50
"""Requests of each application in a second: what fails for longer than 20 ms is seen to fail."""

_PROMOTE = (sys.executable, "-c", "import sys; from promote.cli.main import main; sys.exit(main())")
_PROXIES = {"http_proxy", "https_proxy", "all_proxy"}


@click.command("demo", cls=Command, help=_HELP)
@click.pass_obj
def command(run: Run) -> int:
    """Play the demo in a directory that is gone afterwards."""
    from tempfile import TemporaryDirectory

    from promote.cli.signals import ends_when_asked

    with (
        ends_when_asked(run.arguments),
        _hanging_up_ends_it(),
        TemporaryDirectory(prefix="promote-demo-") as directory,
    ):
        return _play(run, Path(directory))


def _play(run: Run, directory: Path) -> int:
    """Start the world and its applications, promote, and return the exit code."""
    from promote.cli import sandbox_load, sandbox_process
    from promote.cli.sandbox_example import write_example
    from promote.cli.sandbox_logins import variables_of
    from promote.cli.sandbox_world import world_of
    from promote.config import load
    from promote.sandbox.world import to_json

    sandbox_process.require_installed()
    write_example(directory)
    topology = load(directory / "promote.yaml")
    _say(run, "Start a local AWS organisation")
    world = to_json(world_of(topology, None))
    started = sandbox_process.started(directory, world, port=0)
    with started as sandbox, sandbox_load.attended(sandbox):
        info = sandbox_process.require_running(directory)
        variables = _environment(variables_of(info, "promoter"), run.settings.color)
        _tell(run, f"{info['endpoint']}, where {topology.ml.account} is the ML account.")
        _say(run, f"Let applications call the model {_RATE} times a second each, until the end")
        calling = sandbox_load.load(
            topology, directory, info, ttl=_TTL, every=1 / _RATE, variables=variables
        )
        with calling as applications:
            _tell(run, f"One in each of {sandbox_load.describe(topology)}.")
            _promote_twice(_Shell(run, directory, variables))
            tally = applications.end()
    return _show(run, topology, tally)


def _promote_twice(shell: _Shell) -> None:
    """Show the world, promote to both environments, show it again."""
    shell.say("What runs where")
    shell.promote("status")
    shell.say("Promote v2 to qa, with a plan to review")
    shell.promote("plan", "tools", "v2", "--to", "qa", "--out", "qa.json")
    shell.promote("apply", "qa.json")
    shell.say("Promote v2 to production, in one command")
    reason = "Trained on sharper images"
    shell.promote("release", "tools", "v2", "--to", "prod", "--yes", "--reason", reason)
    shell.say("What runs where now, and how it came to it")
    shell.promote("status")
    shell.promote("history", "tools")


class _Shell:
    """Runs `promote` as a user would, in the demo's directory and with the promoter's keys."""

    def __init__(self, run: Run, directory: Path, variables: Mapping[str, str]) -> None:
        self._run = run
        self._directory = directory
        self._variables = variables

    def say(self, heading: str) -> None:
        """Begin another part."""
        _say(self._run, heading)

    def promote(self, *arguments: str) -> None:
        """Show a command line and run it.

        Raises:
            PromoteError: It failed.
        """
        from promote.cli.sandbox_load import attended

        line = shlex.join(["promote", *arguments])
        _tell(self._run, click.style(f"\n$ {line}", bold=True))
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


def _show(run: Run, topology: Topology, tally: Tally) -> int:
    """Show what the applications have seen, and return the exit code."""
    from promote.report.layout import paragraph

    drain = min(each.drain for each in topology.environments).total_seconds()
    if run.json:
        run.document("demo", requests=tally.requests, failed=tally.failed, applications=tally.rows)
        return 1 if tally.failed else 0
    _say(run, "What the applications saw")
    _tell(run, paragraph(_rule(drain, tally)) + "\n\n")
    _tell(run, tally.text())
    return 1 if tally.failed else 0


def _rule(drain: float, tally: Tally) -> str:
    """Say whether the applications obeyed the rule of `promote.client`, and what came of it."""
    age = _TTL + tally.longest_request
    return (
        f"They kept the pointer for {_TTL:g}s and a request took at most "
        f"{tally.longest_request:.1f}s: together {age:.1f}s, "
        f"{'within' if age <= drain else 'on this slow machine not within'} the drain of "
        f"{drain:g}s. {tally.second_tries:,} requests needed the client's second try."
    )


def _say(run: Run, heading: str) -> None:
    _tell(run, "\n" + click.style(f"== {heading}", bold=True))


def _tell(run: Run, text: str) -> None:
    """Write to where the commands of the demo write, before they do."""
    if run.json:
        run.screen.say(text)
    else:
        run.screen.result(text)
    run.screen.flush()


def _environment(variables: Mapping[str, str], color: str) -> dict[str, str]:
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
def _hanging_up_ends_it() -> Iterator[None]:
    """Take a terminal that closes for a SIGTERM, so that nothing is left running."""

    def end(_number: int, _frame: object) -> None:
        signal.raise_signal(signal.SIGTERM)

    before = signal.signal(signal.SIGHUP, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)
