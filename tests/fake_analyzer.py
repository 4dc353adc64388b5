"""An Access Analyzer that answers what a test tells it, and remembers what it was asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from promote.core.analysis import Answer, Remark
from promote.core.observation import Json
from promote.errors import PromoteError
from promote.iam.document import Kind

PASS = Answer(passed=True)


@dataclass(slots=True)
class FakeAnalyzer:
    """Finds nothing and passes everything, unless told otherwise."""

    remarks: tuple[Remark, ...] = ()
    wider: Answer = PASS
    """The answers of CheckNoNewAccess, in any direction."""
    granted: Answer = PASS
    """The answers of CheckAccessNotGranted."""
    error: PromoteError | None = None
    """Raised by every call."""
    asked: list[tuple[object, ...]] = field(default_factory=list)
    """Every question, in order."""

    def validate(self, document: Json, *, kind: Kind) -> tuple[Remark, ...]:
        self._ask("validate", document, kind)
        return self.remarks

    def no_new_access(self, document: Json, *, reference: Json, kind: Kind) -> Answer:
        self._ask("no_new_access", document, reference, kind)
        return self.wider

    def not_granted(
        self, document: Json, *, action: str, resources: Sequence[str], kind: Kind
    ) -> Answer:
        self._ask("not_granted", document, action, tuple(resources), kind)
        return self.granted

    def _ask(self, *question: object) -> None:
        if self.error is not None:
            raise self.error
        self.asked.append(question)
