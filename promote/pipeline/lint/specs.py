"""The buildspecs of projects, as the rules look at them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from promote.config.plain import plain
from promote.errors import InputError
from promote.pipeline.lint.shell import Reading, read
from promote.pipeline.lint.view import Node, Resource

PHASES = ("install", "pre_build", "build", "post_build")
EXPORTS = frozenset({"PLAN_DIGEST", "CHANGES", "PLAN_SUMMARY", "PLAN_URL"})
"""The variables that a file of ``promote show --export`` sets."""
_WRITES = re.compile(r"promote show [\w.-]+ --export > ([\w.-]+)")
_SOURCES = re.compile(r"\. \./([\w.-]+)")


@dataclass(frozen=True, slots=True)
class Command:
    """One command of a buildspec."""

    node: Node
    text: str
    cleans_up: bool
    """Whether it is in a ``finally``, which cannot make a failure a success."""

    @property
    def seen(self) -> Reading:
        """What it does with variables."""
        return _read(self.text)


@dataclass(frozen=True, slots=True)
class Spec:
    """One buildspec, as far as it could be read."""

    project: Resource
    root: Node
    problem: str | None = None

    def commands(self) -> Iterator[Command]:
        """Yield every command."""
        for _, phase in self.root.at("phases").fields():
            for block in ("commands", "finally"):
                for each in phase.at(block).each():
                    if each.text is not None:
                        yield Command(each, each.text, block == "finally")

    @property
    def exported(self) -> tuple[str, ...]:
        """The variables that later actions can read."""
        return self.root.at("env", "exported-variables").texts()

    @property
    def given(self) -> frozenset[str]:
        """The variables that it has of itself or of its project, and that commands do not set."""
        kinds = ("variables", "parameter-store", "secrets-manager")
        own = {name for kind in kinds for name, _ in self.root.at("env", kind).fields()}
        listed = self.project.properties.at("Environment", "EnvironmentVariables").each()
        return frozenset(own | {each.at("Name").text or "" for each in listed})

    @property
    def assigned(self) -> frozenset[str]:
        """The variables that its commands set."""
        commands = tuple(self.commands())
        by_file = EXPORTS if any(map(self.reads_exports, commands)) else frozenset()
        return by_file.union(*(each.seen.assigned for each in commands))

    def reads_exports(self, command: Command) -> bool:
        """Say whether a command reads what `promote` wrote to be read, quoted for a shell."""
        read = _SOURCES.fullmatch(command.text)
        wrote = (_WRITES.fullmatch(each.text) for each in self.commands())
        return read is not None and read[1] in {each[1] for each in wrote if each}


def spec(project: Resource) -> Spec:
    """Return the buildspec of a project; its problem says why there is none to read."""
    node = project.properties.at("Source", "BuildSpec")
    inside = Node(node.file, f"{node.place} ", None)
    if node.text is None:
        return Spec(project, inside, "it has none of its own")
    if "\n" not in node.text:
        return Spec(project, inside, f"it is elsewhere: {node.text}")
    value, problem = _parsed(node.text)
    return Spec(project, Node(node.file, f"{node.place} ", value), problem)


@lru_cache(maxsize=64)
def _parsed(text: str) -> tuple[object, str | None]:
    try:
        return plain(text, "buildspec"), None
    except InputError as error:
        return None, error.detail


@lru_cache(maxsize=512)
def _read(text: str) -> Reading:
    return read(text)
