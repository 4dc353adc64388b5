"""``promote verify``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from promote.cli import arguments, plans
from promote.cli.grammar import Command
from promote.cli.signals import ends_when_asked

if TYPE_CHECKING:
    from promote.cli.run import Run
    from promote.core.record import VerificationDone

DID_NOT_PASS = 4

_HELP = """Try an environment's version through its role and pointer, and record how it went.

\b
    promote verify tools --environment qa
    promote verify tools --environment prod --junit report.xml
    promote verify tools --environment prod --ambient > done.json      where an application runs
    promote verify tools --environment prod --record done.json         to the ledger

Ends with exit code 4 when the version does not pass. While a promotion waits after a wave, its
version is tried where it has come so far.

With --ambient it is tried with the credentials of an application, in its account and from within
its network, and the record is printed instead: the ledger may be out of reach there. --record takes
it to the ledger. Nobody has signed it, so there it proves only that you brought it: one that failed
counts, one that passed opens no gate.
"""


@click.command("verify", cls=Command, help=_HELP)
@arguments.MODEL
@arguments.ENVIRONMENT
@click.option("--ambient", is_flag=True, help="As an application, with its credentials.")
@click.option(
    "--record",
    "brought",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Record what --ambient has printed.",
)
@arguments.EXECUTION
@arguments.JUNIT
@click.pass_obj
def command(
    run: Run,
    *,
    model: str,
    environment: str,
    ambient: bool,
    brought: Path | None,
    junit: Path | None,
) -> int:
    """Run the smoke test, or read what came of it elsewhere, and show its verdict."""
    if ambient and brought is not None:
        raise click.UsageError("--ambient makes a record, --record takes one: ask for one of them.")
    with run.story() as story, ends_when_asked(run.arguments):
        promoter = run.promoter(story)
        if brought is not None:
            done = _read(brought)
            promoter.bring(model, done, environment=environment)
        elif ambient:
            done = promoter.verify_ambient(model, environment=environment)
        else:
            done = promoter.verify(model, environment=environment)
    from promote.report import json, text

    if junit is not None:
        from promote.report.junit import verification

        plans.write(junit, verification(done, story.events).encode())
    told = text.verification(done, click.style)
    if ambient and not run.json:
        run.screen.say(told)
    run.screen.result(json.verification(done) if run.json or ambient else told)
    return 0 if done.passed else DID_NOT_PASS


def _read(file: Path) -> VerificationDone:
    """Read what ``--ambient`` has printed.

    Raises:
        InputError: The file cannot be read, or is something else.
    """
    import json

    from promote.core.codec import CodecError, from_json
    from promote.core.record import VerificationDone
    from promote.errors import InputError

    try:
        data = json.loads(file.read_bytes())
        if not isinstance(data, dict) or (data.get("format"), data.get("kind")) != (
            1,
            "verification",
        ):
            raise CodecError("it is no document of the kind verification")
        body = {key: value for key, value in data.items() if key not in {"format", "kind"}}
        whole = {**body, "kind": "verification-done"}
        found: VerificationDone = from_json(VerificationDone, whole, "verification", lenient=True)
    except (OSError, ValueError) as error:
        raise InputError(
            "The verification cannot be read",
            f"{file}: {error.strerror if isinstance(error, OSError) else error}.",
            "To make one:\n    promote verify MODEL --environment ENV --ambient > done.json",
        ) from error
    return found
