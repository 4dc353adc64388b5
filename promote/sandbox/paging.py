"""Cut lists into pages with opaque tokens that are good for the same question only."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar

from promote.sandbox.exchange import ServiceError

_PAGE: Final = 100

Item = TypeVar("Item")


def page_of(
    items: Sequence[Item], params: Mapping[str, Any]
) -> tuple[Sequence[Item], dict[str, str]]:
    """Return the page that `params` asks for, and the member NextToken if there is more.

    Raises:
        ServiceError: The token was not made for this question.
    """
    question = {k: v for k, v in params.items() if k not in {"NextToken", "MaxResults"}}
    digest = hashlib.sha256(json.dumps(question, sort_keys=True).encode()).hexdigest()[:16]
    begin = _read(str(params["NextToken"]), digest) if "NextToken" in params else 0
    end = begin + int(params.get("MaxResults", _PAGE))
    if end >= len(items):
        return items[begin:end], {}
    token = base64.urlsafe_b64encode(f"{digest}/{end}".encode()).decode()
    return items[begin:end], {"NextToken": token}


def _read(token: str, digest: str) -> int:
    """Return where the page of a token begins."""
    try:
        said, _, begin = base64.urlsafe_b64decode(token).decode().partition("/")
        if said == digest:
            return int(begin)
    except (binascii.Error, ValueError):
        pass
    raise ServiceError("InvalidPaginationTokenException", "Invalid pagination token")
