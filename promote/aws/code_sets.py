"""Codes of AWS's errors that say more than what they mean: whose fault it is, what not to quote."""

from __future__ import annotations

from typing import Final

SERVER_CODES: Final = frozenset(
    {
        "InternalError",
        "InternalFailure",
        "InternalServerError",
        "InternalServerException",
        "KMSInternalException",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceException",
        "ServiceFailure",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "Unavailable",
    }
)
"""The service's own failures, whatever their HTTP status: of a write, the outcome is unknown."""

UNSAFE_TO_QUOTE: Final = frozenset(
    {
        "SignatureDoesNotMatch",
        "InvalidSignatureException",
        "IncompleteSignature",
        "IncompleteSignatureException",
    }
)
"""Codes whose message repeats the canonical request, with the session token among its headers."""
