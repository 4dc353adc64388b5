"""Bring a version up and down: look, decide, ask once, look again.

No operation of Custom Labels takes an idempotency token, and what Start answers in a wrong state is
not documented. So nothing is concluded from an answer, a lost one included: the next look decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from promote.arn import short_version
from promote.core.observation import Observation
from promote.core.plan import Start, Step, Stop
from promote.core.record import ClaimClosed, ClaimOpened
from promote.core.version import ModelVersion, Status
from promote.errors import (
    FailedError,
    LostResponseError,
    PromoteError,
    ThrottledError,
    WrongStateError,
)
from promote.workflow.site import Site
from promote.workflow.wait import poll

_MOST_ASKS = 3  # after that many answers lost in a row, waiting shows what came of it


@dataclass(slots=True)
class _Ascent:
    """What one start has seen and done so far."""

    first: Status | None = None
    """The state before we first asked."""
    asks: int = 0
    answered: bool = False
    """Whether the service has answered one of them."""
    moved: bool = False
    """Whether the version was in another state since we first asked."""

    def sees(self, status: Status) -> None:
        """Take in what one look shows."""
        if self.asks == 0:
            self.first = status
        elif status is not self.first:
            self.moved = True

    def should_ask(self, status: Status) -> bool:
        """Decide whether to ask for the start, at first or again after a lost answer."""
        if self.asks == 0:
            return status.startable
        unknown = not self.answered and not self.moved
        return unknown and status.startable and self.asks < _MOST_ASKS

    def dead_end(self, status: Status) -> bool:
        """Say whether waiting will not help any more."""
        if status is Status.FAILED:
            return self.asks > 0 and (self.moved or self.first is not Status.FAILED)
        return not status.usable


def bring_up(site: Site, step: Start, observation: Observation) -> None:
    """Make a version RUNNING, starting it under a claim unless it is on its way.

    Raises:
        FailedError: It went to FAILED, or into a state that leads nowhere.
        QuotaError: The account has no slot or too few inference units.
        DeadlineError: It is not RUNNING in time; the same command goes on waiting.
    """
    ascent = _Ascent()
    what = f"{short_version(step.version)} to run"

    def look() -> ModelVersion:
        version = _describe(site, step.version, observation)
        ascent.sees(version.status)
        if not ascent.should_ask(version.status):
            return version
        ascent.answered = _ask_to_start(site, step)
        ascent.asks += 1
        return _describe(site, step.version, observation)

    def arrived(version: ModelVersion) -> bool:
        ascent.sees(version.status)
        if ascent.dead_end(version.status):
            close_claim(site, version.arn)
            raise _did_not_start(site, version)
        return version.status is Status.RUNNING

    def tell(version: ModelVersion | None, elapsed: float) -> None:
        status = version.status.value if version else "no answer"
        site.waiting(what, status, elapsed, step.deadline)

    poll(look, arrived, pace=site.pace(step.deadline), what=what, notify=tell, tell=_told)


def bring_down(
    site: Site,
    version_arn: str,
    deadline: float,
    observation: Observation,
    may_stop: Callable[[], bool],
) -> bool:
    """Stop a version and close its claim; say whether it is down.

    Args:
        site: Where.
        version_arn: Which version.
        deadline: Seconds that it may take.
        observation: Where its project's ARN is read from.
        may_stop: Asked right before the call: whether nothing names, allows or covers it (P6).

    Raises:
        DeadlineError: It does not stop in time; the same command goes on waiting.
    """
    what = f"{short_version(version_arn)} to stop"
    refused = False

    def look() -> ModelVersion:
        nonlocal refused
        version = _describe(site, version_arn, observation)
        if version.status is Status.RUNNING and not refused:
            refused = not may_stop()
            if not refused:
                _ask_to_stop(site, version_arn)
                return _describe(site, version_arn, observation)
        return version

    def down(version: ModelVersion) -> bool:
        return refused or not version.status.occupies_slot

    def tell(version: ModelVersion | None, elapsed: float) -> None:
        site.waiting(what, version.status.value if version else "no answer", elapsed, deadline)

    poll(look, down, pace=site.pace(deadline), what=what, notify=tell, tell=_told)
    if not refused:
        close_claim(site, version_arn)
    return not refused


def close_claim(site: Site, version_arn: str) -> None:
    """Record that a version which we had started does not run any more."""
    if version_arn in site.journal.state().claims:
        closed = ClaimClosed(
            at=site.world.clock.now(),
            promotion=site.promotion,
            version=version_arn,
            by=site.caller.arn,
            execution=site.execution,
        )
        site.record(closed)


def close_stopped(site: Site, steps: Iterable[Step], observation: Observation) -> None:
    """Close the claims of what an earlier run had stopped when it was killed.

    Args:
        site: Where.
        steps: Those of the whole plan.
        observation: The world before this run.
    """
    for step in steps:
        if isinstance(step, Stop) and step.version in observation.ledger.claims:
            found = observation.version(step.version)
            if found is not None and not found.status.occupies_slot:
                close_claim(site, step.version)


def _told(version: ModelVersion) -> str:
    because = f" ({version.message})" if version.message else ""
    return f"{version.status.value}{because}"


def _describe(site: Site, version_arn: str, observation: Observation) -> ModelVersion:
    name = short_version(version_arn)
    return site.service.describe(observation.project_arn, name, role=site.reader)


def _ask_to_start(site: Site, step: Start) -> bool:
    """Ask for the start under a claim; say whether the service answered."""
    opened = ClaimOpened(
        at=site.world.clock.now(),
        promotion=site.promotion,
        version=step.version,
        by=site.caller.arn,
        execution=site.execution,
    )
    site.record(opened)
    try:
        site.service.start(
            step.version, min_units=step.min_units, max_units=step.max_units, role=site.operator
        )
    except WrongStateError:
        return True  # it was started meanwhile, or by a request of ours whose answer was lost
    except LostResponseError as error:
        site.warn(
            f"Start of {short_version(step.version)}: {error.summary}; looking what came of it."
        )
        return False
    except ThrottledError:
        raise  # it did not start, but an earlier request without an answer may yet: still claimed
    except PromoteError:
        close_claim(site, step.version)
        raise
    return True


def _ask_to_stop(site: Site, version_arn: str) -> None:
    site.keep()
    try:
        site.service.stop(version_arn, role=site.operator)
    except WrongStateError:
        return  # the next look shows in which state it is
    except LostResponseError as error:
        site.warn(
            f"Stop of {short_version(version_arn)}: {error.summary}; looking what came of it."
        )


def _did_not_start(site: Site, version: ModelVersion) -> FailedError:
    because = f" The service says: {version.message}" if version.message else ""
    return FailedError(
        "The version did not start",
        f"{version.name} is {version.status.value}; RUNNING was expected.{because}",
        "Look at the model's training and units, or promote another version. To see all:\n"
        f"    promote version list {site.model}",
    )
