"""``promote sandbox up``."""

from __future__ import annotations

import shlex
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from promote.cli import arguments
from promote.cli.grammar import Command

if TYPE_CHECKING:
    from promote.cli.run import Run

LIFELIKE = {
    "start_seconds": 600.0,
    "stop_seconds": 120.0,
    "training_seconds": 3600.0,
    "propagation_seconds": 8.0,
    "control_calls_per_second": 5.0,
    "latency_seconds": 0.04,
}

_HELP = """Run a local AWS organisation on loopback.

\b
    promote sandbox up                        until Ctrl-C
    eval "$(promote sandbox up --detach)"     in the background, and use it from this shell
    promote sandbox up --directory /tmp/try --port 5555

Without a promote.yaml, one is written, with golden images to test with. The roles that it names
are there, with the documents that `promote policy render` shows. On stdout are the lines that
point every AWS client at the sandbox; no command uses it unless they are set.
"""


@click.command("up", cls=Command, help=_HELP)
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="0 takes a free one.")
@click.option("--detach", is_flag=True, help="Return when it runs.")
@click.option("--lifelike", is_flag=True, help="Let everything take as long as it does at AWS.")
@arguments.DIRECTORY
@click.pass_obj
def command(run: Run, *, port: int, detach: bool, lifelike: bool, directory: Path) -> None:
    """Start the sandbox, say how to use it, and stay with it unless told otherwise."""
    from promote.cli.sandbox_process import require_installed, started
    from promote.cli.signals import ends_when_asked
    from promote.errors import InterruptedBySignalError

    require_installed()
    world = _world(run, directory)
    try:
        with ends_when_asked(run.arguments), started(directory, world, port=port) as process:
            _introduce(run, directory, lifelike=lifelike, detach=detach)
            if not detach:
                process.wait()
    except InterruptedBySignalError as error:
        if detach or error.signal_number != signal.SIGINT:
            raise


def _introduce(run: Run, directory: Path, *, lifelike: bool, detach: bool) -> None:
    from promote.cli.sandbox_logins import show_login
    from promote.cli.sandbox_process import require_running
    from promote.sandbox import admin

    info = require_running(directory)
    if lifelike:
        admin.settings(info["endpoint"], **LIFELIKE)
    show_login(run, info, "promoter")
    place = "" if directory == Path() else f" --directory {shlex.quote(str(directory))}"
    run.screen.say(
        f"The sandbox runs. To stop it:\n    promote sandbox down{place}"
        if detach
        else "The sandbox runs until you press Ctrl-C."
    )


def _world(run: Run, directory: Path) -> dict[str, object]:
    from promote.cli.sandbox_example import write_example
    from promote.cli.sandbox_world import world_of
    from promote.sandbox.world import to_json

    file = directory / "promote.yaml"
    if run.settings.file is None:
        if write_example(directory):
            run.screen.say(f"Wrote {file} and golden images beside it.")
        run.settings.file = file
    topology = run.topology()
    return to_json(world_of(topology, run.templates(topology)))
