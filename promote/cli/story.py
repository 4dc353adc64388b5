"""Tell what happens while it happens: events as lines, waits as one live line or as heartbeats."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from promote.core.events import Event, Waiting
from promote.report import json as as_json
from promote.report import text as as_text

if TYPE_CHECKING:
    from promote.cli.screen import Screen
    from promote.cli.settings import Settings

_REWRITE = "\r\x1b[2K"


class Heartbeat:
    """Decides which looks at the world are worth a line of a log: changes, and then ever fewer."""

    def __init__(
        self,
        first: timedelta = timedelta(seconds=60),
        longest: timedelta = timedelta(minutes=5),
    ) -> None:
        self._first = first
        self._longest = longest
        self._waits: dict[str, tuple[str, datetime, timedelta]] = {}

    def is_due(self, event: Waiting) -> bool:
        """Say whether to tell about `event`; telling counts as done."""
        status, due, interval = self._waits.get(event.what, ("", event.at, self._first))
        if event.what in self._waits and status == event.status:
            if event.at < due:
                return False
            interval = min(interval * 2, self._longest)
        else:
            interval = self._first
        self._waits[event.what] = (event.status, event.at + interval, interval)
        return True


class Story:
    """Listens to a promotion; keeps the events for reports that are written at the end."""

    def __init__(self, settings: Settings, screen: Screen) -> None:
        self._settings = settings
        self._screen = screen
        self._heartbeat = Heartbeat()
        self._lock = threading.Lock()
        self._live = ""
        self.events: list[Event] = []

    def __call__(self, event: Event) -> None:
        """Tell one event; waits of several targets may call at once."""
        with self._lock:
            self.events.append(event)
            if self._settings.json:
                self._screen.result(as_json.event(event))
            elif not self._draw(event) and self._is_due(event):
                self._clear()
                self._screen.say(as_text.event(event, click.style))

    def end(self) -> None:
        """Take the live line away, so that what follows starts on a line of its own."""
        with self._lock:
            self._clear()

    def _draw(self, event: Event) -> bool:
        """Rewrite the live line, if there is a terminal and the event belongs there."""
        line = as_text.live(event, width=self._screen.width) if self._screen.live else None
        if line is None:
            return False
        self._live = line
        self._screen.draw(_REWRITE + line)
        return True

    def _is_due(self, event: Event) -> bool:
        verbose = self._settings.verbose > 0
        return verbose or not isinstance(event, Waiting) or self._heartbeat.is_due(event)

    def _clear(self) -> None:
        if self._live:
            self._screen.draw(_REWRITE)
            self._live = ""
