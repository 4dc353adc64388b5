"""``promote retire``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from promote.cli import arguments
from promote.cli.grammar import Command
from promote.cli.signals import ends_when_asked
from promote.errors import InputError

if TYPE_CHECKING:
    from datetime import timedelta

    from promote.cli.run import Run

_HELP = """Revoke and stop what promotions left behind, once its drain and keep_warm are over.

\b
    promote retire tools
    promote retire --all --wait 0s

Safe on a schedule: nothing due is no failure. A model that is locked, or whose promotion is
unfinished, is skipped and named. What no pointer ever named is left alone.
"""


@click.command("retire", cls=Command, help=_HELP)
@arguments.OPTIONAL_MODEL
@click.option("--all", "every", is_flag=True, help="Every model.")
@arguments.WAIT
@click.pass_obj
def command(run: Run, *, model: str | None, every: bool, wait: timedelta) -> int:
    """Retire what is due of one model or of every one."""
    if (model is None) != every:
        raise InputError(
            "Which model",
            "Expected either the name of a model or --all.",
            "For every model:\n    promote retire --all",
        )
    with run.story() as story, ends_when_asked(run.arguments):
        done = run.promoter(story).retire(model, wait=wait)
    from promote.report import json, text

    run.screen.result(json.retirement(done) if run.json else text.retirement(done))
    return 0
