"""``promote audit``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from promote.cli import arguments
from promote.cli.grammar import Command

if TYPE_CHECKING:
    from pathlib import Path

    from promote.cli.run import Run

_FOUND = 4

_HELP = """Hold the promises against the records and the live world; each breach with its remedy.

\b
    promote audit
    promote audit tools --public-key key.der -o json

Every value that a pointer ever held must have been put there by a promotion on record, proven
before; what is named must run and be allowed; nothing may be allowed beyond, run for nobody, be
left half way, or be held and used; every gate must have passed; the records must be whole. Reads
only. Ends with exit code 4 when it found a breach.
"""


@click.command("audit", cls=Command, help=_HELP)
@arguments.OPTIONAL_MODEL
@arguments.PUBLIC_KEYS
@click.pass_obj
def command(run: Run, *, model: str | None, keys: tuple[Path, ...]) -> int:
    """Show what was checked, and what is not as it was promised."""
    from promote.report import json, text

    findings = run.promoter().audit(model, [arguments.read_key(key) for key in keys])
    run.screen.result(json.findings(findings) if run.json else text.findings(findings, click.style))
    return 0 if all(finding.ok for finding in findings) else _FOUND
