"""Sign records with a KMS key, by the promoter's own credentials, as the ledger is used with them.

KMS API reference, Sign: MessageType RAW is hashed by KMS, and takes at most 4096 bytes. Developer
guide, "Testing your AWS KMS API calls": with DryRun nothing is signed, the answer is always an
error, and ``DryRunOperationException`` says that it would have been; `kms:Sign` is all it takes.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from promote.aws.translation import error_code, translated
from promote.core.seal import ALGORITHM

if TYPE_CHECKING:
    from promote.aws.sessions import Sessions

_DENIED: Final = (
    "Allow it kms:Sign with the key; to see what the key's policy must say:\n"
    "    promote policy render --kind records-key --trusted ARN"
)
_OTHER: Final = (
    "Correct records.signing_key in promote.yaml: the ARN of an enabled KMS key on an elliptic "
    "curve, P-256, whose usage is SIGN_VERIFY."
)
_WOULD: Final = "DryRunOperationException"


class KmsSigner:
    """The `promote.ports.Signer` of AWS; safe for use by many threads."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def sign(self, key: str, message: bytes) -> bytes:
        """Return the signature of a message, by ECDSA with SHA-256, in DER."""
        client = self._sessions.client("kms", role=None)
        with _translated(key):
            answer = client.sign(
                KeyId=key, Message=message, MessageType="RAW", SigningAlgorithm=ALGORITHM
            )
            return bytes(answer["Signature"])

    def expect(self, key: str) -> None:
        """Raise what `sign` would raise of a key; nothing is signed."""
        client = self._sessions.client("kms", role=None)
        with _translated(key):
            try:
                client.sign(
                    KeyId=key,
                    Message=b"promote doctor",
                    MessageType="RAW",
                    SigningAlgorithm=ALGORITHM,
                    DryRun=True,
                )
            except ClientError as error:
                if error_code(error) != _WOULD:
                    raise


def _translated(key: str) -> AbstractContextManager[None]:
    return translated(
        "signing records with", role=None, resource=key, denied=_DENIED, otherwise=_OTHER
    )
