"""``promote guardrail check``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from promote.cli.grammar import Command

if TYPE_CHECKING:
    from promote.cli.run import Run

FOUND_SOMETHING = 4

_HELP = """Check the policies of the organisation; reads only.

\b
    promote guardrail check
    promote guardrail check -o json

Says whether ours exist as wanted and are attached to every target; whether any SCP or RCP, ours or
another, denies a request that promotions or applications make; and whether a session of an access
role is denied what only operators may do, even if its own policies allowed it everything.
Ends with exit code 4 when it found something.
"""


@click.command("check", cls=Command, help=_HELP)
@click.pass_obj
def command(run: Run) -> int:
    """Show what was found."""
    from promote.report import guardrails as report

    findings = run.guardrails().check()
    ok = all(each.ok for each in findings)
    if run.json:
        run.document("guardrails", ok=ok, findings=findings)
    else:
        run.screen.result(report.findings(findings, click.style))
    return 0 if ok else FOUND_SOMETHING
