"""The gate `approval`: people who did not ask for a plan have said yes to exactly that plan.

A *person* is an IAM user, by the ARN without its path, or whoever signed in through IAM Identity
Center, by the name of the session of an ``AWSReservedSSO_`` role: the service sets it to the user's
name in every account and under every permission set, so that a second role makes no second person.
Everybody else (a role of a pipeline, the root user, a federated one) is nobody in particular. As
far as anyone can tell they are the person who asked, so that their approval counts for nothing.

A pipeline that asks is nobody either, so that everybody who approves is another person than it. Who
started the pipeline is therefore one of those who asked, and the caller must name them all.

A rejection always counts, whoever it is from: it takes nothing away but a promotion. It holds until
its author approves the plan after all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from promote.arn import is_account_id, parse_arn
from promote.core.gates import wording
from promote.core.gates.result import GateResult, Moment, Verdict

# The permission set's name, cut where it is long, and sixteen digits that the service adds
# ("IAM roles created by IAM Identity Center").
_SIGNED_IN = re.compile(
    r"assumed-role/AWSReservedSSO_[\w+=,.@\-]+_[0-9a-f]{16}/([\w+=,.@\-]+)", re.ASCII
)
_REQUIRED = re.compile(r"approved by (\d+) (?:person|people) who did not ask for it", re.ASCII)
_USER = re.compile(r"user/(?:[!-~]*/)?[\w+=,.@\-]+", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What somebody said of one plan."""

    at: datetime
    by: str
    """The ARN of the caller, as IAM proved it."""
    digest: str
    """The digest of the plan."""
    approved: bool
    """False is a rejection."""
    reason: str | None = None
    source: str | None = None
    """Where it was said, if not in the ledger: the action of a pipeline, and in which execution."""


def person(arn: str) -> str | None:
    """Return who a caller is, the same for the same person in every role; None when unknown.

    The names of an account's users are unique whatever their paths, which can be changed ("IAM
    identifiers"), and which nothing proves of who wrote a review. The names of Identity Center
    differ in more than case (they are user names or e-mail addresses), so two that only differ in
    case are the same person.
    """
    try:
        parsed = parse_arn(arn)
    except ValueError:
        return None
    if not is_account_id(parsed.account):
        return None
    if parsed.service == "iam" and _USER.fullmatch(parsed.resource):
        return f"arn:{parsed.partition}:iam::{parsed.account}:user/{parsed.name}"
    session = _SIGNED_IN.fullmatch(parsed.resource) if parsed.service == "sts" else None
    return session[1].casefold() if session else None


def approval(
    people: int,
    digest: str,
    reviews: Iterable[Review],
    requesters: Sequence[str],
    remarks: Iterable[str] = (),
) -> GateResult:
    """Judge whether enough people approved a plan that they did not ask for.

    Args:
        people: How many.
        digest: The plan's.
        reviews: What was said of this and of other plans.
        requesters: The ARNs of everybody who asked for it: the caller who made the plan, and, when
            that was a pipeline, who started it.
        remarks: What was said and does not count, each as a part of a sentence.
    """
    last = _last_words(review for review in reviews if review.digest == digest)
    asked = {person(arn) for arn in requesters}
    rejected = [each for each in last if not each.approved]
    approved = [each for each in last if each.approved]
    others = {name for each in approved if (name := person(each.by)) and name not in asked}
    counting = others if requesters else set()
    verdict = Verdict.PASS if len(counting) >= people else Verdict.FAIL
    if not requesters:
        verdict = Verdict.INCONCLUSIVE
    said = [f"rejected by {each.by} at {wording.moment(each.at)}{_why(each)}" for each in rejected]
    if counting:
        said.append(f"approved by {', '.join(sorted(counting))}{_where(approved, counting)}")
    if not requesters:
        said.append("who asked for it is not known, so nobody's approval counts")
    said += [_discounted(each) for each in approved if person(each.by) not in others]
    said += remarks
    return GateResult(
        gate="approval",
        moment=Moment.MOMENT,
        verdict=Verdict.FAIL if rejected else verdict,
        measured=f"{len(counting)} of {people}; {'; '.join(said) or 'nobody has approved it'}",
        required=f"approved by {_people(people)} who did not ask for it",
    )


def people_in(gate: GateResult) -> int | None:
    """Return how many people a judgement of this gate asked for; None if it is of another kind."""
    found = _REQUIRED.fullmatch(gate.required)
    return None if found is None else int(found[1])


def _last_words(reviews: Iterable[Review]) -> list[Review]:
    """Return what each author said last; said at one moment, a rejection is said last."""
    last: dict[str, Review] = {}
    for review in sorted(reviews, key=lambda each: (each.at, not each.approved)):
        author = person(review.by) or review.by
        last.pop(author, None)
        last[author] = review
    return list(last.values())


def _discounted(review: Review) -> str:
    who = person(review.by)
    if who is None:
        return (
            f"the approval of {review.by} does not count: neither an IAM user nor signed in "
            "through Identity Center, so it may be who asked"
        )
    return f"the approval of {who} does not count: asked for it"


def _where(approved: list[Review], counting: set[str]) -> str:
    elsewhere = [each.source for each in approved if each.source and person(each.by) in counting]
    return f" ({', '.join(dict.fromkeys(elsewhere))})" if elsewhere else ""


def _why(review: Review) -> str:
    return f" ({review.reason})" if review.reason else ""


def _people(count: int) -> str:
    return "1 person" if count == 1 else f"{count} people"
