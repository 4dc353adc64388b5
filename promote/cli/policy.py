"""``promote policy render``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from promote.cli import arguments
from promote.cli.grammar import Command, LazyGroup

if TYPE_CHECKING:
    from pathlib import Path

    from promote.cli.run import Run
    from promote.core.documents import WantedDocument

SECTIONS = {"Commands": {"render": "Render the IAM documents that the configuration needs."}}

_HELP = """Render the IAM documents that the configuration needs.

\b
    promote policy render
"""

_RENDER = """Render the IAM documents that the configuration needs; offline.

\b
    promote policy render
    promote policy render --model tools --environment qa
    promote policy render --kind access-role --version arn:aws:rekognition:…/version/v2/16…
    promote policy render --trusted arn:aws:iam::111111111111:role/build -o json

Each document is one line of canonical JSON on stdout, its heading is on stderr; with -o json all
of them are one document. Without --trusted, roles whose trust depends on who runs promote have no
trust document; without --version, neither do access roles at version granularity.
"""

_TO_SAY = {
    "access-role": "; say which versions it shall allow with --version",
    "role-trust": "; say who runs promote with --trusted",
}
"""What a kind without a document may lack."""

command = LazyGroup(
    "policy", sections=SECTIONS, home="promote.cli.policy:{}_command".format, text=_HELP
)


def _known(_: click.Context, __: click.Parameter, kinds: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse a kind that there is not."""
    if not kinds:
        return kinds
    from difflib import get_close_matches

    from promote.core.needs import NEEDS

    for kind in kinds:
        if kind not in NEEDS:
            near = get_close_matches(kind, NEEDS, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise click.BadParameter(f"{kind!r} is none of {', '.join(NEEDS)}.{hint}")
    return kinds


@click.command("render", cls=Command, help=_RENDER)
@click.option(
    "--model",
    metavar="NAME",
    shell_complete=arguments.complete_models,
    help="Only roles of this model.",
)
@click.option(
    "--environment",
    metavar="ENV",
    shell_complete=arguments.complete_environments,
    help="Only roles of this environment.",
)
@click.option(
    "--kind",
    multiple=True,
    callback=_known,
    help="Only documents of this kind; may be repeated.",
)
@click.option(
    "--version", multiple=True, metavar="ARN", help="A version to allow; may be repeated."
)
@click.option("--trusted", multiple=True, metavar="ARN", help="Who runs promote; may be repeated.")
@click.pass_obj
def render_command(
    run: Run,
    *,
    model: str | None,
    environment: str | None,
    kind: tuple[str, ...],
    version: tuple[str, ...],
    trusted: tuple[str, ...],
) -> None:
    """Render every wanted document and show it."""
    from promote.core.documents import wanted_documents

    topology = run.topology()
    wanted = wanted_documents(
        topology,
        model=model,
        environment=environment,
        versions=[arguments.version_arn(each) for each in version],
        trusted=trusted,
    )
    chosen = [each for each in wanted if not kind or each.kind in kind]
    for missing in [each for each in kind if each not in {one.kind for one in chosen}]:
        run.screen.say(f"# {missing}: no document{_TO_SAY.get(missing, '')}")
    _show(run, chosen, run.templates(topology))


def _show(run: Run, wanted: list[WantedDocument], directory: Path | None) -> None:
    from promote.core.codec import canonical
    from promote.templates.policies import render

    rendered = [(each, render(each.kind, each.context, directory=directory)) for each in wanted]
    if run.json:
        run.document("policies", documents=[_row(each, body) for each, body in rendered])
        return
    for each, body in rendered:
        name = f" ({each.name})" if each.name else ""
        run.screen.say(f"# {each.kind} {each.role}{name}")
        run.screen.result(canonical(body).decode())


def _row(wanted: WantedDocument, document: object) -> dict[str, object]:
    return {
        "kind": wanted.kind,
        "role": wanted.role,
        "name": wanted.name,
        "account": wanted.account,
        "environments": wanted.environments,
        "models": wanted.models,
        "document": document,
    }
