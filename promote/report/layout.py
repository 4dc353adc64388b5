"""What every text view is made of: colour, tables, paragraphs, times, amounts.

Nothing that comes from outside reaches a terminal as it is: `clean` takes control characters out,
so that neither a label nor a message of a service can move the cursor or forge a line.
"""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from promote.arn import parse_arn, parse_version_arn

WIDTH = 80
_GAP = "  "
_NARROWEST = 8
_FEW = 4


class Style(Protocol):
    """Colours a text; `click.style` is one. Colour never carries meaning alone."""

    def __call__(self, text: str, /, *, fg: str | None = None, bold: bool | None = None) -> str:
        """Return the text in a colour."""
        ...


def unstyled(text: str, /, *, fg: str | None = None, bold: bool | None = None) -> str:
    """Return the text as it is."""
    del fg, bold
    return text


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table with the colour of its text."""

    text: str
    fg: str | None = None


def clean(text: str) -> str:
    """Put a text on one line, without any character that is not printed."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def table(
    header: Sequence[str],
    rows: Iterable[Sequence[str | Cell]],
    style: Style = unstyled,
    *,
    indent: int = 2,
) -> str:
    """Lay out rows under a header, at most 80 columns wide where words allow it.

    Cells that do not fit are wrapped between words, so that an ARN stays in one piece; where even
    that is too wide, each row becomes a block of lines.
    """
    cells = [[c if isinstance(c, Cell) else Cell(c) for c in row] for row in rows]
    cells = [[Cell(clean(cell.text), cell.fg) for cell in row] for row in cells]
    head = [Cell(name.upper()) for name in header]
    room = WIDTH - indent - len(_GAP) * (len(header) - 1)
    widths = _widths([head, *cells], room)
    if sum(widths) > room:
        blocks = [_record(header, row, style) for row in cells]
        return textwrap.indent("\n\n".join(blocks), " " * indent)
    blocks = [_row(row, widths, style) for row in [head, *cells]]
    return textwrap.indent("\n".join(blocks), " " * indent)


def _widths(rows: list[list[Cell]], room: int) -> list[int]:
    """Return the width of each column, taking from the widest until all fit into `room`."""
    columns = [[cell.text for cell in column] for column in zip(*rows, strict=True)]
    widths = [max(map(len, column)) for column in columns]
    least = [max(_NARROWEST, *(len(w) for t in c for w in t.split() or [""])) for c in columns]
    while sum(widths) > room:
        spare = [width - low for width, low in zip(widths, least, strict=True)]
        candidates = [index for index, each in enumerate(spare) if each > 0]
        if not candidates:
            break
        widths[max(candidates, key=lambda index: widths[index])] -= 1
    return widths


def _record(header: Sequence[str], row: list[Cell], style: Style) -> str:
    """Lay out one row on a line for each cell, for names too long to stand side by side."""
    width = max(map(len, header))
    pairs = zip(header, row, strict=True)
    lines = (f"{name:<{width}}{_GAP}{_styled(c.text, c, style)}" for name, c in pairs)
    return "\n".join(line.rstrip() for line in lines)


def _row(row: list[Cell], widths: list[int], style: Style) -> str:
    wrapped = [wrap(cell.text, width) for cell, width in zip(row, widths, strict=True)]
    lines = []
    for parts in itertools.zip_longest(*wrapped, fillvalue=""):
        padded = [part.ljust(width) for part, width in zip(parts, widths, strict=True)]
        while len(padded) > 1 and not padded[-1].strip():
            padded.pop()
        padded[-1] = padded[-1].rstrip()
        lines.append(
            _GAP.join(_styled(part, cell, style) for part, cell in zip(padded, row, strict=False))
        )
    return "\n".join(lines)


def _styled(text: str, cell: Cell, style: Style) -> str:
    return style(text, fg=cell.fg) if cell.fg and text.strip() else text


def wrap(text: str, width: int) -> list[str]:
    """Break a text between words into lines of at most `width`; at least one line."""
    lines = textwrap.wrap(text, max(width, 1), break_long_words=False, break_on_hyphens=False)
    return lines or [""]


def paragraph(text: str, *, first: str = "", indent: str = "") -> str:
    """Fill a paragraph to 80 columns; `first` begins its first line, `indent` every other."""
    return textwrap.fill(
        text,
        WIDTH,
        initial_indent=first,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def rfc3339(at: datetime) -> str:
    """Write a time in UTC, to the second: ``2026-03-02T14:00:05Z``."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment(at: datetime) -> str:
    """Write a time in UTC for people: ``2026-03-02 14:00 UTC``."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def duration(seconds: float) -> str:
    """Write a duration in its two largest units: ``1.5s``, ``45s``, ``1m 35s``, ``2d 3h``."""
    if seconds < 10:  # noqa: PLR2004 (below ten seconds a tenth still tells something)
        return f"{seconds:.1f}".removesuffix(".0") + "s"
    rest = round(seconds)
    parts = []
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        count, rest = divmod(rest, length)
        parts.append((count, unit))
    while not parts[0][0]:
        parts.pop(0)
    return " ".join(f"{count}{unit}" for count, unit in parts[:2] if count)


def dollars(amount: float) -> str:
    """Write an amount of US dollars: ``$4.00``."""
    return f"${amount:,.2f}"


def short_version(text: str | None, *, beside: str = "") -> str:
    """Name a version for people: ``v1``, or ``v1 of hammers`` when `beside` is of another project.

    None is ``nothing``; what is no version's ARN stays as it is.
    """
    if text is None:
        return "nothing"
    arn, other = parse_version_arn(text), parse_version_arn(beside)
    if arn is None:
        return clean(text)
    if other is not None and (arn.account, arn.project) != (other.account, other.project):
        return f"{arn.version} of {arn.project}"
    return arn.version


def short_role(arn: str) -> str:
    """Name a role for people: the last segment of its ARN."""
    try:
        return parse_arn(arn).name
    except ValueError:
        return clean(arn)


def short_resource(text: str) -> str:
    """Name a resource pattern for people: the last part of its ARN, any other text as it is."""
    try:
        return clean(parse_arn(text).resource)
    except ValueError:
        return clean(text)


def listing(items: Sequence[str]) -> str:
    """Join items as a sentence does: ``a``, ``a and b``, ``a, b and c``."""
    *most, last = items
    return f"{', '.join(most)} and {last}" if most else last


def account_list(accounts: Sequence[str]) -> str:
    """Name accounts in a sentence: each of a few, else how many they are."""
    return listing(accounts) if len(accounts) <= _FEW else counted(len(accounts), "account")


def counted(count: int, noun: str) -> str:
    """Write a number of things: ``1 gate``, ``2 gates``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
