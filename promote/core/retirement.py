"""Decide how what a promotion leaves behind is retired: drain, revoke, stop."""

from __future__ import annotations

from promote.core.change import change, takes_more
from promote.core.coverage import (
    drained_everywhere,
    holders,
    is_ours,
    kept_versions,
    retention,
)
from promote.core.grants import allowed_patterns, exact_versions, foreign_grants
from promote.core.observation import Json, Observation
from promote.core.plan import Drain, Grant, Plan, Revoke, Stop
from promote.core.result import Left
from promote.core.topology import Topology
from promote.core.version import Status
from promote.core.wish import RoleInPlay, Wish
from promote.iam.document import same
from promote.iam.evaluate import resource_matches


def drain(wish: Wish) -> tuple[Drain, ...]:
    """Wait in those targets whose applications can still hold another version.

    What a rollback leaves is held, hence not kept warm. Nor is anything where a policy of others
    is to go: that is asked for now, and not once everything has grown cold.
    """
    new = wish.version.arn
    accounts = tuple(
        target.account
        for target in wish.targets
        if set(kept_versions(target, wish.environment, wish.observation)) - {new}
    )
    if not accounts:
        return ()
    keep = not wish.request.rollback and not _takes_over(wish)
    warm = keep and any(
        retention(target, wish.environment, wish.observation, new) > wish.environment.drain
        for target in wish.targets
        if target.account in accounts
    )
    return (
        Drain(
            environment=wish.environment.name,
            accounts=accounts,
            seconds=wish.environment.drain.total_seconds(),
            keep_warm=wish.environment.keep_warm.total_seconds() if warm else 0.0,
        ),
    )


def _takes_over(wish: Wish) -> bool:
    final = wish.document(frozenset({wish.version.arn}))
    return wish.adopt and any(
        foreign_grants(role.state, role.policy, final)
        or (role.live is not None and _says_more(role.live, final))
        for role in wish.roles
    )


def _says_more(live: Json, final: Json) -> bool:
    """Say whether our policy holds what somebody else wrote into it: more than single versions."""
    wider = set(allowed_patterns(live)) - set(allowed_patterns(final)) - exact_versions(live)
    return bool(wider) or takes_more(live, final, change(live, final))


def revokes(wish: Wish, grants: tuple[Grant, ...]) -> tuple[Revoke, ...]:
    """Leave each access role with the new version alone."""
    granted = {grant.role: grant.after for grant in grants}
    final = wish.document(frozenset({wish.version.arn}))
    found = []
    for role in wish.roles:
        before = granted.get(role.arn, role.live)
        remove = foreign_grants(role.state, role.policy, final) if wish.adopt else ()
        if before is not None:
            step = _revoke(wish, role, before, final, tuple(sorted(remove)))
            found += [step] if step.revoked or step.remove or not same(before, final) else []
    return tuple(found)


def _revoke(
    wish: Wish, role: RoleInPlay, before: Json, final: Json, remove: tuple[str, ...]
) -> Revoke:
    gone = [before, role.live, *(role.state.others(role.policy)[name] for name in remove)]
    versions = frozenset[str]().union(*(exact_versions(document) for document in gone))
    kept = allowed_patterns(final)
    denied = {one for one in versions if not any(resource_matches(each, one) for each in kept)}
    changed = change(before, final)
    return Revoke(
        environment=wish.environment.name,
        accounts=tuple(target.account for target in role.targets),
        role=role.arn,
        policy=role.policy,
        version=wish.version.arn,
        before=before,
        after=final,
        adds=changed.adds,
        removes=changed.removes,
        adopts=wish.adopt and takes_more(before, final, changed),
        revoked=tuple(sorted(denied)),
        remove=remove,
    )


def still_draining(plan: Plan, topology: Topology, observation: Observation) -> tuple[Left, ...]:
    """Return the stops that only the drain of another environment keeps out of the plan."""
    planned = {plan.request.version, *(s.version for s in plan.steps if isinstance(s, Stop))}
    besides = plan.request.environment
    return tuple(
        Left(
            step="stop",
            version=each.arn,
            not_before=drained_everywhere(each.arn, topology, observation),
        )
        for each in observation.versions
        if each.arn not in planned
        and each.status.on_the_way_up
        and is_ours(each.arn, observation)
        and not holders(each.arn, topology, observation, besides=besides, draining=False)
    )


def stops(wish: Wish) -> tuple[Stop, ...]:
    """Stop every version of ours that nothing will name, allow or cover (P6)."""
    seconds = wish.environment.deadlines.stop.total_seconds()
    stay = {wish.version.arn} | _stay_warm(wish)
    return tuple(
        Stop(environment=wish.environment.name, version=version.arn, deadline=seconds)
        for version in wish.observation.versions
        if version.arn not in stay
        and version.status in {Status.STARTING, Status.RUNNING}
        and is_ours(version.arn, wish.observation)
        and not holders(version.arn, wish.topology, wish.observation, besides=wish.environment.name)
    )


def _stay_warm(wish: Wish) -> frozenset[str]:
    """Return what is kept warm although the drain is all that is waited for.

    A role that allows a whole project goes on allowing it when a policy of others is gone.
    """
    environment = wish.environment
    if environment.keep_warm <= environment.drain or not _takes_over(wish):
        return frozenset()
    allowed = allowed_patterns(wish.document(frozenset({wish.version.arn})))
    return frozenset(
        version
        for target in wish.targets
        for version in kept_versions(target, environment, wish.observation)
        if any(resource_matches(pattern, version) for pattern in allowed)
    )


def leftovers(wish: Wish) -> tuple[tuple[Drain | Revoke | Stop, ...], tuple[str, ...]]:
    """Decide what an environment lets go for good when every pointer of it names one version.

    Only what a pointer once named is revoked or stopped: what somebody granted or started by hand
    may be for a promotion to come.

    Returns:
        The steps in their order, and why an access role is left alone, in sentences.
    """
    new = wish.version.arn
    here = {one for t in wish.targets for one, _ in wish.observation.pointers[t].left_behind()}
    everywhere = {
        one for state in wish.observation.pointers.values() for one, _ in state.left_behind()
    }
    revoke, skipped = [], []
    for step in revokes(wish, ()):
        strange = exact_versions(step.before) - here - {new}
        if strange or step.adds or not step.removes:
            skipped.append(_untouched(wish, step, strange))
        else:
            revoke.append(step)
    stop = tuple(step for step in stops(wish) if step.version in everywhere)
    wait = drain(wish) if revoke or stop else ()
    return (*wait, *revoke, *stop), tuple(skipped)


def _untouched(wish: Wish, step: Revoke, strange: frozenset[str]) -> str:
    name = wish.environment.name
    if strange:
        listed = ", ".join(sorted(strange))
        return f"{name}: {step.role} allows {listed}, which no pointer of its targets ever named."
    return f"{name}: {step.policy} of {step.role} is not ours as promote.yaml asks for it."
