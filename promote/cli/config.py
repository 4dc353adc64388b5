"""``promote config check|schema|show``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from promote.cli.grammar import Command, LazyGroup

if TYPE_CHECKING:
    from promote.cli.run import Run

SECTIONS = {
    "Commands": {
        "check": "Say everything that is wrong with promote.yaml.",
        "schema": "Print the JSON Schema of promote.yaml.",
        "show": "Show the configuration with all defaults and names filled in.",
    }
}

_HELP = """Check, show or describe the configuration; offline.

\b
    promote config check
    promote config show
    promote config schema > promote.schema.json
"""

_CHECK = """Say everything that is wrong with promote.yaml, each with its place; offline.

\b
    promote config check
    promote config check -f other.yaml
"""

_SCHEMA = """Print the JSON Schema of promote.yaml, for editors.

\b
    promote config schema > promote.schema.json
"""

_SHOW = """Show the configuration with all defaults and names filled in; offline.

\b
    promote config show
    promote config show -o json | jq '.environments[].resolved'
"""

command = LazyGroup(
    "config", sections=SECTIONS, home="promote.cli.config:{}_command".format, text=_HELP
)


@click.command("check", cls=Command, help=_CHECK)
@click.pass_obj
def check_command(run: Run) -> None:
    """Read the configuration; the errors tell the rest."""
    topology = run.topology()
    if run.json:
        run.document("config-check", ok=True, directory=topology.directory)
        return
    models = ", ".join(model.name for model in topology.models)
    environments = ", ".join(environment.name for environment in topology.environments)
    run.screen.result(f"The configuration is fine: {models} to {environments}.")


@click.command("schema", cls=Command, help=_SCHEMA)
@click.pass_obj
def schema_command(run: Run) -> None:
    """Show the schema."""
    from promote.config import schema

    _show(run, schema())


@click.command("show", cls=Command, help=_SHOW)
@click.pass_obj
def show_command(run: Run) -> None:
    """Show the resolved configuration."""
    topology = run.topology()
    from promote.config import show

    _show(run, show(topology))


def _show(run: Run, document: object) -> None:
    run.screen.result(json.dumps(document, indent=None if run.json else 2))
