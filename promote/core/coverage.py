"""Which versions somebody may still use: the rules behind P1 (live path) and P6 (counted stop).

A version is *covered* in a target while the target's pointer names it, or named it within the last
`drain`, since applications cache what they read. It is *warm* while the pointer named it within the
last `keep_warm` and its access role still allows it: a wish, for an instant way back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from promote.arn import parse_version_arn
from promote.core.grants import allowed_patterns, exact_versions, exactly_granted
from promote.core.observation import Json, Observation, PointerState
from promote.core.record import Unfinished
from promote.core.topology import Environment, Target, Topology
from promote.core.version import ModelVersion, Status
from promote.iam.evaluate import resource_matches


def covered_versions(
    target: Target, environment: Environment, observation: Observation
) -> tuple[str, ...]:
    """Return the ARNs of the versions that a target's applications may still use."""
    state = observation.pointers[target]
    values = state.covered(observation.at, environment.drain)
    return tuple(value for value in values if parse_version_arn(value) is not None)


def retention(
    target: Target, environment: Environment, observation: Observation, new: str | None = None
) -> timedelta:
    """Return how long what a pointer left stays at all: the longer of drain and keep_warm.

    Once a rollback has left a version, nothing there is kept warm: what is held is no way back.

    Args:
        target: Whose pointer.
        environment: The target's.
        observation: The world.
        new: What the pointer is to name next, so that it leaves what it names now.
    """
    state = observation.pointers[target]
    left = state.before if new in {None, state.value} else state.value
    if (left, environment.name) in observation.ledger.held:
        return environment.drain
    return max(environment.drain, environment.keep_warm)


def kept_versions(
    target: Target, environment: Environment, observation: Observation
) -> tuple[str, ...]:
    """Return the covered versions of a target and those that `keep_warm` asks to keep."""
    stays = retention(target, environment, observation)
    values = observation.pointers[target].covered(observation.at, stays)
    return tuple(value for value in values if parse_version_arn(value) is not None)


def role_coverage(
    targets: Iterable[Target],
    environment: Environment,
    observation: Observation,
    live: Json | None = None,
) -> frozenset[str]:
    """Return what one access role must allow: whatever any of its targets may still use.

    What `live`, its present policy, allows one by one stays in it while `keep_warm` asks for it;
    nothing is allowed anew for that.
    """
    users = tuple(targets)
    covered, kept = (
        frozenset(each for target in users for each in found(target, environment, observation))
        for found in (covered_versions, kept_versions)
    )
    return covered | (kept & exact_versions(live))


def holders(
    version: str,
    topology: Topology,
    observation: Observation,
    *,
    besides: str | None = None,
    draining: bool = True,
    warm: bool = True,
    granted: bool = True,
    promotion: str | None = None,
) -> tuple[str, ...]:
    """Name everything that forbids stopping a version, in any environment of the topology.

    Args:
        version: The ARN of the version.
        topology: Every environment that counts.
        observation: The world.
        besides: An environment not to ask, because the caller's plan empties it first.
        draining: Whether a pointer that has left the version, but not drained yet, counts.
        warm: Whether a `keep_warm` counts.
        granted: Whether it counts that an access role allows it one by one.
        promotion: The id of the caller's own promotion, which counts for nothing.
    """
    found = [
        f"the unfinished promotion {each.promotion} {use}"
        for each, use in _uses(version, observation, besides)
        if each.promotion != promotion
    ] + [f"{why}, so that it may be in use there" for why in observation.unread.values()]
    for environment in topology.environments:
        targets = topology.targets(observation.model, environment)
        targets = () if environment.name == besides else targets
        found += [
            f"the pointer {target.pointer.name} of {target} "
            + _names_or_drains(version, observation.pointers[target], environment)
            for target in targets
            if version == observation.pointers[target].value
            or (draining and version in covered_versions(target, environment, observation))
        ]
        found += [
            f"the keep_warm of {target} keeps it until {until:%Y-%m-%dT%H:%M:%SZ}"
            for target in targets
            if draining and warm and (until := _warm_until(version, target, observation, topology))
        ]
        found += [
            f"the access role {arn} allows it"
            for arn in dict.fromkeys(target.access_role for target in targets)
            if granted
            and arn in observation.roles
            and version in exactly_granted(observation.roles[arn])
        ]
    return tuple(found)


def _uses(
    version: str, observation: Observation, besides: str | None
) -> Iterator[tuple[Unfinished, str]]:
    """Yield the unfinished promotions that bring a version, or may go back to it."""
    for each in observation.ledger.open:
        request = each.plan.request
        if request.environment == besides:
            continue
        if request.version == version:
            yield each, f"brings it to {request.environment}"
        elif version in each.named:
            yield each, f"may take {request.environment} back to it"


def _names_or_drains(version: str, state: PointerState, environment: Environment) -> str:
    if version == state.value:
        return "names it"
    until = dict(state.left_behind())[version] + environment.drain
    return f"named it until lately: it drains until {until:%Y-%m-%dT%H:%M:%SZ}"


def _warm_until(
    version: str, target: Target, observation: Observation, topology: Topology
) -> datetime | None:
    """Return until when a drained version is kept warm in a target, or None when it is not."""
    environment = topology.environment(target.environment)
    left = dict(observation.pointers[target].left_behind()).get(version)
    role = observation.roles.get(target.access_role)
    if left is None or role is None or left + environment.drain > observation.at:
        return None
    documents = (*role.inline.values(), *role.attached.values())
    allowed = (each for document in documents for each in allowed_patterns(document))
    until = left + retention(target, environment, observation)
    usable = any(resource_matches(pattern, version) for pattern in allowed)
    return until if usable and until > observation.at else None


def drained_everywhere(version: str, topology: Topology, observation: Observation) -> datetime:
    """Return from when on no drain and no keep_warm of any environment covers a version."""
    ends = [
        at + retention(target, environment, observation)
        for environment in topology.environments
        for target in topology.targets(observation.model, environment)
        for value, at in observation.pointers[target].left_behind()
        if value == version
    ]
    return max(ends, default=observation.at)


def is_ours(version: str, observation: Observation) -> bool:
    """Say whether a managed pointer ever named the version or a claim of ours started it."""
    named = any(
        entry.value == version for state in observation.pointers.values() for entry in state.history
    )
    return named or version in observation.ledger.claims


def hourly_cost(versions: Iterable[ModelVersion], price: float) -> float:
    """Return what the running ones of `versions` cost in US dollars per hour.

    A version is billed for its inference units from start to stop, used or not ("Running a
    trained Amazon Rekognition Custom Labels model").
    """
    running = [each for each in versions if each.status in {Status.STARTING, Status.RUNNING}]
    return sum(((each.min_units or 1) * price for each in running), start=0.0)
