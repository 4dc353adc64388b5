"""``promote plan``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from promote.cli import arguments, consent, plans
from promote.cli.grammar import Command
from promote.core import planfile

if TYPE_CHECKING:
    from datetime import timedelta
    from pathlib import Path

    from promote.cli.run import Run

CHANGES_PENDING = 10

_HELP = """Show what a promotion would do; changes nothing.

\b
    promote plan tools v2 --to qa
    promote plan tools v2 --to prod --out plan.json --reason "Fewer false alarms"
    promote plan tools v2 --to prod --detailed-exitcode      10 when there are changes
    promote plan tools v3 --to prod --override soak --reason "Hotfix of 4711" --out plan.json

VERSION is a name or a full ARN. Every policy document of a plan is proved: it allows exactly what
is planned and changes exactly what is shown. With --access-analyzer the same is asked of IAM Access
Analyzer, with your own credentials, which need access-analyzer:ValidatePolicy, CheckNoNewAccess and
CheckAccessNotGranted; if it disagrees, there is no plan.

A plan that a gate refuses is saved as well, and the command ends with exit code 4; apply judges the
gates again. A hotfix that cannot wait lifts a gate with --override, for a while and with a reason;
it is a part of the plan that people approve, and stays on record.
"""


@click.command("plan", cls=Command, help=_HELP)
@arguments.MODEL
@arguments.VERSION
@arguments.TO
@arguments.OUT
@arguments.REASON
@arguments.OVERRIDE
@arguments.EXPIRES
@arguments.ADOPT
@arguments.ACCESS_ANALYZER
@click.option("--detailed-exitcode", is_flag=True, help="End with 10 when there are changes.")
@click.pass_obj
def command(
    run: Run,
    *,
    model: str,
    version: str,
    to: str,
    out: Path | None,
    reason: str | None,
    overrides: tuple[str, ...],
    expires: timedelta | None,
    adopt: bool,
    access_analyzer: bool,
    detailed_exitcode: bool,
) -> int:
    """Make a plan, save it, show it, judge it."""
    length = arguments.lasting(overrides, expires, reason)
    promoter = run.promoter()
    made = promoter.plan(
        model, version, to=to, reason=reason, adopt=adopt, overrides=overrides, expires=length
    )
    asked = plans.ask_analyzer(run, promoter, made, wished=access_analyzer)
    if out is not None:
        plans.write(out, planfile.encode(made))
    plans.show_plan(run, made, asked)
    consent.refuse_failed_gates(made)
    if out is not None and not run.json:
        run.screen.say(f"\nTo apply exactly this plan:\n    promote apply {out}")
    return CHANGES_PENDING if detailed_exitcode and made.changes else 0
