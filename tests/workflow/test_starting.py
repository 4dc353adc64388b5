"""A reason that a pipeline hands on must arrive in its builds as it was written."""

from __future__ import annotations

import pytest

from promote.errors import InputError
from promote.workflow.starting import expect_harmless


@pytest.mark.parametrize(
    "reason", ['say "no"', "a\nb", "#{variables.X}", "", " ", "\\", "x" * 1001, "\x7f"]
)
def test_is_refused_when_it_would_not(reason: str) -> None:
    with pytest.raises(InputError, match="hands on 1 to 1000 characters"):
        expect_harmless(reason)


@pytest.mark.parametrize("reason", [None, "Fewer false alarms", "it's $5 & {x} für 'alle' #1"])
def test_may_be_anything_else(reason: str | None) -> None:
    expect_harmless(reason)
