"""Whether a key would sign is asked with `kms:Sign` alone, and without a signature."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from promote.aws.signing import KmsSigner
from promote.errors import AccessDeniedError, InputError, NotFoundError, PromoteError

KEY = "arn:aws:kms:us-east-1:111111111111:key/1"


class _Kms:
    """Answers every request with one error; an empty one is a signature."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.asked: dict[str, Any] = {}

    def client(self, service: str, *, role: str | None) -> _Kms:
        assert (service, role) == ("kms", None)
        return self

    def sign(self, **given: Any) -> dict[str, bytes]:
        self.asked = given
        if self.code:
            raise ClientError({"Error": {"Code": self.code, "Message": "…"}}, "Sign")
        return {"Signature": b"signature"}


def expect(kms: _Kms) -> None:
    KmsSigner(kms).expect(KEY)  # type: ignore[arg-type]


class TestAKeyThatWouldSign:
    def test_says_so_and_nothing_is_signed(self) -> None:
        kms = _Kms("DryRunOperationException")
        expect(kms)
        assert kms.asked["DryRun"] is True
        asked = (kms.asked["KeyId"], kms.asked["MessageType"], kms.asked["SigningAlgorithm"])
        assert asked == (KEY, "RAW", "ECDSA_SHA_256")

    def test_may_sign_after_all_where_there_is_no_dry_run(self) -> None:
        expect(_Kms(""))


class TestAKeyThatWouldNot:
    @pytest.mark.parametrize(
        ("code", "kind", "helps"),
        [
            ("AccessDeniedException", AccessDeniedError, "kms:Sign"),
            ("NotFoundException", NotFoundError, "records.signing_key"),
            ("DisabledException", InputError, "enabled KMS key"),
            ("InvalidKeyUsageException", InputError, "SIGN_VERIFY"),
            ("KMSInvalidStateException", InputError, "enabled KMS key"),
        ],
    )
    def test_is_named_with_what_helps(
        self, code: str, kind: type[PromoteError], helps: str
    ) -> None:
        with pytest.raises(kind, match=KEY) as raised:
            expect(_Kms(code))
        assert helps in raised.value.remedy
