"""One document per promotion: who, what, from where to where, why, on what evidence, and the end.

Pure, and derived from the chained records alone: nothing is in it that they do not say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from promote.core.acts import Act, acts
from promote.core.chain import Linked
from promote.core.gates.result import GateResult, Override
from promote.core.judged import GateJudged, added, carried, final
from promote.core.paused import PromotionPaused
from promote.core.plan import Plan
from promote.core.record import (
    PromotionEnded,
    PromotionStarted,
    Record,
    RollbackStarted,
    Sealed,
    TargetFailed,
    VerificationDone,
)
from promote.core.result import Left, Outcome
from promote.core.trace import PolicyDigest, StepTime
from promote.errors import NotFoundError

_HOUR = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """Who did it."""

    caller: str
    """The ARN of the credentials that it was begun with."""
    person: str | None
    """Who that is, if it is a person."""
    execution: str | None
    """The id of the pipeline execution that it was a part of."""
    requested_by: str
    """The ARN of the caller who made the plan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetDossier:
    """One target: what its pointer named before, and whether it failed."""

    account: str
    pointer: str
    role: str
    before: str | None
    failed: str | None = None
    """Why it was put back alone; None when it was not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyChange:
    """The digests of a policy when the promotion began and when it ended; None is no policy."""

    role: str
    policy: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Expense:
    """What it cost, in US dollars."""

    before: float
    """Per hour, as the plan says; so are the next two."""
    during: float
    after: float
    hours: float | None
    """From its begin to its end; None while it has not ended."""
    overlap: float | None
    """What running both versions for that long comes to at most, beside what ran before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """The document of one promotion."""

    promotion: str
    model: str
    environment: str
    version: str
    """The ARN of the version."""
    rollback: bool
    who: Who
    """Who began it, with its last plan."""
    acts: tuple[Act, ...]
    """Who began it, took it up again, turned it back and ended it, oldest first."""
    reason: str | None
    overrides: tuple[Override, ...]
    """The gates that it asked to be lifted, whatever they said."""
    targets: tuple[TargetDossier, ...]
    planned: datetime
    begun: datetime
    """In UTC, as are all times."""
    ended: datetime | None
    result: Outcome | None
    """None while it has not ended."""
    turned: RollbackStarted | None
    """When and why it turned back."""
    plan: str
    """The digest of the plan."""
    gates: tuple[GateResult, ...]
    """As they were judged in the end, most right before the first write; of older records, with the
    plan."""
    judged: tuple[GateJudged, ...]
    """Those among them that were judged on the way, with the digest of the evidence."""
    verifications: tuple[VerificationDone, ...]
    policies: tuple[PolicyChange, ...]
    steps: tuple[StepTime, ...]
    cost: Expense
    left: tuple[Left, ...]
    """What was still due at its end."""
    records: tuple[int, ...]
    """The numbers of the records that say so."""
    link: str
    """The digest of the last of them."""
    seal: Sealed | None
    """The first signature that covers its end."""


def _who(start: PromotionStarted) -> Who:
    return Who(
        caller=start.by,
        person=start.person,
        execution=start.execution,
        requested_by=start.plan.request.requested_by,
    )


def _targets(start: PromotionStarted, failed: Mapping[str, str]) -> tuple[TargetDossier, ...]:
    return tuple(
        TargetDossier(
            account=each.account,
            pointer=each.pointer,
            role=each.role,
            before=each.before,
            failed=failed.get(each.account),
        )
        for each in start.plan.targets
    )


def promotions_in(links: Sequence[Linked]) -> tuple[str, ...]:
    """Return the ids of all promotions, oldest first."""
    ids = (each.record.promotion for each in links if isinstance(each.record, PromotionStarted))
    return tuple(dict.fromkeys(ids))


def dossier(promotion: str, links: Sequence[Linked], model: str) -> Dossier:
    """Make the document of one promotion.

    Args:
        promotion: Its id, or as much of its end as names no other.
        links: All records of the model.
        model: The model's name.

    Raises:
        NotFoundError: There is no such promotion, or several.
    """
    found = _id(promotion, links, model)
    own = [each for each in links if _is_of(each.record, found)]
    records = [each.record for each in own]
    starts = [each for each in records if isinstance(each, PromotionStarted)]
    turns = [each for each in records if isinstance(each, RollbackStarted)]
    end = next((each for each in records if isinstance(each, PromotionEnded)), None)
    first, start = starts[0], starts[-1]
    request = start.plan.request
    failed = {each.account: each.reason for each in records if isinstance(each, TargetFailed)}
    judged = _judged(records)
    last = own[-1]
    return Dossier(
        promotion=found,
        model=request.model,
        environment=request.environment,
        version=request.version,
        rollback=request.rollback,
        who=_who(start),
        acts=tuple(acts(records)),
        reason=request.reason,
        overrides=request.overrides,
        targets=_targets(first, failed),
        planned=start.plan.made.at,
        begun=first.at,
        ended=None if end is None else end.at,
        result=None if end is None else end.result.result,
        turned=turns[-1] if turns else None,
        plan=[each.plan for each in own if each.plan][-1],
        gates=final(start.gates or start.plan.gates, judged),
        judged=judged,
        verifications=tuple(_verifications(links, start, own[0].number, last.number)),
        policies=tuple(_policies(first.policies, () if end is None else end.policies)),
        steps=tuple(_steps(records)),
        cost=_expense(start, first.at, end),
        left=() if end is None else end.result.left,
        records=tuple(each.number for each in own),
        link=last.link,
        seal=None if end is None else _seal(links, last.number),
    )


def _id(text: str, links: Sequence[Linked], model: str) -> str:
    known = promotions_in(links)
    found = [each for each in known if each == text] or [e for e in known if e.endswith(text)]
    if text and len(found) == 1:
        return found[0]
    several = f"{text!r} is the end of {len(found)} ids" if found else f"There is none {text!r}"
    raise NotFoundError(
        "No such promotion",
        f"{several} among the {len(known)} promotions on record of {model}.",
        f"To see them:\n    promote history {model}",
    )


def _is_of(record: Record, promotion: str) -> bool:
    return getattr(record, "promotion", None) == promotion


def _judged(records: Sequence[Record]) -> tuple[GateJudged, ...]:
    """Return how gates were judged on the way, by the last plan or one that asked for the same."""
    judged: tuple[GateJudged, ...] = ()
    plan: Plan | None = None
    for each in records:
        if isinstance(each, PromotionStarted):
            judged = carried(judged, plan, each.plan) if plan else ()
            plan = each.plan
        elif isinstance(each, GateJudged):
            judged = added(judged, each)
    return judged


def _steps(records: Sequence[Record]) -> Iterator[StepTime]:
    """Yield what was done by the runs that came where they were asked to go."""
    for each in records:
        if isinstance(each, PromotionPaused | PromotionEnded):
            yield from each.steps


def _verifications(
    links: Sequence[Linked], start: PromotionStarted, first: int, last: int
) -> Iterator[VerificationDone]:
    request = start.plan.request
    place = (request.version, request.environment)
    for each in links:
        found = each.record
        within = first < each.number < last
        if (
            isinstance(found, VerificationDone)
            and within
            and (found.version, found.environment) == place
        ):
            yield found


def _policies(
    before: Sequence[PolicyDigest], after: Sequence[PolicyDigest]
) -> Iterator[PolicyChange]:
    was = {(each.role, each.policy): each.digest for each in before}
    now = {(each.role, each.policy): each.digest for each in after}
    for role, policy in dict.fromkeys((*was, *now)):
        yield PolicyChange(
            role=role, policy=policy, before=was.get((role, policy)), after=now.get((role, policy))
        )


def _expense(start: PromotionStarted, begun: datetime, end: PromotionEnded | None) -> Expense:
    cost = start.plan.cost
    hours = None if end is None else (end.at - begun).total_seconds() / _HOUR
    return Expense(
        before=cost.before,
        during=cost.during,
        after=cost.after,
        hours=None if hours is None else round(hours, 4),
        overlap=None if hours is None else round(hours * max(cost.during - cost.before, 0.0), 4),
    )


def _seal(links: Sequence[Linked], number: int) -> Sealed | None:
    seals = (each.record for each in links if isinstance(each.record, Sealed))
    return next((seal for seal in seals if seal.number >= number), None)
