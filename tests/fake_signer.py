"""A key keeper in memory: it signs with one P-256 key, as KMS would, and may refuse to."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from promote.errors import AccessDeniedError

KEY = "arn:aws:kms:us-east-1:111111111111:key/5ea1ed00-1ed9-4e75-8000-000000000001"


@functools.cache
def _private() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def public_pem() -> bytes:
    """Return the public half in PEM."""
    return (
        _private()
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )


@dataclass(slots=True)
class FakeSigner:
    """The port `Signer`."""

    refuses: bool = False

    def sign(self, key: str, message: bytes) -> bytes:
        """Sign, or refuse."""
        self.expect(key)
        return _private().sign(message, ec.ECDSA(hashes.SHA256()))

    def expect(self, key: str) -> None:
        """Refuse what `sign` refuses."""
        if self.refuses:
            raise AccessDeniedError(
                "Access denied", f"Not allowed to sign with {key}.", "Allow it."
            )
