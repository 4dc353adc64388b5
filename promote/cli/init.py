"""``promote init``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from promote.cli import plans
from promote.cli.grammar import Command
from promote.errors import InputError

if TYPE_CHECKING:
    from promote.cli.run import Run

_HELP = """Write a commented promote.yaml; asks on a terminal for what no flag says.

\b
    promote init
    promote init --region us-east-1 --ml-account 222222222222 --project tools-detector \\
        --model tools --environment qa=333333333333 --environment prod=444444444444,555555555555

Touches nothing but the file. Refuses to overwrite one without --force.
"""

_USUAL_REGION = "us-east-1"


class EnvironmentType(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.4 on
    """``name=account,account``."""

    name = "environment"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, tuple[str, ...]]:
        """Split an environment's name from its accounts."""
        name, equals, accounts = str(value).partition("=")
        if not name or not equals or not accounts:
            self.fail(f"{value!r} is not NAME=ACCOUNT, as in qa=333333333333", param, ctx)
        return name, tuple(account.strip() for account in accounts.split(","))


@click.command("init", cls=Command, help=_HELP)
@click.option("--ml-account", metavar="ID", help="The account that trains and runs the versions.")
@click.option("--project", metavar="NAME", help="The Custom Labels project.")
@click.option("--model", metavar="NAME", help="What the model is called here.")
@click.option(
    "--environment",
    "environments",
    type=EnvironmentType(),
    multiple=True,
    metavar="NAME=ID[,ID]",
    help="An environment and its accounts; repeated in the order of promotion.",
)
@click.option(
    "--consumer", "consumers", multiple=True, metavar="ARN", help="An application's role."
)
@click.option("--external-id", metavar="TEXT", help="What access roles ask for.")
@click.option("--organization", metavar="ID", help="The organisation that all accounts are in.")
@click.option("--ledger", metavar="PLACE", help="Where records and locks are kept.")
@click.option("--images", metavar="PLACE", help="The images of the smoke test.")
@click.option("--force", is_flag=True, help="Overwrite the file.")
@click.pass_obj
def command(
    run: Run,
    *,
    ml_account: str | None,
    project: str | None,
    model: str | None,
    environments: tuple[tuple[str, tuple[str, ...]], ...],
    consumers: tuple[str, ...],
    external_id: str | None,
    organization: str | None,
    ledger: str | None,
    images: str | None,
    force: bool,
) -> None:
    """Gather the values, check what they make, write it."""
    from promote.config import parse, starter

    file = run.settings.file or Path("promote.yaml")
    if file.exists() and not force:
        _refuse_to_overwrite(file)
    region = os.environ.get("AWS_REGION", _USUAL_REGION)
    region = _value(run, "--region", run.settings.region, "The Region of the models", region)
    ml_account = _value(run, "--ml-account", ml_account, "The account that runs the versions")
    project = _value(run, "--project", project, "The Custom Labels project")
    text = starter(
        region=region,
        ml_account=ml_account,
        project=project,
        model=_value(run, "--model", model, "What the model is called here", project),
        environments=environments or _ask_environments(run),
        ledger=ledger,
        organization=organization,
        external_id=external_id,
        consumers=consumers,
        images=images,
    )
    parse(text, file=str(file))
    plans.write(file, text.encode())
    _show(run, file)


def _show(run: Run, file: Path) -> None:
    if run.json:
        run.document("initialised", file=str(file))
        return
    run.screen.result(f"Wrote {file}.")
    run.screen.say("To see the roles that it needs, and then whether they are there:")
    run.screen.say("    promote policy render\n    promote doctor")


def _value(
    run: Run, flag: str, given: str | None, question: str, default: str | None = None
) -> str:
    """Return what a flag says, or what a person answers."""
    if given:
        return given
    if not run.screen.interactive:
        raise click.UsageError(
            f"Missing {flag}, and there is no terminal to ask on.", click.get_current_context()
        )
    return _answer(run, question, default)


def _answer(run: Run, question: str, default: str | None = None) -> str:
    hint = f" [{default}]" if default else ""
    answer = run.screen.ask(f"{question}{hint}: ") or default
    if not answer:
        raise InputError("No answer", f"{question}: nothing was said, and there is no default.")
    return answer


def _ask_environments(run: Run) -> tuple[tuple[str, tuple[str, ...]], ...]:
    first = _value(run, "--environment", None, "The first environment, as qa=333333333333")
    found = [first]
    while further := run.screen.ask("The next one, or nothing: "):
        found.append(further)
    context = click.get_current_context()
    return tuple(EnvironmentType().convert(each, None, context) for each in found)


def _refuse_to_overwrite(file: Path) -> None:
    raise InputError(
        "The configuration is there already",
        f"{file} exists, and was not touched.",
        "To write it anew:\n    promote init --force",
    )
