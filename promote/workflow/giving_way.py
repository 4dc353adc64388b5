"""Tell apart what went wrong from what somebody else did who has the lock by now.

An owner that gave way, or whose lock was taken, finds a world that others change. What it sees
there is no finding: it says that it gave way, to whom and for what.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from promote.core.events import Event, Waiting
from promote.errors import LockedError, NeedsAttentionError, PromoteError
from promote.ports import Clock
from promote.workflow.lease import MARGIN


@contextmanager
def giving_way(keep: Callable[[], None]) -> Iterator[None]:
    """Let the body run; if it ends needing attention, ask first whether the lock is still ours.

    Args:
        keep: Raises when it is not.

    Raises:
        LockedError: It is not; tells what was found last, too.
    """
    try:
        yield
    except NeedsAttentionError as error:
        try:
            keep()
        except LockedError as lost:
            lost.detail += f"\n\nFound last: {error.summary}. {error.detail}"
            raise lost from error
        except PromoteError:
            pass  # the ledger does not answer: nobody asked, as far as we know
        raise


def waiting_for_owner(
    announce: Callable[[Event], None], clock: Clock, length: timedelta
) -> Callable[[], None]:
    """Return what tells, each time that it is called, that an owner was asked to give way.

    Args:
        announce: Told of it.
        clock: Which time it is.
        length: How long the lease of that owner lasts.
    """
    began, deadline = clock.monotonic(), (length + MARGIN).total_seconds()

    def tell() -> None:
        what, elapsed = "the owner of the lock to give way", clock.monotonic() - began
        announce(
            Waiting(at=clock.now(), what=what, status="asked", elapsed=elapsed, deadline=deadline)
        )

    return tell
