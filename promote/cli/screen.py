"""Where output goes: results to stdout, the story to stderr, colours only where they are wanted.

A reader who goes away (``promote status | head``) ends the printing and nothing else: a promotion
is never stopped half way because nobody listens.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, TextIO

import click

if TYPE_CHECKING:
    from promote.cli.settings import Settings


_WIDEST = 100
_USUAL = 80
_NARROWEST = 39


def wants_color(choice: str, environment: Mapping[str, str], *, terminal: bool) -> bool:
    """Decide about colours: the option, then NO_COLOR, FORCE_COLOR, TERM, then the terminal."""
    if choice != "auto":
        return choice == "always"
    if environment.get("NO_COLOR"):
        return False
    if environment.get("FORCE_COLOR"):
        return True
    return terminal and environment.get("TERM") != "dumb"


def columns(environment: Mapping[str, str]) -> int:
    """Return the width of the terminal; `shutil` knows it too, but costs a third of our start."""
    stated = environment.get("COLUMNS", "")
    if stated.isdecimal() and int(stated) > _NARROWEST:
        return int(stated)
    try:
        return os.get_terminal_size(2).columns or _USUAL
    except OSError:
        return _USUAL


class Screen:
    """The two streams of this run."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @property
    def width(self) -> int:
        """How many columns help and live lines may fill."""
        return min(columns(os.environ), _WIDEST) - 1

    @property
    def interactive(self) -> bool:
        """Whether there is a person to ask."""
        return not self._settings.no_input and sys.stdin.isatty() and sys.stderr.isatty()

    @property
    def live(self) -> bool:
        """Whether a line on stderr can be rewritten in place."""
        return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"

    @property
    def story_color(self) -> bool:
        """Whether stderr takes colours."""
        return wants_color(self._settings.color, os.environ, terminal=sys.stderr.isatty())

    @property
    def result_color(self) -> bool:
        """Whether stdout takes colours."""
        return wants_color(self._settings.color, os.environ, terminal=sys.stdout.isatty())

    def result(self, text: str) -> None:
        """Write a result, whole lines."""
        self.write(sys.stdout, _line(text), color=self.result_color)

    def raw(self, content: bytes) -> None:
        """Write a result exactly as it is, to the byte."""
        try:
            sys.stdout.flush()
            sys.stdout.buffer.write(content)
            sys.stdout.buffer.flush()
        except BrokenPipeError:
            _close(sys.stdout)

    def say(self, text: str) -> None:
        """Tell the story, whole lines."""
        self.write(sys.stderr, _line(text), color=self.story_color)

    def draw(self, text: str) -> None:
        """Write to the terminal as it is, control sequences included."""
        self.write(sys.stderr, text, color=True)

    def write(self, stream: TextIO, text: str, *, color: bool) -> None:
        """Write `text` as it is; without colours, its ANSI sequences are taken out."""
        try:
            click.echo(text, file=stream, nl=False, color=color)
        except BrokenPipeError:
            _close(stream)

    def flush(self) -> None:
        """Hand everything over, so that the interpreter's end has nothing left to fail at."""
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except BrokenPipeError:
                _close(stream)

    def ask(self, question: str) -> str:
        """Ask on stderr and return the answer; without one, because input ended, it is empty."""
        self.write(sys.stderr, question, color=self.story_color)
        return sys.stdin.readline().strip()


def _line(text: str) -> str:
    return text if text.endswith("\n") or not text else text + "\n"


def _close(stream: TextIO) -> None:
    """Point a stream whose reader has gone at nothing, so that no later write fails again."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, stream.fileno())
    os.close(nothing)
