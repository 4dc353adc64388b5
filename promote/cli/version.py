"""``promote version list|start|stop``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from promote.cli import arguments, consent
from promote.cli.grammar import Command, LazyGroup
from promote.cli.signals import ends_when_asked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from promote.cli.run import Run
    from promote.core.version import ModelVersion

SECTIONS = {
    "Commands": {
        "list": "List the versions of a model.",
        "start": "Start a version and wait until it runs.",
        "stop": "Stop a version and wait until it is stopped.",
    }
}

_HELP = """List, start or stop versions of a model.

\b
    promote version list tools
    promote version start tools v2
    promote version stop tools v1 --yes
"""

_LIST = """List the versions of a model, newest first.

\b
    promote version list tools
    promote version list tools -o json
"""

_START = """Start a version and wait until it runs.

\b
    promote version start tools v2

A version that runs already is left alone. What was started by hand is stopped by hand.
"""

_STOP = """Stop a version and wait until it is stopped.

\b
    promote version stop tools v1 --yes
    promote version stop tools v3 --force       running for nobody, and not started by us

Refused while a pointer names it, a grant allows it, or a drain covers it.
"""

command = LazyGroup(
    "version", sections=SECTIONS, home="promote.cli.version:{}_command".format, text=_HELP
)


@click.command("list", cls=Command, help=_LIST)
@arguments.MODEL
@click.pass_obj
def list_command(run: Run, *, model: str) -> None:
    """Show every version."""
    _show(run, run.promoter().versions(model))


@click.command("start", cls=Command, help=_START)
@arguments.MODEL
@arguments.VERSION
@click.pass_obj
def start_command(run: Run, *, model: str, version: str) -> None:
    """Start a version and show it."""
    with run.story() as story, ends_when_asked(run.arguments):
        started = run.promoter(story).start_version(model, version)
    _show(run, [started])


@click.command("stop", cls=Command, help=_STOP)
@arguments.MODEL
@arguments.VERSION
@arguments.YES
@arguments.FORCE
@click.pass_obj
def stop_command(run: Run, *, model: str, version: str, yes: bool, force: bool) -> None:
    """Stop a version and show it."""
    consent.require_consent(run, yes=yes)
    if not yes:
        consent.ask(run, f"Stop {model} {version}?")
    with run.story() as story, ends_when_asked(run.arguments):
        stopped = run.promoter(story).stop_version(model, version, force=force)
    _show(run, [stopped])


def _show(run: Run, versions: Sequence[ModelVersion]) -> None:
    from promote.report import json, text

    run.screen.result(json.versions(versions) if run.json else text.versions(versions, click.style))
