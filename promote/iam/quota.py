"""The size of policy documents against the quotas of AWS, counted as AWS counts in each place.

IAM does not count white space, not even inside texts ("IAM and AWS STS quotas, IAM and STS
character limits"). Organizations, Amazon VPC and Rekognition count every character, Amazon S3 and
AWS KMS every byte of what they are sent. We send the canonical spelling, which has no white space
outside texts.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from promote.iam.elements import Json, Kind
from promote.iam.spelling import canonical

# "The total aggregate policy size (the sum size of all inline policies) per entity": of a role.
# It cannot be raised.
INLINE_ROLE_TOTAL = 10_240
# "Role trust policy length"; the default, which AWS raises on request.
TRUST = 2_048
# The most that the trust policy length can be raised to.
TRUST_RAISED = 8_192
# "The size of each managed policy". It cannot be raised. A permissions boundary is such a policy.
MANAGED = 6_144

# What one more text in a list costs beside its own characters: two quotes and a comma.
_PER_ITEM = 3


@dataclass(frozen=True, slots=True)
class Usage:
    """Characters (or bytes) used of a quota, both as AWS counts them."""

    used: int
    limit: int

    @property
    def fits(self) -> bool:
        """Say whether the quota leaves room for all of it."""
        return self.used <= self.limit

    @property
    def left(self) -> int:
        """Return what is still free; negative by how much it is too large."""
        return self.limit - self.used


@dataclass(frozen=True, slots=True)
class Quota:
    """What the documents in one place may measure.

    Attributes:
        place: The place in words: "a role's trust policy".
        limit: The most, in the unit below.
        white_space: Whether white space counts.
        unit: "characters" or "bytes" (of UTF-8).
    """

    place: str
    limit: int
    white_space: bool
    unit: str = "characters"

    def size(self, document: Json | str) -> int:
        """Measure one document; a text is measured as it is, anything else as we would send it.

        Of a document in JSON the larger of its own spelling and the canonical one counts, so that
        it is never too small whichever of the two AWS has.
        """
        if isinstance(document, str):
            return self._counted(document)
        own = json.dumps(document, separators=(",", ":"), ensure_ascii=False, default=dict)
        return max(self._counted(own), self._counted(canonical(document)))

    def usage(self, documents: Iterable[Json | str], *, limit: int | None = None) -> Usage:
        """Measure all documents that share the quota; `limit` is another where it was raised."""
        used = sum(self.size(document) for document in documents)
        return Usage(used, self.limit if limit is None else limit)

    def _counted(self, text: str) -> int:
        kept = text if self.white_space else "".join(text.split())
        return len(kept.encode("utf-8", "surrogatepass")) if self.unit == "bytes" else len(kept)


QUOTAS: Mapping[Kind, Quota] = MappingProxyType(
    {
        Kind.IDENTITY: Quota("all inline policies of a role", INLINE_ROLE_TOTAL, white_space=False),
        Kind.BOUNDARY: Quota("a managed policy", MANAGED, white_space=False),
        Kind.TRUST: Quota("a role's trust policy", TRUST, white_space=False),
        # AssumeRole, Policy: the plain text "can't exceed 2,048 characters".
        Kind.SESSION: Quota("a session policy", 2_048, white_space=True),
        # Quotas for AWS Organizations: "Service control policy document", "Resource control …".
        Kind.SCP: Quota("a service control policy", 10_240, white_space=True),
        Kind.RCP: Quota("a resource control policy", 5_120, white_space=True),
        # Amazon S3: "Bucket policies are limited to 20 KB in size."
        Kind.BUCKET: Quota("a bucket policy", 20_480, white_space=True, unit="bytes"),
        # AWS KMS quotas, "Key policy document size": 32 KB.
        Kind.KEY: Quota("a key policy", 32_768, white_space=True, unit="bytes"),
        # Rekognition, PutProjectPolicy, PolicyDocument: at most 2,000 characters.
        Kind.PROJECT: Quota("a project policy", 2_000, white_space=True),
        # Amazon VPC, "Control access to VPC endpoints using endpoint policies": "cannot exceed
        # 20,480 characters, including white space".
        Kind.ENDPOINT: Quota("a VPC endpoint policy", 20_480, white_space=True),
    }
)
"""The quota of the place that a document of each kind is in."""


def size(document: Json) -> int:
    """Count the characters of a document as IAM does, without white space."""
    return QUOTAS[Kind.IDENTITY].size(document)


def trust_usage(document: Json, limit: int = TRUST) -> Usage:
    """Measure a trust policy; `limit` is larger where the account's quota was raised."""
    return QUOTAS[Kind.TRUST].usage([document], limit=limit)


def room(usage: Usage, item: str) -> int:
    """Predict how many more texts as long as `item`, such as an ARN, still fit in a list of it.

    Zero where not even one does. It is exact for a list that has a value already, as ours have.
    """
    return max(0, usage.left // (len(item) + _PER_ITEM))
