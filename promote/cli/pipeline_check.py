"""``promote pipeline check``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from promote.cli import findings, policy_options
from promote.cli.grammar import Command

if TYPE_CHECKING:
    from collections.abc import Mapping

    from promote.cli.run import Run
    from promote.core.topology import Topology
    from promote.iam.lint import Finding

_HELP = """Look for what would fail or be unsafe in rendered stacks; offline.

\b
    promote pipeline check                   what promote.yaml would be rendered to
    promote pipeline check --dir rendered    the files of a directory, without promote.yaml
    promote pipeline check --rules           every rule, and where AWS says so
    promote pipeline check --explain PL303   one of them

CloudFormation accepts a pipeline that refers to a variable which no build exports, that skips more
than an empty approval, or whose builds hide failures. The rules (PL…) know what an execution
needs; the policies in the stacks are judged by those of `promote policy lint` (PR…). Ends with
exit code 4 when there is an error or a warning.
"""


@click.command("check", cls=Command, help=_HELP)
@click.option(
    "--dir",
    "directory",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Look at the JSON files of this directory instead.",
)
@click.option("--rules", is_flag=True, help="Show every rule.")
@click.option("--explain", "rule", metavar="RULE", help="Show one rule.")
@click.pass_obj
def command(run: Run, *, directory: Path | None, rules: bool, rule: str | None) -> int:
    """Show what was found, or the rules."""
    if rules or rule is not None:
        _show_rules(run, rule)
        return 0
    topology = None if directory else run.topology()
    files = _rendered(run, topology) if topology else _read(directory or Path())
    from promote.pipeline.lint import lint

    return _show(run, files, lint(files, topology))


def _rendered(run: Run, topology: Topology) -> Mapping[str, object]:
    import json

    from promote.pipeline.render import stacks

    found = stacks(topology, policy_options.proved_renderer(run, topology))
    return {name: json.loads(content) for name, content in found.items()}


def _read(directory: Path) -> Mapping[str, object]:
    """Read the files of a directory.

    Raises:
        InputError: There is none, or one cannot be read.
    """
    import json

    from promote.errors import InputError

    found: dict[str, object] = {}
    for path in sorted(directory.glob("*.json")):
        try:
            found[path.name] = json.loads(path.read_bytes().decode("utf-8"))
        except OSError as error:
            raise InputError("File cannot be read", f"{path}: {error.strerror}.") from error
        except (ValueError, RecursionError) as error:
            text = f"{path} is no JSON: {error}."
            raise InputError("File cannot be read", text, "Render it anew.") from error
    if not any(map(_is_stack, found.values())):
        raise InputError(
            "No stacks to check",
            f"No *.json in {directory} is a CloudFormation template.",
            f"Render them:\n    promote pipeline render --out {directory}",
        )
    return found


def _is_stack(content: object) -> bool:
    return isinstance(content, dict) and "Resources" in content


def _show(run: Run, files: Mapping[str, object], found: tuple[Finding, ...]) -> int:
    names = sorted(name for name, content in files.items() if _is_stack(content))
    return findings.show(
        run, [(name, [each for each in found if each.document == name]) for name in names]
    )


def _show_rules(run: Run, rule: str | None) -> None:
    from promote.pipeline.lint import RULES
    from promote.report import lint

    rules = findings.chosen(RULES, rule)
    run.screen.result(lint.held_json(rules) if run.json else lint.held_text(rules, click.style))
