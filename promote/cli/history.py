"""``promote history``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from promote.cli import arguments
from promote.cli.grammar import Command

if TYPE_CHECKING:
    from promote.cli.run import Run

_HELP = """Show the records of a model: who promoted what, when, why, and how it ended.

\b
    promote history tools
    promote history tools -o json
"""


@click.command("history", cls=Command, help=_HELP)
@arguments.MODEL
@click.pass_obj
def command(run: Run, *, model: str) -> None:
    """Show the records."""
    from promote.report import json, text

    records = run.promoter().history(model)
    run.screen.result(json.history(records) if run.json else text.history(records, click.style))
