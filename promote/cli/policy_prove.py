"""``promote policy prove``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from promote.cli import arguments, policy_options
from promote.cli.grammar import Command

if TYPE_CHECKING:
    from collections.abc import Sequence

    from promote.cli.run import Run
    from promote.core.policies.documents import WantedDocument
    from promote.core.policies.proof import Render
    from promote.core.policies.trials import Trial
    from promote.core.policies.witness import Shown

FOUND_SOMETHING = 4
UNUSABLE = 2

_HELP = """Prove that every document allows exactly what is planned; offline.

\b
    promote policy prove
    promote policy prove --kind access-role --version arn:aws:rekognition:…/version/v2/16…
    promote policy prove --model tools --environment prod -o json

Each template is compared with what promote plans, over all requests. Where they differ it shows a
request that one allows and the other does not, and the command that explains it. Without --version
and --trusted, examples stand for them. All documents are tried. Ends with exit code 4 when one
differs or cannot be decided, with 2 when a template cannot be read or lies outside what is proved.
With --access-analyzer IAM Access Analyzer is then asked the same; that alone needs credentials.
"""


@click.command("prove", cls=Command, help=_HELP)
@policy_options.MODEL
@policy_options.ENVIRONMENT
@policy_options.KIND
@policy_options.VERSION
@policy_options.TRUSTED
@arguments.ACCESS_ANALYZER
@click.pass_obj
def command(
    run: Run,
    *,
    model: str | None,
    environment: str | None,
    kinds: tuple[str, ...],
    versions: tuple[str, ...],
    trusted: tuple[str, ...],
    access_analyzer: bool,
) -> int:
    """Try every document and show what came of it."""
    from promote.core.policies.trials import try_all

    topology = run.topology()
    asked = policy_options.Selection(
        model=model, environment=environment, kinds=kinds, versions=versions, trusted=trusted
    )
    selection, given = asked.with_examples(topology)
    wanted = selection.wanted(topology)
    chosen = selection.of_kinds(wanted)
    policy_options.tell_examples(run, given, chosen)
    policy_options.tell_missing(run, kinds, chosen)
    template_of = policy_options.template_names(run, topology)
    trials = try_all(chosen, policy_options.renderer(run, topology), template_of, topology)
    commands = [_command(run, each, wanted, asked.words()) for each in trials]
    _show(run, trials, commands)
    if any(each.unusable for each in trials):
        return UNUSABLE
    if not all(each.proved for each in trials):
        return FOUND_SOMETHING
    _complement(run, chosen, policy_options.renderer(run, topology), wished=access_analyzer)
    return 0


def _complement(
    run: Run, chosen: Sequence[WantedDocument], render: Render, *, wished: bool
) -> None:
    """Ask Access Analyzer about documents that are proved, if wished, and say what came of it.

    Raises:
        ProofError: It disagrees with our proof.
        PromoteError: It could not be asked.
    """
    from promote.report import text

    if not wished:
        if not run.json:
            run.screen.say(text.agreement(None))
        return
    from promote.core.analysis import of_documents
    from promote.workflow.analysis import ask

    analyzer = run.promoter().world.analyzer
    run.screen.say(text.agreement(ask(analyzer, of_documents(chosen, render))))


def _show(run: Run, trials: Sequence[Trial], commands: Sequence[str]) -> None:
    from promote.report import proofs

    pairs = tuple(zip(trials, commands, strict=True))
    if run.json:
        run.screen.result(proofs.as_json(pairs))
    else:
        run.screen.result(proofs.as_text(pairs, click.style))


def _command(run: Run, trial: Trial, wanted: Sequence[WantedDocument], given: Sequence[str]) -> str:
    """Return the command that shows a trial's witness, to be pasted; empty without a witness."""
    if trial.witness is None:
        return ""
    from shlex import join

    shown, file = trial.witness, run.settings.file
    words = ["promote", *(() if file is None else ("-f", str(file))), "policy", "explain"]
    words += ["--kind", trial.wanted.kind, *_place(trial.wanted, shown, wanted)]
    words += ["--principal", shown.principal]
    words += ["--action", shown.request.action, "--resource", shown.request.resource]
    for key, value in shown.stated.items():
        for each in (value,) if isinstance(value, str) else value:
            words += ["--context", f"{key}={each}"]
    words += ["--exact-context"] if shown.exact else []
    return join([*words, *given])


def _place(
    document: WantedDocument, shown: Shown, wanted: Sequence[WantedDocument]
) -> Sequence[str]:
    """Name the document where the request alone would not choose it among those of its kind."""
    from promote.core.policies.implied import role_of
    from promote.core.policies.rendered import is_alone

    role = role_of(shown.request, [each.attached_to for each in wanted])
    alone = is_alone(document, wanted, shown.request, role)
    return () if alone else ("--attached-to", document.attached_to)
