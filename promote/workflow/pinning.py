"""Pin what a run leaves unfinished, so that its newest records cannot go without being missed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from promote.errors import LockedError, PromoteError
from promote.workflow.journal import Journal


@contextmanager
def pinned(journal: Journal, keep: Callable[[], None]) -> Iterator[None]:
    """Let the body run; if it fails and leaves a promotion unfinished, leave a checkpoint.

    A process that is killed leaves none; nor does one that lost the lock, for it writes no more.

    Args:
        journal: The records.
        keep: Raises when the lock is not ours any more.

    Raises:
        PromoteError: What the body raised.
    """
    try:
        yield
    except LockedError:
        raise
    except PromoteError:
        with suppress(PromoteError):
            keep()
            journal.pin()
        raise
