"""What linters find, and their rules, as a result: shared by the commands that lint."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import click

from promote.cli.grammar import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from promote.cli.run import Run
    from promote.iam.lint import Finding

FOUND_SOMETHING = 4

_Rule = TypeVar("_Rule")


def show(run: Run, found: Sequence[tuple[str, Sequence[Finding]]]) -> int:
    """Show what was found in documents, by their names; return the exit code that says it."""
    from promote.iam.lint import Severity
    from promote.report import lint

    run.screen.result(lint.as_json(found) if run.json else lint.as_text(found, click.style))
    severities = {each.severity for _, findings in found for each in findings}
    return FOUND_SOMETHING if severities & {Severity.ERROR, Severity.WARNING} else 0


def chosen(rules: Mapping[str, _Rule], rule: str | None) -> list[_Rule]:
    """Return one rule by its id, or all of them.

    Raises:
        click.BadParameter: There is no such rule.
    """
    if rule is None:
        return list(rules.values())
    if rule not in rules:
        text = f"There is no rule {rule!r}.{did_you_mean(rule, rules)}"
        raise click.BadParameter(text, param_hint="'--explain'")
    return [rules[rule]]
