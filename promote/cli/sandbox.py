"""``promote sandbox``: the group, and the commands that talk to a running one."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from promote.cli import arguments
from promote.cli.grammar import Command, LazyGroup

if TYPE_CHECKING:
    from promote.cli.run import Run

SECTIONS = {
    "Commands": {
        "up": "Run a local AWS organisation on loopback.",
        "env": "Print the variables that call it as somebody.",
        "calls": "Show every call that it has served.",
        "seed": "Put the configuration's role documents into it again.",
        "demo": "Promote a version through two environments, and watch.",
        "down": "Stop it.",
    }
}

_FOLLOW_SECONDS = 0.5

_HELP = """Run a local AWS organisation: no account, no costs, and IAM is enforced.

\b
    promote sandbox demo
    eval "$(promote sandbox up --detach)"
    promote release tools v2 --to qa
    promote sandbox down
"""

_ENV = """Print the variables that make every AWS client call the sandbox as somebody.

\b
    eval "$(promote sandbox env)"
    eval "$(promote sandbox env --as consumer/333333333333)"
    eval "$(promote sandbox env --as admin/222222222222)"
"""

_CALLS = """Show every call that the sandbox has served: who asked what of whom, and the answer.

\b
    promote sandbox calls
    promote sandbox calls --follow
    promote sandbox calls -o json | jq 'select(.outcome != "ok")'
"""

_SEED = """Put the configuration's documents into the running sandbox again.

\b
    promote sandbox seed
    promote sandbox seed --templates ./policies

Shows whether a changed template still allows all that promote does: versions, pointers and the
log of calls stay as they are. What access roles allow is as it was at the start.
"""

_DOWN = """Stop the sandbox of this directory.

\b
    promote sandbox down
"""


def _home(name: str) -> str:
    own_modules = {"up", "demo"}
    if name in own_modules:
        return f"promote.cli.sandbox_{name}:command"
    return f"promote.cli.sandbox:{name}_command"


command = LazyGroup("sandbox", sections=SECTIONS, home=_home, text=_HELP)


@click.command("env", cls=Command, help=_ENV)
@click.option("--as", "login", default="promoter", metavar="NAME", help="[default: promoter]")
@arguments.DIRECTORY
@click.pass_obj
def env_command(run: Run, *, login: str, directory: Path) -> None:
    """Show the variables of a login."""
    from promote.cli.sandbox_logins import show_login
    from promote.cli.sandbox_process import require_running

    show_login(run, require_running(directory), login)


@click.command("calls", cls=Command, help=_CALLS)
@click.option("--follow", is_flag=True, help="Go on until Ctrl-C.")
@click.option("--since", type=int, default=0, metavar="N", help="Only calls after number N.")
@arguments.DIRECTORY
@click.pass_obj
def calls_command(run: Run, *, follow: bool, since: int, directory: Path) -> None:
    """Show the log of calls."""
    from promote.cli.sandbox_process import require_running
    from promote.sandbox import admin

    endpoint = require_running(directory)["endpoint"]
    found = admin.calls(endpoint, since)
    _show(run, found)
    with suppress(KeyboardInterrupt):
        while follow:
            time.sleep(_FOLLOW_SECONDS)
            since = found[-1]["n"] if found else since
            found = admin.calls(endpoint, since)
            _show(run, found)


@click.command("seed", cls=Command, help=_SEED)
@click.option(
    "--templates",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Templates to use instead of those that the configuration names.",
)
@arguments.DIRECTORY
@click.pass_obj
def seed_command(run: Run, *, templates: Path | None, directory: Path) -> None:
    """Render the documents and put them into the sandbox."""
    from promote.cli.sandbox_process import require_running
    from promote.cli.sandbox_world import documents_only, world_of
    from promote.sandbox import admin
    from promote.sandbox.world import to_json

    endpoint = require_running(directory)["endpoint"]
    if run.settings.file is None:
        run.settings.file = directory / "promote.yaml"
    topology = run.topology()
    world = documents_only(world_of(topology, templates or run.templates(topology)))
    admin.seed(endpoint, to_json(world))
    roles = len(world.roles)
    if run.json:
        run.document("seeded", roles=roles)
    else:
        run.screen.result(f"{roles} roles as {run.settings.file} wants them")


@click.command("down", cls=Command, help=_DOWN)
@arguments.DIRECTORY
@click.pass_obj
def down_command(run: Run, *, directory: Path) -> None:
    """Stop the sandbox, if one runs."""
    from promote.cli.sandbox_process import stop

    stopped = stop(directory)
    if run.json:
        run.document("stopped", stopped=stopped)
    else:
        run.screen.result("The sandbox is stopped." if stopped else "No sandbox runs here.")


def _show(run: Run, calls: Iterable[Mapping[str, Any]]) -> None:
    for call in calls:
        if run.json:
            run.document("call", **call)
        else:
            run.screen.result(
                f"{call['n']:>5}  {call['time']}  {call['account']}  {call['principal']}  "
                f"{call['operation']}  {call['resource']}  {call['outcome']}"
            )
