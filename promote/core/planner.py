"""Decide what a promotion does: the observed world and a wish in, a plan out.

Pure: no clock, no file, no AWS. The order of the steps is forced by P1 and is not a setting:
start, grant, prove, switch, drain, revoke, stop. What is already so is left out, hence the plan
after a crash is the rest of the plan.
"""

from __future__ import annotations

from promote.core.change import change, takes_more
from promote.core.coverage import hourly_cost, role_coverage
from promote.core.exactness import check_changes
from promote.core.facts import facts_of
from promote.core.gates import Verdict, judge
from promote.core.grants import covers, exact_versions
from promote.core.observation import Json
from promote.core.plan import (
    CHANGING,
    Cost,
    Grant,
    Made,
    Plan,
    PlannedTarget,
    Prove,
    Revoke,
    Start,
    Step,
    Stop,
    Switch,
)
from promote.core.preconditions import check_grants, check_slot, check_wish, plan_again
from promote.core.retirement import drain, leftovers, revokes, stops
from promote.core.topology import Target
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
    gates = judge(wish.version.arn, wish.environment, wish.observation.ledger)
    start, grant, switch = _start(wish), _grants(wish), _switches(wish)
    # A refused plan starts nothing, and its gates are what its reader must know.
    passed = all(gate.verdict is Verdict.PASS for gate in gates)
    check_slot(wish, needed=bool(start) and passed)
    check_grants(wish, grant)
    prove = _proofs(wish, busy=bool(start or grant or switch))
    revoke, stop = revokes(wish, grant), stops(wish)
    check_changes((*grant, *revoke), plan_again(wish, "--adopt"))
    wait = drain(wish) if revoke or stop else ()
    steps: tuple[Step, ...] = (*start, *grant, *prove, *switch, *wait, *revoke, *stop)
    return Plan(
        made=Made(at=wish.observation.at, tool=tool),
        request=wish.request,
        targets=tuple(_planned_targets(wish)),
        gates=gates,
        facts=facts_of(wish, grant, revoke, stop),
        steps=steps,
        cost=_cost(wish, stop),
        changes=sum(1 for step in steps if writes(step)),
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
        targets=tuple(_planned_targets(wish)),
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


def _planned_targets(wish: Wish) -> list[PlannedTarget]:
    return [
        PlannedTarget(
            account=target.account,
            pointer=target.pointer.name,
            role=target.access_role,
            before=wish.observation.pointers[target].value,
        )
        for target in wish.targets
    ]


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
    policy that merely allows more is left to the revocation, which proves the denial.
    """
    new = wish.version.arn
    named = role_coverage(role.targets, wish.environment, wish.observation, role.live)
    after = wish.document(named | {new})
    undo = _undo(wish, role, named)
    moved = all(wish.observation.pointers[target].value == new for target in role.targets)
    retired = moved and same(role.live, wish.document(frozenset({new})))
    wider = moved and role.live is not None and covers(role.live, after)
    ended = wish.begun is None and (retired or wider)
    if ended or (same(role.live, after) and same(role.live, undo)):
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


def _undo(wish: Wish, role: RoleInPlay, named: frozenset[str]) -> Json | None:
    """Decide what to put back: what is there, unless a killed run left the new version in it."""
    if wish.version.arn not in exact_versions(role.live):
        return role.live
    for step in wish.begun.steps if wish.begun else ():
        if isinstance(step, Grant) and (step.role, step.policy) == (role.arn, role.policy):
            return step.undo
    return wish.document(named) if named else None


def _proofs(wish: Wish, *, busy: bool) -> tuple[Prove, ...]:
    """Prove every target whenever something moves, or when no verification is on record."""
    known = wish.observation.ledger.verification(wish.version.arn, wish.environment.name)
    if not busy and known is not None and known.passed:
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


def _switches(wish: Wish) -> tuple[Switch, ...]:
    """Switch every target that names something else.

    What a killed run has switched stays a step, which is done already, for the sake of its undo.
    """
    steps = wish.begun.steps if wish.begun else ()
    begun = {step.account: step for step in steps if isinstance(step, Switch)}
    found = []
    for target in wish.targets:
        state = wish.observation.pointers[target]
        if state.value != wish.version.arn:
            found.append(_switch(wish, target, state.revision, state.value))
        elif target.account in begun:
            earlier = begun[target.account]
            found.append(_switch(wish, target, earlier.revision, earlier.undo))
    return tuple(found)


def _switch(wish: Wish, target: Target, revision: int, undo: str | None) -> Switch:
    return Switch(
        environment=wish.environment.name,
        account=target.account,
        pointer=target.pointer.name,
        version=wish.version.arn,
        wave=1,
        revision=revision,
        before=wish.observation.pointers[target].value,
        undo=undo,
    )


def _cost(wish: Wish, stopped: tuple[Stop, ...]) -> Cost:
    model = wish.topology.model(wish.request.model)
    before = hourly_cost(wish.observation.versions, model.price)
    starting = not wish.version.status.on_the_way_up
    during = before + (model.capacity.min * model.price if starting else 0.0)
    gone = {step.version for step in stopped}
    ending = [each for each in wish.observation.versions if each.arn in gone]
    return Cost(before=before, during=during, after=during - hourly_cost(ending, model.price))
