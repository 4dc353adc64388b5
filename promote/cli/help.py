"""``promote help``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from promote.cli.grammar import Command, did_you_mean

if TYPE_CHECKING:
    from promote.cli.run import Run

EXIT_CODES = {
    0: "Done, or nothing to do.",
    1: "A bug in promote.",
    2: "Usage, configuration, or a plan file that is unreadable or does not fit.",
    3: "Declined by a person.",
    4: "Refused: a gate, a safety rule, or a check that found something.",
    5: "The plan is stale: a fact that it rests on has changed.",
    6: "Access denied, or no credentials.",
    7: "Something that was named does not exist.",
    8: "Locked, or an unfinished promotion of another version is in the way.",
    9: "Failed, and everything is as before.",
    10: "Changes are pending, or policies differ (--detailed-exitcode).",
    11: "Needs attention: says what is left and the command that finishes it.",
    75: "Try again later: throttled or out of time; the same command resumes.",
    130: "Ended by SIGINT (Ctrl-C); the same command resumes.",
    143: "Ended by SIGTERM; the same command resumes.",
}

ENVIRONMENT = {
    "PROMOTE_FILE": "As --file.",
    "PROMOTE_OUTPUT": "As --output.",
    "PROMOTE_PROFILE": "As --profile.",
    "PROMOTE_REGION": "As --region.",
    "PROMOTE_COLOR": "As --color.",
    "PROMOTE_NO_INPUT": "As --no-input.",
    "PROMOTE_VERBOSE": "As -v: 1 or 2.",
    "PROMOTE_YES": "As --yes, where a command takes it.",
    "NO_COLOR": "No colours, unless --color always.",
    "FORCE_COLOR": "Colours also where there is no terminal.",
    "TERM": "dumb: no colours, no live lines.",
    "AWS_*": "Credentials, profile and endpoint, as every AWS client reads them.",
}

_HELP = """Explain a command, the exit codes or the environment.

\b
    promote help release
    promote help version stop
    promote help exit-codes
    promote help environment
"""


@click.command("help", cls=Command, help=_HELP)
@click.argument("topic", nargs=-1)
@click.pass_context
def command(context: click.Context, topic: tuple[str, ...]) -> None:
    """Show the help of a command, or a table."""
    run: Run = context.obj
    match topic:
        case ("exit-codes",):
            run.screen.result(_table({str(code): text for code, text in EXIT_CODES.items()}))
        case ("environment",):
            run.screen.result(_table(ENVIRONMENT))
        case _:
            run.screen.result(_help_of(context, topic))


def _table(rows: dict[str, str]) -> str:
    formatter = click.HelpFormatter(width=100)
    formatter.write_dl(list(rows.items()))
    return formatter.getvalue()


def _help_of(context: click.Context, names: tuple[str, ...]) -> str:
    """Return the help of the command with these names, from the outermost inwards."""
    root = here = context.find_root()
    for name in names:
        group = here.command
        known = group.list_commands(here) if isinstance(group, click.Group) else []
        found = group.get_command(here, name) if isinstance(group, click.Group) else None
        if found is None:
            topics = [*known, *(["exit-codes", "environment"] if here is root else [])]
            message = f"There is no help for {name!r}.{did_you_mean(name, topics)}"
            raise click.UsageError(message, context)
        here = click.Context(found, parent=here, info_name=name, obj=context.obj)
    return here.get_help()
