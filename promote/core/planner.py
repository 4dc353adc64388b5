"""Decide what a promotion does: the observed world and a wish in, a plan out.

Pure: no clock, no file, no AWS. The order of the steps is forced by P1 and is not a setting:
start, grant, prove, switch, drain, revoke, stop; before them, where no slot is free, what is warm
goes. What is already so is left out, hence the plan after a crash is the rest of the plan.
"""

from __future__ import annotations

from collections.abc import Iterable

from promote.core.asked import requesters
from promote.core.change import change, takes_more
from promote.core.coverage import hourly_cost, role_coverage
from promote.core.exactness import check_changes
from promote.core.facts import facts_of
from promote.core.gates import Evidence, GateResult, for_plan, judge, of_the_moment
from promote.core.grants import covers, exact_versions
from promote.core.observation import Json
from promote.core.overlap import overlap_of
from promote.core.plan import (
    CHANGING,
    Cost,
    Grant,
    Made,
    Plan,
    Prove,
    Revoke,
    Start,
    Step,
    Stop,
    Switch,
    makes_room,
)
from promote.core.preconditions import check_grants, check_wish, plan_again
from promote.core.retirement import drain, leftovers, revokes, stops
from promote.core.room import make_room
from promote.core.switching import planned_targets, switches
from promote.core.version import Status
from promote.core.wish import RoleInPlay, Wish
from promote.iam.document import same


def make_plan(wish: Wish, *, tool: str) -> Plan:
    """Decide the steps that take the observed world to the wanted one.

    Args:
        wish: What is asked for, and the world.
        tool: The name and version of this program, for the plan's `made`.

    Raises:
        NotFoundError: No such version, or an access role does not exist.
        QuotaError: No free running slot, or a policy document would be too large.
        RefusedError: The version is unusable, a pointer holds rubbish, or a foreign policy
            allows more than planned; with every reason of its kind at once.
    """
    check_wish(wish)
    start = _start(wish)
    judged = _judge(wish, start)
    gates = for_plan(judged, wish.request.overrides)
    # A refused plan starts nothing, and its gates are what its reader must know.
    passed = not any(gate.refuses for gate in gates)
    room = make_room(wish, needed=bool(start) and passed)
    later = room.wish
    grant, switch = _grants(later), switches(later)
    check_grants(later, grant)
    prove = _proofs(later, busy=bool(start or grant or switch))
    revoke, stop = revokes(later, grant), stops(later)
    check_changes((*grant, *revoke), plan_again(wish, "--adopt"))
    wait = drain(later) if revoke or stop else ()
    forward: tuple[Step, ...] = (*start, *grant, *prove, *switch, *wait, *revoke, *stop)
    steps = (*room.steps, *forward)
    return Plan(
        made=Made(at=wish.observation.at, tool=tool, gates=of_the_moment(judged)),
        request=wish.request,
        targets=planned_targets(wish),
        gates=gates,
        facts=facts_of(wish, grant, (*room.revokes, *revoke), (*room.stops, *stop)),
        steps=steps,
        cost=_cost(wish, (*room.stops, *stop)),
        changes=sum(1 for step in steps if writes(step)),
        max_failures=wish.environment.max_failures,
    )


def make_retirement(wish: Wish, *, tool: str) -> tuple[Plan, tuple[str, ...]]:
    """Decide what is left of the past of an environment whose pointers all name the version.

    Returns:
        A plan of drain, revoke and stop alone, and why an access role is left alone.

    Raises:
        NotFoundError: No such version, or an access role does not exist.
        ProofError: A write would silently take away what somebody put into our policy by hand.
    """
    steps, skipped = leftovers(wish)
    revoke = tuple(step for step in steps if isinstance(step, Revoke))
    stop = tuple(step for step in steps if isinstance(step, Stop))
    check_changes(revoke, plan_again(wish, "--adopt"))
    plan = Plan(
        made=Made(at=wish.observation.at, tool=tool),
        request=wish.request,
        targets=planned_targets(wish),
        gates=(),
        facts=facts_of(wish, (), revoke, stop),
        steps=steps,
        cost=_cost(wish, stop),
        changes=sum(1 for step in steps if writes(step)),
    )
    return plan, skipped


def writes(step: Step) -> bool:
    """Say whether a step changes anything.

    A grant or a switch may be planned for its undo alone, a revocation for the denial that it
    proves.
    """
    if isinstance(step, Switch):
        return step.before != step.version
    if isinstance(step, Grant | Revoke):
        removes = isinstance(step, Revoke) and bool(step.remove)
        return removes or not same(step.before, step.after)
    return isinstance(step, CHANGING)


def _judge(wish: Wish, start: tuple[Start, ...]) -> tuple[GateResult, ...]:
    """Judge every gate; none stands in the way back."""
    request, overlap = wish.request, None
    if request.rollback:
        return ()
    if wish.environment.gates.ask_for_overlap:
        steps = (*start, *switches(wish), *drain(wish), *stops(wish))
        price = wish.topology.model(request.model).price
        overlap = overlap_of(steps, wish.observation.versions, price=price)
    evidence = Evidence(
        at=wish.observation.at,
        version=request.version,
        ledger=wish.observation.ledger,
        f1=wish.version.f1,
        findings=wish.findings,
        reason=request.reason,
        overlap=overlap,
        requesters=requesters(request),
        overrides=request.overrides,
    )
    return judge(wish.environment, evidence)


def _start(wish: Wish) -> tuple[Start, ...]:
    if wish.version.status is Status.RUNNING:
        return ()
    capacity = wish.topology.model(wish.request.model).capacity
    return (
        Start(
            environment=wish.environment.name,
            version=wish.version.arn,
            min_units=capacity.min,
            max_units=capacity.max,
            deadline=wish.environment.deadlines.start.total_seconds(),
        ),
    )


def _grants(wish: Wish) -> tuple[Grant, ...]:
    return tuple(grant for role in wish.roles if (grant := _grant(wish, role)) is not None)


def _grant(wish: Wish, role: RoleInPlay) -> Grant | None:
    """Allow the new version beside what the role's targets may still use.

    The step stays when the access is there already but nothing names the version yet, as a killed
    run leaves it: then only its undo would write. Once every target names the new version, a
    policy that merely allows more is left to the revocation, which proves the denial. So is one
    that allows what a rollback needs: a way back that is warm is one write for each pointer.
    """
    new = wish.version.arn
    named = role_coverage(role.targets, wish.environment, wish.observation, role.live)
    undo = _undo(wish, role, named)
    after = wish.document(named | _way_back(wish, role, undo) | {new})
    moved = all(wish.observation.pointers[target].value == new for target in role.targets)
    retired = moved and same(role.live, wish.document(frozenset({new})))
    wider = moved and _allows(role, after)
    ended = wish.begun is None and (retired or wider)
    warm = wish.begun is None and wish.request.rollback and _allows(role, after)
    if ended or warm or (same(role.live, after) and same(role.live, undo)):
        return None
    changed = change(role.live, after)
    return Grant(
        environment=wish.environment.name,
        accounts=tuple(target.account for target in role.targets),
        role=role.arn,
        policy=role.policy,
        version=new,
        before=role.live,
        after=after,
        adds=changed.adds,
        removes=changed.removes,
        adopts=wish.adopt and takes_more(role.live, after, changed),
        undo=undo,
    )


def _way_back(wish: Wish, role: RoleInPlay, undo: Json | None) -> frozenset[str]:
    """Return what a killed run left allowed and an undo goes back to, although it has drained."""
    return exact_versions(role.live) & exact_versions(undo) if wish.begun else frozenset()


def _allows(role: RoleInPlay, after: Json) -> bool:
    return role.live is not None and covers(role.live, after)


def _undo(wish: Wish, role: RoleInPlay, named: frozenset[str]) -> Json | None:
    """Decide what to put back: what is there, unless a killed run left the new version in it."""
    if wish.version.arn not in exact_versions(role.live):
        return role.live
    for step in wish.begun.steps if wish.begun else ():
        if isinstance(step, Grant) and (step.role, step.policy) == (role.arn, role.policy):
            return step.undo
    return wish.document(named) if named else None


def _proofs(wish: Wish, *, busy: bool) -> tuple[Prove, ...]:
    """Prove every target whenever something moves, or when no verification is on record.

    A pointer that names the version by somebody else's hand is adopted on proof, too.
    """
    ledger = wish.observation.ledger
    known = ledger.verification(wish.version.arn, wish.environment.name)
    settled = (ledger.settled.get((each.environment, each.account)) for each in wish.targets)
    by_hand = any(each.version != wish.version.arn for each in settled if each is not None)
    passed = wish.request.rollback or (known is not None and known.passed)
    if not busy and not by_hand and passed:
        return ()
    environment = wish.environment
    return tuple(
        Prove(
            environment=environment.name,
            account=target.account,
            role=target.access_role,
            version=wish.version.arn,
            consecutive=environment.propagation.consecutive,
            deadline=environment.propagation.deadline.total_seconds(),
            images=wish.topology.images(wish.request.model, environment),
            min_accuracy=environment.smoke.min_accuracy,
        )
        for target in wish.targets
    )


def _cost(wish: Wish, stopped: tuple[Stop, ...]) -> Cost:
    model = wish.topology.model(wish.request.model)
    versions = wish.observation.versions
    before = hourly_cost(versions, model.price)
    starting = not wish.version.status.on_the_way_up

    def ending(steps: Iterable[Stop]) -> float:
        gone = {step.version for step in steps}
        return hourly_cost((each for each in versions if each.arn in gone), model.price)

    during = before + (model.capacity.min * model.price if starting else 0.0)
    during -= ending(filter(makes_room, stopped))
    last = (step for step in stopped if not step.makes_room)
    return Cost(before=before, during=during, after=during - ending(last))
