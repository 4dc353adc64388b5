"""``promote retire``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from promote.cli import arguments
from promote.cli.grammar import Command
from promote.cli.signals import ends_when_asked
from promote.errors import InputError, PromoteError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from promote.cli.run import Run
    from promote.core.result import Retirement

_HELP = """Revoke and stop what promotions left behind, once its drain and keep_warm are over.

\b
    promote retire tools
    promote retire --all --wait 0s

Safe on a schedule: nothing due is no failure. A model that is locked, or whose promotion is
unfinished, is skipped and named. What no pointer ever named is left alone. What goes wrong with
one model keeps no other from being retired; the command then ends with the worst error.
"""


@click.command("retire", cls=Command, help=_HELP)
@arguments.OPTIONAL_MODEL
@click.option("--all", "every", is_flag=True, help="Every model.")
@arguments.EXECUTION
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
    told: list[Retirement] = []
    try:
        with run.story() as story, ends_when_asked(run.arguments):
            done = run.promoter(story).retire(model, wait=wait, on_retired=told.append)
    except PromoteError:
        _show(run, told)
        raise
    _show(run, done)
    return 0


def _show(run: Run, done: Sequence[Retirement]) -> None:
    from promote.report import json, text

    if done:
        run.screen.result(json.retirement(done) if run.json else text.retirement(done))
