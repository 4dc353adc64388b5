"""What the organisation's policies let pass: all of a promotion, and nothing that it is not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from promote.arn import parse_arn
from promote.core.guardrails.attached import GuardrailFinding, apply_to, drift
from promote.core.guardrails.court import Court, Ruling
from promote.core.guardrails.errands import ASSUME_ROLE, Errand, errands, example_version, of_role
from promote.core.guardrails.organization import ControlType, OrganizationState
from promote.core.guardrails.rollout import Rollout
from promote.core.policies.intent.guardrails import MAKE, RUN
from promote.core.topology import Topology
from promote.errors import PolicyError

GUARDED = tuple(sorted((*MAKE, *RUN)))
"""What the guardrails keep from every session of an access role."""

_FEW = 3
# An account that AWS documents as an example, and nobody's.
_STRANGER = "arn:aws:iam::123456789012:role/stranger"


def examine(
    topology: Topology, rollout: Rollout, state: OrganizationState, promoter: str
) -> tuple[GuardrailFinding, ...]:
    """Check everything: what is attached, what it blocks, what it protects from.

    Args:
        topology: What promote.yaml says.
        rollout: What is wanted, where.
        state: What the organisation has.
        promoter: The ARN of who runs promote.
    """
    court = Court(state)
    return (
        *drift(rollout, state),
        *blocked(errands(topology, promoter), court),
        *protection(topology, rollout, court),
    )


def blocked(asked: Iterable[Errand], court: Court) -> Iterator[GuardrailFinding]:
    """Find the requests of promotions that a policy of the organisation denies."""
    asked = tuple(asked)
    for place, error in court.unreadable.items():
        yield GuardrailFinding(
            ok=False,
            check="promotion",
            subject=place,
            detail=f"what it denies cannot be decided: {error.detail or error.summary}",
            remedy=error.remedy or "Read it, and decide for yourself whether promotions pass.",
            by=(place,),
        )
    denied: dict[tuple[str, tuple[str, ...]], list[tuple[Errand, Ruling]]] = {}
    undecided = 0
    for errand in asked:
        try:
            ruling = court.rule(errand)
        except PolicyError:
            undecided += 1
            continue
        if not ruling.allowed:
            denied.setdefault((errand.request.action, ruling.by), []).append((errand, ruling))
    for found in denied.values():
        yield _denied(*found[0], len(found) - 1)
    if not denied:
        count = len(asked) - undecided
        some = f"; {undecided} could not be decided" if undecided else ""
        yield GuardrailFinding(
            ok=not undecided,
            check="promotion",
            subject="requests of promotions and applications",
            detail=f"{count} of {len(asked)} are let pass{some}",
        )


def _denied(errand: Errand, ruling: Ruling, more: int) -> GuardrailFinding:
    others = f", and {more} more like it" if more else ""
    request = ruling.request
    return GuardrailFinding(
        ok=False,
        check="promotion",
        subject=f"{request.action} by {errand.who}",
        detail=f"{request.principal} is denied {request.action} on {request.resource}: "
        f"{'; '.join(ruling.by)}{others}",
        remedy="Exempt it there, or change the policy: it stops promotions.",
        request=request,
        by=ruling.by,
    )


def protection(topology: Topology, rollout: Rollout, court: Court) -> Iterator[GuardrailFinding]:
    """Show that a session of an access role cannot change the models, whatever its own policies.

    The session is a principal of the ML account, wherever its consumer comes from; so it is the
    ML account's SCPs that govern it.
    """
    targets = [t for model in topology.models for t in topology.all_targets(model.name)]
    alike: dict[tuple[tuple[bool, tuple[str, ...]], ...], list[tuple[str, list[Ruling]]]] = {}
    for role, model in {target.access_role: target.model for target in targets}.items():
        try:
            rulings = [
                court.rule(
                    of_role(role, action, _resource(action, model, topology), topology.region)
                )
                for action in GUARDED
            ]
        except PolicyError:
            yield _unclear(role, topology, court)
            continue
        key = tuple((ruling.allowed, ruling.by) for ruling in rulings)
        alike.setdefault(key, []).append((parse_arn(role).name, rulings))
    for found in alike.values():
        rulings = found[0][1]
        subject = f"a session of {_some([name for name, _ in found])} with rekognition:*"
        yield _protected(subject, rulings, topology, rollout, court.state)
    if any(each.type is ControlType.RCP for each in rollout.wanted):
        yield from _outsiders(sorted({t.access_role for t in targets}), topology, rollout, court)


def _outsiders(
    roles: Sequence[str], topology: Topology, rollout: Rollout, court: Court
) -> Iterator[GuardrailFinding]:
    """Show that nobody outside the organisation becomes an access role, whatever its trust says."""
    try:
        rulings = [
            court.rule(of_role(_STRANGER, ASSUME_ROLE, role, topology.region)) for role in roles
        ]
    except PolicyError:
        return  # the policy is a finding already, and so is each request that it governs
    passing = [ruling for ruling in rulings if ruling.allowed]
    names = _some([parse_arn(ruling.request.resource).name for ruling in passing or rulings])
    account = topology.ml.account
    yield GuardrailFinding(
        ok=not passing,
        check="protection",
        subject="somebody outside the organisation whom a trust policy admits",
        detail=f"is let pass to assume {names}: "
        f"{_why_open(ControlType.RCP, account, rollout, court.state)}"
        if passing
        else f"is denied to assume {names}, by {_policies(_places(rulings))}",
        remedy=_cover(account, rollout, court.state) if passing else "",
        request=passing[0].request if passing else None,
        by=() if passing else _places(rulings),
    )


def _places(rulings: Iterable[Ruling]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(place for ruling in rulings for place in ruling.by))


def _policies(places: Iterable[str]) -> str:
    """Name the policies of some places, without their statements."""
    return " and ".join(dict.fromkeys(each.partition(" Statement[")[0] for each in places))


def _some(names: Sequence[str]) -> str:
    few = names[:_FEW]
    return ", ".join([*few[:-1], f"{len(names) - _FEW + 1} others"] if names[_FEW:] else few)


def _unclear(role: str, topology: Topology, court: Court) -> GuardrailFinding:
    places = ", ".join(court.unreadable)
    return GuardrailFinding(
        ok=False,
        check="protection",
        subject=f"a session of {parse_arn(role).name} with rekognition:*",
        detail=f"what denies it in {topology.ml.account} cannot be decided: see {places}",
    )


def _protected(
    subject: str,
    rulings: list[Ruling],
    topology: Topology,
    rollout: Rollout,
    state: OrganizationState,
) -> GuardrailFinding:
    passing = [ruling for ruling in rulings if ruling.allowed]
    if passing:
        account = topology.ml.account
        why = _why_open(ControlType.SCP, account, rollout, state)
        return GuardrailFinding(
            ok=False,
            check="protection",
            subject=subject,
            detail=f"is let pass {_names(passing)}: {why}",
            remedy=_cover(account, rollout, state),
            request=passing[0].request,
        )
    by = _places(rulings)
    return GuardrailFinding(
        ok=True,
        check="protection",
        subject=subject,
        detail=f"is denied {_names(rulings)}, by {_policies(by)}",
        by=by,
    )


def _cover(account: str, rollout: Rollout, state: OrganizationState) -> str:
    """Say how a policy comes to govern an account."""
    if account == state.management:
        return "Nothing can: keep the models in another account of the organisation."
    if not state.path(account):
        return (
            f"Move the ML account {account} into the organisation, or name the account that "
            "manages its own as guardrails.account in promote.yaml."
        )
    above = [each for each in rollout.targets if each in state.path(account)]
    if above:
        return apply_to(above[0], rollout)
    more = ", ".join(f'"{each}"' for each in (*rollout.targets, account))
    return (
        "Add the ML account to the targets in promote.yaml, and attach it there:\n"
        f"    targets: [{more}]\n"
        f"    promote guardrail apply --target {account}"
    )


def _names(rulings: Iterable[Ruling]) -> str:
    return ", ".join(ruling.request.action.partition(":")[2] for ruling in rulings)


def _resource(action: str, model: str, topology: Topology) -> str:
    version = example_version(topology, model)
    if action == "rekognition:CreateProject":
        return "*"
    if action.endswith("Version") and action != "rekognition:CreateProjectVersion":
        return version
    return version.replace("/version/promoted/", "/")


def _why_open(kind: ControlType, account: str, rollout: Rollout, state: OrganizationState) -> str:
    """Say why nothing protects: above all that an SCP governs the principal's account."""
    if account == state.management:
        return f"the ML account {account} is the management account, which no {kind.short} governs"
    if not state.path(account):
        return f"the ML account {account} is not in the organisation {state.id}"
    found = state.named(kind, rollout.names[kind])
    holders = state.holders.get(found.id, frozenset()) if found else frozenset()
    is_elsewhere = holders and not holders & set(state.path(account))
    if found is not None and is_elsewhere and kind is ControlType.SCP:
        return (
            f"{found.name} is on {', '.join(sorted(holders))} alone, and an SCP governs the "
            "principal's account. The session is a principal of the ML account "
            f"{account}, whoever opened it"
        )
    return f"no {kind.short} on the path of the ML account {account} denies it"
