"""``promote verify``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from promote.cli import arguments, plans
from promote.cli.grammar import Command
from promote.cli.signals import ends_when_asked

if TYPE_CHECKING:
    from pathlib import Path

    from promote.cli.run import Run

DID_NOT_PASS = 4

_HELP = """Try an environment's version through its role and pointer, and record how it went.

\b
    promote verify tools --environment qa
    promote verify tools --environment prod --junit report.xml

Ends with exit code 4 when the version does not pass.
"""


@click.command("verify", cls=Command, help=_HELP)
@arguments.MODEL
@arguments.ENVIRONMENT
@arguments.JUNIT
@click.pass_obj
def command(run: Run, *, model: str, environment: str, junit: Path | None) -> int:
    """Run the smoke test and show its verdict."""
    with run.story() as story, ends_when_asked(run.arguments):
        done = run.promoter(story).verify(model, environment=environment)
    from promote.report import json, text

    if junit is not None:
        from promote.report.junit import verification

        plans.write(junit, verification(done, story.events).encode())
    run.screen.result(json.verification(done) if run.json else text.verification(done, click.style))
    return 0 if done.passed else DID_NOT_PASS
