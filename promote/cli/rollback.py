"""``promote rollback``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from promote.arn import short_version
from promote.cli import arguments, consent, plans
from promote.cli.grammar import Command
from promote.cli.signals import ends_when_asked
from promote.core import planfile
from promote.core.result import Outcome

if TYPE_CHECKING:
    from datetime import timedelta
    from pathlib import Path

    from promote.cli.run import Run
    from promote.cli.story import Story
    from promote.core.record import Unfinished
    from promote.promoter import Promoter

_HELP = """Go back to the version before, or to another one that the environment used.

\b
    promote rollback tools --environment prod
    promote rollback tools v1 --environment prod --yes --reason "Wrong answers"

No gate and no accuracy stands in its way; who still promotes the model is asked to give way. While
the version is warm, one pointer write for each target is all. A promotion to the environment that
has not ended is put back. What is left then is held: to release it there again takes a --reason.
The same command again changes nothing; to go further back, name the version.
"""


@click.command("rollback", cls=Command, help=_HELP)
@arguments.MODEL
@click.argument("version", required=False)
@arguments.ENVIRONMENT
@arguments.YES
@arguments.OUT
@arguments.REASON
@arguments.ADOPT
@arguments.EXECUTION
@arguments.WAIT
@arguments.JUNIT
@click.pass_obj
def command(
    run: Run,
    *,
    model: str,
    version: str | None,
    environment: str,
    out: Path | None,
    reason: str | None,
    junit: Path | None,
    yes: bool,
    adopt: bool,
    wait: timedelta,
) -> int:
    """Find the version before, plan the way back to it, ask, apply."""
    if out is None:
        consent.require_consent(run, yes=yes)
    with run.story() as story, ends_when_asked(run.arguments):
        promoter = run.promoter(story)
        begun = promoter.abort_instead(model, version, environment=environment)
        if begun is not None and out is None:
            _agree(run, begun, yes=yes)
            return _abort(run, promoter, story, begun, reason=reason, wait=wait, junit=junit)
        plan = promoter.plan_rollback(
            model, version, environment=environment, reason=reason, adopt=adopt
        )
        if out is not None:
            plans.write(out, planfile.encode(plan))
            plans.show_plan(run, plan)
            if not run.json:
                run.screen.say(f"\nTo apply exactly this plan:\n    promote apply {out}")
            return 0
        plans.tell_plan(run, plan)
        if plan.changes and not yes:
            consent.ask(run, f"Take {environment} back to {short_version(plan.request.version)}?")
        return plans.carry_out(run, promoter, story, plan, wait=wait, junit=junit)


def _agree(run: Run, begun: Unfinished, *, yes: bool) -> None:
    """Say that going back means to put an unfinished promotion back, and ask about it."""
    what = _told(begun)
    if not run.json:
        run.screen.say(f"{begun.promotion}, {what}, has not ended: to go back is to put it back.")
    if not yes:
        consent.ask(run, f"Put {what} back?")


def _abort(
    run: Run,
    promoter: Promoter,
    story: Story,
    begun: Unfinished,
    *,
    reason: str | None,
    wait: timedelta,
    junit: Path | None,
) -> int:
    request = begun.plan.request
    with plans.reported(junit, begun.plan, story):
        result = promoter.abort(
            request.model,
            environment=request.environment,
            reason=reason or "rolled back",
            wait=wait,
        )
    story.end()
    plans.report(junit, begun.plan, story, result, back=True)
    code = plans.show_end(run, result)
    return 0 if result.result in {Outcome.ROLLED_BACK, Outcome.FAILED} else code


def _told(begun: Unfinished) -> str:
    request = begun.plan.request
    return f"the promotion of {short_version(request.version)} to {request.environment}"
