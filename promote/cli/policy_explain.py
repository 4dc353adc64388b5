"""``promote policy explain``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from promote.cli import policy_options
from promote.cli.grammar import Command

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from promote.cli.run import Run
    from promote.core.asking import Context
    from promote.core.documents import WantedDocument
    from promote.core.explain import Explanation
    from promote.core.topology import Topology
    from promote.iam.evaluate import Request
    from promote.workflow.live import Survey

DENIED = 4

_HELP = """Say why a request is allowed or denied: by which statement of which document.

\b
    promote policy explain --principal arn:aws:iam::222222222222:role/tools-qa \\
        --action rekognition:DetectCustomLabels --resource arn:aws:rekognition:…/version/v2/16… \\
        --live
    promote policy explain --principal arn:aws:iam::333333333333:role/storefront \\
        --action sts:AssumeRole --resource arn:aws:iam::222222222222:role/tools-qa \\
        --context sts:ExternalId=tools

Decides by the documents that the configuration asks for, for the versions given; with --live, by
the policies that the access roles really have. What every session of a role has in its context is
implied, and said. Where nothing allows the request, it shows which statement comes nearest and what
of it does not match. Ends with exit code 4 unless the request is allowed.
"""


def _pairs(
    _: click.Context, __: click.Parameter, values: tuple[str, ...]
) -> dict[str, str | tuple[str, ...]]:
    """Read KEY=VALUE; a key that is given several times has several values."""
    found: dict[str, tuple[str, ...]] = {}
    for value in values:
        key, equals, text = value.partition("=")
        if not equals or not key:
            raise click.BadParameter(f"{value!r} is not KEY=VALUE.")
        found[key] = (*found.get(key, ()), text)
    return {key: each[0] if len(each) == 1 else each for key, each in found.items()}


@click.command("explain", cls=Command, help=_HELP)
@click.option(
    "--principal", required=True, metavar="ARN", help="Who asks: a role, a session or a user."
)
@click.option("--action", required=True, metavar="ACTION", help="Such as sts:AssumeRole.")
@click.option("--resource", required=True, metavar="ARN", help="What is asked for, or '*'.")
@click.option(
    "--context",
    multiple=True,
    metavar="KEY=VALUE",
    callback=_pairs,
    help="A condition key of the request; may be repeated.",
)
@click.option("--exact-context", is_flag=True, help="Imply no condition key.")
@click.option("--live", is_flag=True, help="By the policies that the access roles really have.")
@policy_options.MODEL
@policy_options.ENVIRONMENT
@policy_options.KIND
@click.option(
    "--attached-to", metavar="ARN", help="With --kind: only the document attached to this."
)
@policy_options.VERSION
@policy_options.TRUSTED
@click.pass_obj
def command(
    run: Run,
    *,
    principal: str,
    action: str,
    resource: str,
    context: Mapping[str, str | tuple[str, ...]],
    exact_context: bool,
    live: bool,
    model: str | None,
    environment: str | None,
    kinds: tuple[str, ...],
    attached_to: str | None,
    versions: tuple[str, ...],
    trusted: tuple[str, ...],
) -> int:
    """Decide one request and show why."""
    from promote.core.asking import completed
    from promote.iam.evaluate import Request

    _check(action, kinds=kinds, attached_to=attached_to, live=live)
    topology = run.topology()
    selection, given = policy_options.Selection(
        model=model, environment=environment, kinds=kinds, versions=versions, trusted=trusted
    ).with_examples(topology)
    wanted = selection.wanted(topology)
    request = Request(principal, action, resource, context)
    implied: Context = {}
    if not exact_context:
        request, implied = completed(request, topology, [each.attached_to for each in wanted])
    case = _Case(run, topology, wanted, request, implied)
    found = case.whole(live=live) if not kinds else case.alone(selection, attached_to)
    used = {(each.kind, each.attached_to) for each in found.documents}
    documents = [each for each in wanted if (each.kind, each.attached_to) in used]
    policy_options.tell_examples(run, given, documents)
    _show(run, found)
    return 0 if found.allowed else DENIED


def _check(action: str, *, kinds: Sequence[str], attached_to: str | None, live: bool) -> None:
    """Refuse options that do not go together, and what is no action."""
    service, colon, name = action.partition(":")
    if not (service and colon and name) or "*" in action:
        raise click.BadParameter(
            f"{action!r} is no action. Expected service:Name, such as sts:AssumeRole.",
            param_hint="'--action'",
        )
    if attached_to is not None and not kinds:
        raise click.UsageError("--attached-to goes with --kind.")
    if live and kinds:
        raise click.UsageError("--kind is about rendered documents; it does not go with --live.")


class _Case:
    """A request with what it is judged by."""

    def __init__(
        self,
        run: Run,
        topology: Topology,
        wanted: Sequence[WantedDocument],
        request: Request,
        implied: Context,
    ) -> None:
        from promote.core.asking import role_of

        self._run = run
        self._topology = topology
        self._wanted = wanted
        self._request = request
        self._implied = implied
        self._role = role_of(request, [each.attached_to for each in wanted])
        self._render = policy_options.renderer(run, topology)

    def alone(self, selection: policy_options.Selection, attached_to: str | None) -> Explanation:
        """Decide by documents of some kinds, as if nothing else governed the request."""
        from promote.core.evidence import documents_alone
        from promote.core.explain import explain_alone

        wanted = selection.of_kinds(self._wanted)
        known = documents_alone(wanted, self._render, self._request, self._role, attached_to)
        note = f"Only documents of kind {', '.join(selection.kinds)} were looked at."
        return explain_alone(self._request, known, implied=self._implied, notes=[note])

    def whole(self, *, live: bool) -> Explanation:
        """Decide by everything that governs the request."""
        from promote.core.evidence import governing_documents
        from promote.core.explain import explain

        request, role, topology = self._request, self._role, self._topology
        known = governing_documents(self._wanted, self._render, request, role, topology)
        notes: tuple[str, ...] = ()
        unreadable: tuple[str, ...] = ()
        if live:
            from promote.workflow.live import LiveReader

            world = self._run.promoter().world
            reader = LiveReader(world, topology, request, role, self._survey())
            found = reader.replace(known)
            known, notes, unreadable = found.documents, found.notes, found.unreadable
        return explain(
            request,
            known,
            topology,
            implied=self._implied,
            notes=notes,
            unreadable=unreadable,
        )

    def _survey(self) -> Survey | None:
        """Return what reads the organisation, where promote.yaml says who may."""
        guardrails = self._topology.guardrails
        if guardrails is None:
            return None
        from promote.workflow.guardrails import Surveyor

        oversight = self._run.guardrails().oversight
        surveyor = Surveyor(oversight.organization, guardrails.role)
        return lambda accounts: surveyor.survey(accounts, ())


def _show(run: Run, found: Explanation) -> None:
    from promote.report import explanations

    if run.json:
        run.screen.result(explanations.as_json(found))
    else:
        run.screen.result(explanations.as_text(found, click.style))
