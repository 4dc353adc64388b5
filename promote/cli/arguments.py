"""The arguments that several commands share, completed from promote.yaml and never from AWS."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from promote.arn import parse_version_arn
from promote.errors import InputError, PromoteError

if TYPE_CHECKING:
    from datetime import timedelta

    from promote.core.topology import Topology


def _topology(context: click.Context) -> Topology | None:
    try:
        topology: Topology = context.find_root().obj.topology()
    except (PromoteError, AttributeError):
        return None  # a completion has nobody to tell about a broken file
    return topology


def complete_models(
    context: click.Context, _: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Offer the models of promote.yaml."""
    topology = _topology(context)
    names = [model.name for model in topology.models] if topology else []
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def complete_environments(
    context: click.Context, _: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Offer the environments of promote.yaml."""
    topology = _topology(context)
    names = [environment.name for environment in topology.environments] if topology else []
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def complete_gates(
    context: click.Context, _: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Offer the gates that can be lifted: of the environment that is named, or else of any."""
    from promote.core.gates.override import liftable

    topology, to = _topology(context), context.params.get("to")
    environments = topology.environments if topology else ()
    named = [each for each in environments if each.name == to] or environments
    names = dict.fromkeys(name for each in named for name in liftable(each))
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


class _Duration(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.4 on
    """A length of time, as promote.yaml spells it."""

    name = "duration"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        """Read a length of time; none at all will do."""
        import re
        from datetime import timedelta

        match = re.fullmatch("([0-9]{1,6})([smhd])", str(value))
        if match is None:
            self.fail(f"{value!r} is not a duration; write it like 0s, 30s, 5m or 24h", param, ctx)
        units = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
        return timedelta(**{units[match[2]]: int(match[1])})


class _Text(click.ParamType):  # type: ignore[type-arg]  # as above
    """What people write, and the ledger keeps as UTF-8: bytes in another coding are no text."""

    name = "text"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> str:
        """Return it as it is."""
        text = str(value)
        if any("\ud800" <= each <= "\udfff" for each in text):  # bytes that Python let through
            self.fail(f"{text!r} is not UTF-8", param, ctx)
        return text


TEXT = _Text()
MODEL = click.argument("model", shell_complete=complete_models)
OPTIONAL_MODEL = click.argument("model", required=False, shell_complete=complete_models)
VERSION = click.argument("version")
TO = click.option(
    "--to",
    required=True,
    metavar="ENV",
    shell_complete=complete_environments,
    help="The environment to promote to.",
)
ENVIRONMENT = click.option(
    "--environment",
    required=True,
    metavar="ENV",
    shell_complete=complete_environments,
    help="The environment.",
)
UNFINISHED_IN = click.option(
    "--environment",
    metavar="ENV",
    shell_complete=complete_environments,
    help="To which environment, if several have not ended.  [default: the one begun last]",
)
REASON = click.option(
    "--reason", type=TEXT, metavar="TEXT", help="Why; kept in the plan and the history."
)
ADOPT = click.option(
    "--adopt",
    is_flag=True,
    help="Take over foreign grants and pointers: their removal becomes part of the plan.",
)
ACCESS_ANALYZER = click.option(
    "--access-analyzer",
    is_flag=True,
    help="Ask IAM Access Analyzer, too; AWS charges for each check.",
)
OVERRIDE = click.option(
    "--override",
    "overrides",
    metavar="GATE",
    multiple=True,
    shell_complete=complete_gates,
    help="Lift a gate for this once, as often as there are gates to lift; needs --reason.",
)
EXPIRES = click.option(
    "--expires",
    type=_Duration(),
    metavar="DURATION",
    help="How long from now on --override lifts; at most 7d.  [default: 4h]",
)
YES = click.option(
    "--yes", is_flag=True, envvar="PROMOTE_YES", show_envvar=True, help="Do not ask."
)
WAIT = click.option(
    "--wait",
    type=_Duration(),
    default="10m",
    show_default=True,
    metavar="DURATION",
    help="Finish what falls due within this time; say what is left.",
)


def _keep_execution(context: click.Context, _: click.Parameter, value: str | None) -> None:
    context.obj.execution = value


EXECUTION = click.option(
    "--execution",
    type=TEXT,
    metavar="ID",
    envvar="PROMOTE_EXECUTION",
    show_envvar=True,
    expose_value=False,
    callback=_keep_execution,
    help="The pipeline execution that it is a part of; kept in the history.",
)


PIPELINE_EXECUTION = click.option(
    "--pipeline-execution",
    metavar="ID",
    envvar="PROMOTE_PIPELINE_EXECUTION",
    show_envvar=True,
    help="As --execution; and ask CodePipeline who started it and who approved.",
)
PIPELINE = click.option(
    "--pipeline",
    metavar="NAME",
    envvar="PROMOTE_PIPELINE",
    show_envvar=True,
    help="The pipeline of --pipeline-execution.  [default: `pipeline.name` of promote.yaml]",
)
WAVE = click.option(
    "--wave",
    type=click.IntRange(min=1),
    metavar="NUMBER",
    envvar="PROMOTE_WAVE",
    show_envvar=True,
    help="Stop once this wave was switched, verified and baked.  [default: go to the end]",
)
FORCE = click.option("--force", is_flag=True, help="For a version that runs for nobody.")
DIRECTORY = click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    metavar="DIR",
    help="Where promote.yaml and .promote/sandbox.json are.  [default: here]",
)
PLAN_FILE = click.argument("plan", metavar="PLAN.JSON", type=click.Path(path_type=Path))
DIGEST = click.option("--digest", metavar="SHA256", help="Refuse a plan file of another digest.")
OUT = click.option(
    "--out",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Save the plan, to be reviewed and applied.",
)
JUNIT = click.option(
    "--junit",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a JUnit report, also of a failure.",
)


def lasting(overrides: tuple[str, ...], expires: timedelta | None, reason: str | None) -> timedelta:
    """Return how long gates are lifted.

    Raises:
        click.UsageError: None is, or nobody says why.
    """
    from promote.core.gates.override import USUAL

    if overrides and not (reason and reason.strip()):
        raise click.UsageError("--override needs --reason: why the gate is lifted.")
    if expires is not None and not overrides:
        raise click.UsageError("--expires is for --override.")
    return USUAL if expires is None else expires


PUBLIC_KEYS = click.option(
    "--public-key",
    "keys",
    metavar="FILE",
    multiple=True,
    type=click.Path(path_type=Path),
    help="The public key of the records' signatures, in PEM or DER.",
)


def read_key(file: Path) -> bytes:
    """Read a public key.

    Raises:
        InputError: The file cannot be read.
    """
    try:
        return file.read_bytes()
    except OSError as error:
        raise InputError(
            "The public key cannot be read",
            f"{file}: {error.strerror}.",
            "To fetch the key of promote.yaml's `records.signing_key`:\n"
            "    aws kms get-public-key --key-id ARN --query PublicKey --output text | base64 -d "
            "> key.der",
        ) from error


def version_arn(text: str) -> str:
    """Return the ARN of a version that was given by its ARN; offline, a name says too little.

    Raises:
        InputError: `text` is not the ARN of a version.
    """
    if parse_version_arn(text) is None:
        raise InputError(
            "Not the ARN of a version",
            f"{text!r} is none, and a version's name does not tell its ARN without asking AWS.",
            "To see the ARNs:\n    promote version list MODEL -o json",
        )
    return text
