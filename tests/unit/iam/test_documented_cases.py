from __future__ import annotations

import pytest

from promote.iam.authorise import authorise
from tests.unit.iam.documented import CASES, Case


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.page}: {case.says}")
def test_decides_as_the_documentation_says(case: Case) -> None:
    found = authorise(case.request, case.governing, owner=case.owner)

    assert (found.verdict, found.layer) == (case.verdict, case.layer)


def test_the_table_is_not_the_same_case_again() -> None:
    assert len({(case.page, case.says) for case in CASES}) == len(CASES) > 90
