"""``promote reject``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from promote.cli import arguments, reviewing
from promote.cli.grammar import Command

if TYPE_CHECKING:
    from pathlib import Path

    from promote.cli.run import Run

_HELP = """Reject a saved plan, one's own as well.

\b
    promote reject plan.json --reason "Not before the release"

Nobody can apply a plan that somebody rejects, whoever approves it, until the same one approves it
after all. What was begun already goes on; to put that back: promote abort MODEL
"""


@click.command("reject", cls=Command, help=_HELP)
@arguments.PLAN_FILE
@arguments.DIGEST
@arguments.YES
@click.option(
    "--reason",
    type=arguments.TEXT,
    metavar="TEXT",
    required=True,
    help="Why; kept in the ledger.",
)
@click.pass_obj
def command(run: Run, *, plan: Path, digest: str | None, yes: bool, reason: str) -> None:
    """Reject a plan."""
    reviewing.review(run, plan, digest, approved=False, reason=reason, yes=yes)
