"""What the proofs of reliability tried, as lines for the terminal and as the README's table."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

ROWS = {
    "killed": "`promote` itself is killed with SIGKILL, over HTTP, while applications call",
    "crash": "The process ends before or after any call, then the same command runs again",
    "rivals": "Two promoters, the second let through at every call of the first",
    "faults": "A call is throttled, denied, too late, or its answer is lost",
    "random operations": "People promote, abort, resume, edit by hand and are killed, at random",
    "mutants of the product": "The product's own order and checks are broken on purpose",
    "model of the order": "A model of the order, searched state by state, and its rules broken",
}
"""What each kind of proof tries, in the order of the table."""

_BLOCK = re.compile(r"(?<=<!-- made by make proof -->\n\n).*?(?=\n\n<!-- end -->)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What came of one proof."""

    name: str
    """Its kind and, after a colon, the scenario."""
    counts: Mapping[str, int]
    """How much of what was tried."""
    seconds: float
    wrong: tuple[str, ...]

    @property
    def kind(self) -> str:
        """What it proves, without the scenario."""
        return self.name.partition(":")[0]

    def __str__(self) -> str:
        """Say what came of it, in one line."""
        verdict = f"{len(self.wrong)} WRONG" if self.wrong else "holds"
        return f"{self.name:<36} {verdict:<9} {self.seconds:6.1f} s  {_counted(self.counts)}"


def table(proofs: Iterable[Proof]) -> str:
    """Add the counts of each kind up, as a Markdown table."""
    found = tuple(proofs)
    lines = ["| what happens | tried | wrong |", "|---|---|---|"]
    for kind, words in ROWS.items():
        counts, wrong = Counter[str](), 0
        for proof in found:
            if proof.kind == kind:
                counts.update(proof.counts)
                wrong += len(proof.wrong)
        lines.append(f"| {words} | {_counted(counts)} | {wrong} |")
    return "\n".join(lines)


def written(text: str, proofs: Iterable[Proof]) -> str:
    """Return the README with the table of these proofs."""
    return _BLOCK.sub(table(proofs), text)


def shown(text: str) -> str:
    """Return the table that a README shows."""
    found = _BLOCK.search(text)
    return found.group() if found else ""


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {what}" for what, count in counts.items())
