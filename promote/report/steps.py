"""The steps of a plan in words, and what each of them changes in a policy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import assert_never

from promote.core.grants import DETECT
from promote.core.plan import (
    Bake,
    Drain,
    Grant,
    Json,
    Plan,
    Prove,
    Revoke,
    Start,
    Step,
    Stop,
    Switch,
)
from promote.report.layout import (
    account_list,
    clean,
    counted,
    duration,
    listing,
    short_role,
    short_version,
)


def title(plan: Plan) -> str:
    """Say in a few words what a plan is for."""
    request = plan.request
    version = short_version(request.version)
    if request.rollback:
        return f"roll {request.model} back to {version} in {request.environment}"
    return f"promote {request.model} {version} to {request.environment}"


def words(step: Step) -> str:
    """Say on one line what a step does."""
    match step:
        case Start():
            return _start(step)
        case Grant():
            return _grant(step)
        case Prove():
            return _prove(step)
        case Switch():
            return _switch(step)
        case Bake():
            return (
                f"leave wave {step.wave} ({account_list(step.accounts)}) alone for "
                f"{duration(step.seconds)} since its last switch, then verify it once more"
            )
        case Drain():
            return (
                f"wait until {duration(max(step.seconds, step.keep_warm))} have passed since the "
                f"last switch of {account_list(step.accounts)}, so that {_why(step)}"
            )
        case Revoke():
            return _revoke(step)
        case Stop():
            return _stop(step)
        case _:
            assert_never(step)


def _why(step: Drain) -> str:
    if step.keep_warm > step.seconds:
        return f"a rollback is instant (the drain is {duration(step.seconds)})"
    return "no application still holds an old version"


def policy_changes(step: Step) -> tuple[tuple[str, str], ...]:
    """Return the lines that a step takes from (``-``) and adds to (``+``) policies, each signed."""
    if not isinstance(step, Grant | Revoke):
        return ()
    before = list(_allowances(step.before))
    after = list(_allowances(step.after))
    gone = tuple(("-", line) for line in before if line not in after)
    new = tuple(("+", line) for line in after if line not in before)
    foreign = step.remove if isinstance(step, Revoke) else ()
    return (*gone, *new, *(("-", f"the whole policy {clean(name)}") for name in foreign))


def _start(step: Start) -> str:
    low, high = step.min_units, step.max_units
    units = (
        counted(low, "inference unit")
        if high in {None, low}
        else f"{low} to {high} inference units"
    )
    version = short_version(step.version)
    return (
        f"start {version} with {units} and wait until it runs (at most {duration(step.deadline)})"
    )


def _grant(step: Grant) -> str:
    role, version = short_role(step.role), short_version(step.version)
    already = "" if policy_changes(step) else "; it allows it already"
    return f"let {role} use {version} beside what is in use (policy {clean(step.policy)}){already}"


def _prove(step: Prove) -> str:
    version, role = short_version(step.version), short_role(step.role)
    text = (
        f"from {step.account} through {role}, call {version} until it answers "
        f"{counted(step.consecutive, 'time')} in a row (at most {duration(step.deadline)})"
    )
    if step.images is None:
        return text
    share = f"{step.min_accuracy:.0%}"
    return f"{text}; then at least {share} of the images in {clean(step.images)} must be recognised"


def _switch(step: Switch) -> str:
    version = short_version(step.version)
    place = f"in {step.account}," if step.wave == 1 else f"wave {step.wave}: in {step.account},"
    if step.before == step.version:
        return f"{place} {clean(step.pointer)} names {version} already"
    if step.revision == 0:
        return f"{place} create {clean(step.pointer)} with {version}"
    before = short_version(step.before, beside=step.version)
    return f"{place} let {clean(step.pointer)} name {version} instead of {before}"


def _revoke(step: Revoke) -> str:
    role, kept = short_role(step.role), short_version(step.version)
    if step.makes_room:
        return _give_up(step)
    text = f"let {role} use {kept} alone (policy {clean(step.policy)})"
    if not step.revoked:
        return text
    gone = listing([short_version(arn, beside=step.version) for arn in step.revoked])
    return f"{text} and prove that {gone} {'is' if len(step.revoked) == 1 else 'are'} denied"


def _give_up(step: Revoke) -> str:
    role = short_role(step.role)
    gone = listing([short_version(arn, beside=step.version) for arn in step.revoked])
    verb = "is" if len(step.revoked) == 1 else "are"
    return (
        f"give up the instant rollback of {step.environment} to {gone}, to make room for the "
        f"start: take {gone} from {role} (policy {clean(step.policy)}) and prove that {gone} "
        f"{verb} denied"
    )


def _stop(step: Stop) -> str:
    name, most = short_version(step.version), duration(step.deadline)
    if not step.makes_room:
        return f"stop {name} (at most {most})"
    return (
        f"give up the instant rollback to {name}: stop it, so that a running slot is free for the "
        f"start (at most {most})"
    )


def _allowances(document: Json | None) -> Iterator[str]:
    """Yield a line for each resource of each statement; a grant to detect is its resource alone."""
    for statement in _listed([] if document is None else document.get("Statement", [])):
        if not isinstance(statement, Mapping):
            yield f"a statement that is none: {clean(repr(statement))}"
            continue
        rest = {k: v for k, v in statement.items() if k not in {"Sid", "Resource"}}
        usual = rest == {"Effect": "Allow", "Action": rest.get("Action")}
        usual = usual and _listed(rest.get("Action")) == [DETECT]
        prefix = "" if usual else f"{_described(rest)} on "
        for resource in _listed(statement.get("Resource", "no resource")):
            yield f"{prefix}{clean(str(resource))}"


def _described(elements: Mapping[str, object]) -> str:
    actions = ", ".join(str(each) for each in _listed(elements.get("Action", "")))
    text = f"{elements.get('Effect', '')} {actions}"
    rest = {k: v for k, v in elements.items() if k not in {"Effect", "Action"}}
    return clean(f"{text} with {_spelt(rest)}" if rest else text)


def _spelt(value: object) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{key} {_spelt(value[key])}" for key in sorted(value, key=str))
    return " or ".join(str(each) for each in _listed(value))


def _listed(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else [value]
