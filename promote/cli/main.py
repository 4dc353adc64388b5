"""The outermost function: the only place that turns errors into exit codes."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence

import click

from promote.cli.root import cli
from promote.cli.run import Run

COMPLETION = "_PROMOTE_COMPLETE"
"""The variable with which a shell asks for completions."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Args:
        arguments: Without the program's name; None takes those of this process.
    """
    return execute(Run(sys.argv[1:] if arguments is None else arguments))


def execute(run: Run) -> int:
    """Do what the command line of `run` says and return the exit code."""
    if COMPLETION in os.environ:
        cli.main(prog_name="promote", complete_var=COMPLETION, obj=run)
    try:
        code = _invoke(run)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 (the one boundary)
        code = _fail(error, run)
    run.screen.flush()
    return code


def _invoke(run: Run) -> int:
    """Run a command; without click's own `main`, which would take EPIPE and Ctrl-C for its own."""
    try:
        with cli.make_context(
            "promote", list(run.arguments), obj=run, terminal_width=run.screen.width
        ) as context:
            code = cli.invoke(context)
    except click.exceptions.Exit as end:
        return end.exit_code
    return code if isinstance(code, int) else 0


def wants_json(arguments: Sequence[str], environment: Mapping[str, str]) -> bool:
    """Say whether JSON was asked for, on a command line that could not be parsed."""
    answer = environment.get("PROMOTE_OUTPUT", "")
    for place, argument in enumerate(arguments):
        if argument in {"-o", "--output"}:
            answer = "".join(arguments[place + 1 : place + 2])
        elif argument.startswith("--output="):
            answer = argument.partition("=")[2]
        elif argument.startswith("-o") and len(argument) > len("-o"):
            answer = argument.removeprefix("-o").removeprefix("=")
    return answer == "json"


def _fail(error: BaseException, run: Run) -> int:
    """Say what went wrong, where the reader looks for it, and return the exit code."""
    from promote.cli import failure

    problem = failure.as_promote_error(error, run.arguments)
    code = failure.exit_code(problem)
    if run.json or wants_json(run.arguments, os.environ):
        run.screen.result(failure.without_secrets(failure.document(problem)))
    else:
        run.screen.say(failure.without_secrets(failure.text(problem)))
    return code
