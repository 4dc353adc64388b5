"""What a promotion keeps of its work: how long each step took, what it made of the policies."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from promote.core.codec import canonical


@dataclass(frozen=True, slots=True, kw_only=True)
class StepTime:
    """One step that was begun."""

    step: str
    of: str
    """What it was done to: accounts, the ARN of a role, or the ARN of a version."""
    began: datetime
    """In UTC."""
    seconds: float | None = None
    """How long it took; None when it did not end well."""
    detail: str = ""
    """What came of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyDigest:
    """What an inline policy of an access role is."""

    role: str
    """The role's ARN."""
    policy: str
    """The policy's name."""
    digest: str | None
    """The SHA-256 of the document as canonical JSON, in hex; None when there is none."""


def document_digest(document: Mapping[str, object] | None) -> str | None:
    """Return the SHA-256 of a policy document as canonical JSON; None is no document."""
    return None if document is None else hashlib.sha256(canonical(document)).hexdigest()
