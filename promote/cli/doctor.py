"""``promote doctor``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from promote.cli.grammar import Command

if TYPE_CHECKING:
    from promote.cli.run import Run

FOUND_SOMETHING = 4

_HELP = """Check credentials, roles, project, pointers, quotas and stacks, each with its remedy.

\b
    promote doctor
    promote doctor -o json

Reads only. Ends with exit code 4 when it found something.
"""


@click.command("doctor", cls=Command, help=_HELP)
@click.pass_obj
def command(run: Run) -> int:
    """Show what the doctor found."""
    from promote.report import json, text

    _tell_of_sandbox(run)
    findings = (*run.promoter().doctor(), *run.stack_findings())
    run.screen.result(json.findings(findings) if run.json else text.findings(findings, click.style))
    return 0 if all(finding.ok for finding in findings) else FOUND_SOMETHING


def _tell_of_sandbox(run: Run) -> None:
    """Say that a sandbox runs here and is not used: no command guesses which world is meant."""
    if "AWS_ENDPOINT_URL" in os.environ:
        return
    from promote.cli.sandbox_process import running

    info = running(run.settings.file.parent if run.settings.file else Path())
    if info is not None:
        run.screen.say(
            f"A sandbox runs at {info['endpoint']}, but AWS_ENDPOINT_URL is not set, so this is "
            'about AWS itself. To use the sandbox:\n    eval "$(promote sandbox env)"\n'
        )
