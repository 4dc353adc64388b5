"""Applications that go on calling the model while something else happens, one thread each."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from typing import Self

from promote.client import Client


class Applications:
    """Applications that call their model until they are told to end.

    Args:
        clients: Each by the name under which its answers are counted.
        image: What they ask about.
        pause: Seconds between an answer and the next request.
    """

    def __init__(self, clients: Mapping[str, Client], image: bytes, *, pause: float) -> None:
        self._image = image
        self._pause = pause
        self._over = threading.Event()
        self.answers: Counter[str] = Counter()
        """How many requests were answered, by application; those without a label as ``empty``."""
        self.failures: list[str] = []
        self._threads = [
            threading.Thread(target=self._call, args=(name, client), name=name)
            for name, client in clients.items()
        ]

    @property
    def requests(self) -> int:
        """How many requests there were."""
        return self.answers.total() - self.answers["empty"] + len(self.failures)

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _call(self, name: str, client: Client) -> None:
        while not self._over.is_set():
            try:
                labels = client.detect(self._image)
            except Exception as error:  # noqa: BLE001 - whatever it is, an application failed
                self.failures.append(f"{name}: {error}")
            else:
                self.answers[name] += 1
                self.answers["empty"] += not labels
            self._over.wait(self._pause)
