"""Wait for the world to change: the one home of tenacity, on our own clock.

Only *states* are waited for here (a status, a policy in force, a pointer). Throttling and
transport are retried by botocore underneath, so no cause is retried in two layers.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from tenacity import RetryCallState, RetryError, Retrying, retry_if_exception, retry_if_result
from tenacity.wait import wait_random_exponential

from promote.errors import DeadlineError, InterruptedBySignalError, PromoteError, TryAgainError
from promote.ports import Clock

_T = TypeVar("_T")
_INSTANT = 1e-6  # seconds; a sleep of less may not move a clock that counts in floats
_SLICE = 0.5  # seconds; a signal is answered within 2 s, so no thread sleeps longer than this


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How one wait goes: how often to look, for how long, and whom to tell."""

    clock: Clock
    deadline: float
    """Seconds from the first look to the last."""
    shortest: float = 1.0
    """Seconds; pauses grow from here by powers of two, with full jitter above it."""
    longest: float = 10.0
    heartbeat: Callable[[], None] = lambda: None
    """Called before every pause, such as to renew a lease."""
    cancelled: threading.Event = field(default_factory=threading.Event)
    """Set when another thread failed or a signal came: the wait ends at its next slice."""


def poll(
    look: Callable[[], _T],
    until: Callable[[_T], bool],
    *,
    pace: Pace,
    what: str,
    notify: Callable[[_T | None, float], None] = lambda _result, _elapsed: None,
    tell: Callable[[_T], str] = str,
) -> _T:
    """Look at the world until it is as wanted, and return what was seen last.

    A look that fails with a `TryAgainError` (throttled, no answer) counts as not yet.

    Args:
        look: Reads the world once.
        until: Says whether what was read is what we wait for.
        pace: How often and for how long.
        what: What is waited for, for the error's text.
        notify: Called with each unsatisfying look and the seconds elapsed.
        tell: Says what was seen last, for the error's text.

    Raises:
        DeadlineError: The deadline came first; carries what was seen last.
    """
    started = pace.clock.monotonic()
    growing = wait_random_exponential(multiplier=pace.shortest, max=pace.longest)

    def elapsed() -> float:
        return pace.clock.monotonic() - started

    def pause_before_next(state: RetryCallState) -> float:
        wanted = max(pace.shortest, growing(state))
        return max(0.0, min(wanted, pace.deadline - elapsed()))

    def beat(state: RetryCallState) -> None:
        pace.heartbeat()
        notify(_seen(state), elapsed())

    retrying = Retrying(
        retry=retry_if_result(lambda seen: not until(seen)) | retry_if_exception(_transient),
        wait=pause_before_next,
        stop=lambda _state: pace.deadline - elapsed() < _INSTANT,
        sleep=lambda seconds: pause(pace, seconds),
        before_sleep=beat,
    )
    try:
        return retrying(look)
    except RetryError as error:
        raise _out_of_time(error, what, pace, tell) from error


def pause(pace: Pace, seconds: float) -> None:
    """Sleep on the pace's clock in slices, so that a cancellation is seen soon.

    Raises:
        InterruptedBySignalError: The wait was cancelled.
    """
    end = pace.clock.monotonic() + seconds
    while (left := end - pace.clock.monotonic()) > 0:
        if pace.cancelled.is_set():
            raise InterruptedBySignalError("Cancelled", "Another part of the command failed.")
        pace.clock.sleep(min(left, _SLICE))


def _transient(error: BaseException) -> bool:
    return isinstance(error, TryAgainError) and not isinstance(error, DeadlineError)


def _seen(state: RetryCallState) -> Any:  # noqa: ANN401 (tenacity does not know the type)
    outcome = state.outcome
    return None if outcome is None or outcome.failed else outcome.result()


def _out_of_time(
    error: RetryError, what: str, pace: Pace, tell: Callable[[_T], str]
) -> DeadlineError:
    attempt = error.last_attempt
    cause = attempt.exception() if attempt.failed else None
    last = cause.detail if isinstance(cause, PromoteError) else tell(attempt.result())
    return DeadlineError(
        "Out of time",
        f"Waited {pace.deadline:g} s for {what}. Seen last: {last}",
        "Run the same command again; it continues where this one stopped.",
    )
