"""``promote abort``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from promote.cli import arguments, consent, plans
from promote.cli.grammar import Command
from promote.cli.signals import ends_when_asked
from promote.core.result import Outcome

if TYPE_CHECKING:
    from datetime import timedelta

    from promote.cli.run import Run

_HELP = """Put an interrupted promotion back: pointers, access and versions as they were before.

\b
    promote abort tools
    promote abort tools --yes --reason "Wrong version"
"""


@click.command("abort", cls=Command, help=_HELP)
@arguments.MODEL
@arguments.UNFINISHED_IN
@arguments.YES
@arguments.REASON
@arguments.EXECUTION
@arguments.WAIT
@click.pass_obj
def command(
    run: Run,
    *,
    model: str,
    environment: str | None,
    yes: bool,
    reason: str | None,
    wait: timedelta,
) -> int:
    """Abort a model's unfinished promotion; put back as asked, which is no failure."""
    consent.require_consent(run, yes=yes)
    if not yes:
        consent.ask(run, f"Put the unfinished promotion of {model} back?")
    with run.story() as story, ends_when_asked(run.arguments):
        result = run.promoter(story).abort(
            model, environment=environment, reason=reason or "aborted", wait=wait
        )
    code = plans.show_end(run, result)
    return 0 if result.result in {Outcome.ROLLED_BACK, Outcome.FAILED} else code
