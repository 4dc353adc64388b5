"""What of a plan is still to do in the world as it is now, forward or back."""

from __future__ import annotations

from promote.arn import parse_version_arn
from promote.core.coverage import holders
from promote.core.grants import allowed_patterns, exact_versions
from promote.core.observation import Json, Observation, PointerState
from promote.core.plan import (
    Bake,
    Drain,
    Grant,
    Plan,
    Prove,
    Revoke,
    Start,
    Step,
    Stop,
    Switch,
    makes_room,
)
from promote.core.planfile import digest
from promote.core.record import Unfinished
from promote.core.room_made import has_served, superseded
from promote.core.topology import Topology
from promote.core.version import Status
from promote.iam.document import same
from promote.iam.evaluate import resource_matches


def remaining(plan: Plan, observation: Observation) -> tuple[Step, ...]:
    """Return the plan's steps that still have something to do, in the plan's order.

    A proof is repeated until its target has switched; a denial is proved again until the old
    version is stopped, since nothing but the plan's end says that it was proved before.
    """
    return tuple(step for step in plan.steps if not _done(step, plan, observation))


def is_end_state(plan: Plan, observation: Observation) -> bool:
    """Say whether the world is what the plan leads to."""
    left = [step for step in remaining(plan, observation) if not isinstance(step, Prove)]
    named = all(
        _pointer(observation, plan, target.account).value == plan.request.version
        for target in plan.targets
    )
    running = _status(observation, plan.request.version) is Status.RUNNING
    return (
        named
        and running
        and not any(_pending(step, observation) for step in left if not makes_room(step))
    )


def _pending(step: Step, observation: Observation) -> bool:
    if isinstance(step, Bake | Drain):
        return False
    if isinstance(step, Revoke):
        return not _revoked(step, observation)
    return True


def _done(step: Step, plan: Plan, observation: Observation) -> bool:
    match step:
        case Start():
            return _status(observation, step.version) is Status.RUNNING
        case Grant():
            return _granted(step, plan, observation)
        case Prove() | Switch():
            return _pointer(observation, plan, step.account).value == step.version
        case Bake():
            return was_verified(plan, observation)
        case Drain():
            return False
        case Revoke():
            stopped = all(_status(observation, each) is not Status.RUNNING for each in step.revoked)
            if step.makes_room:
                up, there = has_served(plan, observation), step.environment
                made = _made_room(step, plan, observation)
                return (made or there != plan.request.environment) if up else (made and stopped)
            again = _to_be_granted(step, plan, observation)
            return _revoked(step, observation) and stopped and not again
        case Stop():
            served = step.makes_room and has_served(plan, observation)
            return served or not _status(observation, step.version).occupies_slot


def was_verified(plan: Plan, observation: Observation) -> bool:
    """Say whether the unfinished promotion has passed in all targets, and baked, by this plan."""
    request, begun = plan.request, observation.ledger.open_in(plan.request.environment)
    found = observation.ledger.verification(request.version, request.environment)
    if begun is None or not begun.passed or found is None or not found.passed:
        return False
    return digest(begun.plan) == digest(plan)


def _granted(step: Grant, plan: Plan, observation: Observation) -> bool:
    live = _policy(observation, step.role, step.policy)
    if same(live, step.after):
        return True
    moved = all(
        _pointer(observation, plan, account).value == step.version for account in step.accounts
    )
    return moved and any(
        same(live, later.after)
        for later in plan.steps
        if isinstance(later, Revoke)
        and not later.makes_room
        and (later.role, later.policy) == (step.role, step.policy)
    )


def _to_be_granted(step: Revoke, plan: Plan, observation: Observation) -> bool:
    """Say whether the plan still has to allow first what it revokes: a pointer set by hand."""
    return any(
        not _granted(each, plan, observation)
        for each in plan.steps
        if isinstance(each, Grant) and (each.role, each.policy) == (step.role, step.policy)
    )


def _made_room(step: Revoke, plan: Plan, observation: Observation) -> bool:
    live = _policy(observation, step.role, step.policy)
    return _revoked(step, observation) or superseded(step, plan, live)


def _revoked(step: Revoke, observation: Observation) -> bool:
    role = observation.roles.get(step.role)
    if role is None:
        return False
    left = [name for name in step.remove if name in role.others(step.policy)]
    return same(role.policy(step.policy), step.after) and not left


def switched_back(plan: Plan, observation: Observation) -> tuple[Switch, ...]:
    """Return the switches whose pointers name the new version and must go back, last first.

    One that could not be read may: whoever puts it back looks again.
    """
    unread = _unread(plan, observation)
    return tuple(
        step
        for step in reversed(plan.steps)
        if isinstance(step, Switch)
        and (
            step.account in unread
            or _pointer(observation, plan, step.account).value == step.version
        )
    )


def withdrawn(plan: Plan, observation: Observation) -> tuple[Grant, ...]:
    """Return the grants that are in force and must be taken back, last first.

    A policy that is neither what the plan wrote nor what it was before was edited by somebody
    else, and is never overwritten.
    """
    return tuple(
        step
        for step in reversed(plan.steps)
        if isinstance(step, Grant)
        and not same(step.after, step.undo)
        and same(_policy(observation, step.role, step.policy), step.after)
    )


def kept_by_others(plan: Plan, observation: Observation) -> tuple[Grant, ...]:
    """Return the grants that cannot be taken back: somebody else's policy holds the new version."""
    return tuple(
        step
        for step in plan.steps
        if isinstance(step, Grant)
        and not _allows(step.undo, step.version)
        and not same(live := _policy(observation, step.role, step.policy), step.after)
        and step.version in exact_versions(live)
    )


def _allows(document: Json | None, version: str) -> bool:
    """Say whether a document allows a version, one by one or by a pattern."""
    patterns = allowed_patterns(document) if document is not None else ()
    return any(resource_matches(pattern, version) for pattern in patterns)


def can_turn_back(plan: Plan, observation: Observation) -> bool:
    """Say whether every pointer can still go back to a version that runs and is allowed.

    It cannot once the old versions' access is revoked or one of them is stopped.
    """
    names_new = [
        step
        for step in plan.steps
        if isinstance(step, Switch)
        and _pointer(observation, plan, step.account).value == step.version
    ]
    running = all(
        _status(observation, step.undo) is Status.RUNNING
        for step in names_new
        if step.undo is not None and _is_of_project(step.undo, observation)
    )
    revoked = any(
        same(_policy(observation, step.role, step.policy), step.after)
        for step in plan.steps
        if isinstance(step, Revoke) and not step.makes_room and not same(step.before, step.after)
    )
    gone = any(  # by an earlier plan, too: its undo says what was allowed
        _allows(step.undo, each.undo)
        and not _allows(_policy(observation, step.role, step.policy), each.undo)
        for step in plan.steps
        if isinstance(step, Grant)
        for each in names_new
        if each.undo is not None and each.account in step.accounts
    )
    return not names_new or (running and not revoked and not gone)


def switched_accounts(plan: Plan, observation: Observation) -> tuple[str, ...]:
    """Return the accounts whose pointers name the new version, or did since the plan was made.

    Their applications may still hold it, so its access must outlast their caches. One that failed
    and was deleted again has no history: it is on record. One that could not be read may have.
    """
    unfinished = observation.ledger.open_in(plan.request.environment)
    put_back_alone = {each.account for each in unfinished.failed} if unfinished else set()
    untold = put_back_alone | _unread(plan, observation)
    return tuple(
        step.account
        for step in plan.steps
        if isinstance(step, Switch)
        and (
            step.account in untold
            or any(
                entry.value == step.version and entry.revision > step.revision
                for entry in _pointer(observation, plan, step.account).history
            )
        )
    )


def names_it(plan: Plan, observation: Observation) -> set[str]:
    """Return the accounts of a plan's targets that name its version."""
    accounts = (target.account for target in plan.targets)
    version = plan.request.version
    return {each for each in accounts if _pointer(observation, plan, each).value == version}


def failed_targets(begun: Unfinished, observation: Observation) -> tuple[str, ...]:
    """Return the accounts that have failed their verification and do not name the version now."""
    failed = {each.account for each in begun.failed}
    return tuple(
        target.account
        for target in begun.plan.targets
        if target.account in failed
        and _pointer(observation, begun.plan, target.account).value != begun.plan.request.version
    )


def stoppable_after_undo(plan: Plan, topology: Topology, observation: Observation) -> bool:
    """Say whether the new version is ours to stop once the promotion was put back."""
    version = plan.request.version
    ours = version in observation.ledger.claims
    return ours and not holders(version, topology, observation, besides=plan.request.environment)


def _is_of_project(named: str, observation: Observation) -> bool:
    """Say whether it is a version of the model's own project, deleted by now or not."""
    return named.startswith(f"{observation.project_arn.rpartition('/')[0]}/version/")


def _unread(plan: Plan, observation: Observation) -> set[str]:
    """Return the accounts of the plan's environment that could not be read."""
    here = plan.request.environment
    return {each.account for each in observation.unread if each.environment == here}


def _pointer(observation: Observation, plan: Plan, account: str) -> PointerState:
    for target, state in observation.pointers.items():
        if target.environment == plan.request.environment and target.account == account:
            return state
    return PointerState()


def _policy(observation: Observation, role: str, name: str) -> Json | None:
    state = observation.roles.get(role)
    return state.policy(name) if state else None


def _status(observation: Observation, version: str) -> Status:
    found = observation.version(version)
    return found.status if found else Status.UNKNOWN


def previous(plan: Plan) -> str | None:
    """Return the version that every target named before; None when none, or not the same."""
    before = {target.before for target in plan.targets}
    only = before.pop() if len(before) == 1 else None
    return only if only is not None and parse_version_arn(only) is not None else None
