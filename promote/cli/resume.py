"""``promote resume``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from promote.cli import arguments, plans
from promote.cli.grammar import Command
from promote.cli.signals import ends_when_asked

if TYPE_CHECKING:
    from datetime import timedelta

    from promote.cli.run import Run

_HELP = """Finish what an interrupted promotion left, in the direction that it had.

\b
    promote resume tools

It was reviewed when it began, so nobody is asked again.
"""


@click.command("resume", cls=Command, help=_HELP)
@arguments.MODEL
@arguments.UNFINISHED_IN
@arguments.EXECUTION
@arguments.WAVE
@arguments.WAIT
@click.pass_obj
def command(
    run: Run, *, model: str, environment: str | None, wave: int | None, wait: timedelta
) -> int:
    """Resume a model's unfinished promotion."""
    with run.story() as story, ends_when_asked(run.arguments):
        result = run.promoter(story).resume(model, environment=environment, wait=wait, wave=wave)
    return plans.show_end(run, result)
