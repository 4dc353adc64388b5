"""Parse a command line of ours down to its last option, and run nothing."""

from __future__ import annotations

import click

from promote.cli.root import cli
from tests.unit.cli.fakes import FakeRun


def parse(words: list[str]) -> None:
    """Parse a command line without the program's name.

    Raises:
        click.UsageError: There is no such command or option, or an argument is missing.
    """
    group: click.Command = cli
    context = cli.make_context("promote", list(words), obj=FakeRun())
    while isinstance(group, click.Group):
        # The name under which click keeps a subcommand's words changed with 8.2.
        held = vars(context).get("_protected_args") or vars(context).get("protected_args", [])
        name, inner, rest = group.resolve_command(context, [*held, *context.args])
        assert inner is not None
        context = inner.make_context(name, rest, parent=context)
        group = inner
