"""Sign with KMS keys: moto does it, behind the policies of the keys.

Reference: KMS API reference, Sign and GetPublicKey; developer guide, "Key policies in AWS KMS".
"""

from __future__ import annotations

import json
from typing import Any, Final

from promote.arn import parse_arn
from promote.iam.document import Kind, parse
from promote.iam.spelling import account_root
from promote.sandbox.dialect import common_error
from promote.sandbox.exchange import Call, Need, Request, Response, ServiceError
from promote.sandbox.key_seed import KeySeed
from promote.sandbox.propagation import Part, PolicyHistory
from promote.sandbox.storage import Storage

OPERATIONS: Final = frozenset({"DescribeKey", "GetPublicKey", "Sign", "Verify"})


class SigningKeys:
    """Holds the seeded keys, and makes each when it is first asked for."""

    def __init__(self, storage: Storage, history: PolicyHistory) -> None:
        self._storage = storage
        self._history = history
        self._seeds: dict[str, KeySeed] = {}

    def seed(self, keys: tuple[KeySeed, ...]) -> None:
        """Take keys in with their policies, which are in force at once."""
        self._seeds.update({key.arn: key for key in keys})
        texts = {arn: json.dumps(_policy(key)) for arn, key in self._seeds.items()}
        for arn, text in texts.items():
            parse(text, kind=Kind.KEY, name=f"The policy of {arn}")
        parts = {Part(arn, "key"): text for arn, text in texts.items()}
        self._history.observe("keys", parts, at_once=True)

    def clear(self) -> None:
        """Forget every key."""
        self._seeds.clear()

    def holds(self, call: Call) -> bool:
        """Say whether a call is about one of the seeded keys."""
        return str(call.params.get("KeyId", "")) in self._seeds

    def needs(self, call: Call) -> list[Need] | None:
        """Return the permissions that a call needs; None for an operation not served."""
        if call.operation not in OPERATIONS:
            return None
        arn = str(call.params.get("KeyId", ""))
        if arn not in self._seeds:
            raise ServiceError("NotFoundException", f"Key '{arn}' does not exist")
        named = {"SigningAlgorithm": "SigningAlgorithm", "MessageType": "MessageType"}
        given = {f"kms:{k}": str(call.params[k]) for k in named if call.params.get(k)}
        if call.operation == "Sign":
            given.setdefault("kms:MessageType", "RAW")
        return [Need(f"kms:{call.operation}", arn, dict(given), self._seeds[arn].account)]

    def answer(self, request: Request, call: Call) -> Response:
        """Carry out a call in the account of its key."""
        seed = self._seeds[str(call.params["KeyId"])]
        if call.operation not in OPERATIONS:
            raise common_error("not_built", call.protocol, f"The sandbox has no {call.name}.")
        if call.params.get("DryRun"):
            why = "The request would have succeeded, but the DryRun option is set."
            raise ServiceError("DryRunOperationException", why, 412)
        self._make(seed)
        return self._storage.call(request, call, seed.account)

    def _make(self, seed: KeySeed) -> None:
        from moto.kms.models import kms_backends

        with self._storage.alone():
            backend = kms_backends[seed.account][seed.region]
            if seed.id not in backend.keys:
                key = backend.create_key("", "SIGN_VERIFY", "ECC_NIST_P256", "", None)
                del backend.keys[key.id]
                key.id, key.arn = seed.id, seed.arn
                backend.keys[key.id] = key


def _policy(seed: KeySeed) -> dict[str, Any]:
    """Return the policy of a key: its account administers it, as by KMS's default."""
    administered = {
        "Effect": "Allow",
        "Principal": {"AWS": account_root(parse_arn(seed.arn).account)},
        "Action": "kms:*",
        "Resource": "*",
    }
    return {"Version": "2012-10-17", "Statement": [administered, *seed.statements]}
