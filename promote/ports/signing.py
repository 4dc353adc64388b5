"""Who signs records."""

from __future__ import annotations

from typing import Protocol


class Signer(Protocol):
    """Signs with a key that never leaves its keeper."""

    def sign(self, key: str, message: bytes) -> bytes:
        """Return the signature of a message of at most 4096 bytes, by ECDSA with SHA-256, in DER.

        Args:
            key: The ARN of the key.
            message: What is signed, whole.

        Raises:
            AccessDeniedError: The promoter may not sign with the key.
            NotFoundError: There is no such key.
            InputError: It is no key that signs so, or it is disabled.
        """
        ...

    def expect(self, key: str) -> None:
        """Raise what `sign` would raise of a key, by the same right and without a signature."""
        ...
