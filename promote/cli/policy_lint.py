"""``promote policy lint``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from promote.cli import findings, policy_options
from promote.cli.grammar import Command

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from promote.cli.run import Run
    from promote.iam.elements import Kind
    from promote.iam.lint import Finding

_BYTE_ORDER_MARK = "\ufeff"

_HELP = """Look for the defects that policy templates produce; offline.

\b
    promote policy lint
    promote policy lint --kind access-role-trust
    promote policy lint bucket-policy.json --kind bucket
    promote policy lint --rules                      every rule, with a bad and a good example
    promote policy lint --explain PR401              one of them

Without FILE, the documents that the configuration needs. The kind of a FILE is the kind of a
template or of a policy (identity, trust, bucket, scp, …); it is guessed, and said, where none is
given. Ends with exit code 4 when there is an error or a warning.
"""


@click.command("lint", cls=Command, help=_HELP)
@click.argument("files", metavar="[FILE…]", nargs=-1, type=click.Path(path_type=str))
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    metavar="KIND",
    shell_complete=policy_options.complete_kinds,
    help="Only documents of this kind, or what the FILEs are.",
)
@policy_options.MODEL
@policy_options.ENVIRONMENT
@policy_options.VERSION
@policy_options.TRUSTED
@click.option("--rules", is_flag=True, help="Show every rule.")
@click.option("--explain", "rule", metavar="RULE", help="Show one rule.")
@click.pass_obj
def command(
    run: Run,
    *,
    files: tuple[str, ...],
    kinds: tuple[str, ...],
    model: str | None,
    environment: str | None,
    versions: tuple[str, ...],
    trusted: tuple[str, ...],
    rules: bool,
    rule: str | None,
) -> int:
    """Show what was found, or the rules."""
    if rules or rule is not None:
        _show_rules(run, rule)
        return 0
    if files:
        found = list(_of_files(run, files, kinds))
    else:
        policy_options.check(kinds, policy_options.known_kinds())
        selection = policy_options.Selection(
            model=model, environment=environment, kinds=kinds, versions=versions, trusted=trusted
        )
        found = _of_configuration(run, selection)
    return findings.show(run, found)


def _of_configuration(
    run: Run, asked: policy_options.Selection
) -> list[tuple[str, Sequence[Finding]]]:
    """Lint what the templates write, also where it is outside the fragment that is proved."""
    from promote.core.policies.rendered import label
    from promote.iam.lint import lint
    from promote.templates import KINDS

    topology = run.topology()
    selection, given = asked.with_examples(topology)
    chosen = selection.of_kinds(selection.wanted(topology))
    policy_options.tell_examples(run, given, chosen)
    policy_options.tell_missing(run, selection.kinds, chosen)
    write = policy_options.writer(run, topology)
    return [
        (
            f"{each.kind} {each.attached_to}",
            lint(write(each.kind, each.context), kind=KINDS[each.kind], name=label(each)),
        )
        for each in chosen
    ]


def _of_files(
    run: Run, files: Sequence[str], kinds: Sequence[str]
) -> Iterator[tuple[str, Sequence[Finding]]]:
    from pathlib import Path

    from promote.iam.lint import lint

    if len(kinds) > 1:
        raise click.UsageError("Files are of one --kind; lint those of another on their own.")
    for name in files:
        raw = _read(Path(name))
        yield name, lint(raw, kind=_kind_of(run, name, raw, kinds), name=name)


def _read(path: Path) -> object:
    """Read a file as JSON, as strictly as a template is.

    Raises:
        InputError: It cannot be read.
        PolicyError: It is not a JSON object, or repeats a key.
    """
    from promote.errors import InputError
    from promote.iam.document import loads

    try:
        content = path.read_bytes().decode("utf-8")
    except OSError as error:
        text = f"{path}: {error.strerror}. Expected a file with a policy in JSON."
        raise InputError("File cannot be read", text) from error
    except UnicodeDecodeError as error:
        text = f"{path} is not UTF-8: {error.reason} at byte {error.start}."
        raise InputError("File cannot be read", text, "Save it as UTF-8.") from error
    if content.startswith(_BYTE_ORDER_MARK):
        text = f"{path} begins with a byte order mark, which JSON does not have (RFC 8259, 8.1)."
        raise InputError("File cannot be read", text, "Save it as UTF-8 without one.")
    return loads(content, name=str(path))


def _kind_of(run: Run, name: str, raw: object, kinds: Sequence[str]) -> Kind:
    from promote.iam.elements import Kind
    from promote.iam.guess import guess_kind
    from promote.templates import KINDS

    if not kinds:
        guessed = guess_kind(raw)
        run.screen.say(f"# {name}: taken for a policy of kind {guessed.value}; --kind says another")
        return guessed
    known = {**{each.value: each for each in Kind}, **KINDS}
    policy_options.check(kinds, known)
    return known[kinds[0]]


def _show_rules(run: Run, rule: str | None) -> None:
    from promote.iam.lint import RULES
    from promote.report import lint

    rules = findings.chosen(RULES, rule)
    run.screen.result(lint.rules_json(rules) if run.json else lint.rules_text(rules, click.style))
