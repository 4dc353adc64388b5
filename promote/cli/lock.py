"""``promote lock show|release``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from promote.cli import arguments, consent
from promote.cli.grammar import Command, LazyGroup

if TYPE_CHECKING:
    from promote.cli.run import Run

SECTIONS = {
    "Commands": {
        "show": "Show who holds the lock of a model.",
        "release": "Take the lock from its holder.",
    }
}

_HELP = """Show who holds the lock of a model, or release it.

\b
    promote lock show tools
    promote lock release tools

A lock that nobody renews any more expires by itself, and the next command takes it over.
"""

_SHOW = """Show who holds the lock of a model: who, where, for what, since when, until when.

\b
    promote lock show tools
    promote lock show tools -o json | jq -e '.lock.live'
"""

_RELEASE = """Take the lock of a model from its holder.

\b
    promote lock release tools
    promote lock release tools --yes

Its holder stops before its next write; what it began is finished by promote resume.
"""

command = LazyGroup(
    "lock", sections=SECTIONS, home="promote.cli.lock:{}_command".format, text=_HELP
)


@click.command("show", cls=Command, help=_SHOW)
@arguments.MODEL
@click.pass_obj
def show_command(run: Run, *, model: str) -> None:
    """Show the lock."""
    from promote.report import text

    found = run.promoter().lock(model)
    if run.json:
        run.document("lock", model=model, lock=found)
    else:
        run.screen.result(text.lock(found, model))


@click.command("release", cls=Command, help=_RELEASE)
@arguments.MODEL
@arguments.YES
@click.pass_obj
def release_command(run: Run, *, model: str, yes: bool) -> None:
    """Take the lock from the holder that was shown, and from no other."""
    from promote.report import text

    consent.require_consent(run, yes=yes)
    promoter = run.promoter()
    found = promoter.lock(model)
    if found is not None:
        if not run.json:
            run.screen.say(text.lock(found, model).rstrip())
        if not yes:
            kind = "live" if found.live else "abandoned"
            consent.ask(run, f"Release the {kind} lock of {model}?")
    released = found is not None and promoter.release_lock(found)
    if run.json:
        run.document("lock-release", model=model, released=released)
    elif released:
        run.screen.result(f"{model}: released\n")
    else:
        why = "not locked" if found is None else "that holder has ended by itself"
        run.screen.result(f"{model}: unchanged: {why}\n")
