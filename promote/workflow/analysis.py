"""Ask Access Analyzer about documents, and hold that it agrees with our proof."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from promote.core.analysis import COMPARABLE, Analysis, Answer, Answers, Subject, judge
from promote.core.grants import DETECT
from promote.ports import PolicyAnalyzer
from promote.workflow.side_by_side import side_by_side

_MOST = 100  # resources of one CheckAccessNotGranted


def ask(analyzer: PolicyAnalyzer, subjects: Sequence[Subject]) -> Analysis:
    """Ask about every document; what cannot be asked ends with the error of the attempt.

    Raises:
        ProofError: It finds something against one of them.
        AccessError: It may not be asked, or there are no credentials.
        TryAgainError: It cannot be reached.
    """

    def about(subject: Subject) -> int:
        answers = Answers(
            remarks=analyzer.validate(subject.document, kind=subject.kind),
            checks=dict(_checks(analyzer, subject)),
        )
        judge(subject, answers)
        return len(answers.checks)

    counts = side_by_side(about, subjects)
    return Analysis(documents=len(counts), checks=sum(counts))


def _checks(analyzer: PolicyAnalyzer, subject: Subject) -> Iterator[tuple[str, Answer]]:
    kind, ours, planned = subject.kind, subject.document, subject.planned
    if kind not in COMPARABLE:
        return
    yield (
        "CheckNoNewAccess, the document beside the plan (more than planned)",
        analyzer.no_new_access(ours, reference=planned, kind=kind),
    )
    yield (
        "CheckNoNewAccess, the plan beside the document (less than planned)",
        analyzer.no_new_access(planned, reference=ours, kind=kind),
    )
    for first in range(0, len(subject.denied), _MOST):
        some = subject.denied[first : first + _MOST]
        answer = analyzer.not_granted(ours, action=DETECT, resources=some, kind=kind)
        yield f"CheckAccessNotGranted, {DETECT} on {', '.join(some)}", answer
