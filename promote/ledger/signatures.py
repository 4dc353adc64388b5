"""Check signatures over records offline: the one home of the library `cryptography`.

It is the extra ``promote[verify]``, and imported only when a public key is given.
"""

from __future__ import annotations

from collections.abc import Callable

from promote.errors import InputError


def public_key(content: bytes) -> Callable[[bytes, bytes], bool]:
    """Return what says whether the second is an ECDSA signature with SHA-256 of the first.

    Args:
        content: The public key in PEM, or in DER as ``aws kms get-public-key`` returns it.

    Raises:
        InputError: It is no such key, or the extra is not installed.
    """
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec
    except ImportError as error:
        raise InputError(
            "Signatures cannot be verified",
            "The library cryptography is not installed; nothing else of promote needs it.",
            "Install the extra:\n    pip install 'promote[verify]'",
        ) from error
    load = (
        serialization.load_pem_public_key
        if content.lstrip().startswith(b"-----BEGIN")
        else serialization.load_der_public_key
    )
    try:
        key = load(content)
    except ValueError as error:
        raise _unusable("neither PEM nor DER of a public key") from error
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise _unusable("not a key on an elliptic curve")
    elliptic = key

    def check(signed: bytes, signature: bytes) -> bool:
        try:
            elliptic.verify(signature, signed, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            return False
        return True

    return check


def _unusable(why: str) -> InputError:
    return InputError(
        "Not a public key that records are signed with",
        f"The file is {why}.",
        "To fetch the key of promote.yaml's `records.signing_key`:\n"
        "    aws kms get-public-key --key-id ARN --query PublicKey --output text | base64 -d > "
        "key.der",
    )
