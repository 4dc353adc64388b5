"""``promote pipeline simulate``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from promote.cli.grammar import Command

if TYPE_CHECKING:
    from promote.cli.run import Run

_HELP = """Deploy a pipeline to a local AWS, promote through it, and watch.

\b
    promote pipeline simulate
    promote pipeline simulate --directory try     keeps promote.yaml and the images

Deploys every stack that `promote pipeline render` shows, by `promote bootstrap`, starts the
pipeline, and approves as an approver would. The builds run the commands of their buildspecs with
the credentials of their own roles alone. Takes about a minute, asks nothing and needs no AWS
account; ends with exit code 1 unless the execution succeeds and every pointer names the version.
"""


@click.command("simulate", cls=Command, help=_HELP)
@click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Where to write and keep the files.  [default: nowhere]",
)
@click.pass_obj
def command(run: Run, *, directory: Path | None) -> int:
    """Play the simulation."""
    from promote.cli.sandbox_shell import hanging_up_ends_it
    from promote.cli.signals import ends_when_asked

    with ends_when_asked(run.arguments), hanging_up_ends_it(), _place(directory) as place:
        return _play(run, place)


@contextmanager
def _place(directory: Path | None) -> Iterator[Path]:
    """Give the directory to play in; one of our own is gone afterwards."""
    if directory is not None:
        yield directory
        return
    with TemporaryDirectory(prefix="promote-pipeline-") as own:
        yield Path(own)


def _play(run: Run, directory: Path) -> int:
    """Start the world, deploy, start the pipeline, watch it; return the exit code."""
    from promote.cli import pipeline_scene, sandbox_load, sandbox_process
    from promote.cli.pipeline_watch import Watch
    from promote.cli.sandbox_shell import say, tell
    from promote.config import load
    from promote.core.pipeline.names import Names
    from promote.sandbox.spectator import Spectator
    from promote.sandbox.world import to_json

    sandbox_process.require_installed()
    pipeline_scene.write_scene(directory)
    topology = load(directory / "promote.yaml")
    names = Names(topology, pipeline_scene.MODEL)
    say(run, "Start a local AWS organisation, without any role of promote")
    world = to_json(pipeline_scene.world_before(topology, names))
    with (
        sandbox_process.started(directory, world, port=0) as sandbox,
        sandbox_load.attended(sandbox),
    ):
        info = sandbox_process.require_running(directory)
        tell(run, f"{info['endpoint']}, where {names.foundation.account} is the CI/CD account.")
        watch = Watch(run, names, Spectator(info), info["endpoint"])
        return watch.play(directory, info)
