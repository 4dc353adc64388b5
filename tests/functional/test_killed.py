"""The installed `promote` is killed by SIGKILL, and what it left is looked at and mended.

`python -m tests.reliability.killed --count 100` does as much of the same as one likes.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.functional.conftest import QUICK
from tests.functional.lanes import Ending, Ground
from tests.reliability import killed
from tests.reliability.killed import WRITES
from tests.reliability.mending import AT_ONCE, THEN, Ends, Way, difference

if TYPE_CHECKING:
    from botocore.session import Session

    from promote.sandbox.server import Sandbox

TEN = killed.cases(seed=0, count=10, twice=0)


class TestTenKills:
    def test_are_in_every_part_of_a_promotion_and_mended_in_every_way(self) -> None:
        assert {case.point.writes for case in TEN} == set(range(WRITES + 1))
        assert {case.then for case in TEN} == set(THEN)

    def test_are_mended_and_no_application_notices(
        self,
        running_sandbox: Sandbox,
        botocore_session: Session,
        golden: Path,
        tmp_path: Path,
    ) -> None:
        ground = Ground(tmp_path, golden, running_sandbox, botocore_session, QUICK)
        swept = killed.sweep(TEN, ground)
        assert swept.wrong == ()
        assert swept.kills == len(TEN)
        assert swept.requests > 10 * len(TEN)


BEFORE = Ending(
    pointers=(("v1",), ("v1",)),
    policies="v1",
    statuses={"v1": "RUNNING", "v2": "TRAINING_COMPLETED"},
    claimed=(),
    held=(),
    is_finished=True,
)
AFTER = Ending(
    pointers=(("v1", "v2"), ("v1", "v2")),
    policies="v2",
    statuses={"v1": "STOPPED", "v2": "RUNNING"},
    claimed=("v2",),
    held=(),
    is_finished=True,
)
ENDS = Ends(AT_ONCE, BEFORE, AFTER)


class TestWhatIsLeft:
    def test_may_be_the_end_or_the_beginning(self) -> None:
        stopped = {"v1": "RUNNING", "v2": "STOPPED"}
        there_and_back = (("v1", "v2", "v1"), ("v1",))
        back = replace(BEFORE, statuses=stopped, pointers=there_and_back)
        assert difference(AFTER, Way.FORWARD, ENDS) is None
        assert difference(BEFORE, Way.BACK, ENDS) is None
        assert difference(back, Way.BACK, ENDS) is None

    @pytest.mark.parametrize(
        ("found", "way", "what"),
        [
            (replace(AFTER, statuses=BEFORE.statuses), Way.FORWARD, "versions"),
            (replace(AFTER, pointers=(("v1", "v2"), ("v1",))), Way.FORWARD, "pointers"),
            (replace(AFTER, pointers=(("v1", "v2", "v2"),) * 2), Way.FORWARD, "pointers"),
            (replace(AFTER, policies="v1 and v2"), Way.FORWARD, "policies"),
            (replace(BEFORE, policies="v1 and v2"), Way.BACK, "policies"),
            (replace(BEFORE, statuses={"v1": "RUNNING", "v2": "RUNNING"}), Way.BACK, "versions"),
            (replace(BEFORE, claimed=("v2",)), Way.BACK, "claims"),
            (replace(BEFORE, is_finished=False), Way.BACK, "an unfinished promotion"),
        ],
    )
    def test_is_anything_else_only_if_something_is_wrong(
        self, found: Ending, way: Way, what: str
    ) -> None:
        assert difference(found, way, ENDS) == what
