"""Read the README's blocks and tables, and compare what it shows with what there is.

``python -m tests.artifacts.readme`` writes the tables again that are made from the product.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from promote.cli.grammar import LazyGroup
from promote.cli.help import EXIT_CODES
from promote.cli.root import cli
from promote.config.keys import ROOT as KEYS
from promote.config.kinds import Choice
from promote.config.shapes import Either, Listed, Named, Section, Shape
from tests.artifacts.permissions import markdown

README = Path(__file__).resolve().parents[2] / "README.md"
_BLOCK = re.compile(
    r"(?:^<!-- (?P<note>[^\n]*) -->\n)?^```(?P<language>\w+)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_ANY_LINES = "…"


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block, with what the comment right above it says."""

    language: str
    note: str
    text: str


def blocks() -> list[Block]:
    """List every block of the README."""
    found = _BLOCK.finditer(README.read_text("utf-8"))
    return [Block(each["language"], each["note"] or "", each["text"]) for each in found]


def commands(block: Block) -> list[tuple[str, str]]:
    """Split a console block into each command and the output below it."""
    parts = re.split(r"^\$ ", block.text, flags=re.MULTILINE)
    assert not parts[0].strip(), f"output without a command: {parts[0]}"
    found = [re.fullmatch(r"((?:[^\n]*\\\n)*[^\n]*)\n?(.*)", part, re.DOTALL) for part in parts[1:]]
    return [(each[1], each[2]) for each in found if each]


def difference(shown: str, said: str) -> str | None:
    """Say which lines of `shown` are not in `said` where they should be; None when all are.

    ``…`` in a line stands for any text, and alone in a line for any number of lines.
    """
    rest = [line.rstrip() for line in said.strip("\n").splitlines()]
    pieces = [piece.splitlines() for piece in re.split(r"^\s*…$\n?", shown, flags=re.MULTILINE)]
    last = len(pieces) - 1
    for number, piece in enumerate(pieces):
        patterns = [re.escape(line.rstrip()).replace(_ANY_LINES, ".*") for line in piece]
        places = range(len(rest) - len(patterns) + 1)
        if number == last:
            places = places[-1:]
        if number == 0:
            places = range(1) if last or len(rest) == len(patterns) else range(0)
        at = next((place for place in places if _fits(patterns, rest[place:])), None)
        if at is None:
            return "\n".join([*piece, "--- is not what follows here:", *rest])
        rest = rest[at + len(patterns) :]
    return None


def _fits(patterns: list[str], lines: list[str]) -> bool:
    pairs = zip(patterns, lines, strict=False)
    return len(lines) >= len(patterns) and all(re.fullmatch(p, line) for p, line in pairs)


def table(name: str) -> str:
    """Return the table between the README's marks of this name."""
    text = README.read_text("utf-8")
    return text.partition(f"<!-- {name} -->\n")[2].partition(f"<!-- /{name} -->")[0]


def tables() -> dict[str, str]:
    """Make the tables that are the product's own."""
    return {
        "permissions": markdown(),
        "commands": _rows("command", "does", _commands(cli)),
        "exit codes": _rows("code", "means", [(str(c), text) for c, text in EXIT_CODES.items()]),
        "later": _rows("key", "comes with", dict(_later(KEYS)).items()),
    }


def configuration_keys(shape: Shape = KEYS, path: str = "") -> Iterator[str]:
    """Yield every key that promote.yaml takes today, by its path; names are written ``*``."""
    match shape:
        case Section():
            for key in shape.keys:
                if key.shape is not None:
                    yield f"{path}{key.name}"
                    yield from configuration_keys(key.shape, f"{path}{key.name}.")
        case Named():
            yield from configuration_keys(shape.section, f"{path}*.")
        case Listed() if isinstance(shape.item, Section):
            yield from configuration_keys(shape.item, path)
        case Either():
            yield from configuration_keys(shape.section, path)
        case _:
            pass


def _commands(group: LazyGroup, above: str = "") -> Iterator[tuple[str, str]]:
    context = click.Context(group)
    for name, text in (row for section in group.sections.values() for row in section.items()):
        command = group.get_command(context, name)
        if isinstance(command, LazyGroup):
            yield from _commands(command, f"{above}{name} ")
        else:
            yield f"`{above}{name}`", text


def _later(shape: Shape, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield what is refused as not supported yet, and what brings it; `defaults` tells it once."""
    match shape:
        case Section():
            for key in (key for key in shape.keys if path or key.name != "environments"):
                name = f"{path}{key.name}"
                if key.shape is None:
                    yield f"`{name}`", key.later
                else:
                    yield from _later(key.shape, f"{name}.")
        case Named():
            yield from _later(shape.section, f"{path}*.")
        case Either():
            yield from _later(shape.section, path)
        case Choice():
            for word, later in shape.later.items():
                yield f"`{path.removesuffix('.')}: {word}`", later
        case _:
            pass


def _rows(first: str, second: str, rows: object) -> str:
    assert not isinstance(rows, str)
    lines = [f"| {name} | {text} |" for name, text in rows]  # type: ignore[attr-defined]
    return "\n".join([f"| {first} | {second} |", "|---|---|", *lines]) + "\n"


def _rewrite() -> None:
    text = README.read_text("utf-8")
    for name, made in tables().items():
        head, mark, rest = text.partition(f"<!-- {name} -->\n")
        text = head + mark + made + rest[rest.index(f"<!-- /{name} -->") :]
    README.write_text(text, "utf-8")


if __name__ == "__main__":
    _rewrite()
