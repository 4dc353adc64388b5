"""What a rule is, and what it finds."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from promote.iam.elements import Json, Kind
from promote.iam.lint.view import Document

Example = tuple[Kind, Json]

_SHOWN = 160


class Severity(enum.Enum):
    """How bad a finding is.

    An error does not do what it says, or opens more than anybody means to. A warning is wider or
    more fragile than it need be. An info is worth knowing.
    """

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Finding:
    """One defect of one document.

    Attributes:
        rule: The id of the rule.
        severity: How bad it is.
        place: The element, such as ``Statement[0].Action[1]``; empty: the whole document.
        message: What is wrong, with the value.
        remedy: What to do about it.
        document: The name of the document.
    """

    rule: str
    severity: Severity
    place: str
    message: str
    remedy: str
    document: str


@dataclass(frozen=True, slots=True)
class Hit:
    """A place where a rule finds its defect, and the values that its message names."""

    place: str
    said: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule.

    Attributes:
        id: ``PR`` and a number, which stays; its first digit is the topic.
        severity: How bad its findings are.
        message: What is wrong; values are named in braces.
        remedy: What to do about it; the same.
        bad: A document in which this rule, and no other, finds something.
        good: The same document put right, in which no rule finds anything.
        check: Finds the places.
    """

    id: str
    severity: Severity
    message: str
    remedy: str
    bad: Example
    good: Example
    check: Callable[[Document], Iterable[Hit]]

    def findings(self, document: Document) -> Iterator[Finding]:
        """Yield what the rule finds in a document."""
        for hit in self.check(document):
            message, remedy = self.message.format(**hit.said), self.remedy.format(**hit.said)
            yield Finding(self.id, self.severity, hit.place, message, remedy, document.name)


def hit(place: str, **said: object) -> Hit:
    """Return a hit; a long value is shown in part."""
    return Hit(place, {name: _shown(str(value)) for name, value in said.items()})


def _shown(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
