"""``promote guardrail detach``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from promote.cli import arguments, consent
from promote.cli.grammar import Command
from promote.cli.guardrail import TARGET
from promote.cli.guardrail_apply import carry_out, show_end
from promote.cli.signals import ends_when_asked

if TYPE_CHECKING:
    from promote.cli.run import Run

_HELP = """Take the policies of promote off the organisation again.

\b
    promote guardrail detach --target 222222222222
    promote guardrail detach --delete --yes

Without --target from everything. Only policies that promote made are touched.
"""


@click.command("detach", cls=Command, help=_HELP)
@TARGET
@click.option("--delete", is_flag=True, help="Delete the policies as well.")
@arguments.YES
@click.pass_obj
def command(run: Run, *, target: str | None, delete: bool, yes: bool) -> None:
    """Plan, ask and detach."""
    consent.require_consent(run, yes=yes)
    with run.story() as story, ends_when_asked(run.arguments):
        guardrails = run.guardrails(story)
        plan = guardrails.plan_removal(target=target, delete=delete)
        carry_out(run, guardrails, plan, "Take the guardrails away?", yes=yes)
    show_end(run, plan, "nothing of ours is there")
