"""``promote show``."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import click

from promote.cli import arguments, plans, reviewing
from promote.cli.grammar import Command, did_you_mean

if TYPE_CHECKING:
    from pathlib import Path

    from promote.cli.run import Run
    from promote.core.plan import Plan

_HELP = """Show a saved plan, offline; or what people said of it.

\b
    promote show plan.json
    promote show plan.json -o json | jq .changes
    promote show plan.json --reviews        who approved or rejected it, from the ledger
    promote show plan.json --export         for the variables of a build
    PLAN_DIGEST=$(promote show plan.json --export --only PLAN_DIGEST)    one of them

With --export it prints four lines for a POSIX shell: PLAN_DIGEST, CHANGES (how many), PLAN_SUMMARY
(at most 200 characters, and harmless in whatever it is pasted into) and PLAN_URL, the console's
page of the build that runs it, or --url.
"""

_URL = re.compile(r"https?://[A-Za-z0-9%&()*+,./:;=?@_~!-]+", re.ASCII)


@click.command("show", cls=Command, help=_HELP)
@arguments.PLAN_FILE
@click.option("--reviews", is_flag=True, help="Show who approved or rejected it, and what lacks.")
@click.option("--export", is_flag=True, help="Print what a build exports, for sh to read.")
@click.option("--only", metavar="NAME", help="With --export: the value of one variable alone.")
@click.option("--url", metavar="URL", help="With --export: where the plan can be read.")
@click.pass_obj
def command(
    run: Run, *, plan: Path, reviews: bool, export: bool, only: str | None, url: str | None
) -> None:
    """Show a plan file."""
    if reviews and export:
        raise click.UsageError("--reviews and --export are two views: ask for one.")
    if (url is not None or only is not None) and not export:
        raise click.UsageError(f"--{'url' if only is None else 'only'} is for --export.")
    if export:
        _export(run, plans.read(plan), url, only)
    elif reviews:
        reviewing.show_reviews(run, plans.read(plan))
    else:
        plans.show_plan(run, plans.read(plan))


def _export(run: Run, plan: Plan, url: str | None, only: str | None) -> None:
    from promote.cli.failure import without_secrets
    from promote.report.consoles import build_page
    from promote.report.exports import exports, variables

    page = url or build_page(os.environ.get("CODEBUILD_BUILD_ARN", ""))
    if page is None or _URL.fullmatch(page) is None:
        raise click.UsageError(
            "There is no link to the plan: outside of CodeBuild, say where it can be read with "
            "--url https://…."
        )
    values = variables(plan, page)
    if only is not None and only not in values:
        hint = did_you_mean(only, values)
        raise click.UsageError(f"{only!r} is none of {', '.join(values)}.{hint}")
    text = exports(plan, page) if only is None else values[only]
    run.screen.result(without_secrets(text))
