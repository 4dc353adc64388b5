"""``promote release``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from promote.cli import arguments, consent, plans
from promote.cli.grammar import Command
from promote.cli.signals import ends_when_asked

if TYPE_CHECKING:
    from datetime import timedelta
    from pathlib import Path

    from promote.cli.run import Run

_HELP = """Plan, ask and apply in one command.

\b
    promote release tools v2 --to qa
    promote release tools v2 --to prod --yes --reason "Fewer false alarms"
    promote release tools v3 --to prod --override soak --reason "Hotfix of 4711"

The same command again resumes a promotion that was interrupted. What already is as asked is left
alone, and nobody is asked. Without a terminal, say --yes. A hotfix that cannot wait lifts a gate
with --override, for a while and with a reason; it stays on record, and in the status for as long as
the version is used.
"""


@click.command("release", cls=Command, help=_HELP)
@arguments.MODEL
@arguments.VERSION
@arguments.TO
@arguments.YES
@arguments.REASON
@arguments.OVERRIDE
@arguments.EXPIRES
@arguments.ADOPT
@arguments.ACCESS_ANALYZER
@arguments.EXECUTION
@arguments.WAIT
@arguments.JUNIT
@click.pass_obj
def command(
    run: Run,
    *,
    model: str,
    version: str,
    to: str,
    reason: str | None,
    overrides: tuple[str, ...],
    expires: timedelta | None,
    junit: Path | None,
    yes: bool,
    adopt: bool,
    access_analyzer: bool,
    wait: timedelta,
) -> int:
    """Make a plan, show it, ask about it, apply it."""
    length = arguments.lasting(overrides, expires, reason)
    consent.require_consent(run, yes=yes)
    with run.story() as story, ends_when_asked(run.arguments):
        promoter = run.promoter(story)
        plan = promoter.plan(
            model, version, to=to, reason=reason, adopt=adopt, overrides=overrides, expires=length
        )
        with plans.reported(junit, plan, story):
            asked = plans.ask_analyzer(run, promoter, plan, wished=access_analyzer)
        plans.tell_plan(run, plan, asked)
        with plans.reported(junit, plan, story):
            consent.refuse_failed_gates(plan)
            consent.refuse_before_asking(promoter, plan)
        if plan.changes and not yes:
            consent.ask(run, f"Promote {model} {version} to {to}{consent.lifting(plan)}?")
        return plans.carry_out(run, promoter, story, plan, wait=wait, junit=junit)
