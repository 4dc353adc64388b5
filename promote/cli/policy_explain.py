"""``promote policy explain``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from promote.cli import policy_options
from promote.cli.grammar import Command, did_you_mean
from promote.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from promote.cli.run import Run
    from promote.core.policies.documents import WantedDocument
    from promote.core.policies.explain import Explanation
    from promote.core.policies.implied import Context
    from promote.core.topology import Topology
    from promote.iam.evaluate import Request
    from promote.workflow.live import Survey

DENIED = 4

_ACTION = re.compile(r"[A-Za-z0-9-]+:[A-Za-z0-9]+")

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
of it does not match. Ends with exit code 4 unless the request is allowed, also when policies that
could deny it cannot be read.
"""


def _pairs(
    _: click.Context, __: click.Parameter, values: tuple[str, ...]
) -> dict[str, str | tuple[str, ...]]:
    """Read KEY=VALUE; a key that is given several times, in whatever case, has several values."""
    found: dict[str, tuple[str, ...]] = {}
    spelt: dict[str, str] = {}
    for value in values:
        key, equals, text = value.partition("=")
        if not equals or not key:
            raise click.BadParameter(f"{value!r} is not KEY=VALUE.")
        key = spelt.setdefault(key.lower(), key)
        found[key] = (*found.get(key, ()), text)
    return {key: each[0] if len(each) == 1 else each for key, each in found.items()}


@click.command("explain", cls=Command, help=_HELP)
@click.option(
    "--principal",
    required=True,
    metavar="ARN",
    help="Who asks: a role, a session or a user.",
)
@click.option(
    "--action",
    required=True,
    metavar="ACTION",
    help="Such as sts:AssumeRole.",
)
@click.option(
    "--resource",
    required=True,
    metavar="ARN",
    help="What is asked for, or '*'.",
)
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
    from promote.core.policies.implied import completed
    from promote.iam.evaluate import Request

    _check(principal, action, resource)
    _check_options(kinds=kinds, attached_to=attached_to, live=live)
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
    _tell_unknown(run, action)
    _show(run, found)
    return 0 if found.allowed else DENIED


def _check(principal: str, action: str, resource: str) -> None:
    """Refuse what can be no request: denying it would answer another question."""
    from promote.iam.principals import is_caller

    if not is_caller(principal):
        expected = (
            "the ARN of a role, a session, a user or an account's root, or the name of a service"
        )
        text = f"{principal!r} is no principal. Expected {expected}."
        raise click.BadParameter(text, param_hint="'--principal'")
    if _ACTION.fullmatch(action) is None:
        text = f"{action!r} is no action. Expected service:Name, such as sts:AssumeRole."
        raise click.BadParameter(text, param_hint="'--action'")
    if not resource:
        text = "It is empty. Expected an ARN, or '*'."
        raise click.BadParameter(text, param_hint="'--resource'")


def _check_options(*, kinds: Sequence[str], attached_to: str | None, live: bool) -> None:
    """Refuse options that do not go together."""
    if attached_to is not None and not kinds:
        raise click.UsageError("--attached-to goes with --kind.")
    if live and kinds:
        raise click.UsageError("--kind is about rendered documents; it does not go with --live.")


def _tell_unknown(run: Run, action: str) -> None:
    """Say when a service that promote knows has no such action: it may be new, or misspelt."""
    from promote.iam import catalogue

    service = action.partition(":")[0].lower()
    if service in catalogue.services() and catalogue.action(action) is None:
        names = [each.name for each in catalogue.actions(service).values()]
        run.screen.say(f"# No action that promote knows is {action}.{did_you_mean(action, names)}")


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
        from promote.core.policies.implied import role_of

        self._run = run
        self._topology = topology
        self._wanted = wanted
        self._request = request
        self._implied = implied
        self._role = role_of(request, [each.attached_to for each in wanted])
        self._render = policy_options.renderer(run, topology)

    def alone(self, selection: policy_options.Selection, attached_to: str | None) -> Explanation:
        """Decide by documents of some kinds, as if nothing else governed the request."""
        from promote.core.policies.explain import explain_alone
        from promote.core.policies.rendered import documents_alone

        wanted = selection.of_kinds(self._wanted)
        if all(attached_to not in (None, each.attached_to) for each in wanted):
            raise _no_document(selection.kinds, attached_to, wanted)
        known = documents_alone(wanted, self._render, self._request, self._role, attached_to)
        note = f"Only documents of kind {', '.join(selection.kinds)} were looked at."
        return explain_alone(self._request, known, implied=self._implied, notes=[note])

    def whole(self, *, live: bool) -> Explanation:
        """Decide by everything that governs the request."""
        from promote.core.policies.explain import explain
        from promote.core.policies.implied import corrected
        from promote.core.policies.rendered import governing_documents

        request, role, topology = self._request, self._role, self._topology
        implied = self._implied
        known = governing_documents(self._wanted, self._render, request, role, topology)
        notes: tuple[str, ...] = ()
        unreadable: tuple[str, ...] = ()
        unread_controls: tuple[str, ...] = ()
        if live:
            from promote.workflow.live import LiveReader

            world = self._run.promoter().world
            reader = LiveReader(world, topology, request, role, self._survey())
            found = reader.replace(known)
            known, notes, unreadable = found.documents, found.notes, found.unreadable
            unread_controls = found.unread_controls
            if implied and found.organization is not None:
                request, implied = corrected(request, implied, found.organization)
        return explain(
            request,
            known,
            topology,
            implied=implied,
            notes=notes,
            unreadable=unreadable,
            unread_controls=unread_controls,
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


def _no_document(
    kinds: Sequence[str], attached_to: str | None, wanted: Sequence[WantedDocument]
) -> NotFoundError:
    there = ", ".join(dict.fromkeys(each.attached_to for each in wanted))
    where = "" if attached_to is None else f" attached to {attached_to}"
    return NotFoundError(
        "No such document",
        f"promote.yaml asks for no document of kind {', '.join(kinds)}{where}."
        + (f" Those of the kind are attached to {there}." if there else ""),
        "To see the documents that there are:\n    promote policy render",
    )


def _show(run: Run, found: Explanation) -> None:
    from promote.report import explanations

    if run.json:
        run.screen.result(explanations.as_json(found))
    else:
        run.screen.result(explanations.as_text(found, click.style))
