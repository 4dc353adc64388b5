"""An execution of a pipeline: who started it, and what people said in it of a plan.

CodePipeline, not the promoter, says who started it and who approved: it asks IAM who calls. An
approval counts when the text that was approved shows the digest of the plan, and no other digest:
who approved has seen it. Whoever may change the pipeline's definition may change that text, and
whoever may start builds or has the promoter's credentials needs no approval: they are trusted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from promote.arn import parse_arn
from promote.core.gates.approval import Review
from promote.core.plan import Request

_DIGEST = re.compile(r"(?<![0-9A-Za-z])[0-9a-f]{64}(?![0-9A-Za-z])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """One execution, as CodePipeline tells it."""

    pipeline: str
    """The ARN of the pipeline."""
    id: str
    trigger: str
    """What kind of thing started it, as CodePipeline spells it."""
    started_by: str | None
    """The ARN of who or what did; None when it is not known."""
    rollback: bool = False
    """Whether it rolls a stage back: it has the plan and the variables of an earlier execution."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What came of one manual approval action."""

    stage: str
    action: str
    at: datetime
    """In UTC."""
    by: str | None
    """The ARN of who decided; None when CodePipeline does not say."""
    approved: bool
    """False is a rejection, or that nobody decided in time."""
    text: str
    """What was shown, with every variable in its place."""
    summary: str | None = None
    """What who decided wrote."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What a promotion took from the execution that it is a part of: kept in its record."""

    pipeline: str
    """The ARN of the pipeline."""
    started_by: str | None
    """The ARN of who or what started the execution; None when it is not known."""
    reviews: tuple[Review, ...] = ()
    """What people said in it of the plan."""


def requesters_in(request: Request, heard: Heard | None) -> tuple[str, ...]:
    """Return the ARNs of everybody who asked: who made the plan, and who started the execution.

    None at all when an execution does not say who started it, so that nobody's approval counts.
    """
    if heard is None:
        return (request.requested_by,)
    if heard.started_by is None:
        return ()
    return tuple(dict.fromkeys((request.requested_by, heard.started_by)))


def heard_in(execution: Execution, responses: Iterable[Response], digest: str) -> Heard:
    """Return what an execution says of a plan, by the plan's digest."""
    reviews = (
        Review(
            at=each.at,
            by=each.by,
            digest=digest,
            approved=each.approved,
            reason=each.summary,
            source=f"{execution.pipeline}/{each.stage}/{each.action} in execution {execution.id}",
        )
        for each in responses
        if each.by is not None and _why_not(each, digest) is None
    )
    return Heard(
        pipeline=execution.pipeline, started_by=execution.started_by, reviews=tuple(reviews)
    )


def unheard_in(responses: Sequence[Response], digest: str) -> Iterator[str]:
    """Yield every response that does not count, and why."""
    for each in responses:
        why = _why_not(each, digest)
        if why is not None:
            what = "approval" if each.approved else "rejection"
            by = f" of {each.by}" if each.by else ""
            yield f"the {what}{by} in {each.stage}/{each.action} does not count: {why}"


def _why_not(response: Response, digest: str) -> str | None:
    """Say why a response says nothing of a plan; a rejection may be of a text without a digest."""
    shown = set(_DIGEST.findall(response.text))
    if response.by is None or not _is_caller(response.by):
        return "CodePipeline does not say who decided"
    if shown == {digest} or (not response.approved and (digest in shown or not shown)):
        return None
    if not shown:
        return "its text shows no digest of a plan, so nobody can tell what was approved"
    if digest in shown:
        return "its text shows several digests, so nobody can tell which plan was approved"
    return "its text shows the digest of another plan"


def _is_caller(arn: str) -> bool:
    try:
        return parse_arn(arn).service in {"iam", "sts"}
    except ValueError:
        return False
