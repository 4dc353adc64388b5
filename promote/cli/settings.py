"""The options that every command takes, before or after its name, and where each value came from.

Precedence: a flag after the command, a flag before it, ``PROMOTE_<NAME>``, promote.yaml, default.
"""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from pathlib import Path

    from click.shell_completion import CompletionItem


class Settings:
    """What the common options say; one object for a whole run of the command line."""

    def __init__(self) -> None:
        self.file: Path | None = None
        self.output = "text"
        self.profile: str | None = None
        self.region: str | None = None
        self.color = "auto"
        self.no_input = False
        self.verbose = 0
        self.sources: dict[str, str] = {}
        """Where each value came from, for those that are not defaults."""

    @property
    def json(self) -> bool:
        """Whether stdout is for programs."""
        return self.output == "json"


_GIVEN = {
    click.core.ParameterSource.COMMANDLINE: "flag",
    click.core.ParameterSource.ENVIRONMENT: "environment",
}


class _FilePath(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.4 on
    """A path; completed by the shell, and pathlib is imported only when there is one."""

    name = "file"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Path:
        """Read a path; whether there is a file is for the reader of the file to say."""
        del param, ctx
        from pathlib import Path

        return Path(str(value))

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Let the shell complete file names."""
        del ctx, param
        from click.shell_completion import CompletionItem

        return [CompletionItem(incomplete, type="file")]


class CommonOption(click.Option):
    """One of the options that every command takes."""

    def get_error_hint(self, ctx: click.Context | None) -> str:
        """Name the option, and the variable that may have given its value."""
        hint = super().get_error_hint(ctx) if ctx else f"'{self.opts[-1]}'"
        return f"{hint} or {self.envvar}" if self.envvar else hint


def _keep(context: click.Context, parameter: click.Parameter, value: object) -> None:
    """Keep a value that was given; contexts are parsed outside in, so the innermost flag wins."""
    name = str(parameter.name)
    source = _GIVEN.get(context.get_parameter_source(name))  # type: ignore[arg-type]
    if source is None:
        return
    settings: Settings = context.obj.settings
    setattr(settings, name, value)
    settings.sources[name] = source


@cache
def common_options(*, root: bool) -> tuple[click.Parameter, ...]:
    """Make the common options; the environment is read once, by the outermost command."""
    option = partial(_option, root=root)
    return (
        option(
            "-f",
            "--file",
            type=_FilePath(),
            metavar="FILE",
            help="The configuration.  [default: promote.yaml]",
        ),
        option(
            "-o",
            "--output",
            type=click.Choice(["text", "json"]),
            help="For people or for programs.  [default: text]",
        ),
        option("--profile", metavar="NAME", help="A profile of the AWS configuration."),
        option("--region", metavar="NAME", help="Instead of the Region in the configuration."),
        option(
            "--color",
            type=click.Choice(["auto", "always", "never"]),
            help="Colours.  [default: auto]",
        ),
        option("--no-input", is_flag=True, default=None, help="Never ask, also on a terminal."),
        option("-v", "--verbose", count=True, default=None, help="Tell more; twice: everything."),
    )


def _option(*names: str, root: bool, **attributes: Any) -> click.Parameter:  # noqa: ANN401 (click's)
    variable = "PROMOTE_" + names[-1].lstrip("-").replace("-", "_").upper()
    return CommonOption(
        names,
        expose_value=False,
        is_eager=True,
        callback=_keep,
        envvar=variable if root else None,
        **attributes,
    )
