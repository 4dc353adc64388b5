"""``promote access grant|revoke``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from promote.cli import arguments, consent
from promote.cli.grammar import Command, LazyGroup
from promote.cli.signals import ends_when_asked

if TYPE_CHECKING:
    from promote.cli.run import Run

SECTIONS = {
    "Commands": {
        "grant": "Let an environment's access roles use a version.",
        "revoke": "Take a version away from an environment's access roles.",
    }
}

_HELP = """Grant or revoke one version's use.

\b
    promote access grant tools v2 --environment qa
    promote access revoke tools v1 --environment qa --yes
"""

_GRANT = """Let an environment's access roles use a version beside what they use now.

\b
    promote access grant tools v2 --environment qa
"""

_REVOKE = """Take a version away from an environment's access roles, and prove that it is gone.

\b
    promote access revoke tools v1 --environment qa --yes

Refused while a pointer of the environment names the version, or a drain covers it.
"""

command = LazyGroup(
    "access", sections=SECTIONS, home="promote.cli.access:{}_command".format, text=_HELP
)


@click.command("grant", cls=Command, help=_GRANT)
@arguments.MODEL
@arguments.VERSION
@arguments.ENVIRONMENT
@arguments.EXECUTION
@click.pass_obj
def grant_command(run: Run, *, model: str, version: str, environment: str) -> None:
    """Grant a version."""
    with run.story() as story, ends_when_asked(run.arguments):
        changed = run.promoter(story).grant(model, version, environment=environment)
    _show(run, model, version, environment, granted=True, changed=changed)


@click.command("revoke", cls=Command, help=_REVOKE)
@arguments.MODEL
@arguments.VERSION
@arguments.ENVIRONMENT
@arguments.YES
@arguments.FORCE
@arguments.EXECUTION
@click.pass_obj
def revoke_command(
    run: Run, *, model: str, version: str, environment: str, yes: bool, force: bool
) -> None:
    """Revoke a version."""
    consent.require_consent(run, yes=yes)
    if not yes:
        consent.ask(run, f"Revoke {model} {version} in {environment}?")
    with run.story() as story, ends_when_asked(run.arguments):
        changed = run.promoter(story).revoke(model, version, environment=environment, force=force)
    _show(run, model, version, environment, granted=False, changed=changed)


def _show(
    run: Run, model: str, version: str, environment: str, *, granted: bool, changed: bool
) -> None:
    if run.json:
        run.document(
            "access",
            model=model,
            version=version,
            environment=environment,
            granted=granted,
            changed=changed,
        )
        return
    done = "granted" if granted else "revoked"
    state = done if changed else f"unchanged: already {done}"
    run.screen.result(f"{model} {version}: {state} in {environment}")
