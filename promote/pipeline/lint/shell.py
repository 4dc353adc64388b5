"""What a shell command does with variables, as far as quoting goes.

No shell: it only knows where words begin and end, so that a value which somebody else chose can
never become two words or a pattern. What it does not know, a here-document say, it takes for words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_ASSIGNED = re.compile(r"([A-Za-z_]\w*)=", re.ASCII)
_BREAKS = frozenset(";&|\n(){}")


@dataclass(slots=True)
class Reading:
    """What was seen of a command.

    Attributes:
        names: The variables that it reads.
        bare: What it expands outside of quotes, as it is written.
        assigned: The variables that it sets.
        pipes: Whether a command hands its output to another one.
        several: Whether there is more than one command in it.
        skeleton: The command without what stands in quotes.
    """

    names: set[str] = field(default_factory=set)
    bare: list[str] = field(default_factory=list)
    assigned: set[str] = field(default_factory=set)
    pipes: bool = False
    several: bool = False
    skeleton: str = ""


def read(command: str) -> Reading:
    """Read a command."""
    scanner = _Scanner(command.strip())
    scanner.words(end="")
    return scanner.seen


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self.seen = Reading()

    def _next(self) -> str:
        return self._text[self._at : self._at + 1]

    def words(self, end: str) -> None:
        """Read words outside of quotes, up to an unquoted `end`."""
        first, begins, assigning = True, True, False
        while (char := self._next()) and char != end:
            if begins and first and (found := _ASSIGNED.match(self._text, self._at)):
                self.seen.assigned.add(found[1])
                self._keep(found[0])
                begins, assigning = False, True
            elif begins and char == "#":
                self._at = self._end_of_line()
            elif char in " \t":
                first, begins = first and (begins or assigning), True
                assigning = False
                self._keep(char)
            elif char in _BREAKS and not (char in "{}" and not begins):
                self._break(char)
                first, begins, assigning = True, True, False
            else:
                self._piece(char, assigning=assigning)
                begins = False
        self._at += 1

    def _keep(self, text: str) -> None:
        self.seen.skeleton += text
        self._at += len(text)

    def _break(self, char: str) -> None:
        pair = self._text[self._at : self._at + 2]
        if char == "|" and pair != "||":
            self.seen.pipes = True
        if char in ";\n" and self._text[self._at + 1 :].strip():
            self.seen.several = True
        self._keep(pair if pair in ("||", "&&") else char)

    def _piece(self, char: str, *, assigning: bool) -> None:
        if char == "'":
            self._at = self._after("'", self._at + 1)
        elif char == '"':
            self._double()
        elif char == "\\":
            self._at += 2
        elif char == "$":
            self._dollar(bare=not assigning)
        elif char == "`":
            self.seen.bare.append("`")
            self._at = self._after("`", self._at + 1)
        else:
            self._keep(char)

    def _double(self) -> None:
        self._at += 1
        while (char := self._next()) and char != '"':
            if char == "$":
                self._dollar(bare=False)
            elif char == "`":
                self.seen.bare.append("`")
                self._at = self._after("`", self._at + 1)
            else:
                self._at += 2 if char == "\\" else 1
        self._at += 1

    def _dollar(self, *, bare: bool) -> None:
        start = self._at
        self._at += 1
        char = self._next()
        if char == "(":
            self._at += 1
            self.words(end=")")
        elif char == "{":
            self._at = self._after("}", self._at)
            self._name(start + 2)
        elif found := _NAME.match(self._text, self._at):
            self._at = found.end()
            self._name(start + 1)
        else:
            # $? and its like are numbers.
            self._at += len(char)
            if char not in ("@", "*"):
                return
        if bare:
            self.seen.bare.append(self._text[start : self._at])

    def _name(self, start: int) -> None:
        if found := _NAME.match(self._text, start):
            self.seen.names.add(found[0])

    def _after(self, end: str, start: int) -> int:
        found = self._text.find(end, start)
        return len(self._text) if found < 0 else found + 1

    def _end_of_line(self) -> int:
        found = self._text.find("\n", self._at)
        return len(self._text) if found < 0 else found
