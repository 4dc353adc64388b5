"""``promote history``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from promote.cli import arguments
from promote.cli.grammar import Command
from promote.errors import NeedsAttentionError

if TYPE_CHECKING:
    from promote.cli.run import Run
    from promote.core.record import Record

_HELP = """Show the records of a model: who promoted what, when, why, and how it ended.

\b
    promote history tools
    promote history tools -o json

Of a history that is not whole it shows what can be read, then says what is wrong, and ends 11.
"""


@click.command("history", cls=Command, help=_HELP)
@arguments.MODEL
@click.pass_obj
def command(run: Run, *, model: str) -> None:
    """Show the records."""
    try:
        _show(run, run.promoter().history(model))
    except NeedsAttentionError:
        _show(run, run.promoter().legible_history(model))
        raise


def _show(run: Run, records: tuple[Record, ...]) -> None:
    from promote.report import json, text

    run.screen.result(json.history(records) if run.json else text.history(records, click.style))
