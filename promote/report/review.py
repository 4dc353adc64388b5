"""The text of a plan: all that somebody reads before they say yes."""

from __future__ import annotations

from collections.abc import Iterator

from promote.core import planfile
from promote.core.gates import GateResult, Verdict
from promote.core.gates.override import told
from promote.core.plan import Bake, Drain, Grant, Plan, Request, Start, Step, Stop, Switch
from promote.report.changes import proof
from promote.report.layout import (
    Cell,
    Style,
    account_list,
    clean,
    counted,
    dollars,
    duration,
    listing,
    paragraph,
    short_role,
    short_version,
    table,
    unstyled,
)
from promote.report.steps import policy_changes, words
from promote.report.steps import title as purpose

_COLOURS = {
    Verdict.PASS: "green",
    Verdict.FAIL: "red",
    Verdict.INCONCLUSIVE: "yellow",
    Verdict.PENDING: "yellow",
}


def plan(
    value: Plan, digest: str | None = None, style: Style = unstyled, *, asked: str = ""
) -> str:
    """Render a plan for review; ends with what is done if verification fails.

    Args:
        value: The plan.
        digest: The plan's; left out, it is computed.
        style: The colours.
        asked: Says who else was asked about its documents.
    """
    digest = planfile.digest(value) if digest is None else digest
    parts = [_header(value, digest, style), _targets(value, style)]
    if value.gates or value.request.overrides:
        parts.append(_gates(value, style))
    if not value.steps:
        parts.append(paragraph(_nothing_to_do(value)))
        return "\n\n".join(parts) + "\n"
    parts += [_steps(value, style), *([asked] if asked else [])]
    parts += [_cost(value), paragraph(_undo(value))]
    return "\n\n".join(parts) + "\n"


def _header(value: Plan, digest: str, style: Style) -> str:
    request = value.request
    what = f"{request.model} {short_version(request.version)} to {request.environment}"
    title = f"Plan: {clean(purpose(value) if request.rollback else what)}"
    rows = [
        ("version", request.version),
        ("asked by", request.requested_by),
        ("reason", request.reason or "none given"),
        ("digest", digest),
    ]
    lines = [f"  {name:<8}  {clean(text)}" for name, text in rows]
    return "\n".join([style(title, bold=True), *lines])


def _targets(value: Plan, style: Style) -> str:
    rows = [
        (
            target.account,
            target.pointer,
            short_role(target.role),
            short_version(target.before, beside=value.request.version),
            f"{target.wave}",
        )
        for target in value.targets
    ]
    heads = ("account", "pointer", "access role", "names now", "wave")
    shown = None if any(target.wave > 1 for target in value.targets) else -1
    grid = table(heads[:shown], [row[:shown] for row in rows], style)
    return f"{style('Targets', bold=True)}\n{grid}"


def _gates(value: Plan, style: Style) -> str:
    gates = value.gates
    said = {gate.gate: gate.measured for gate in value.made.gates}
    rows = [
        (
            gate.gate,
            _verdict(gate),
            _measured(gate, said.get(gate.gate)),
            gate.required,
        )
        for gate in gates
    ]
    grid = table(("gate", "verdict", "measured", "required"), rows, style)
    lifted = "".join(f"\n\n{each}" for each in _overrides(value.request))
    text = f"{style('Gates', bold=True)}\n{grid}{lifted}"
    refusing = [g for g in gates if g.refuses]
    if not refusing:
        return text
    count = f"{len(refusing)} of {counted(len(gates), 'gate')}"
    verb = "refuses" if len(refusing) == 1 else "refuse"
    return f"{text}\n\n" + paragraph(f"This plan cannot be applied: {count} {verb} it.")


def _verdict(gate: GateResult) -> Cell:
    """Write a verdict; with an override in its way it is neither green nor red."""
    if gate.override is None:
        return Cell(gate.verdict.value, _COLOURS[gate.verdict])
    return Cell(f"{gate.verdict.value}, lifted", "yellow")


def _overrides(request: Request) -> Iterator[str]:
    """Say of each gate that is lifted by whom, until when and why."""
    for each in request.overrides:
        yield paragraph(f"{each.gate} is {clean(told(each))}", first="  ", indent="    ")


def _measured(gate: GateResult, said: str | None) -> str:
    """Say what was measured, and of what is still to be judged what was so by then."""
    if gate.verdict is not Verdict.PENDING or said is None:
        return gate.measured
    return f"{gate.measured}; when planned: {said}"


def _nothing_to_do(value: Plan) -> str:
    version = short_version(value.request.version)
    return (
        f"Nothing to do: every target of {value.request.environment} already names {version}, "
        "its access is exactly as it should be, and nothing is left to stop."
    )


def _steps(value: Plan, style: Style) -> str:
    title = style("Steps", bold=True)
    if value.changes == 0:
        title += " (none of them changes anything)"
    lines = [line for n, step in enumerate(value.steps, 1) for line in _step(n, step, style)]
    return "\n".join([title, *lines])


def _step(number: int, step: Step, style: Style) -> Iterator[str]:
    yield paragraph(words(step), first=f"  {number:>2}  {step.step:<6}  ", indent=" " * 14)
    for sign, line in policy_changes(step):
        yield " " * 14 + style(f"{sign} {line}", fg="green" if sign == "+" else "red")
    if said := proof(step):
        yield paragraph(said, first=" " * 14, indent=" " * 14)


def _cost(value: Plan) -> str:
    cost = value.cost
    return (
        f"Cost per hour: {dollars(cost.before)} before, {dollars(cost.during)} during, "
        f"{dollars(cost.after)} after"
    )


def _undo(value: Plan) -> str:
    """Say what the steps' own `undo` would do."""
    if value.request.rollback:
        return _way_back(value)
    switches = [step for step in value.steps if isinstance(step, Switch)]
    parts = [*_pointers_back(switches, value.request.version)]
    grants = [step for step in value.steps if isinstance(step, Grant)]
    then = [*_access_back(grants, value.request.version)]
    if any(isinstance(step, Start) for step in value.steps):
        version = short_version(value.request.version)
        then.append(f"{version} is stopped, if this promotion started it")
    if switches and then:
        drain = next((step for step in value.steps if isinstance(step, Drain)), None)
        wait = "the drain" if drain is None else f"the drain of {duration(drain.seconds)}"
        parts.append(f"Once {wait} has passed for what was switched, {listing(then)}.")
    elif then:
        parts.append(f"At once, {listing(then)}.")
    stopped = [step for step in value.steps if isinstance(step, Stop) and step.makes_room]
    if stopped:
        names = listing([short_version(step.version) for step in stopped])
        verb = "stays" if len(stopped) == 1 else "stay"
        parts.append(f"{names}, which made room for the start, {verb} stopped.")
    if switches and _watches_alarms(value):
        parts.append("An alarm that rings while a wave bakes puts everything back, too.")
    tolerated = _tolerated(value) if switches else ""
    return f"If verification fails: {tolerated}" + (
        " ".join(parts) or "there is nothing to put back."
    )


def _watches_alarms(value: Plan) -> bool:
    bakes = any(isinstance(step, Bake) for step in value.steps)
    return bakes and any(each.gate == "alarm" and each.override is None for each in value.gates)


def _tolerated(value: Plan) -> str:
    """Say what becomes of failures that are few enough."""
    if not value.max_failures:
        return ""
    who = f"{value.max_failures} of {counted(len(value.targets), 'target')}"
    return (
        f"a target that fails is put back at once, alone, while at most {who} have failed; the "
        "rest goes on, but nothing is drained, revoked or stopped until "
        f"`promote resume {clean(value.request.model)}` has tried it again. With one more, "
    )


def _way_back(value: Plan) -> str:
    """Say what becomes of a rollback that fails."""
    version = value.request.version
    then = [*_access_back([s for s in value.steps if isinstance(s, Grant)], version)]
    if any(isinstance(step, Start) for step in value.steps):
        then.append(f"{short_version(version)} is stopped, if this rollback started it")
    first = f"If it fails before a pointer is switched, {listing(then)}. " if then else ""
    return (
        f"{first}Once a pointer is switched, the rollback stands, whatever fails: promote resume "
        f"{clean(value.request.model)} finishes it. Images that are not recognised are a warning."
    )


def _pointers_back(switches: list[Switch], version: str) -> Iterator[str]:
    """Write a sentence for the pointers that get an old value, and one for those that go."""
    back: dict[str, list[str]] = {}
    for step in switches:
        if step.undo is not None:
            back.setdefault(short_version(step.undo, beside=version), []).append(step.account)
    if back:
        named = [f"{name} in {account_list(accounts)}" for name, accounts in back.items()]
        yield f"every pointer that was switched is put back at once, to {listing(named)}."
    created = [step.account for step in switches if step.undo is None]
    if created:
        what = "the pointer that the promotion creates"
        start = what if not back else what.capitalize()
        yield f"{start} in {account_list(created)} is deleted, unless somebody else wrote to it."


def _access_back(grants: list[Grant], version: str) -> Iterator[str]:
    """Write a clause for the roles that lose the new version, and one for policies that go."""
    back = [short_role(step.role) for step in grants if step.undo is not None]
    if back:
        verb = "loses" if len(back) == 1 else "lose"
        yield f"{listing(back)} {verb} the access to {short_version(version)} again"
    gone = [f"{step.policy} of {short_role(step.role)}" for step in grants if step.undo is None]
    if gone:
        yield f"the policy {listing(gone)} is deleted"
