"""How gates write what they measured: short, with units, and never rounded into a lie."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

_DIGITS = 3
_MOST_DIGITS = 17


def score(value: float, required: float | None = None) -> str:
    """Write a share from 0 to 1: ``0.871``.

    With more digits where three would hide on which side of `required` it lies: 0.7999 is never
    shown as 0.800 beside a required 0.8.
    """
    digits = _DIGITS
    if required is not None:
        while digits < _MOST_DIGITS and not _tells(value, required, digits):
            digits += 1
    return f"{value:.{digits}f}"


def points(share: float) -> str:
    """Write a difference of two shares in percentage points, rounded away from zero: ``9.5``."""
    tenths = math.ceil(round(abs(share) * 1000, 9))
    return f"{math.copysign(tenths, share) / 10:.1f}" if tenths else "0.0"


def span(length: timedelta) -> str:
    """Write a length of time in its two largest units, rounded down: ``3h 12m``, ``2d``, ``45s``.

    A length below zero is none: ``0s``.
    """
    rest = max(0, int(length.total_seconds()))
    parts = []
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        count, rest = divmod(rest, size)
        parts.append((count, unit))
    while len(parts) > 1 and not parts[0][0]:
        parts.pop(0)
    return " ".join(f"{count}{unit}" for count, unit in parts[:2] if count) or "0s"


def moment(at: datetime) -> str:
    """Write an instant in UTC: ``2026-03-02 14:00 UTC``."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def counted(count: int, what: str) -> str:
    """Write a count and what is counted: ``1 image``, ``2 images``."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def quoted(names: Iterable[str]) -> str:
    """List names in quotes, so that a space at an end is seen: ``'hammer', 'saw '``."""
    return ", ".join(repr(name) for name in names)


def _tells(value: float, required: float, digits: int) -> bool:
    shown = float(f"{value:.{digits}f}")
    return (shown < required) == (value < required)
