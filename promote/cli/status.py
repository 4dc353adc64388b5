"""``promote status``."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

import click

from promote.cli import arguments
from promote.cli.grammar import Command

if TYPE_CHECKING:
    from promote.cli.run import Run
    from promote.promoter import Promoter

WATCH_SECONDS = 5

_HELP = """Show what every environment runs, names and allows, and what is unfinished or left over.

\b
    promote status
    promote status tools --watch
    promote status -o json | jq '.models[].environments'
"""


@click.command("status", cls=Command, help=_HELP)
@arguments.OPTIONAL_MODEL
@click.option("--watch", is_flag=True, help="Show it again whenever it changes, until Ctrl-C.")
@click.pass_obj
def command(run: Run, *, model: str | None, watch: bool) -> None:
    """Show the status once, or for as long as somebody watches."""
    promoter = run.promoter()
    shown = _render(run, promoter, model)
    run.screen.result(shown)
    with suppress(KeyboardInterrupt):
        while watch:
            time.sleep(WATCH_SECONDS)
            now = _render(run, promoter, model)
            if now != shown:
                run.screen.result(now)
            shown = now


def _render(run: Run, promoter: Promoter, model: str | None) -> str:
    from promote.report import json, text

    found = promoter.status(model)
    return json.status(found) if run.json else text.status(found, click.style)
