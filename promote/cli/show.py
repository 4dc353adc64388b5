"""``promote show``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from promote.cli import arguments, plans, reviewing
from promote.cli.grammar import Command

if TYPE_CHECKING:
    from pathlib import Path

    from promote.cli.run import Run

_HELP = """Show a saved plan, offline; or what people said of it.

\b
    promote show plan.json
    promote show plan.json -o json | jq .changes
    promote show plan.json --reviews        who approved or rejected it, from the ledger
"""


@click.command("show", cls=Command, help=_HELP)
@arguments.PLAN_FILE
@click.option("--reviews", is_flag=True, help="Show who approved or rejected it, and what lacks.")
@click.pass_obj
def command(run: Run, *, plan: Path, reviews: bool) -> None:
    """Show a plan file."""
    if reviews:
        reviewing.show_reviews(run, plans.read(plan))
    else:
        plans.show_plan(run, plans.read(plan))
