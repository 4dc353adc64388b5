"""``promote guardrail``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from promote.cli.grammar import LazyGroup
from promote.errors import PromoteError

if TYPE_CHECKING:
    from promote.cli.run import Run

SECTIONS = {
    "Commands": {
        "render": "Show the policies of the organisation, as they are sent; offline.",
        "check": "Check what is attached, what it blocks, and what it protects from.",
        "apply": "Create, update and attach them.",
        "detach": "Take them off again.",
    }
}

_HELP = """Protect the models by policies of the organisation (SCPs and RCPs).

\b
    promote guardrail render                         the documents, against their quotas
    promote guardrail apply --target 222222222222    on one account first
    promote guardrail check                          do they protect, and let promotions pass?
    promote guardrail apply                          on every target of promote.yaml

An SCP governs the principals of the accounts below what it is attached to. An application's session
of an access role is a principal of the ML account, so that it is the ML account that needs the SCP.
"""

command = LazyGroup(
    "guardrail", sections=SECTIONS, home="promote.cli.guardrail_{}:command".format, text=_HELP
)


def complete_targets(
    context: click.Context, _: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Offer the targets of promote.yaml."""
    run: Run | None = context.find_root().obj
    try:
        guardrails = run.topology().guardrails if run else None
    except PromoteError:
        return []  # a completion has nobody to tell about a broken file
    targets = guardrails.targets if guardrails else ()
    return [CompletionItem(each) for each in targets if each.startswith(incomplete)]


def _target(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    from promote.config.perimeter import TARGET as FORM

    if value is not None and FORM.fullmatch(value) is None:
        expected = "the id of an account (12 digits), a unit (ou-…) or the root (r-…)"
        raise click.BadParameter(f"{value!r} is not {expected}.")
    return value


TARGET = click.option(
    "--target",
    metavar="ID",
    callback=_target,
    shell_complete=complete_targets,
    help="Only this account, organisational unit or root.",
)
