"""What a killed `retire` left off the record: revocations that it carried out, claims it ended."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from promote.core.grants import exactly_granted
from promote.core.observation import Observation
from promote.core.record import AccessChanged
from promote.core.result import Retired
from promote.workflow.lifecycle import bring_down
from promote.workflow.retire import may_stop
from promote.workflow.site import Site


def has_loose_ends(site: Site, seen: Observation) -> bool:
    """Say whether anything is to be put on record."""
    idle = seen.ledger.unfinished is None
    return idle and bool(_unrecorded(site, seen) or _claimed_in_vain(seen))


def tie_up(site: Site) -> Iterator[Retired]:
    """Record what an earlier run had done when it was killed; yield what it had revoked.

    Raises:
        DeadlineError: What it had asked to stop does not stop in time.
    """
    seen = site.observe()
    for environment, version in _unrecorded(site, seen):
        record_revoked(site, environment, version)
        yield Retired(step="revoke", environment=environment, version=version)
    named = {entry.value for state in seen.pointers.values() for entry in state.history}
    for version in _claimed_in_vain(seen):
        deadline = site.environment.deadlines.stop.total_seconds()
        stop = partial(may_stop, site, version) if version in named else _never
        bring_down(site, version, deadline, seen, stop)


def _unrecorded(site: Site, seen: Observation) -> list[tuple[str, str]]:
    """Return the revocations that were begun, are carried out, and are not on record as done."""
    granted = {
        (target.environment, version)
        for target in site.topology.all_targets(site.model)
        if target.access_role in seen.roles
        for version in exactly_granted(seen.roles[target.access_role])
    }
    return sorted(seen.ledger.revoking - granted)


def _never() -> bool:
    """Say that what no pointer ever named is not stopped, should it run after all."""
    return False


def _claimed_in_vain(seen: Observation) -> list[str]:
    """Return what we started, or were about to start, and what is not on its way up for all that.

    A claim that stays open would let a later promotion stop what somebody else has started.
    """
    return [
        each.arn
        for each in seen.versions
        if each.arn in seen.ledger.claims and not each.status.on_the_way_up
    ]


def record_revoked(site: Site, environment: str, version: str) -> None:
    """Record that an environment lost its access to a version."""
    changed = AccessChanged(
        at=site.world.clock.now(),
        by=site.caller.arn,
        environment=environment,
        version=version,
        granted=False,
        execution=site.execution,
    )
    site.record(changed)
