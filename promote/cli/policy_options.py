"""What the commands of ``promote policy`` take: kinds, versions, who is trusted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from promote.cli import arguments
from promote.cli.grammar import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from promote.cli.run import Run
    from promote.core.policies.documents import WantedDocument
    from promote.core.policies.examples import Givens
    from promote.core.policies.proof import Render
    from promote.core.topology import Topology


_TO_SAY = {
    "access-role": "; say which versions it shall allow with --version",
    "role-trust": "; say who runs promote with --trusted",
    "records-key": "; say who runs promote with --trusted, if promote.yaml has a signing_key",
    "ledger": "; say who runs promote with --trusted, if promote.yaml has a ledger in S3",
    "data-lake-bucket": "; promote.yaml has no data_lake",
    "data-lake-key": "; promote.yaml has no data_lake with a kms_key",
    "rekognition-endpoint": "; no environment has vpc_endpoints",
    "sts-endpoint": "; no environment has vpc_endpoints",
    "scp": "; promote.yaml has no guardrails",
    "rcp": "; promote.yaml has no guardrails",
    "guardrails": "; promote.yaml has no guardrails with a role",
}
"""What a kind without a document may lack."""


def known_kinds() -> tuple[str, ...]:
    """Return the kinds of documents that templates give."""
    from promote.templates import KINDS

    return tuple(KINDS)


def complete_kinds(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer the kinds of templates."""
    return [CompletionItem(kind) for kind in known_kinds() if kind.startswith(incomplete)]


def check(kinds: Iterable[str], known: Iterable[str]) -> None:
    """Refuse a kind that there is not.

    Raises:
        click.BadParameter: One is unknown; names the others and the closest.
    """
    names = tuple(known)
    for kind in kinds:
        if kind not in names:
            text = f"{kind!r} is none of {', '.join(names)}.{did_you_mean(kind, names)}"
            raise click.BadParameter(text, param_hint="'--kind'")


def _checked(_: click.Context, __: click.Parameter, kinds: tuple[str, ...]) -> tuple[str, ...]:
    if kinds:
        check(kinds, known_kinds())
    return kinds


MODEL = click.option(
    "--model",
    metavar="NAME",
    shell_complete=arguments.complete_models,
    help="Only documents of this model.",
)
ENVIRONMENT = click.option(
    "--environment",
    metavar="ENV",
    shell_complete=arguments.complete_environments,
    help="Only documents of this environment.",
)
KIND = click.option(
    "--kind",
    "kinds",
    multiple=True,
    metavar="KIND",
    callback=_checked,
    shell_complete=complete_kinds,
    help="Only documents of this kind; may be repeated.",
)
VERSION = click.option(
    "--version",
    "versions",
    multiple=True,
    metavar="ARN",
    help="A version to allow; may be repeated.",
)
TRUSTED = click.option(
    "--trusted", multiple=True, metavar="ARN", help="Who runs promote; may be repeated."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which documents were asked for, and what they are rendered for."""

    model: str | None
    environment: str | None
    kinds: tuple[str, ...]
    versions: tuple[str, ...]
    trusted: tuple[str, ...]

    def wanted(self, topology: Topology) -> tuple[WantedDocument, ...]:
        """List the documents of every kind; what was not given stays out.

        Raises:
            InputError: A version is not the ARN of one.
        """
        from promote.core.policies.documents import wanted_documents

        return wanted_documents(
            topology,
            model=self.model,
            environment=self.environment,
            versions=[arguments.version_arn(each) for each in self.versions],
            trusted=self.trusted,
        )

    def with_examples(self, topology: Topology) -> tuple[Selection, Givens]:
        """Put examples in the place of versions and trusted principals that were not given."""
        from promote.core.policies.examples import givens

        given = givens(topology, self.versions, self.trusted)
        return replace(self, versions=given.versions, trusted=given.trusted), given

    def of_kinds(self, wanted: Iterable[WantedDocument]) -> list[WantedDocument]:
        """Keep the documents of the kinds that were asked for; of none, all."""
        return [each for each in wanted if not self.kinds or each.kind in self.kinds]

    def words(self) -> list[str]:
        """Return the options that select the same documents again, their kinds left out."""
        return [
            *(() if self.model is None else ("--model", self.model)),
            *(() if self.environment is None else ("--environment", self.environment)),
            *(word for each in self.versions for word in ("--version", each)),
            *(word for each in self.trusted for word in ("--trusted", each)),
        ]


def renderer(run: Run, topology: Topology) -> Render:
    """Return the renderer of the configuration's templates; what it gives is not proved yet."""
    from functools import partial

    from promote.templates import render

    return partial(render, directory=run.templates(topology))


def proved_renderer(run: Run, topology: Topology) -> Render:
    """Return the same, proving each document; what fails names the template's file."""
    from promote.core.policies.proof import proving
    from promote.templates import template_path

    directory = run.templates(topology)
    return proving(renderer(run, topology), lambda kind: str(template_path(kind, directory)))


def writer(run: Run, topology: Topology) -> Render:
    """Return what the configuration's templates write, be it a policy that we read or not."""
    from functools import partial

    from promote.templates import written

    return partial(written, directory=run.templates(topology))


def template_names(run: Run, topology: Topology) -> Callable[[str], str]:
    """Return what names the file that a kind is rendered from."""
    from promote.templates import template_path

    directory = run.templates(topology)
    return lambda kind: str(template_path(kind, directory))


def tell_examples(run: Run, given: Givens, documents: Iterable[WantedDocument]) -> None:
    """Say on stderr which examples stand for what was not given, if documents have them."""
    for sentence in given.told(each.context for each in documents):
        run.screen.say(f"# {sentence}")


def tell_missing(run: Run, kinds: Iterable[str], documents: Iterable[WantedDocument]) -> None:
    """Say on stderr which of the kinds that were asked for have no document, and what they lack."""
    there = {each.kind for each in documents}
    for missing in dict.fromkeys(kinds):
        if missing not in there:
            run.screen.say(f"# {missing}: no document{_TO_SAY.get(missing, '')}")
