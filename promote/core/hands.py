"""Pointers that somebody else has written: the ledger says one thing, the pointer another."""

from __future__ import annotations

from promote.arn import parse_version_arn
from promote.core.mending import version_name
from promote.core.observation import Observation, PointerValue
from promote.core.settled import Settled
from promote.core.topology import Target, Topology

_SHOWN = 100


def set_by_hand(observation: Observation, target: Target) -> Settled | None:
    """Return what the last promotion left in a target if its pointer names something else now.

    None, too, where an unfinished promotion explains it, or no promotion is on record.
    """
    settled = observation.ledger.settled.get((target.environment, target.account))
    value = observation.pointers[target].value
    if settled is None or value == settled.version:
        return None
    return None if value in explained(observation, target) else settled


def explained(observation: Observation, target: Target) -> set[str | None]:
    """Return what a target may name while a promotion is unfinished: the new or what it found."""
    begun = observation.ledger.open_in(target.environment)
    if begun is None:
        return set()
    before = {each.before for each in begun.plan.targets if each.account == target.account}
    return before | {begun.plan.request.version}


def told(topology: Topology, observation: Observation, target: Target, settled: Settled) -> str:
    """Say in sentences what the ledger says of a target, what its pointer names, and who did it."""
    left = "that it does not exist"
    if settled.version is not None:
        left = shown(settled.version, topology, observation.model)
    now = observation.pointers[target].current
    return (
        f"{target}: the pointer {target.pointer.name} was set by hand. The ledger says {left}, "
        f"since {settled.promotion} of {settled.by} ended at {settled.at:%Y-%m-%d %H:%M} UTC; "
        f"{_since(now, topology, observation.model)}."
    )


def shown(value: str, topology: Topology, model: str) -> str:
    """Name what a pointer holds: a version by its name, anything else quoted and not too long."""
    if parse_version_arn(value) is not None:
        return version_name(value, topology, model)
    return repr(value if len(value) <= _SHOWN else value[:_SHOWN] + "…")


def _since(now: PointerValue | None, topology: Topology, model: str) -> str:
    if now is None:
        return "but it does not exist now"
    by = f" by {now.changed_by}" if now.changed_by else ""
    name = shown(now.value, topology, model)
    return f"it names {name} since {now.changed_at:%Y-%m-%d %H:%M} UTC{by}"


def set_by_hand_in(
    topology: Topology,
    observation: Observation,
    environment: str,
    *,
    besides: str | None = None,
) -> tuple[str, ...]:
    """Tell every pointer of an environment that was set by hand, in sentences.

    Args:
        topology: What promote.yaml says.
        observation: The world.
        environment: Its name.
        besides: The ARN of a version; pointers that name it already are left out.
    """
    targets = topology.targets(observation.model, topology.environment(environment))
    found = ((target, set_by_hand(observation, target)) for target in targets)
    return tuple(
        told(topology, observation, target, settled)
        for target, settled in found
        if settled is not None
        and (besides is None or observation.pointers[target].value != besides)
    )
