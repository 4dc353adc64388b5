"""What people said of plans, as the ledger keeps it: ``approvals/DIGEST/ACCOUNT/AUTHOR.review``.

Account and author are spelt as IAM's policy variables spell who calls: ``aws:PrincipalAccount``; of
a session its ``aws:userid``, which ends in the session's name; of a user the ``aws:userid``, a
colon and the ``aws:username``. So the policy of a bucket can let everybody write under their own
name alone (``policies/ledger.json.j2``), and an object is read only if it says that it is of whom
its name says.

Where the ledger is in S3 under that policy, IAM proves: every object that is read was last written,
and none was deleted or written over, but with the credentials of that very user of that account, or
of a session of that name of a role that Identity Center made there. It proves neither the path in a
user's ARN nor the permission set of a session; `promote.core.gates.approval.person` looks at
neither. It does not bind who may change the bucket itself (its policy, its lifecycle rules, its
account's root user), and it knows nothing of who may make users or their keys, or manage Identity
Center, for the accounts that may write: they are trusted to say who is who. Beside its author a
review says what its author says, the time for one. In a directory, or in a bucket without that
policy, whoever may write there could have written all of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

from promote.arn import Arn, is_account_id, parse_arn
from promote.core.asked import requesters
from promote.core.codec import CodecError, canonical, digest_besides, from_json, to_json
from promote.core.gates.approval import Review, approval
from promote.core.gates.result import GateResult
from promote.core.plan import Plan, Request
from promote.core.planfile import digest

_AUTHOR = re.compile(r"(?:A[A-Z0-9]{3,127}|\d{12})(?::[\w+=,.@\-]{1,64})?", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{64}")
_DEPTH = 5
_SUFFIX = ".review"

ALL = "*/approvals/*"
"""Pattern of the names of whatever lies among the reviews of any model."""
OWN_OF_USER = f"{ALL}/${{aws:PrincipalAccount}}/${{aws:userid}}:${{aws:username}}{_SUFFIX}"
"""Pattern of the names of the reviews of an IAM user who calls: as `author` spells them."""
OWN_OF_SESSION = f"{ALL}/${{aws:PrincipalAccount}}/${{aws:userid}}{_SUFFIX}"
"""The same of a session of a role."""
OTHERS = "*.json"
"""Pattern of the names of all other objects of a ledger; no review is called so."""


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
    """Return what a caller's objects are called, after the caller's account.

    Args:
        arn: The caller's, as STS says it.
        user_id: The caller's ``aws:userid``, as STS says it.
    """
    parsed = parse_arn(arn)
    own = f"{user_id}:{parsed.name}" if _is_user(parsed) else user_id
    return f"{parsed.account}/{own}"


def _is_user(arn: Arn) -> bool:
    return arn.service == "iam" and arn.resource.startswith("user/")


def folder(model: str, plan: str = "") -> str:
    """Return what the names of all reviews of a model, or of one plan by its digest, begin with."""
    return f"{model}/approvals/{plan}/" if plan else f"{model}/approvals/"


def key(model: str, plan: str, by: str) -> str:
    """Return the name of the object of an author about a plan, by its digest."""
    return f"{folder(model, plan)}{by}{_SUFFIX}"


def is_review(name: str) -> bool:
    """Say whether an object's name is that of a review; nothing else below the folder counts."""
    parts = name.split("/")
    if len(parts) != _DEPTH or not name.endswith(_SUFFIX):
        return False
    _, _, plan, account, file = parts
    by = _AUTHOR.fullmatch(file.removesuffix(_SUFFIX))
    return bool(_DIGEST.fullmatch(plan) and is_account_id(account) and by)


def encode(reviewed: Reviewed) -> bytes:
    """Write an object, with the digest of what it says."""
    body = to_json(reviewed)
    assert isinstance(body, dict)  # noqa: S101 (a dataclass is an object)
    return canonical({**body, "own": digest_besides("own", body)})


def decode(name: str, content: bytes) -> Reviewed | None:
    """Read an object; None when it is torn, so that its author never learnt that it was written.

    Raises:
        ForeignReviewError: See there.
    """
    try:
        data = json.loads(content)
    except ValueError:
        return None
    if isinstance(data, dict) and "own" in data:  # those of an older version have none
        if data["own"] != digest_besides("own", data):
            msg = "it was changed since its author wrote it, for it is not what its digest says"
            raise ForeignReviewError(msg)
        del data["own"]
    try:
        found: Reviewed = from_json(Reviewed, data, name, lenient=True)
    except CodecError as error:
        raise ForeignReviewError(str(error)) from error
    _, _, plan, account, file = name.split("/")
    if found.review.digest != plan:
        msg = f"it is about the plan {found.review.digest}, and lies among the reviews of another"
        raise ForeignReviewError(msg)
    if found.review.source is not None:
        msg = f"it says that it was said elsewhere, in {found.review.source}"
        raise ForeignReviewError(msg)
    if not _bears_out(account, file.removesuffix(_SUFFIX), found.review.by):
        msg = f"it says that it is of {found.review.by}, which is not whom it is named after"
        raise ForeignReviewError(msg)
    return found


def _bears_out(account: str, own: str, arn: str) -> bool:
    """Say whether objects of this name can be those of a caller."""
    try:
        parsed = parse_arn(arn)
    except ValueError:
        return False
    unique, _, name = own.partition(":")
    if parsed.account != account:
        return False
    if _is_user(parsed):
        return unique.startswith("AIDA") and name == parsed.name
    if parsed.resource.startswith("assumed-role/"):
        return unique.startswith("AROA") and name == parsed.name
    # The root user, who has no name, or a federated one.
    return unique == account and name in {parsed.name, ""}


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
    gate = approval(people, plan, said, requesters(request))
    return Standing(digest=plan, request=request, gate=gate, reviews=said)
