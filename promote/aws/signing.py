"""Sign records with a KMS key, by the promoter's own credentials, as the ledger is used with them.

KMS API reference, Sign: MessageType RAW is hashed by KMS, and takes at most 4096 bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from promote.aws.translation import translated
from promote.core.seal import ALGORITHM

if TYPE_CHECKING:
    from promote.aws.sessions import Sessions

_DENIED: Final = (
    "Allow it kms:Sign with the key; to see what the key's policy must say:\n"
    "    promote policy render --kind records-key --trusted ARN"
)


class KmsSigner:
    """The `promote.ports.Signer` of AWS; safe for use by many threads."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def sign(self, key: str, message: bytes) -> bytes:
        """Return the signature of a message, by ECDSA with SHA-256, in DER."""
        client = self._sessions.client("kms", role=None)
        with translated("signing records with", role=None, resource=key, denied=_DENIED):
            answer = client.sign(
                KeyId=key, Message=message, MessageType="RAW", SigningAlgorithm=ALGORITHM
            )
            return bytes(answer["Signature"])
