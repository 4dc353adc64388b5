"""``promote policy render``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from promote.cli import policy_options
from promote.cli.grammar import Command

if TYPE_CHECKING:
    from collections.abc import Sequence

    from promote.cli.run import Run
    from promote.core.observation import Json
    from promote.core.policies.documents import WantedDocument
    from promote.iam.quota import Usage

_HELP = """Render the IAM documents that the configuration needs; offline.

\b
    promote policy render
    promote policy render --model tools --environment qa
    promote policy render --kind access-role --version arn:aws:rekognition:…/version/v2/16…
    promote policy render --trusted arn:aws:iam::111111111111:role/build -o json

Each document is one line of canonical JSON on stdout; its heading, with its size and the quota of
where it goes, is on stderr; with -o json all of them are one document. Every one was proved to
allow exactly what is planned. Without --trusted, roles whose trust depends on who runs promote have
no trust document; without --version, neither do access roles at version granularity.
"""


@click.command("render", cls=Command, help=_HELP)
@policy_options.MODEL
@policy_options.ENVIRONMENT
@policy_options.KIND
@policy_options.VERSION
@policy_options.TRUSTED
@click.pass_obj
def command(
    run: Run,
    *,
    model: str | None,
    environment: str | None,
    kinds: tuple[str, ...],
    versions: tuple[str, ...],
    trusted: tuple[str, ...],
) -> None:
    """Render every wanted document, prove it, and show it."""
    from promote.core.policies.proof import proving

    topology = run.topology()
    selection = policy_options.Selection(
        model=model, environment=environment, kinds=kinds, versions=versions, trusted=trusted
    )
    chosen = selection.of_kinds(selection.wanted(topology))
    policy_options.tell_missing(run, kinds, chosen)
    render = proving(policy_options.renderer(run, topology))
    _show(run, [(each, render(each.kind, each.context)) for each in chosen])


def _show(run: Run, rendered: Sequence[tuple[WantedDocument, Json]]) -> None:
    from promote.core.codec import canonical

    sizes = _sizes(rendered)
    if run.json:
        rows = [_row(*pair, size) for pair, size in zip(rendered, sizes, strict=True)]
        run.document("policies", documents=rows)
        return
    for (each, body), size in zip(rendered, sizes, strict=True):
        name = f" ({each.name})" if each.name else ""
        run.screen.say(f"# {each.kind} {each.attached_to}{name}: {size.told}")
        run.screen.result(canonical(body).decode())


@dataclass(frozen=True, slots=True)
class _Size:
    """What a document takes of the quota that it may share with others of its role."""

    own: int
    usage: Usage
    unit: str

    @property
    def told(self) -> str:
        """Write it: how much of how much."""
        text = f"{self.usage.used} of {self.usage.limit} {self.unit}"
        return text if self.own == self.usage.used else f"{self.own} {self.unit}, in all {text}"


def _sizes(rendered: Sequence[tuple[WantedDocument, Json]]) -> list[_Size]:
    from promote.iam.quota import QUOTAS
    from promote.templates import KINDS

    places = [(each.attached_to, KINDS[each.kind]) for each, _ in rendered]
    together: dict[object, list[Json]] = {}
    for place, (_, body) in zip(places, rendered, strict=True):
        together.setdefault(place, []).append(body)
    found = []
    for place, (_, body) in zip(places, rendered, strict=True):
        quota = QUOTAS[place[1]]
        found.append(_Size(quota.size(body), quota.usage(together[place]), quota.unit))
    return found


def _row(wanted: WantedDocument, document: Json, size: _Size) -> dict[str, object]:
    return {
        "kind": wanted.kind,
        "attached_to": wanted.attached_to,
        "name": wanted.name,
        "account": wanted.account,
        "environments": wanted.environments,
        "models": wanted.models,
        "size": size.own,
        "used": size.usage.used,
        "quota": size.usage.limit,
        "document": document,
    }
