"""``promote show``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from promote.cli import arguments, plans
from promote.cli.grammar import Command

if TYPE_CHECKING:
    from pathlib import Path

    from promote.cli.run import Run

_HELP = """Show a saved plan, offline.

\b
    promote show plan.json
    promote show plan.json -o json | jq .changes
"""


@click.command("show", cls=Command, help=_HELP)
@arguments.PLAN_FILE
@click.pass_obj
def command(run: Run, *, plan: Path) -> None:
    """Show a plan file."""
    plans.show_plan(run, plans.read(plan))
