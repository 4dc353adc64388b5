"""The guardrails that promote.yaml asks for: what they are called, what they say, how large."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from promote.core.codec import canonical
from promote.core.guardrails.organization import ControlType
from promote.core.perimeter import Guardrails
from promote.core.policies.documents import wanted_documents
from promote.core.policies.phrases import Phrases
from promote.core.policies.proof import Render
from promote.core.topology import Topology
from promote.errors import InputError, PolicyError
from promote.iam.document import Kind, Policy, loads, parse, same
from promote.iam.quota import QUOTAS, Usage

MARK = "Managed by promote"
"""What the description of every policy of ours begins with; a policy without it is not ours."""

DESCRIPTION = f"{MARK}, which keeps models to their operators. Change promote.yaml instead of this."

KINDS: Mapping[str, ControlType] = {"scp": ControlType.SCP, "rcp": ControlType.RCP}
"""The type of policy that each kind of document is."""

KIND_OF: Mapping[ControlType, Kind] = {ControlType.SCP: Kind.SCP, ControlType.RCP: Kind.RCP}
"""As what their documents are parsed and measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedPolicy:
    """One policy that promote.yaml asks for; `content` is what is sent, without white space."""

    type: ControlType
    name: str
    content: str
    kind: str
    """The kind of its template."""


def settings(topology: Topology) -> Guardrails:
    """Return what promote.yaml says of guardrails.

    Raises:
        InputError: It says nothing of them.
    """
    if topology.guardrails is not None:
        return topology.guardrails
    raise InputError(
        "No guardrails in promote.yaml",
        "promote.yaml does not say which account manages the policies of the organisation, nor "
        "what they are to be attached to.",
        "Add, with the ids of your own:\n"
        "    guardrails:\n"
        '      account: "999999999999"\n'
        "      role: promote-guardrails\n"
        f'      targets: ["{topology.ml.account}"]',
    )


def policy_names(topology: Topology) -> dict[ControlType, str]:
    """Return what our policies are called: each ML account has guardrails of its own."""
    account = topology.ml.account
    return {kind: f"promote-guardrail-{kind.short.lower()}-{account}" for kind in ControlType}


def wanted_policies(topology: Topology, render: Render) -> tuple[WantedPolicy, ...]:
    """Render the policies that promote.yaml asks for, SCP first.

    Raises:
        InputError: promote.yaml says nothing of guardrails.
    """
    settings(topology)
    names = policy_names(topology)
    return tuple(
        WantedPolicy(
            type=kind,
            name=names[kind],
            content=canonical(render(each.kind, each.context)).decode(),
            kind=each.kind,
        )
        for each in wanted_documents(topology)
        if (kind := KINDS.get(each.kind)) is not None
    )


def usage(policy: WantedPolicy) -> Usage:
    """Measure what is sent against the quota of its type."""
    return QUOTAS[KIND_OF[policy.type]].usage([policy.content])


def says_the_same(content: str, other: str) -> bool:
    """Say whether two policies are the same in another spelling; what is no JSON is not."""
    try:
        return content == other or same(loads(content), loads(other))
    except PolicyError:
        return False


def departures(content: str, wanted: WantedPolicy) -> tuple[str, ...]:
    """Say in words how a stored policy differs from the wanted one, statement by statement."""
    kind = KIND_OF[wanted.type]
    theirs = parse(wanted.content, kind=kind, name="the wanted document")
    try:
        stored = parse(content, kind=kind, name="the stored document")
    except PolicyError as error:
        return (error.detail or error.summary,)
    return tuple(_departures(stored, theirs)) or ("has its statements in another order",)


def _departures(stored: Policy, wanted: Policy) -> Iterator[str]:
    named = {one.sid: one for one in wanted.statements}
    for index, one in enumerate(stored.statements):
        place = f"Statement[{index}]" + (f" ({one.sid})" if one.sid else "")
        theirs = named.pop(one.sid, None)
        if theirs is None or theirs.effect is not one.effect:
            yield f"has also {place}"
            continue
        for each in Phrases(stored.kind, one.effect).differences(one, theirs):
            yield f"{each.says} in {place}"
    for one in named.values():
        yield f"lacks the statement {one.sid}"
