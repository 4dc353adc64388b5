"""``promote approve``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from promote.cli import arguments, reviewing
from promote.cli.grammar import Command

if TYPE_CHECKING:
    from pathlib import Path

    from promote.cli.run import Run

_HELP = """Approve a saved plan that somebody else asked for.

\b
    promote approve plan.json
    promote approve plan.json --digest 9f86d081… --yes --reason "Looked at the figures"

The approval is of exactly this plan, by its digest. It counts for an environment whose `gates` ask
for approvals, until the plan is stale. Who approves is an IAM user or somebody who signed in
through Identity Center; the same person in another role is the same person.
"""


@click.command("approve", cls=Command, help=_HELP)
@arguments.PLAN_FILE
@arguments.DIGEST
@arguments.YES
@click.option("--reason", type=arguments.TEXT, metavar="TEXT", help="Why; kept in the ledger.")
@click.pass_obj
def command(run: Run, *, plan: Path, digest: str | None, yes: bool, reason: str | None) -> None:
    """Approve a plan."""
    reviewing.review(run, plan, digest, approved=True, reason=reason, yes=yes)
