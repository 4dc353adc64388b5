"""The size of policy documents against the quotas of IAM.

Quotas: IAM and AWS STS quotas, "IAM and STS character limits". IAM does not count white space
against them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from promote.iam.spelling import canonical

if TYPE_CHECKING:
    from collections.abc import Iterable

    from promote.iam.elements import Json

# "The total aggregate policy size (the sum size of all inline policies) per entity": of a role.
# It cannot be raised.
INLINE_ROLE_TOTAL = 10_240
# "Role trust policy length"; the default, which AWS raises on request.
TRUST = 2_048
# The most that the trust policy length can be raised to.
TRUST_RAISED = 8_192
# "The size of each managed policy". It cannot be raised.
MANAGED = 6_144


@dataclass(frozen=True, slots=True)
class Usage:
    """Characters used of a quota, both as IAM counts them."""

    used: int
    limit: int

    @property
    def fits(self) -> bool:
        """Say whether the quota leaves room for all of it."""
        return self.used <= self.limit


def size(document: Json) -> int:
    """Count the characters of a document, without white space.

    The larger of its own spelling and the canonical one, so that it is never too small whichever
    of the two IAM has: we send the canonical one, and others wrote the rest.
    """
    own = json.dumps(document, separators=(",", ":"), ensure_ascii=False, default=dict)
    return max(_counted(own), _counted(canonical(document)))


def inline_usage(documents: Iterable[Json]) -> Usage:
    """Measure all inline policies of one role together."""
    return Usage(sum(size(document) for document in documents), INLINE_ROLE_TOTAL)


def trust_usage(document: Json, limit: int = TRUST) -> Usage:
    """Measure a trust policy; `limit` is larger where the account's quota was raised."""
    return Usage(size(document), limit)


def _counted(text: str) -> int:
    return sum(map(len, text.split()))
