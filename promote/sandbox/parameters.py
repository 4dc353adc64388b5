"""Answer Parameter Store from moto, with the limit and the authorship that moto leaves out.

Reference: "Managing parameter tiers" in the Systems Manager user guide, and GetParameterHistory.
"""

from __future__ import annotations

import json
from typing import Any, Final

from promote.sandbox.credentials import Caller
from promote.sandbox.exchange import Call, Request, Response, ServiceError
from promote.sandbox.storage import Storage

_STANDARD_BYTES: Final = 4096
_ADVANCED_BYTES: Final = 8192
_SHOW_AUTHORS: Final = {"GetParameterHistory": "Parameters", "DescribeParameters": "Parameters"}
_OK: Final = 200


class ParameterStore:
    """Remembers who wrote each version of each parameter."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._authors: dict[tuple[str, str, str, int], str] = {}

    def answer(self, request: Request, call: Call, caller: Caller) -> Response:
        """Carry out a call.

        Raises:
            ServiceError: A value is too long for its tier.
        """
        _check_size(call)
        response = self._storage.call(request, call, caller.account)
        if response.status != _OK:
            return response
        if call.operation == "PutParameter":
            version = int(json.loads(response.body)["Version"])
            key = (caller.account, call.region, str(call.params["Name"]), version)
            self._authors[key] = caller.arn
        if call.operation in _SHOW_AUTHORS:
            return self._with_authors(response, call, caller)
        return response

    def _with_authors(self, response: Response, call: Call, caller: Caller) -> Response:
        """Fill in LastModifiedUser; a seeded version was written by the account's root."""
        document: dict[str, Any] = json.loads(response.body)
        for one in document[_SHOW_AUTHORS[call.operation]]:
            key = (caller.account, call.region, one["Name"], int(one["Version"]))
            root = f"arn:aws:iam::{caller.account}:root"
            one["LastModifiedUser"] = self._authors.get(key, root)
        return Response(response.status, response.headers, json.dumps(document).encode())


def _check_size(call: Call) -> None:
    """Raise ValidationException for a value beyond its tier's limit."""
    if call.operation != "PutParameter":
        return
    advanced = call.params.get("Tier") in {"Advanced", "Intelligent-Tiering"}
    limit = _ADVANCED_BYTES if advanced else _STANDARD_BYTES
    value = call.params.get("Value", "")
    if isinstance(value, str) and len(value.encode()) > limit:
        text = f"Parameter value, can't exceed {limit} bytes."
        raise ServiceError("ValidationException", text)
