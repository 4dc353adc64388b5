"""What people said of plans, as the ledger keeps it: ``MODEL/approvals/DIGEST/AUTHOR.json``.

The author is in the object's name, spelt as IAM's policy variables spell who calls: a session's
``aws:userid``, which ends in the session's name, and a user's ``aws:userid`` with a colon and the
``aws:username``. So the policy of a bucket can let everybody write under their own name alone, and
what an object says of its author is held against the name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

from promote.arn import parse_arn
from promote.core.codec import CodecError, canonical, from_json, to_json
from promote.core.gates.approval import Review, approval, person
from promote.core.gates.result import GateResult
from promote.core.plan import Plan, Request
from promote.core.planfile import digest

_AUTHOR = re.compile(r"(?:A[A-Z0-9]{3,127}|\d{12})(?::[\w+=,.@\-]{1,64})?", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{64}")
_DEPTH = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """One object: what somebody said, and enough of the plan to know which one is meant."""

    review: Review
    request: Request
    """What the plan was asked for, and by whom."""
    people: int
    """How many approvals were asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where the approval of one plan stands."""

    digest: str
    request: Request
    gate: GateResult
    """As it would be judged now."""
    reviews: tuple[Review, ...]
    """Oldest first."""


class ForeignReviewError(ValueError):
    """An object says what its name does not bear out, or nothing that is known."""


def author(arn: str, user_id: str) -> str:
    """Return what a caller's objects are called.

    Args:
        arn: The caller's, as STS says it.
        user_id: The caller's ``aws:userid``, as STS says it.
    """
    parsed = parse_arn(arn)
    is_user = parsed.service == "iam" and parsed.resource.startswith("user/")
    return f"{user_id}:{parsed.name}" if is_user else user_id


def folder(model: str, plan: str = "") -> str:
    """Return what the names of all reviews of a model, or of one plan by its digest, begin with."""
    return f"{model}/approvals/{plan}/" if plan else f"{model}/approvals/"


def key(model: str, plan: str, by: str) -> str:
    """Return the name of the object of an author about a plan, by its digest."""
    return f"{folder(model, plan)}{by}.json"


def is_review(name: str) -> bool:
    """Say whether an object's name is that of a review; nothing else below the folder counts."""
    parts = name.split("/")
    if len(parts) != _DEPTH or not parts[-1].endswith(".json"):
        return False
    return bool(_DIGEST.fullmatch(parts[2]) and _AUTHOR.fullmatch(parts[3].removesuffix(".json")))


def encode(reviewed: Reviewed) -> bytes:
    """Write an object."""
    return canonical(to_json(reviewed))


def decode(name: str, content: bytes) -> Reviewed | None:
    """Read an object; None when it is torn, so that its author never learnt that it was written.

    Raises:
        ForeignReviewError: See there.
    """
    try:
        data = json.loads(content)
    except ValueError:
        return None
    try:
        found: Reviewed = from_json(Reviewed, data, name, lenient=True)
    except CodecError as error:
        raise ForeignReviewError(str(error)) from error
    _, _, plan, file = name.split("/")
    if found.review.digest != plan:
        msg = f"it is about the plan {found.review.digest}, and lies among the reviews of another"
        raise ForeignReviewError(msg)
    if not _bears_out(file.removesuffix(".json"), found.review.by):
        msg = f"it says that it is of {found.review.by}, which is not whom it is named after"
        raise ForeignReviewError(msg)
    return found


def _bears_out(name: str, arn: str) -> bool:
    """Say whether an author's name can be that of a caller; of one who is nobody, any can."""
    if person(arn) is None:
        return True
    unique, _, own = name.partition(":")
    kind = "AIDA" if parse_arn(arn).service == "iam" else "AROA"
    return unique.startswith(kind) and own == parse_arn(arn).name


def standing(plan: Plan, people: int, reviews: Iterable[Review]) -> Standing:
    """Say where the approval of a plan stands."""
    return _standing(digest(plan), plan.request, people, reviews)


def standings(found: Iterable[Reviewed]) -> tuple[Standing, ...]:
    """Say where every plan stands of which anything was said, what was said last at the end."""
    plans: dict[str, list[Reviewed]] = {}
    for each in sorted(found, key=lambda one: one.review.at):
        plans.setdefault(each.review.digest, []).append(each)
    newest = sorted(plans.items(), key=lambda item: item[1][-1].review.at)
    return tuple(
        _standing(plan, said[-1].request, said[-1].people, [one.review for one in said])
        for plan, said in newest
    )


def _standing(plan: str, request: Request, people: int, reviews: Iterable[Review]) -> Standing:
    said = tuple(sorted((r for r in reviews if r.digest == plan), key=lambda one: one.at))
    gate = approval(people, plan, said, (request.requested_by,))
    return Standing(digest=plan, request=request, gate=gate, reviews=said)
