"""A promotion whose lock and records are in S3."""

from __future__ import annotations

import json

import pytest

from promote.aws.sessions import Sessions
from promote.core.result import Outcome
from promote.core.status import Finding
from promote.errors import AccessDeniedError
from promote.ledger import store as open_store
from promote.sandbox.seed import CICD
from tests.artifacts.permissions import PROTECTIONS
from tests.functional.promotion_stage import CONFIG, Stage

BUCKET = "team-ledger"
"""Its policy, rendered from our template, is all that lets the promoter use it."""
LEDGER = f"s3://{BUCKET}/team-a"


@pytest.fixture(autouse=True)
def _world(stage: Stage) -> None:
    stage.set_up(CONFIG.replace("version: 1\n", f"version: 1\nledger: {LEDGER}\n"))


class TestAPromotionWithItsLedgerInS3:
    def test_keeps_everything_there_and_asks_for_no_record_twice(self, stage: Stage) -> None:
        promoter = stage.promoter()
        plan = promoter.plan("tools", "v2", to="qa")
        assert promoter.apply(plan).result is Outcome.PROMOTED
        assert promoter.apply(plan).result is Outcome.UNCHANGED
        assert stage.snapshot().pointers["333333333333"] == "v2"
        kept = _objects(stage)
        assert kept
        kept.remove("team-a/tools/checkpoint.json")
        assert all(name.startswith("team-a/tools/records/") for name in kept)
        assert not (stage.directory / ".promote").exists()
        assert stage.promoter().status("tools")[0].unfinished is None
        read = [call["resource"] for call in stage.calls("s3:GetObject")]
        records = [name for name in read if "/records/" in name]
        # Once by the promoter that wrote them, and once by the one that was asked for the status.
        assert all(records.count(name) <= 2 for name in records), records


class TestTheDoctor:
    def test_looks_at_the_ledger(self, stage: Stage) -> None:
        assert _ledger_finding(stage).detail == "readable and writable, 0 records"
        stage.client(f"admin/{CICD}", "s3").delete_bucket_policy(Bucket=BUCKET)
        found = _ledger_finding(stage)
        assert not found.ok
        assert f"{LEDGER}/tools/" in found.detail
        assert "promote policy render --kind ledger" in found.remedy


class TestThePolicyOfTheBucket:
    # What has an asterisk is denied: `test_reviews_in_s3.py`.
    @pytest.mark.parametrize("action", ["", *(a for a in PROTECTIONS["ledger"] if "*" not in a)])
    def test_allows_what_the_ledger_needs_and_nothing_else(self, stage: Stage, action: str) -> None:
        admin = stage.client(f"admin/{CICD}", "s3")
        policy = json.loads(admin.get_bucket_policy(Bucket=BUCKET)["Policy"])
        for statement in policy["Statement"]:
            actions = statement["Action"]
            listed = [actions] if isinstance(actions, str) else actions
            left = [each for each in listed if each != action]
            statement["Action"] = left or ["s3:GetBucketLocation"]
        admin.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(policy))
        if not action:
            _use(stage, LEDGER)
            with pytest.raises(AccessDeniedError):
                _use(stage, f"s3://{BUCKET}/team-b")
        else:
            with pytest.raises(AccessDeniedError) as raised:
                _use(stage, LEDGER)
            assert BUCKET in raised.value.detail


def _ledger_finding(stage: Stage) -> Finding:
    (found,) = [each for each in stage.promoter().doctor() if each.subject == "ledger"]
    return found


def _use(stage: Stage, place: str) -> None:
    """Do with a ledger whatever is ever done with one."""
    sessions = Sessions(stage.session, "us-east-1", session_name="promote-test")
    ledger = open_store(place, sessions)
    assert ledger.read("tools/lock.json") is None
    first = ledger.create("tools/lock.json", b"1") or ""
    second = ledger.replace("tools/lock.json", b"2", first) or ""
    assert ledger.keys("tools/") == ["tools/lock.json"]
    assert ledger.delete("tools/lock.json", second)
    assert not ledger.delete("tools/lock.json", second)
    assert ledger.replace("tools/lock.json", b"3", second) is None


def _objects(stage: Stage) -> list[str]:
    found = stage.client(f"admin/{CICD}", "s3").list_objects_v2(Bucket=BUCKET)
    return [entry["Key"] for entry in found.get("Contents", [])]
