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
        name, inner, rest = group.resolve_command(
            context,
            [*context._protected_args, *context.args],  # noqa: SLF001 (no other way)
        )
        assert inner is not None
        context = inner.make_context(name, rest, parent=context)
        group = inner
