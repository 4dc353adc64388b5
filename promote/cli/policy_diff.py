"""``promote policy diff``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from promote.cli import arguments, policy_options
from promote.cli.grammar import Command

if TYPE_CHECKING:
    from promote.cli.run import Run

DIFFERENT = 10

_HELP = """Compare the live policies of access roles with the wanted ones, statement by statement.

\b
    promote policy diff
    promote policy diff tools --environment prod
    promote policy diff --detailed-exitcode          10 when anything differs, for a schedule

Wanted is what the pointers name, as status has it: the inline policy and the trust policy of each
access role, and no other policy that allows detection. Reads only. Two documents that allow exactly
the same are the same, whatever their order and spelling.
"""


@click.command("diff", cls=Command, help=_HELP)
@arguments.OPTIONAL_MODEL
@policy_options.ENVIRONMENT
@click.option("--detailed-exitcode", is_flag=True, help="End with 10 when anything differs.")
@click.pass_obj
def command(
    run: Run, *, model: str | None, environment: str | None, detailed_exitcode: bool
) -> int:
    """Compare, and show what differs."""
    from promote.core.policies.proof import proving
    from promote.report import differences
    from promote.workflow.compare import Comparer

    topology = run.topology()
    render = proving(policy_options.renderer(run, topology))
    comparer = Comparer(run.promoter().world, topology, render)
    found = comparer.compare(model=model, environment=environment)
    text = differences.as_json(found) if run.json else differences.as_text(found, click.style)
    run.screen.result(text)
    same = all(each.same_access for each in found)
    return DIFFERENT if detailed_exitcode and not same else 0
