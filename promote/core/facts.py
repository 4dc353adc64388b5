"""The facts that a plan rests on, and whether they still hold.

A fact keeps what was so when the plan was made and accepts whatever the plan itself leads to. So
an approved plan whose run was killed can be applied again and finishes, while one applied after a
rollback, or after somebody's change by hand, is stale.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from promote.core.grants import allowed_patterns
from promote.core.observation import AccessRoleState, Json, Observation, PointerState
from promote.core.plan import Fact, Grant, Plan, PlannedTarget, Revoke, Stop
from promote.core.planfile import digest as plan_digest
from promote.core.room_made import has_served, rests_on
from promote.core.topology import Target, Topology
from promote.core.version import ModelVersion, Status
from promote.core.wish import RoleInPlay, Wish
from promote.iam.document import digest

NONE = "(none)"
_LATER = "later "
_ON_THE_WAY_UP = (Status.STARTING.value, Status.RUNNING.value)
_ON_THE_WAY_DOWN = (Status.STOPPING.value, Status.STOPPED.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A fact that no longer holds, with what is so instead."""

    fact: Fact
    now: str


def facts_of(
    wish: Wish, grants: tuple[Grant, ...], revokes: tuple[Revoke, ...], stops: tuple[Stop, ...]
) -> tuple[Fact, ...]:
    """Return every fact that the plan's steps rest on."""
    request = wish.request
    fingerprint = wish.topology.fingerprint(request.model, request.environment)
    configuration = Fact(
        fact="configuration",
        subject=f"{request.model}/{request.environment}",
        was=fingerprint,
        accepts=(fingerprint,),
    )
    return (
        configuration,
        *_pointer_facts(wish),
        *_pointer_facts_elsewhere(wish, revokes),
        *(_policy_fact(role, grants, revokes) for role in wish.roles),
        *(_policy_fact_elsewhere(step) for step in _elsewhere(wish, revokes)),
        *(_others_fact(role, revokes) for role in wish.roles),
        _status_fact(wish.version, _ON_THE_WAY_UP),
        *(_stop_fact(wish, step) for step in stops),
    )


def changed_facts(plan: Plan, topology: Topology, observation: Observation) -> tuple[Changed, ...]:
    """Return the facts of a plan that do not hold any more, in the plan's order."""
    found = []
    served = has_served(plan, observation)
    for fact in plan.facts:
        if served and rests_on(plan, fact):
            continue
        now = _now(fact, plan, topology, observation)
        if now not in fact.accepts:
            found.append(Changed(fact=fact, now=now))
    return tuple(found)


def _now(fact: Fact, plan: Plan, topology: Topology, observation: Observation) -> str:
    """Say what is so now in the words that the fact's `accepts` uses."""
    request = plan.request
    match fact.fact:
        case "configuration":
            return topology.fingerprint(request.model, request.environment)
        case "pointer":
            states = {
                _pointer_subject(t.environment, t.account, t.pointer.name): state
                for t, state in observation.pointers.items()
            }
            backs = _backs(plan, fact, observation)
            if fact.subject not in states:
                return "no target of promote.yaml"
            state = states[fact.subject]
            return _pointer_now(fact, request.version, state, backs)
        case "policy":
            arn, _, name = fact.subject.partition(" ")
            role = observation.roles.get(arn)
            return _digest(role.policy(name) if role else None)
        case "other-policies":
            arn, _, name = fact.subject.partition(" ")
            role = observation.roles.get(arn)
            return _others_digest(role, name) if role else "no such role"
        case "status":
            version = observation.version(fact.subject)
            return version.status.value if version else "no such version"


def holds_pointer(plan: Plan, target: PlannedTarget) -> bool:
    """Say whether a fact of the plan holds, and nothing wider, what a target's pointer named."""
    request = plan.request
    subject = _pointer_subject(request.environment, target.account, target.pointer)
    found = [each for each in plan.facts if (each.fact, each.subject) == ("pointer", subject)]
    if len(found) != 1:
        return False
    revision, _, value = found[0].was.partition(" ")
    accepts = (found[0].was, f"{_LATER}{request.version}")
    named = NONE if target.before is None else target.before
    return revision.isdecimal() and value == named and found[0].accepts == accepts


def held_value(plan: Plan, target: Target) -> str | None:
    """Return what a fact of the plan holds that a pointer of another environment names.

    None when no single fact holds it, and nothing wider.
    """
    subject = _pointer_subject(target.environment, target.account, target.pointer.name)
    found = [each for each in plan.facts if (each.fact, each.subject) == ("pointer", subject)]
    if len(found) != 1 or found[0].accepts != (found[0].was,):
        return None
    revision, _, value = found[0].was.partition(" ")
    return value if revision.isdecimal() else None


def _elsewhere(wish: Wish, revokes: tuple[Revoke, ...]) -> Iterable[Revoke]:
    """Return what is revoked in other environments, to make room."""
    return (step for step in revokes if step.environment != wish.environment.name)


def _pointer_facts_elsewhere(wish: Wish, revokes: tuple[Revoke, ...]) -> Iterable[Fact]:
    """Yield that no pointer moves whose role loses a version that it had left."""
    roles = {step.role for step in _elsewhere(wish, revokes)}
    for target, state in wish.observation.pointers.items():
        if target.access_role in roles:
            was = _pointer_text(state)
            subject = _pointer_subject(target.environment, target.account, target.pointer.name)
            yield Fact(fact="pointer", subject=subject, was=was, accepts=(was,))


def _policy_fact_elsewhere(step: Revoke) -> Fact:
    was, subject = _digest(step.before), f"{step.role} {step.policy}"
    return Fact(fact="policy", subject=subject, was=was, accepts=(was, _digest(step.after)))


def _pointer_facts(wish: Wish) -> Iterable[Fact]:
    for target in wish.targets:
        was = _pointer_text(wish.observation.pointers[target])
        subject = _pointer_subject(target.environment, target.account, target.pointer.name)
        accepts = (was, f"{_LATER}{wish.version.arn}")
        yield Fact(fact="pointer", subject=subject, was=was, accepts=accepts)


def _pointer_subject(environment: str, account: str, name: str) -> str:
    return f"{environment}/{account} {name}"


def _pointer_text(state: PointerState) -> str:
    return f"{state.revision} {NONE if state.value is None else state.value}"


def _backs(plan: Plan, fact: Fact, observation: Observation) -> int:
    """Return how often the plan itself may have put a pointer back: once for each failure."""
    unfinished = observation.ledger.open_in(plan.request.environment)
    if unfinished is None or not unfinished.failed:
        return 0
    if plan_digest(unfinished.plan) != plan_digest(plan):
        return 0
    pointers = {target.account: target.pointer for target in plan.targets}
    return sum(
        _pointer_subject(plan.request.environment, each.account, pointers[each.account])
        == fact.subject
        for each in unfinished.failed
        if each.at >= unfinished.since and each.account in pointers
    )


def _pointer_now(fact: Fact, new: str, state: PointerState, backs: int) -> str:
    """Recognise a pointer that only ever moved on to the plan's own version.

    `backs` is how often it may have gone back to its old value and nothing else.
    """
    revision, _, old = fact.was.partition(" ")  # of a file: it may be anything
    since = int(revision) if revision.isdecimal() else state.revision
    later = [entry.value for entry in state.history if entry.revision > since]
    ours = not later or later[0] == new
    for before, value in pairwise(later):
        backs -= value == old
        ours = ours and (value == new or (value == old and before == new))
    if not later or not ours or backs < 0:
        return _pointer_text(state)
    return f"{_LATER}{new}" if later[-1] == new else fact.was


def _policy_fact(role: RoleInPlay, grants: tuple[Grant, ...], revokes: tuple[Revoke, ...]) -> Fact:
    steps: tuple[Grant | Revoke, ...] = (*grants, *revokes)
    after = [step.after for step in steps if step.role == role.arn]
    was = _digest(role.live)
    accepts = dict.fromkeys((was, *(_digest(document) for document in after)))
    return Fact(fact="policy", subject=f"{role.arn} {role.policy}", was=was, accepts=tuple(accepts))


def _others_fact(role: RoleInPlay, revokes: tuple[Revoke, ...]) -> Fact:
    """Accept what is there with the first of the removed policies gone, the first two, all."""
    removed = [name for step in revokes if step.role == role.arn for name in step.remove]
    accepts = tuple(
        _others_digest(role.state, role.policy, without=removed[:count])
        for count in range(len(removed) + 1)
    )
    return Fact(
        fact="other-policies", subject=f"{role.arn} {role.policy}", was=accepts[0], accepts=accepts
    )


def _others_digest(role: AccessRoleState, policy: str, without: Iterable[str] = ()) -> str:
    """Digest the other policies of a role so far as they concern detection."""
    kept = {
        name: _digest(document)
        for name, document in sorted(role.others(policy).items())
        if name not in set(without) and allowed_patterns(document)
    }
    return " ".join(f"{name}={value}" for name, value in kept.items()) or NONE


def _status_fact(version: ModelVersion, way: tuple[str, ...]) -> Fact:
    was = version.status.value
    first = (was,) if version.status is not Status.STARTING else ()
    stopped = _ON_THE_WAY_DOWN if version.status is Status.STOPPING else ()
    accepts = tuple(dict.fromkeys((*first, *stopped, *way)))
    if version.status is Status.RUNNING and way == _ON_THE_WAY_UP:
        accepts = (was,)
    return Fact(fact="status", subject=version.arn, was=was, accepts=accepts)


def _stop_fact(wish: Wish, step: Stop) -> Fact:
    version = wish.observation.version(step.version)
    was = version.status.value if version else NONE
    accepts = tuple(dict.fromkeys((was, Status.RUNNING.value, *_ON_THE_WAY_DOWN)))
    return Fact(fact="status", subject=step.version, was=was, accepts=accepts)


def _digest(document: Json | None) -> str:
    return NONE if document is None else digest(document)
