"""``promote sandbox demo``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from promote.cli.grammar import Command
from promote.cli.sandbox_shell import Shell, environment, hanging_up_ends_it, say, tell

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


@click.command("demo", cls=Command, help=_HELP)
@click.pass_obj
def command(run: Run) -> int:
    """Play the demo in a directory that is gone afterwards."""
    from tempfile import TemporaryDirectory

    from promote.cli.signals import ends_when_asked

    with (
        ends_when_asked(run.arguments),
        hanging_up_ends_it(),
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
    say(run, "Start a local AWS organisation")
    world = to_json(world_of(topology, None))
    started = sandbox_process.started(directory, world, port=0)
    with started as sandbox, sandbox_load.attended(sandbox):
        info = sandbox_process.require_running(directory)
        variables = environment(variables_of(info, "promoter"), run.settings.color)
        tell(run, f"{info['endpoint']}, where {topology.ml.account} is the ML account.")
        say(run, f"Let applications call the model {_RATE} times a second each, until the end")
        calling = sandbox_load.load(
            topology, directory, info, ttl=_TTL, every=1 / _RATE, variables=variables
        )
        with calling as applications:
            tell(run, f"One in each of {sandbox_load.describe(topology)}.")
            _promote_twice(Shell(run, directory, variables))
            tally = applications.end()
    return _show(run, topology, tally)


def _promote_twice(shell: Shell) -> None:
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


def _show(run: Run, topology: Topology, tally: Tally) -> int:
    """Show what the applications have seen, and return the exit code."""
    from promote.report.layout import paragraph

    drain = min(each.drain for each in topology.environments).total_seconds()
    if run.json:
        run.document("demo", requests=tally.requests, failed=tally.failed, applications=tally.rows)
        return 1 if tally.failed else 0
    say(run, "What the applications saw")
    tell(run, paragraph(_rule(drain, tally)) + "\n\n")
    tell(run, tally.text())
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
