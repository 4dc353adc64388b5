"""``promote completion``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from click.shell_completion import ShellComplete, get_completion_class

from promote.cli.grammar import Command

if TYPE_CHECKING:
    from promote.cli.run import Run

_HELP = """Print the completion script of a shell.

\b
    eval "$(promote completion bash)"                              in ~/.bashrc
    eval "$(promote completion zsh)"                               in ~/.zshrc
    promote completion fish > ~/.config/fish/completions/promote.fish

Models and environments are completed from promote.yaml; AWS is never asked.
"""


@click.command("completion", cls=Command, help=_HELP)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """Print click's script; its check of the shell's version is left out, as it starts a shell."""
    run: Run = context.obj
    kind = get_completion_class(shell)
    if kind is not None:
        script = kind(context.find_root().command, {}, "promote", "_PROMOTE_COMPLETE")
        run.screen.result(ShellComplete.source(script))
