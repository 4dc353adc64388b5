"""The corpus of seeded faults: stacks as a template, or a hand, with one slip in it writes them.

Each takes the rendered stacks, which no rule finds anything in, and makes one edit. `caught` is the
rule that must notice. CloudFormation accepts most of them.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from promote.core.pipeline.names import Names
from tests.artifacts.test_pipelines import a_pipeline, rendered

PIPELINE = "pipeline-tools.json"
FOUNDATION = "foundation.json"
Key = str | int
Edit = Callable[[Any, Key], None]


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One fault.

    Attributes:
        seed: What is wrong.
        caught: The rule that must notice.
        path: Where: a resource, and keys below it; a list is searched for a Name.
        edit: What happens there.
        file: In which stack.
        also: Rules that the same slip breaks as well.
    """

    seed: str
    caught: str
    path: tuple[Key, ...]
    edit: Edit
    file: str = PIPELINE
    also: frozenset[str] = field(default_factory=frozenset)

    def files(self) -> dict[str, Any]:
        """Return the stacks with the fault; those that it is not in are the rendered ones."""
        files = dict(stacks())
        document = copy.deepcopy(files[self.file])
        *way, last = self.path
        found = document["Resources"]
        for key in way:
            found = found[index(found, key)]
        self.edit(found, index(found, last))
        return {**files, self.file: document}


@cache
def stacks() -> Mapping[str, Any]:
    """Return the stacks without a fault."""
    return rendered()


TOPOLOGY = a_pipeline()
NAMES = Names(TOPOLOGY, "tools")


def index(found: Any, key: Key) -> Any:
    """Return where something with a name is in a list; any other key as it is."""
    if isinstance(found, list) and isinstance(key, str):
        return next(n for n, each in enumerate(found) if each["Name"] == key)
    return key


def put(value: object) -> Edit:
    """Set something."""

    def edit(found: Any, key: Key) -> None:
        found[key] = value

    return edit


def text(old: str, new: str) -> Edit:
    """Replace the first of a text, which must be there."""

    def edit(found: Any, key: Key) -> None:
        assert old in found[key], (old, found[key])
        found[key] = found[key].replace(old, new, 1)

    return edit


def drop(found: Any, key: Key) -> None:
    """Leave something out."""
    del found[key]


def add(value: object) -> Edit:
    """Append to a list, or merge into an object."""

    def edit(found: Any, key: Key) -> None:
        if isinstance(value, dict) and isinstance(found[key], dict):
            found[key].update(value)
        else:
            found[key].append(value)

    return edit


def repeat(count: int, **changes: object) -> Edit:
    """Append the first of a list so many times, each with changes; ``{}`` in a text is a number."""

    def edit(found: Any, key: Key) -> None:
        first = found[key][0]
        for number in range(count):
            more = {name: str(value).format(number) for name, value in changes.items()}
            found[key].append({**copy.deepcopy(first), **more})

    return edit


def swap(first: int, second: int) -> Edit:
    """Exchange two of a list."""

    def edit(found: Any, key: Key) -> None:
        listed = found[key]
        listed[first], listed[second] = listed[second], listed[first]

    return edit


def of(*path: Key) -> tuple[Key, ...]:
    """Return a path into the properties of a resource."""
    return (path[0], "Properties", *path[1:])


def stage(name: str, *path: Key) -> tuple[Key, ...]:
    """Return a path into a stage."""
    return of("Pipeline", "Stages", name, *path)


def action(name: str, *path: Key) -> tuple[Key, ...]:
    """Return a path into the first action of a stage."""
    return stage(name, "Actions", 0, *path)


def environment(name: str) -> tuple[Key, ...]:
    """Return the path of what an action passes to its build."""
    return action(name, "Configuration", "EnvironmentVariables")


def buildspec(build: str) -> tuple[Key, ...]:
    """Return the path of the buildspec of a project."""
    return of(f"{build}Project", "Source", "BuildSpec")


def entry(name: str, *path: Key) -> tuple[Key, ...]:
    """Return a path into the condition before a stage."""
    return stage(name, "BeforeEntry", "Conditions", 0, *path)


def some(*faults: tuple[Any, ...], file: str = PIPELINE) -> Iterator[Fault]:
    """Return faults from rows of a rule, a seed, a path, an edit and the rules broken besides."""
    for caught, seed, path, edit, *also in faults:
        yield Fault(
            seed=seed, caught=caught, path=path, edit=edit, file=file, also=frozenset(also)
        )  # fmt: skip
