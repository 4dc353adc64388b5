"""What a template says of a role, within the quotas of IAM.

A role has its policies inline. Where a list of access roles is too long for that, as with hundreds
of accounts that have an access role each, it has managed policies instead, each with a part of the
list and each proved: what they allow together is what one document would.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from promote.arn import parse_arn
from promote.core.observation import Json
from promote.core.policies.documents import WantedDocument
from promote.errors import QuotaError
from promote.iam.document import Kind
from promote.iam.quota import QUOTAS, TRUST_RAISED, Usage, trust_usage
from promote.pipeline.documents import TRUSTS, Documents, Value, boundary

# What promote writes itself, and what is nobody's inline policy.
_NOT_OURS = frozenset({"access-role", "boundary"})
_GROWING = "access_roles"
# IAM and AWS STS quotas, "Managed policies attached to an IAM role"; raised to 20 on request.
_MOST_MANAGED = 10


def role(documents: Documents, arn: str, change: Callable[[Value], Value]) -> dict[str, Value]:
    """Return what a template says of a role, its documents changed at the last moment.

    Args:
        documents: Those of its account.
        arn: The role's.
        change: What puts something in the place of what is not known yet.

    Raises:
        QuotaError: Its documents are larger than IAM accepts.
    """
    mine = documents.attached(arn)
    (trust,) = (documents.render(e.kind, e.context) for e in mine if e.kind in TRUSTS)
    _expect("trust policy", arn, trust_usage(trust, limit=TRUST_RAISED))
    jobs = [each for each in mine if each.kind not in TRUSTS | _NOT_OURS]
    inline, managed = _placed(documents, arn, jobs)
    path, _, name = parse_arn(arn).resource.removeprefix("role/").rpartition("/")
    return {
        "name": name,
        "path": f"/{path}/" if path else "/",
        "boundary": change(boundary(documents.topology, parse_arn(arn).account)),
        "trust": change(trust),
        "policies": [
            {"PolicyName": policy, "PolicyDocument": change(document)}
            for policy, document in inline
        ],
        "managed": [
            {"name": f"{name}-{policy}-{number}", "number": number, "document": change(document)}
            for number, (policy, document) in enumerate(managed, start=1)
        ],
    }


_Named = list[tuple[str, Json]]


def _placed(documents: Documents, arn: str, jobs: list[WantedDocument]) -> tuple[_Named, _Named]:
    """Return the inline and the managed policies of a role."""
    whole = [(each.name or "", documents.render(each.kind, each.context)) for each in jobs]
    usage = QUOTAS[Kind.IDENTITY].usage(document for _, document in whole)
    if usage.fits or not any(_GROWING in each.context for each in jobs):
        _expect("inline policies", arn, usage)
        return whole, []
    found = [
        (each.kind, document)
        for each in jobs
        for document in _parts(documents, each.kind, dict(each.context), arn)
    ]
    if len(found) > _MOST_MANAGED:
        _expect("managed policies", arn, Usage(len(found), _MOST_MANAGED), unit="documents")
    return [], found


def _parts(documents: Documents, kind: str, context: dict[str, object], arn: str) -> Iterator[Json]:
    """Halve the list until each part fits into a managed policy."""
    document = documents.render(kind, context)
    usage = QUOTAS[Kind.BOUNDARY].usage([document])  # which is a managed policy, too
    listed = context.get(_GROWING)
    if usage.fits or not isinstance(listed, list) or len(listed) == 1:
        _expect("managed policy", arn, usage)
        yield document
        return
    middle = len(listed) // 2
    for part in (listed[:middle], listed[middle:]):
        yield from _parts(documents, kind, {**context, _GROWING: part}, arn)


def _expect(what: str, arn: str, usage: Usage, *, unit: str = "characters") -> None:
    if not usage.fits:
        raise QuotaError(
            "The policies of a role are too large",
            f"The {what} of {arn} would have {usage.used:,} {unit}; IAM takes {usage.limit:,} at "
            "most.",
            "Name an organization in promote.yaml, so that accounts need not be listed, or put "
            "{account} into access_role, for a role of each account.",
        )
