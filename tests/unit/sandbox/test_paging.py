from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from promote.sandbox.exchange import ServiceError
from promote.sandbox.paging import page_of

ITEMS = list(range(250))


def pages(**question: Any) -> list[Sequence[int]]:
    found: list[Sequence[int]] = []
    token: dict[str, str] = {}
    while True:
        page, token = page_of(ITEMS, {**question, **token})
        found.append(page)
        if not token:
            return found


class TestPageOf:
    @pytest.mark.parametrize(("size", "count"), [(100, 3), (250, 1), (249, 2), (1, 250)])
    def test_pages_hold_everything_once(self, size: int, count: int) -> None:
        found = pages(MaxResults=size)
        assert [item for page in found for item in page] == ITEMS
        assert len(found) == count

    def test_a_page_has_a_hundred_unless_it_is_said(self) -> None:
        assert len(page_of(ITEMS, {})[0]) == 100

    def test_a_token_is_good_for_its_question_only(self) -> None:
        _, token = page_of(ITEMS, {"ProjectArn": "a"})
        with pytest.raises(ServiceError, match="InvalidPaginationToken"):
            page_of(ITEMS, {"ProjectArn": "b", **token})

    @pytest.mark.parametrize("token", ["x", "", "!!!!", "YWJj"])
    def test_rubbish_is_no_token(self, token: str) -> None:
        with pytest.raises(ServiceError, match="InvalidPaginationToken"):
            page_of(ITEMS, {"NextToken": token})
