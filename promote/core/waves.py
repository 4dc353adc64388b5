"""Waves: which target accounts switch side by side, and which after them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

_WHOLE = 100  # per cent


@dataclass(frozen=True, slots=True)
class WaveSize:
    """How many accounts have switched once a wave has, those of earlier waves among them."""

    number: int
    """Accounts, at least 1; or per cent, 1 to 100."""
    is_percentage: bool = False

    def of(self, total: int) -> int:
        """Return how many of `total` accounts that is; a percentage rounds up."""
        count = -(-total * self.number // 100) if self.is_percentage else self.number
        return min(total, count)

    def __str__(self) -> str:
        """Write it as promote.yaml does."""
        return f"{self.number}%" if self.is_percentage else f"{self.number}"


def split(accounts: Sequence[str], sizes: Iterable[WaveSize]) -> tuple[tuple[str, ...], ...]:
    """Split accounts, in their order, into waves.

    Args:
        accounts: The accounts.
        sizes: The cumulative sizes; what the last of them leaves out is a wave of its own, so that
            none is forgotten. None at all is one wave.

    Returns:
        The waves, none of them empty.
    """
    waves, done = [], 0
    for count in (*(size.of(len(accounts)) for size in sizes), len(accounts)):
        if count > done:
            waves.append(tuple(accounts[done:count]))
            done = count
    return tuple(waves)


def most(sizes: Collection[WaveSize]) -> int:
    """Return into how many waves these sizes split at most, however many accounts there are."""
    last = tuple(sizes)[-1:]
    everybody = any(size.is_percentage and size.number == _WHOLE for size in last)
    return len(sizes) if everybody else len(sizes) + 1


def wave_numbers(accounts: Sequence[str], sizes: Iterable[WaveSize]) -> dict[str, int]:
    """Return the number of each account's wave, from 1."""
    waves = enumerate(split(accounts, sizes), start=1)
    return {account: number for number, wave in waves for account in wave}
