"""``promote history``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from promote.cli import arguments
from promote.cli.grammar import Command
from promote.errors import NeedsAttentionError

if TYPE_CHECKING:
    from pathlib import Path

    from promote.cli.run import Run
    from promote.core.record import Record

_BROKEN = 4

_HELP = """Show the records of a model: who promoted what, when, why, and how it ended.

\b
    promote history tools
    promote history tools --promotion 3f9a1c       all that is on record of one
    promote history tools --verify --public-key key.der

Of a history that is not whole it shows what can be read, then says what is wrong, and ends 11.
--verify checks every record offline, names the first that is broken, and then ends 4.
"""


@click.command("history", cls=Command, help=_HELP)
@arguments.MODEL
@click.option("--promotion", metavar="ID", help="One promotion, by its id or the end of it.")
@click.option("--verify", is_flag=True, help="Check the chain of the records, and signatures.")
@arguments.PUBLIC_KEYS
@click.pass_obj
def command(
    run: Run, *, model: str, promotion: str | None, verify: bool, keys: tuple[Path, ...]
) -> int:
    """Show the records."""
    if keys and not verify:
        raise click.UsageError("--public-key is for --verify.")
    if verify and promotion is not None:
        raise click.UsageError("--verify is about all records; leave --promotion out.")
    if verify:
        return _verify(run, model, keys)
    if promotion is not None:
        _show_one(run, model, promotion)
        return 0
    try:
        _show(run, run.promoter().history(model))
    except NeedsAttentionError:
        _show(run, run.promoter().legible_history(model))
        raise
    return 0


def _show(run: Run, records: tuple[Record, ...]) -> None:
    from promote.report import json, text

    run.screen.result(json.history(records) if run.json else text.history(records, click.style))


def _show_one(run: Run, model: str, promotion: str) -> None:
    from promote.report import json, text

    found = run.promoter().promotion(model, promotion)
    run.screen.result(json.dossier(found) if run.json else text.dossier(found, click.style))


def _verify(run: Run, model: str, keys: tuple[Path, ...]) -> int:
    from promote.report import json, text

    found = run.promoter().verify_history(model, [arguments.read_key(key) for key in keys])
    run.screen.result(json.chain(found) if run.json else text.chain(found, click.style))
    return 0 if found.ok else _BROKEN
