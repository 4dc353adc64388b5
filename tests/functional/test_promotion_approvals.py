"""Plans that people approve, each with keys of their own, beside a ledger in S3."""

from __future__ import annotations

import json

import pytest

from promote.sandbox.seed import CICD, LEDGER_BUCKET
from tests.functional.promotion_stage import CONFIG, Done, Stage, assert_ends

ASKING = CONFIG.replace("version: 1\n", f"version: 1\nledger: s3://{LEDGER_BUCKET}/a\n").replace(
    "name: qa\n", "name: qa\n    gates: {approval: 2}\n"
)


@pytest.fixture(autouse=True)
def _world(stage: Stage) -> None:
    stage.set_up(ASKING)


class TestAPlan:
    def test_is_applied_when_enough_people_approved_it_who_did_not_ask(self, stage: Stage) -> None:
        plan = stage.promote("plan", "tools", "v2", "--to", "qa", "--out", "plan.json")
        assert plan.returncode == 0, plan.stderr
        assert_ends(
            _as(stage, "promoter", "approve"),
            4,
            "Nobody approves their own plan",
            "promote approve plan.json",
        )
        assert _as(stage, "alice", "approve", "--reason", "Fine").returncode == 0
        assert_ends(
            stage.promote("apply", "plan.json"), 4, "Promotion refused", "promote approve plan.json"
        )
        told = _as(stage, "carol", "approve", "-o", "json").stdout
        assert json.loads(told)["gate"]["verdict"] == "pass"
        applied = stage.promote("apply", "plan.json")
        assert applied.returncode == 0, applied.stderr
        assert stage.snapshot().pointers["333333333333"] == "v2"
        assert _authors(stage) == {"alice": "AIDA", "carol": "AROA"}
        assert_ends(
            _as(stage, "bob", "approve"), 5, "The plan was applied before", "--out plan.json"
        )


class TestRelease:
    def test_says_how_to_have_the_plan_approved(self, stage: Stage) -> None:
        assert_ends(
            stage.release(), 4, "The plan must be approved first", "promote approve plan.json"
        )


def _as(stage: Stage, login: str, command: str, *more: str) -> Done:
    environment = stage.environment(login)
    return stage.promote(command, "plan.json", "--yes", *more, environment=environment)


def _authors(stage: Stage) -> dict[str, str]:
    """Return the beginnings of the unique ids of those who said something, by their names."""
    s3 = stage.client(f"admin/{CICD}", "s3")
    found = s3.list_objects_v2(Bucket=LEDGER_BUCKET, Prefix="a/tools/approvals/")["Contents"]
    names = [each["Key"].rpartition("/")[2].removesuffix(".review") for each in found]
    return {name.partition(":")[2]: name[:4] for name in names}
