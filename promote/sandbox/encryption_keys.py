"""Serve the KMS keys that are made here: moto keeps them, behind their policies.

References: KMS API reference; developer guide, "Key policies in AWS KMS"; Service Authorization
Reference for AWS KMS.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from promote.errors import PolicyError
from promote.iam.document import Kind, parse
from promote.sandbox.credentials import Caller
from promote.sandbox.exchange import Call, Need, Request, Response, ServiceError
from promote.sandbox.iam_writes import WriteGuard
from promote.sandbox.propagation import Part, PolicyHistory
from promote.sandbox.storage import Storage
from promote.sandbox.validation import checked_params

if TYPE_CHECKING:
    from moto.kms.models import Key, KmsBackend

_ON_KEY: Final = frozenset(
    {
        "CancelKeyDeletion",
        "Decrypt",
        "DescribeKey",
        "DisableKey",
        "DisableKeyRotation",
        "EnableKey",
        "EnableKeyRotation",
        "Encrypt",
        "GenerateDataKey",
        "GetKeyPolicy",
        "GetKeyRotationStatus",
        "ListResourceTags",
        "PutKeyPolicy",
        "ScheduleKeyDeletion",
        "TagResource",
        "UntagResource",
        "UpdateKeyDescription",
    }
)
_ON_ALIAS: Final = frozenset({"CreateAlias", "DeleteAlias", "UpdateAlias"})
_ON_NONE: Final = frozenset({"CreateKey", "ListAliases", "ListKeys"})
_WRITES: Final = frozenset({"CreateKey", "PutKeyPolicy"})
_OK: Final = 200


class EncryptionKeys:
    """Knows the keys of every account and Region that somebody made."""

    def __init__(self, storage: Storage, write_guard: WriteGuard, history: PolicyHistory) -> None:
        self._storage = storage
        self._write_guard = write_guard
        self._history = history

    def needs(self, call: Call, caller: Caller) -> list[Need] | None:
        """Return the permissions that a call needs; None for an operation not served."""
        if call.operation in _ON_NONE:
            return [Need(call.name, "*")]
        if call.operation in _ON_KEY:
            return [self._need(call, caller, str(call.params.get("KeyId", "")))]
        if call.operation not in _ON_ALIAS:
            return None
        name = str(call.params.get("AliasName", ""))
        alias = f"arn:aws:kms:{call.region}:{caller.account}:{name}"
        target = str(call.params.get("TargetKeyId", "")) or name
        return [Need(call.name, alias), self._need(call, caller, target)]

    def arn(self, account: str, region: str, name: str) -> str | None:
        """Return the ARN of a key given by id, ARN or alias; None if there is no such key."""
        with self._storage.alone():
            key = self._find(account, region, name)
            return None if key is None else str(key.arn)

    def answer(self, request: Request, call: Call, caller: Caller) -> Response:
        """Carry out a call in the caller's account.

        Raises:
            ServiceError: As KMS would answer.
        """
        checked_params("kms", call.operation, call.params)
        if call.operation in _WRITES and "Policy" in call.params:
            self._check(str(call.params["Policy"]))
        with self._storage.alone():
            response = self._storage.call(request, call, caller.account)
            if response.status == _OK and call.operation in _WRITES:
                self._observe(caller.account, call.region)
        return response

    def _need(self, call: Call, caller: Caller, name: str) -> Need:
        arn = self.arn(caller.account, call.region, name)
        if arn is None:
            raise ServiceError("NotFoundException", f"Key '{name}' does not exist")
        return Need(call.name, arn, {"kms:CallerAccount": caller.account}, arn.split(":")[4])

    def _find(self, account: str, region: str, name: str) -> Key | None:
        """Return a key; one of another account by its ARN alone."""
        if name.startswith("arn:"):
            _, _, _, region, account, resource = name.split(":", 5)
            name = resource if resource.startswith("alias/") else resource.removeprefix("key/")
        backend = self._backend(account, region)
        if name.startswith("alias/"):
            found = backend.get_key_id_from_alias(name)
            name = found or name
        return backend.keys.get(name)

    def _backend(self, account: str, region: str) -> KmsBackend:
        from moto.kms.models import kms_backends

        return kms_backends[account][region]

    def _check(self, text: str) -> None:
        """Refuse a key policy that KMS would not store, or that nothing can be decided by."""
        try:
            policy = parse(text, kind=Kind.KEY, name="the key policy")
        except PolicyError as error:
            why = error.detail or error.summary
            raise ServiceError("MalformedPolicyDocumentException", why) from error
        if self._write_guard.strangers(policy, self._history.pick_replica()):
            text = "Policy contains a statement with one or more invalid principals."
            raise ServiceError("MalformedPolicyDocumentException", text)

    def _observe(self, account: str, region: str) -> None:
        """Let the policies of an account's keys be decided by, at once, as KMS does."""
        keys: Any = self._backend(account, region).keys.values()
        parts = {Part(key.arn, "key"): str(key.policy) for key in keys}
        self._history.observe(f"keys of {account} in {region}", parts, at_once=True)
