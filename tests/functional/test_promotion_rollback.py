"""A rollback over real HTTP, as the command line does it: what it calls, and what it leaves."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.functional.promotion_stage import AFTER_QA, AT_ONCE, V1, V2, Done, Stage, assert_ends

WARM = AFTER_QA.replace("name: prod\n", "name: prod\n    keep_warm: 1h\n")
UP = {"iam:PutRolePolicy", "rekognition:StartProjectVersion"}
BACK = ("rollback", "tools", "--environment", "prod", "--yes", "--reason", "wrong answers")


@pytest.fixture(scope="module")
def rolled_back(stage: Stage) -> tuple[Done, list[dict[str, Any]]]:
    """Release v2 everywhere, v1 kept warm, and go back in production; return that and its calls."""
    stage.set_up(WARM, AT_ONCE)
    stage.released("v2", "qa")
    stage.released("v2", "prod", "--wait", "0s")
    before = len(stage.calls())
    return stage.promote(*BACK), stage.calls()[before:]


class TestAWarmRollback:
    def test_is_one_write_for_each_pointer(
        self, rolled_back: tuple[Done, list[dict[str, Any]]]
    ) -> None:
        done, calls = rolled_back
        assert done.returncode == 0, done.stderr
        writes = [call for call in calls if call["operation"] == "ssm:PutParameter"]
        assert Counter(call["account"] for call in writes) == {"444444444444": 1, "555555555555": 1}
        before = calls[: calls.index(writes[0])]
        assert not [call for call in before if call["operation"] in UP]

    def test_takes_the_access_to_what_it_left_away_once_and_says_how_it_ended(
        self, stage: Stage, rolled_back: tuple[Done, list[dict[str, Any]]]
    ) -> None:
        done, calls = rolled_back
        assert sum(call["operation"] == "iam:PutRolePolicy" for call in calls) == 1
        assert "Rolled back: prod uses v1 again instead of v2" in done.stdout
        assert "v2 is held" in done.stdout
        snapshot = stage.snapshot()
        assert snapshot.pointers["444444444444"] == snapshot.pointers["555555555555"] == "v1"
        assert snapshot.granted("tools-prod") == {"v1"}
        assert stage.is_finished

    def test_holds_what_it_left(self, stage: Stage, rolled_back: object) -> None:
        assert rolled_back
        (model,) = stage.document("status", "tools")["models"]
        (held,) = model["environments"][1]["held"]
        assert (held["version"], held["reason"]) == (V2, "wrong answers")
        refused = stage.release("v2", "prod")
        assert_ends(refused, 4, "Promotion refused", "promote release tools v2 --to prod --reason")
        assert "wrong answers" in refused.stderr

    def test_again_changes_nothing(self, stage: Stage, rolled_back: object) -> None:
        assert rolled_back
        again = stage.promote(*BACK, "-o", "json")
        assert again.returncode == 0
        assert '"result": "unchanged"' in again.stdout.splitlines()[-1]
        assert f'"version": "{V1}"' in again.stdout.splitlines()[-1]
