"""Answer lists page by page as CodeBuild and CodePipeline do, whose members begin in lower case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from promote.sandbox.exchange import ServiceError
from promote.sandbox.paging import page_of


def lower_page_of(items: Sequence[Any], params: Mapping[str, Any], member: str) -> dict[str, Any]:
    """Return the answer with the page that `params` asks for, and ``nextToken`` if there is more.

    Raises:
        ServiceError: The token was not made for this question.
    """
    names = {"nextToken": "NextToken", "maxResults": "MaxResults"}
    asked = {names.get(name, name): value for name, value in params.items()}
    try:
        page, more = page_of(items, asked)
    except ServiceError as error:
        raise ServiceError("InvalidNextTokenException", error.message) from error
    return {member: list(page), **({"nextToken": more["NextToken"]} if more else {})}
