"""Keep below AWS's rate limits, and repeat the writes that may be repeated.

Quotas are per account and API: five calls a second for each control operation of Rekognition
("Amazon Rekognition endpoints and quotas"); IAM publishes no number, so writes go at a modest pace.
"""

from __future__ import annotations

import random
import threading
from collections import deque
from collections.abc import Callable
from typing import TypeVar

from promote.errors import PromoteError, ThrottledError, TryAgainError
from promote.ports import Clock

CALLS_A_SECOND = {"rekognition": 5, "iam": 10}
"""By service, for services without a burst."""

BUCKETS = {
    # Organizations quotas, "Throttle limits": a rate and a burst for each API.
    "organizations": (5, 8),
    "organizations:ListRoots": (1, 2),
    "organizations:CreatePolicy": (2, 3),
    "organizations:UpdatePolicy": (2, 3),
    "organizations:AttachPolicy": (2, 3),
    "organizations:DetachPolicy": (2, 3),
    "organizations:DeletePolicy": (2, 3),
    "organizations:EnablePolicyType": (1, 2),
}
"""Calls a second, and how many may come at once, by API or else by service."""

ATTEMPTS = 5
BUDGET = 15.0
"""Seconds after which a write that was asked for is not sent any more. A process that was frozen,
or waited for its turn or for credentials, must not write what by then may be somebody else's to
write: with the time of one request this stays below the margin of a promotion's lease."""

_WINDOW = 1.05  # seconds; a little over one, because requests overtake each other on the way
_FIRST_BACKOFF = 0.5
_LONGEST_BACKOFF = 8.0
_SLICE = 0.5  # seconds; a thread that is to end sleeps no longer than this

_Client = TypeVar("_Client")
_Answer = TypeVar("_Answer")


class Pace:
    """Let at most `calls` pass in any second; safe for use by many threads.

    A window rather than a refilling bucket: a bucket of five lets ten calls pass in its first
    second, which a quota of five answers with throttling.
    """

    def __init__(self, calls: int, clock: Clock) -> None:
        self._clock = clock
        self._times: deque[float] = deque(maxlen=calls)
        self._lock = threading.Lock()

    def take(self) -> None:
        """Wait for a turn; turns are given in the order of asking."""
        with self._lock:
            now = self._clock.monotonic()
            full = len(self._times) == self._times.maxlen
            turn = max(now, self._times[0] + _WINDOW) if full else now
            self._times.append(turn)
        if turn > now:
            self._clock.sleep(turn - now)


class Bucket:
    """Let `burst` calls pass at once and then `calls` a second; safe for use by many threads."""

    def __init__(self, calls: int, burst: int, clock: Clock) -> None:
        self._clock = clock
        self._apart = _WINDOW / calls
        self._credit = (burst - 1) * self._apart
        self._next = 0.0  # when the next call would be due if there were no burst
        self._lock = threading.Lock()

    def take(self) -> None:
        """Wait for a turn; turns are given in the order of asking."""
        with self._lock:
            now = self._clock.monotonic()
            turn = max(now, self._next - self._credit)
            self._next = max(self._next, turn) + self._apart
        if turn > now:
            self._clock.sleep(turn - now)


class Traffic:
    """The pace of every API in every account, and the repetition of writes.

    Args:
        clock: For pauses.
        cancelled: When it is set, nothing is repeated any more and pauses end at once.
        jitter: Draws the share of the longest pause that is taken.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        cancelled: threading.Event | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._clock = clock
        self._cancelled = cancelled or threading.Event()
        self._jitter = jitter
        self._paces: dict[tuple[str, str], Pace | Bucket] = {}
        self._lock = threading.Lock()

    def take(self, account: str, api: str) -> None:
        """Wait for a turn to call `api`, spelled as in a policy: ``iam:PutRolePolicy``.

        Args:
            account: The account whose quota counts; empty for the promoter's own.
            api: An action. One whose service has no pace of its own passes at once.
        """
        with self._lock:
            pace = self._paces.get((account, api)) or self._new_pace(api)
            if pace is None:
                return
            self._paces[account, api] = pace
        pace.take()

    def _new_pace(self, api: str) -> Pace | Bucket | None:
        service = api.partition(":")[0]
        bucket = BUCKETS.get(api, BUCKETS.get(service))
        if bucket is not None:
            return Bucket(*bucket, self._clock)
        calls = CALLS_A_SECOND.get(service)
        return None if calls is None else Pace(calls, self._clock)

    def write(
        self,
        prepare: Callable[[], _Client],
        send: Callable[[_Client], _Answer],
        *,
        again: tuple[type[PromoteError], ...] = (ThrottledError,),
    ) -> _Answer:
        """Send a write, and send it again after an error of `again`.

        Args:
            prepare: Waits for its turn and returns the client; may take long.
            send: Sends the request once and raises our errors.
            again: What may be sent again: by default only what was certainly not carried out.

        Raises:
            PromoteError: What `send` raised last, after `ATTEMPTS` or `BUDGET` seconds.
            TryAgainError: Nothing was sent, because `prepare` took longer than `BUDGET`.
        """
        started = self._clock.monotonic()
        last: PromoteError = _too_late()
        for attempt in range(1, ATTEMPTS + 1):
            client = prepare()
            if self._clock.monotonic() - started > BUDGET:
                break
            try:
                return send(client)
            except again as error:
                last = error
            if attempt == ATTEMPTS or not self._pause(attempt):
                break
        raise last

    def _pause(self, attempt: int) -> bool:
        """Pause before the next attempt; say whether there is to be one."""
        longest = min(_FIRST_BACKOFF * 2**attempt, _LONGEST_BACKOFF)
        end = self._clock.monotonic() + longest * self._jitter()
        while (left := end - self._clock.monotonic()) > 0 and not self._cancelled.is_set():
            self._clock.sleep(min(left, _SLICE))
        return not self._cancelled.is_set()


def _too_late() -> TryAgainError:
    return TryAgainError(
        "A request was not sent, because it came too late",
        f"Its preparation took more than {BUDGET:.0f} seconds, so that somebody else may have "
        "taken over meanwhile. Nothing was changed by it.",
        "Run the same command again; it continues where this one ended.",
    )
