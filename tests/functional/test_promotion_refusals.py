"""What is refused before anything is changed: exit code, message, remedy, an untouched world."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from promote.aws.clock import SystemClock
from promote.core.result import Outcome
from promote.ledger.directory import DirectoryStore
from promote.sandbox import admin
from promote.sandbox.seed import ML, OTHER_PROJECT, PROD_1, QA
from promote.sandbox.world import World
from promote.workflow.lease import acquire
from tests.functional.promotion_stage import (
    AFTER_QA,
    CONFIG,
    POLICY,
    V2,
    V3,
    Stage,
    assert_ends,
    without_role,
)

READS = ("Describe", "Get", "List", "AssumeRole", "DetectCustomLabels")


@contextmanager
def untouched(stage: Stage) -> Iterator[None]:
    """Hold that the body writes nothing, to AWS or to the ledger."""
    before, records, last = stage.snapshot(), len(stage.records()), stage.calls()
    yield
    assert stage.snapshot() == before
    assert len(stage.records()) == records
    assert stage.is_finished
    made = [call["operation"].partition(":")[2] for call in stage.calls()[len(last) :]]
    assert [name for name in made if not name.startswith(READS)] == []


class TestAMissingRole:
    def test_to_be_granted_is_not_found(self, stage: Stage) -> None:
        stage.set_up(change=without_role(ML, "tools-qa"))
        with untouched(stage):
            done = stage.release()
        remedy = "    promote policy render --model tools --environment qa --kind access-role-trust"
        assert_ends(done, 7, "No such access role", remedy)
        assert f"arn:aws:iam::{ML}:role/tools-qa does not exist" in done.stderr

    @pytest.mark.parametrize(
        ("account", "name"),
        [
            (ML, "promote-operator-qa"),
            (QA, "promote-deployer"),
            (QA, "promote-smoke"),
        ],
    )
    def test_to_walk_through_is_denied_before_the_first_write(
        self, stage: Stage, account: str, name: str
    ) -> None:
        stage.set_up(change=without_role(account, name))
        with untouched(stage):
            done = stage.release()
        assert_ends(done, 6, "Access denied", "    promote doctor")
        assert f"arn:aws:iam::{account}:role/{name}" in done.stderr


class TestWhatIsAskedFor:
    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def _world(cls, stage: Stage) -> None:
        stage.set_up(AFTER_QA)

    def test_an_unknown_version_is_not_found(self, stage: Stage) -> None:
        with untouched(stage):
            done = stage.release("v9")
        assert_ends(done, 7, "No such version", "    promote version list tools")
        assert "It has: v5, v4, v3, v2, v1." in done.stderr

    def test_without_a_terminal_somebody_must_have_agreed(self, stage: Stage) -> None:
        with untouched(stage):
            done = stage.promote("release", "tools", "v2", "--to", "qa")
        assert_ends(done, 2, "Wrong usage", "    promote release --help")
        assert "--yes" in done.stderr

    def test_production_before_qa_is_refused_and_the_plan_is_saved(self, stage: Stage) -> None:
        with untouched(stage):
            done = stage.promote("plan", "tools", "v2", "--to", "prod", "--out", "prod.json")
            again = stage.promote("apply", "prod.json")
        assert_ends(done, 4, "Promotion refused", "    promote status tools")
        assert "verified" in done.stderr
        assert json.loads((stage.directory / "prod.json").read_text())["kind"] == "plan"
        assert_ends(again, 4, "Promotion refused", "    promote release tools v2 --to qa")

    def test_a_locked_model_names_who_holds_it(self, stage: Stage) -> None:
        store = DirectoryStore(stage.directory / ".promote/ledger")
        owner = "arn:aws:iam::111111111111:user/somebody"
        lease = acquire(
            store, SystemClock(), model="tools", owner=owner, operation="release tools v3 to qa"
        )
        done = stage.release()
        lease.release()
        assert_ends(done, 8, "Another promotion is running", "    promote status tools")
        assert owner in done.stderr
        assert "release tools v3 to qa" in " ".join(done.stderr.split())
        assert stage.records() == []

    def test_a_version_that_is_training_cannot_be_used(self, stage: Stage) -> None:
        admin.set_status(stage.endpoint, V3, "TRAINING_IN_PROGRESS")
        with untouched(stage):
            done = stage.release("v3")
        admin.set_status(stage.endpoint, V3, "TRAINING_COMPLETED")
        assert_ends(done, 4, "The version cannot be used", "    promote version list tools")


class TestAFullQuota:
    def test_names_every_holder(self, stage: Stage) -> None:
        running = replace(OTHER_PROJECT.versions[0], status="RUNNING")

        def change(world: World) -> World:
            other = replace(OTHER_PROJECT, versions=(running,))
            return replace(world, projects=(world.projects[0], other))

        stage.set_up(change=change)
        with untouched(stage):
            done = stage.release()
        assert_ends(
            done, 4, "No free slot to start the version", "    promote version stop tools VERSION"
        )
        assert "tools-detector/v1  RUNNING" in done.stderr
        assert "damage-detector/d1  RUNNING" in done.stderr


class TestAPlanFile:
    @pytest.fixture(scope="class")
    @classmethod
    def plan(cls, stage: Stage) -> Path:
        stage.set_up(CONFIG)
        done = stage.promote("plan", "tools", "v2", "--to", "qa", "--out", "plan.json")
        assert done.returncode == 0, done.stderr
        return stage.directory / "plan.json"

    @pytest.mark.parametrize(
        ("was", "becomes"),
        [
            ('"min_accuracy":0.9', '"min_accuracy":0.1'),
            ("version/v2/", "version/v3/"),
        ],
    )
    def test_that_was_tampered_with(self, stage: Stage, plan: Path, was: str, becomes: str) -> None:
        text = plan.read_text()
        assert was in text
        (stage.directory / "tampered.json").write_text(text.replace(was, becomes))
        with untouched(stage):
            done = stage.promote("apply", "tampered.json")
        assert_ends(done, 2, "The plan file was changed", "    promote plan MODEL VERSION")

    @pytest.mark.parametrize(
        "text",
        [
            lambda text: json.dumps(json.loads(text), indent=1),
            lambda text: text.replace('{"changes"', '{"format":1,"changes"', 1),
        ],
        ids=["indented", "a key twice"],
    )
    def test_that_is_not_canonical(self, stage: Stage, plan: Path, text: object) -> None:
        assert callable(text)
        other = text(plan.read_text())
        assert other != plan.read_text()
        (stage.directory / "other.json").write_text(other)
        with untouched(stage):
            done = stage.promote("apply", "other.json")
        assert_ends(done, 2, "The plan file is not canonical", "    promote plan MODEL VERSION")

    def test_of_another_digest_than_the_approved_one(self, stage: Stage, plan: Path) -> None:
        with untouched(stage):
            done = stage.promote("apply", plan.name, "--digest", "0" * 64)
        assert_ends(done, 2, "Not the plan that was expected", "    promote show plan.json")

    def test_whose_pointer_moved_is_stale(self, stage: Stage, plan: Path) -> None:
        value = str(stage.pointer(QA))
        stage.put_pointer(QA, value)
        with untouched(stage):
            done = stage.promote("apply", plan.name)
        remedy = "    promote plan tools v2 --to qa"
        assert_ends(done, 5, "The plan is stale", remedy)
        assert f"pointer qa/{QA} /models/tools/version-arn" in done.stderr

    def test_whose_policies_changed_is_stale_and_names_each(self, stage: Stage, plan: Path) -> None:
        iam = stage.client(f"admin/{ML}", "iam")
        statement = {"Effect": "Allow", "Action": "rekognition:DetectCustomLabels", "Resource": V3}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        for name in (POLICY, "by-hand"):
            iam.put_role_policy(RoleName="tools-qa", PolicyName=name, PolicyDocument=document)
        with untouched(stage):
            done = stage.promote("apply", plan.name)
        assert_ends(done, 5, "The plan is stale", "    promote plan tools v2 --to qa")
        role = f"arn:aws:iam::{ML}:role/tools-qa"
        assert f"  policy {role} {POLICY}" in done.stderr
        assert f"  other-policies {role} {POLICY}" in done.stderr

    def test_whose_configuration_or_version_changed_is_stale(
        self, stage: Stage, plan: Path
    ) -> None:
        stage.set_up(CONFIG.replace("consecutive: 1", "consecutive: 2"))
        admin.set_status(stage.endpoint, V2, "EXPIRED")
        with untouched(stage):
            done = stage.promote("apply", plan.name)
        assert_ends(done, 5, "The plan is stale", "    promote plan tools v2 --to qa")
        assert "  configuration tools/qa" in done.stderr
        assert f"  status {V2}\n    was TRAINING_COMPLETED\n    is  EXPIRED" in done.stderr

    def test_of_production_is_not_stale_for_what_happens_in_qa(self, stage: Stage) -> None:
        stage.set_up(CONFIG)
        promoter = stage.promoter()
        plan = promoter.plan("tools", "v2", to="prod")
        stage.put_pointer(QA, str(stage.pointer(PROD_1)))
        assert promoter.apply(plan).result is Outcome.PROMOTED
        assert set(stage.snapshot().pointers.items()) >= {(PROD_1, "v2"), (QA, "v1")}
        # v1 is still QA's
        assert stage.snapshot().running == {"v1", "v2"}
