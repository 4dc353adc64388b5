"""Turn whatever ended a command into one of our errors: summary, detail, remedy, exit code."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

import click

from promote.errors import (
    DeclinedError,
    InputError,
    InterruptedBySignalError,
    PromoteError,
)

_SECRETS = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN")
_BUG = "This is a bug in promote"
_BUG_REMEDY = "Please report it with the lines above and the command that you ran."
_FOR_HELP = "To see what the command takes:\n    {path} --help"


def as_promote_error(error: BaseException, command: Sequence[str]) -> PromoteError:
    """Return `error` as one of ours; `command` is the command line that was running."""
    match error:
        case PromoteError():
            return error
        case click.exceptions.UsageError():
            return _usage(error)
        case click.exceptions.Abort():
            return DeclinedError("Declined", "The question was not answered with yes.")
        case click.ClickException():
            return InputError("Wrong usage", error.format_message())
        case KeyboardInterrupt():
            return interrupted(2, command)
    return _bug(error)


def interrupted(signal_number: int, command: Sequence[str]) -> InterruptedBySignalError:
    """Say that a signal came, and how to go on: every command may be run again."""
    from shlex import join

    name = "SIGTERM" if signal_number == 15 else "SIGINT"  # noqa: PLR2004 (POSIX's number)
    return InterruptedBySignalError(
        "Interrupted",
        f"{name} ended the command. Nothing was undone.",
        f"The same command again goes on where this one ended:\n    {join(['promote', *command])}",
        signal_number=signal_number,
    )


def exit_code(error: PromoteError) -> int:
    """Return the exit code of an error."""
    if isinstance(error, InterruptedBySignalError):
        return 128 + error.signal_number
    return error.exit_code


def without_secrets(text: str, environment: Mapping[str, str] = os.environ) -> str:
    """Take the secrets that we know out of `text`; nothing of ours prints them, others' might."""
    for name in _SECRETS:
        value = environment.get(name)
        if value:
            text = text.replace(value, "***")
    return text


def _usage(error: click.exceptions.UsageError) -> InputError:
    path = error.ctx.command_path if error.ctx else "promote"
    return InputError("Wrong usage", error.format_message(), _FOR_HELP.format(path=path))


def _bug(error: BaseException) -> PromoteError:
    from traceback import format_exception

    return PromoteError(_BUG, "".join(format_exception(error)).rstrip(), _BUG_REMEDY)


def text(error: PromoteError) -> str:
    """Write an error for people."""
    from promote.report import text as as_text

    return as_text.error(error, click.style)


def document(error: PromoteError) -> str:
    """Write an error for programs, on one line."""
    from promote.report import json as as_json

    return as_json.error(error)
