"""Run the applications of the demo: each calls the model again and again and counts the answers.

``python -m promote.sandbox.consumers`` reads one line of JSON from stdin (`Orders`), writes
``ready`` once every application has had its first answer, and goes on until stdin ends, be it
because whoever started it has died. Then it writes its counts (`Count`) as a line of JSON.

They use `promote.client` as every application does: they are the world, and it is their library.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any

import boto3

from promote.client import Client
from promote.errors import InputError

_KEPT_ERRORS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """One application: who it is, which role it assumes, which parameter it reads."""

    account: str
    role: str
    parameter: str
    external_id: str | None
    access_key_id: str
    secret_access_key: str
    session_token: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """What the process is told."""

    region: str
    images: str
    """A directory of images, looked for at any depth."""
    ttl: float
    """Seconds for which the pointer's value is kept."""
    every: float
    """Seconds from the beginning of a request to that of the next, which never overtakes it."""
    applications: Sequence[Application]


@dataclass(slots=True, kw_only=True)
class Count:
    """What one application has seen; times are in seconds."""

    account: str
    requests: int = 0
    failed: int = 0
    second_tries: int = 0
    """How many requests the client had to make again; a promotion gives no cause."""
    answers: dict[str, int] = field(default_factory=dict)
    """How many answers each version gave, by its ARN."""
    longest_request: float = 0.0
    longest_gap: float = 0.0
    """The longest time without an answer."""
    errors: list[str] = field(default_factory=list)
    """What the first failures said."""


class _Worker(threading.Thread):
    """One application at work."""

    def __init__(self, orders: Orders, application: Application, stop: threading.Event) -> None:
        super().__init__(name=application.account, daemon=True)
        self.count = Count(account=application.account)
        self.tried = threading.Event()
        self._stop_asked = stop
        self._every = orders.every
        self._images = [path.read_bytes() for path in sorted(Path(orders.images).rglob("*.png"))]
        self._asked = ""
        self._tries = 0
        session = boto3.Session(
            application.access_key_id,
            application.secret_access_key,
            application.session_token,
            orders.region,
        )
        session.events.register("provide-client-params.rekognition.DetectCustomLabels", self._note)
        self._client = Client(
            application.parameter,
            application.role,
            external_id=application.external_id,
            ttl=orders.ttl,
            session=session,
        )

    def run(self) -> None:
        """Call in its rhythm until it is asked to stop."""
        answered = time.monotonic()
        for image in cycle(self._images):
            if self._stop_asked.is_set():
                return
            began = time.monotonic()
            succeeded = self._call(image)
            now = time.monotonic()
            self.count.longest_request = max(self.count.longest_request, now - began)
            if self.count.requests > 1:  # the first one includes the opening of the session
                self.count.longest_gap = max(self.count.longest_gap, now - answered)
            answered = now if succeeded else answered
            self.tried.set()
            self._stop_asked.wait(began + self._every - now)

    def _call(self, image: bytes) -> bool:
        """Make one request; what the client could not mend is a failure, whatever it was."""
        self.count.requests += 1
        self._tries = 0
        try:
            self._client.detect(image)
        except Exception as error:  # noqa: BLE001 - counted and shown
            self.count.failed += 1
            if len(self.count.errors) < _KEPT_ERRORS:
                self.count.errors.append(f"{type(error).__name__}: {error}")
            return False
        self.count.answers[self._asked] = self.count.answers.get(self._asked, 0) + 1
        return True

    def _note(self, params: Mapping[str, Any], **_: Any) -> None:
        """Note which version is asked; the client tells nobody."""
        self._asked = params["ProjectVersionArn"]
        self._tries += 1
        if self._tries > 1:
            self.count.second_tries += 1


def main() -> int:
    """Follow the orders on stdin and return the exit code.

    Raises:
        InputError: There are no images.
    """
    given = json.loads(sys.stdin.readline())
    applications = [Application(**each) for each in given.pop("applications")]
    orders = Orders(**given, applications=applications)
    stop = threading.Event()
    workers = [_Worker(orders, each, stop) for each in applications]
    if not any(Path(orders.images).rglob("*.png")):
        raise InputError("There are no images to ask about", f"{orders.images} has no *.png.")
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.tried.wait()
    _write("ready")
    sys.stdin.read()
    stop.set()
    for worker in workers:
        worker.join()
    _write(json.dumps([asdict(worker.count) for worker in workers]))
    return 0


def _write(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
