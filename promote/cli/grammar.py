"""The shape of the command line: lazy groups, common options at every level, "did you mean".

A group knows its commands by a table of names and sentences, so that ``--help`` imports none of
them; a command's module is imported when the command is run, completed or asked for its help.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from importlib import import_module

import click

from promote.cli.settings import CommonOption, common_options

CONTEXT = {"help_option_names": ["-h", "--help"]}


class _CommonMixin(click.Command):
    """Adds the common options, and shows commands first and common options last."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return the command's own options and the common ones."""
        return [*super().get_params(ctx), *common_options(root=ctx.parent is None)]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write commands, then the options of this one, then those of every one."""
        own: list[tuple[str, str]] = []
        common: list[tuple[str, str]] = []
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None:
                (common if isinstance(parameter, CommonOption) else own).append(record)
        if isinstance(self, click.Group):
            self.format_commands(ctx, formatter)
        for title, rows in (("Options", own), ("Options of every command", common)):
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)


class Command(_CommonMixin):
    """A command that takes the common options after its name as well."""


class LazyGroup(_CommonMixin, click.Group):
    """A group whose commands are imported when they are used.

    Args:
        name: What it is called.
        sections: For each heading of the help, the commands below it: name to one sentence.
        home: Where a command is, by its name, as ``module:attribute``.
        text: Its help.
        epilog: What its help ends with.
    """

    def __init__(
        self,
        name: str,
        *,
        sections: Mapping[str, Mapping[str, str]],
        home: Callable[[str], str],
        text: str,
        epilog: str | None = None,
    ) -> None:
        super().__init__(name, help=text, epilog=epilog, context_settings=CONTEXT)
        self.sections = sections
        self.home = home

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (click's signature)
        """List the commands in the order of the help."""
        return [name for section in self.sections.values() for name in section]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command; its module holds it under its own name, and never two of a name."""
        if cmd_name not in self.list_commands(ctx):
            return None
        module, _, attribute = self.home(cmd_name).partition(":")
        found: click.Command = getattr(import_module(module), attribute)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands from the table, importing none of them."""
        width = max(map(len, self.list_commands(ctx)))
        for title, section in self.sections.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(width), text) for name, text in section.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command, or say which one may have been meant."""
        name = args[0]
        if name.startswith("-") or ctx.resilient_parsing or name in self.list_commands(ctx):
            return super().resolve_command(ctx, args)
        message = f"No such command {name!r}.{did_you_mean(name, self.list_commands(ctx))}"
        raise click.UsageError(message, ctx)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a sentence with the name closest to `name`, with a space before it, or nothing."""
    from difflib import get_close_matches

    close = get_close_matches(name, list(known), n=1)
    return f" Did you mean {close[0]}?" if close else ""
