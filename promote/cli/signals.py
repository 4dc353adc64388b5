"""End a long command well when it is asked to end: SIGINT and SIGTERM become one of our errors."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NoReturn

from promote.cli.failure import interrupted

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class _EndNow(KeyboardInterrupt):
    """Goes through every ``except Exception`` on its way, where one of our errors would get lost.

    A listener's failure is contained by the library, a request's by botocore: a signal that comes
    just then must not be taken for one.
    """

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


@contextmanager
def ends_when_asked(command: Sequence[str]) -> Iterator[None]:
    """Raise `InterruptedBySignalError` at the first SIGINT or SIGTERM; main thread only.

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
        raise _EndNow(number)

    for number in before:
        signal.signal(number, end)
    try:
        yield
    except _EndNow as signalled:
        raise interrupted(signalled.number, command) from None
    finally:
        restore()
