"""Verifications that were done by others, with their own credentials, and brought as a file.

The file is signed by nobody: it proves that whoever brought it says so, and nothing of who tried
the version, or when. So one that passed opens no gate; one that failed counts, for a version that
does not work where its applications are is not verified, whoever says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationBrought:
    """Somebody brought what a verification inside a consumer's own network had printed."""

    kind: Literal["verification-brought"] = "verification-brought"
    at: datetime
    by: str
    """The ARN of the caller who brought it."""
    version: str
    environment: str
    passed: bool
    accounts: tuple[str, ...]
    accuracy: float | None
    """The lowest over the accounts; None when no images are configured."""
    tried_at: datetime
    """When it was tried, as the file says."""
    tried_by: str
    """The ARN of the caller who tried it, as the file says."""
    execution: str | None = None
    """The id of the pipeline execution that it is a part of."""
