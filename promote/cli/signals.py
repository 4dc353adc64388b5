"""End a long command well when it is asked to end: SIGINT and SIGTERM become one of our errors."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NoReturn

from promote.cli.failure import interrupted

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def ends_between_requests(command: Sequence[str]) -> Iterator[None]:
    """Raise `InterruptedBySignalError` in the main thread at the first signal.

    The second one gets the treatment that was there before, so that an impatient person is heard.
    """
    handlers = {number: signal.getsignal(number) for number in _SIGNALS}
    # A shell starts background jobs with SIGINT ignored, and nohup means what it says.
    before = {number: known for number, known in handlers.items() if known is not signal.SIG_IGN}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def end(number: int, _: object) -> NoReturn:
        restore()
        raise interrupted(number, command)

    for number in before:
        signal.signal(number, end)
    try:
        yield
    finally:
        restore()
