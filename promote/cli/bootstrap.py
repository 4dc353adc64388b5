"""``promote bootstrap``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from promote.cli import arguments, consent
from promote.cli.grammar import Command
from promote.cli.signals import ends_when_asked

if TYPE_CHECKING:
    from promote.bootstrap import Bootstrap
    from promote.cli.run import Run

_HELP = """Deploy the stacks around the pipelines to their accounts.

\b
    promote bootstrap                                  shows every change and asks
    promote bootstrap --only foundation --yes
    promote bootstrap --role deploy/cloudformation     into the other accounts by this role
    promote bootstrap --print --out stacks/            the aws commands, for who deploys otherwise

First the foundation of the CI/CD account, then the ML account, the target accounts side by side,
and last the pipelines. Every account but the caller's own is entered by --role, or by a profile:
--account-profile 444444444444=prod. The same command again goes on after an interruption, and does
nothing when every stack is as wanted. A stack that failed to be created is deleted and made anew.
"""


def _profiles(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for value in values:
        account, profile = value.partition("=")[::2]
        if not (account.isdigit() and len(account) == 12 and profile):  # noqa: PLR2004 - of an id
            raise click.BadParameter(f"{value!r} is not ACCOUNT=PROFILE.")
        found[account] = profile
    return found


@click.command("bootstrap", cls=Command, help=_HELP)
@click.option("--only", metavar="NAME", multiple=True, help="Only this stack, phase or account.")
@click.option("--role", metavar="NAME", help="The role by which other accounts are entered.")
@click.option(
    "--account-profile",
    "profiles",
    metavar="ACCOUNT=PROFILE",
    multiple=True,
    callback=_profiles,
    help="Enter this account by a profile.",
)
@click.option("--templates", metavar="BUCKET", help="Where large templates may lie.")
@click.option(
    "--out",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write the templates here, and deploy nothing.",
)
@click.option("--print", "printing", is_flag=True, help="Print the aws commands instead.")
@arguments.YES
@click.pass_obj
def command(
    run: Run,
    *,
    only: tuple[str, ...],
    role: str | None,
    profiles: dict[str, str],
    templates: str | None,
    out: Path | None,
    printing: bool,
    yes: bool,
) -> None:
    """Plan, ask and deploy; or write and print."""
    if out is not None or printing:
        bootstrap = run.bootstrap(role=role, profiles=profiles, templates=templates, only=only)
        _write(run, bootstrap, out or Path(".promote/stacks"), printing=printing)
        return
    consent.require_consent(run, yes=yes)
    with run.story() as story, ends_when_asked(run.arguments):
        bootstrap = run.bootstrap(
            role=role, profiles=profiles, templates=templates, only=only, on_event=story
        )
        _deploy(run, bootstrap, yes=yes)


def _deploy(run: Run, bootstrap: Bootstrap, *, yes: bool) -> None:
    """Show what would change, ask, and do it."""
    from promote.errors import DeclinedError
    from promote.report import bootstrap as report

    plans = bootstrap.plan()
    todo = [each for each in plans if not each.idle]
    if todo:
        if not run.json:
            run.screen.say(report.plan(plans, click.style))
        try:
            if not yes:
                consent.ask(run, "Deploy these stacks?")
        except DeclinedError:
            bootstrap.discard(plans)
            raise
        bootstrap.apply(plans)
    if run.json:
        names = [{"stack": e.stack.name, "account": e.stack.account} for e in todo]
        run.document("bootstrap", result="deployed" if todo else "unchanged", stacks=names)
    else:
        run.screen.result(report.done(plans))


def _write(run: Run, bootstrap: Bootstrap, directory: Path, *, printing: bool) -> None:
    """Write the templates, and print what deploys them."""
    from promote.report import bootstrap as report

    directory.mkdir(parents=True, exist_ok=True)
    files = {}
    for stack in bootstrap.stacks:
        path = directory / f"{stack.name}.json"
        path.write_text(stack.template + "\n", "utf-8")
        files[stack.name] = str(path)
    if printing:
        entrances = bootstrap.entrances_from(None)
        region = run.topology().region
        run.screen.result(report.commands(bootstrap.stacks, entrances, files, region))
    else:
        run.screen.say(f"Wrote {len(files)} templates to {directory}.")
