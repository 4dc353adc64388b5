"""``promote guardrail apply``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from promote.cli import arguments, consent
from promote.cli.grammar import Command
from promote.cli.guardrail import TARGET
from promote.cli.signals import ends_when_asked

if TYPE_CHECKING:
    from promote.cli.run import Run
    from promote.guardrails import GuardrailPlan, Guardrails

_HELP = """Create, update and attach the policies of the organisation that promote.yaml asks for.

\b
    promote guardrail apply --target 222222222222    on one account first
    promote guardrail check
    promote guardrail apply                          then on every target
    promote guardrail apply --yes -o json

Shows every step and asks. The same command again goes on after an interruption, and does nothing
when all is as wanted. --target takes a target of promote.yaml, or something below one. The root
gets a policy only after something below it has it, or with --root. Refused are steps after which a
request of promotions would be denied.
"""


@click.command("apply", cls=Command, help=_HELP)
@TARGET
@click.option("--root", is_flag=True, help="Attach to the root, though nothing below it tried it.")
@arguments.YES
@click.pass_obj
def command(run: Run, *, target: str | None, root: bool, yes: bool) -> None:
    """Plan, ask and apply."""
    consent.require_consent(run, yes=yes)
    with run.story() as story, ends_when_asked(run.arguments):
        guardrails = run.guardrails(story)
        plan = guardrails.plan(target=target, untried=root)
        carry_out(run, guardrails, plan, "Change the policies of the organisation?", yes=yes)
    show_end(run, plan, "the guardrails are as wanted")


def carry_out(
    run: Run, guardrails: Guardrails, plan: GuardrailPlan, question: str, *, yes: bool
) -> None:
    """Show the steps, ask, and do them."""
    from promote.report import guardrails as report

    if not plan.steps:
        return
    if not run.json:
        run.screen.say(report.plan(plan.steps))
    if not yes:
        consent.ask(run, question)
    guardrails.apply(plan)


def show_end(run: Run, plan: GuardrailPlan, already: str) -> None:
    """Show what was done, or why there was nothing to do."""
    from promote.report import guardrails as report

    if run.json:
        result = "applied" if plan.steps else "unchanged"
        run.document("guardrails", result=result, steps=plan.steps)
    else:
        run.screen.result(report.done(plan.steps, already))
