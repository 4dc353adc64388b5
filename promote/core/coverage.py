"""Which versions somebody may still use: the rules behind P1 (live path) and P6 (counted stop).

A version is *covered* in a target while the target's pointer names it, or named it within the last
`drain`, since applications cache what they read.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from promote.arn import parse_version_arn
from promote.core.grants import exactly_granted
from promote.core.observation import Observation
from promote.core.topology import Environment, Target, Topology
from promote.core.version import ModelVersion, Status


def covered_versions(
    target: Target, environment: Environment, observation: Observation
) -> tuple[str, ...]:
    """Return the ARNs of the versions that a target's applications may still use."""
    state = observation.pointers[target]
    values = state.covered(observation.at, environment.drain)
    return tuple(value for value in values if parse_version_arn(value) is not None)


def role_coverage(
    targets: Iterable[Target], environment: Environment, observation: Observation
) -> frozenset[str]:
    """Return what one access role must allow: whatever any of its targets may still use."""
    return frozenset(
        version
        for target in targets
        for version in covered_versions(target, environment, observation)
    )


def holders(
    version: str,
    topology: Topology,
    observation: Observation,
    *,
    besides: str | None = None,
    draining: bool = True,
) -> tuple[str, ...]:
    """Name everything that forbids stopping a version, in any environment of the topology.

    Args:
        version: The ARN of the version.
        topology: Every environment that counts.
        observation: The world.
        besides: An environment not to ask, because the caller's plan empties it first.
        draining: Whether a pointer that has left the version, but not drained yet, counts.
    """
    found: list[str] = []
    for environment in topology.environments:
        if environment.name == besides:
            continue
        targets = topology.targets(observation.model, environment)
        found += [
            f"the pointer {target.pointer.name} of {target} names it, or did so within its drain"
            for target in targets
            if version == observation.pointers[target].value
            or (draining and version in covered_versions(target, environment, observation))
        ]
        found += [
            f"the access role {arn} allows it"
            for arn in dict.fromkeys(target.access_role for target in targets)
            if arn in observation.roles and version in exactly_granted(observation.roles[arn])
        ]
    return tuple(found)


def drained_everywhere(version: str, topology: Topology, observation: Observation) -> datetime:
    """Return from when on no application of any environment can hold a version."""
    ends = [
        at + environment.drain
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
