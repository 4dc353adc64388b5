"""``promote apply``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from promote.cli import arguments, plans
from promote.cli.grammar import Command

if TYPE_CHECKING:
    from datetime import timedelta
    from pathlib import Path

    from promote.cli.run import Run

_HELP = """Do a saved plan, and nothing else.

\b
    promote apply plan.json
    promote apply plan.json --digest 9f86d081… --junit report.xml

The plan is refused as stale when a fact that it rests on has changed. A plan whose run was
interrupted can be applied again and goes on; one that ended is left alone.
"""


@click.command("apply", cls=Command, help=_HELP)
@arguments.PLAN_FILE
@arguments.DIGEST
@arguments.ACCESS_ANALYZER
@arguments.EXECUTION
@arguments.WAIT
@arguments.JUNIT
@click.pass_obj
def command(
    run: Run,
    *,
    plan: Path,
    digest: str | None,
    access_analyzer: bool,
    wait: timedelta,
    junit: Path | None,
) -> int:
    """Apply a plan file."""
    approved = plans.read(plan, digest)
    with run.story() as story:
        promoter = run.promoter(story)
        with plans.reported(junit, approved, story):
            asked = plans.ask_analyzer(run, promoter, approved, wished=access_analyzer)
        if access_analyzer and asked and not run.json:
            run.screen.say(asked)
        return plans.carry_out(run, promoter, story, approved, wait=wait, junit=junit)
