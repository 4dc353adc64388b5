"""What a rule of rendered pipelines is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from promote.iam.lint import Finding, Severity
from promote.pipeline.lint.view import Bundle, Node

_SHOWN = 160


@dataclass(frozen=True, slots=True)
class Hit:
    """A place where a rule finds its defect, and the values that its message names."""

    file: str
    place: str
    said: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule.

    Attributes:
        id: ``PL`` and a number, which stays; its first digit is the topic.
        severity: How bad its findings are.
        holds: What is so in every pipeline that keeps the rule.
        source: Where AWS says so, or what happened to those who did otherwise.
        message: What is wrong; values are named in braces.
        remedy: What to do about it; the same.
        check: Finds the places.
    """

    id: str
    severity: Severity = Severity.ERROR
    holds: str
    source: str
    message: str
    remedy: str
    check: Callable[[Bundle], Iterable[Hit]]

    def findings(self, bundle: Bundle) -> Iterator[Finding]:
        """Yield what the rule finds."""
        for hit in self.check(bundle):
            message, remedy = self.message.format(**hit.said), self.remedy.format(**hit.said)
            yield Finding(self.id, self.severity, hit.place, message, remedy, hit.file)


def hit(node: Node, **said: object) -> Hit:
    """Return a hit at a value; a long text is shown in part."""
    return Hit(node.file, node.place, {name: _shown(str(text)) for name, text in said.items()})


def _shown(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
