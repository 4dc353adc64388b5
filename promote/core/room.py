"""Decide what goes when a version must start and no running slot is free.

`drain` is a law, `keep_warm` a wish: what is warm but past its drain in every environment is let go
before the start, the version that was left first of all, and only as many as are needed. Whatever
else forbids a stop (P6) forbids it here, too; then the plan is refused, and every holder is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from promote.core.change import change, takes_more
from promote.core.coverage import holders
from promote.core.grants import allowing, exact_versions
from promote.core.observation import AccessRoleState, Observation
from promote.core.plan import Revoke, Stop
from promote.core.topology import Environment, Target
from promote.core.version import ModelVersion, Status
from promote.core.wish import RoleInPlay, Wish
from promote.errors import QuotaError


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """The way to a free slot, and what is wished for once it is free."""

    wish: Wish
    """The same wish in the world in which the room is made."""
    steps: tuple[Revoke | Stop, ...] = ()
    """They come before the start; none when a slot is free."""

    @property
    def revokes(self) -> tuple[Revoke, ...]:
        """Whose access is taken away."""
        return tuple(step for step in self.steps if isinstance(step, Revoke))

    @property
    def stops(self) -> tuple[Stop, ...]:
        """What is stopped."""
        return tuple(step for step in self.steps if isinstance(step, Stop))


def make_room(wish: Wish, *, needed: bool) -> Room:
    """Decide what is let go so that the wished version can start.

    Args:
        wish: What is asked for, and the world.
        needed: Whether the version has to be started at all.

    Raises:
        QuotaError: Too little can go; names what holds each slot, and why.
    """
    occupants = wish.observation.occupants
    missing = len(occupants) - wish.topology.ml.quotas.running + 1
    if not needed or wish.version.status.occupies_slot or missing <= 0:
        return Room(wish=wish)
    chosen: tuple[ModelVersion, ...] = ()
    for version in _candidates(wish):
        trial = _Trial(wish, (*chosen, version))
        if len(chosen) < missing and not any(map(trial.held_by, trial.gone)):
            chosen = trial.gone
    if len(chosen) < missing:
        raise _full(wish, chosen)
    trial = _Trial(wish, chosen)
    later = replace(wish, observation=trial.observation)
    return Room(wish=later, steps=(*trial.revokes, *trial.stops))


@dataclass(frozen=True)
class _Trial:
    """The world in which some versions are gone."""

    wish: Wish
    gone: tuple[ModelVersion, ...]

    @property
    def stops(self) -> Iterator[Stop]:
        """Yield the stops; a version that is on its way down is only waited for."""
        environment = self.wish.environment
        for version in self.gone:
            yield Stop(
                environment=environment.name,
                version=version.arn,
                deadline=environment.deadlines.stop.total_seconds(),
                makes_room=True,
            )

    @cached_property
    def revokes(self) -> tuple[Revoke, ...]:
        """What takes the access away, in every environment."""
        arns = frozenset(version.arn for version in self.gone)
        found = (_revoke(self.wish, *use, arns) for use in _uses(self.wish))
        return tuple(step for step in found if step is not None)

    @cached_property
    def observation(self) -> Observation:
        """The world as it is then."""
        seen = self.wish.observation
        arns = {version.arn for version in self.gone}
        roles = {step.role: _with_policy(seen.roles[step.role], step) for step in self.revokes}
        return replace(
            seen,
            versions=tuple(
                replace(each, status=Status.STOPPED) if each.arn in arns else each
                for each in seen.versions
            ),
            occupants=tuple(each for each in seen.occupants if each.arn not in arns),
            roles={**seen.roles, **roles},
        )

    def held_by(self, version: ModelVersion) -> tuple[str, ...]:
        """Name what forbids the stop of a version all the same."""
        return holders(version.arn, self.wish.topology, self.observation, warm=False)


def _candidates(wish: Wish) -> list[ModelVersion]:
    """Return what might go: first what is going already, then what was left first of all."""
    left = _left_behind(wish.observation)
    going = [each for each in wish.observation.versions if each.status is Status.STOPPING]
    warm = [
        each
        for each in wish.observation.versions
        if each.status is Status.RUNNING and each.arn in left and each.arn != wish.version.arn
    ]
    return going + sorted(warm, key=lambda each: (left[each.arn], each.arn))


def _left_behind(observation: Observation) -> dict[str, datetime]:
    """Return when each version was left last, by the pointers of every environment."""
    found: dict[str, datetime] = {}
    for state in observation.pointers.values():
        for value, at in state.left_behind():
            found[value] = max(at, found.get(value, at))
    return found


def _uses(wish: Wish) -> Iterator[tuple[Environment, RoleInPlay]]:
    """Yield every access role that exists, in every environment."""
    seen = wish.observation
    for environment in wish.topology.environments:
        users: dict[str, list[Target]] = {}
        for target in wish.topology.targets(wish.request.model, environment):
            users.setdefault(target.access_role, []).append(target)
        for arn, targets in users.items():
            if arn in seen.roles:
                yield environment, RoleInPlay(state=seen.roles[arn], targets=tuple(targets))


def _revoke(
    wish: Wish, environment: Environment, role: RoleInPlay, gone: frozenset[str]
) -> Revoke | None:
    """Take the access of what goes out of a role's policy, if nothing else changes with it.

    None where nothing is to be revoked, or not by us: what no pointer of the role's targets ever
    left may be for a promotion to come, and a policy that is not ours is nobody's to write. Where
    such a policy allows a version as well, it would never be denied.
    """
    pointers = [wish.observation.pointers[target] for target in role.targets]
    left = {value for state in pointers for value, _ in state.left_behind()}
    live = exact_versions(role.live)
    revoked, kept = live & gone & left, live - gone
    named = [state.value for state in pointers if state.value in kept]
    if role.live is None or not revoked or not named or named[0] is None:
        return None
    there = replace(wish, request=replace(wish.request, environment=environment.name))
    after = there.document(kept)
    changed = change(role.live, after)
    exactly = changed.adds == () and set(changed.removes) == revoked
    still = any(allowing(role.state, role.policy, version) for version in revoked)
    if not exactly or still or takes_more(role.live, after, changed):
        return None
    return Revoke(
        environment=environment.name,
        accounts=tuple(target.account for target in role.targets),
        role=role.arn,
        policy=role.policy,
        version=named[0],
        before=role.live,
        after=after,
        adds=changed.adds,
        removes=changed.removes,
        revoked=tuple(sorted(revoked)),
        makes_room=True,
    )


def _with_policy(role: AccessRoleState, step: Revoke) -> AccessRoleState:
    return replace(role, inline={**role.inline, step.policy: step.after})


def _full(wish: Wish, chosen: tuple[ModelVersion, ...]) -> QuotaError:
    quota = wish.topology.ml.quotas.running
    model = wish.request.model
    lines = [line for each in wish.observation.occupants for line in _told(wish, each, chosen)]
    return QuotaError(
        "No free slot to start the version",
        f"{wish.version.name} must run beside the version that it replaces, but all {quota} "
        f"running versions that account {wish.topology.ml.account} may have in "
        f"{wish.topology.region} (ml.quotas.running) are taken, and too little can be stopped:\n"
        + "\n".join(lines),
        "Let one of them go, or have the quota raised by AWS and set ml.quotas.running. To retire "
        "what is due, of every model:\n    promote retire --all\n"
        f"To stop one that nobody needs:\n    promote version stop {model} VERSION"
        + "".join(_put_back_elsewhere(wish)),
    )


def _put_back_elsewhere(wish: Wish) -> Iterator[str]:
    """Name what frees a slot that a promotion to another environment takes, under way or not."""
    for each in wish.observation.ledger.open:
        there = each.plan.request
        if there.environment != wish.environment.name:
            yield (
                f"\nTo put the unfinished promotion to {there.environment} back, and stop what it "
                f"started:\n    promote abort {there.model} --environment {there.environment}"
            )


def _told(wish: Wish, version: ModelVersion, chosen: Iterable[ModelVersion]) -> Iterator[str]:
    yield f"  {version.project}/{version.name}  {version.status.value}"
    if version in chosen:
        yield "    it could go, but that is not enough"
    elif wish.observation.version(version.arn) is None:
        yield f"    {_stranger(wish, version)}"
    else:
        yield from (f"    {reason}" for reason in _reasons(wish, version))


def _stranger(wish: Wish, version: ModelVersion) -> str:
    owners = [each.name for each in wish.topology.models if each.project == version.project]
    if not owners:
        return "its project is none of promote.yaml"
    return f"it is a version of the model {owners[0]}: promote status {owners[0]}"


def _reasons(wish: Wish, version: ModelVersion) -> tuple[str, ...]:
    """Say why a version of the model itself does not make room."""
    held = _Trial(wish, (version,)).held_by(version)
    if held:
        return (*held, *_foreign(wish, version))
    if version.status is not Status.RUNNING:
        return ("a version cannot be stopped before it is RUNNING or FAILED",)
    return ("no pointer ever left it, so it may be for a promotion to come",)


def _foreign(wish: Wish, version: ModelVersion) -> Iterator[str]:
    """Name the policies of others that would go on allowing a version."""
    roles = {role.arn: role for _, role in _uses(wish)}
    for arn, role in roles.items():
        names = allowing(role.state, role.policy, version.arn)
        if names and version.arn in exact_versions(role.live):
            yield f"{', '.join(names)} on {arn}, which is not ours, would go on allowing it"
