"""Promotions in the worlds that organisations have: first ones, shared ones, untidy ones."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from promote.errors import AccessDeniedError, FailedError, QuotaError
from promote.sandbox import admin
from promote.sandbox.seed import ML, OTHER_PROJECT, POINTER, PROD_1, PROD_2, QA
from promote.sandbox.world import World
from tests.functional.promotion_stage import CONFIG, V1, V2, V3, Stage, assert_ends

D1 = OTHER_PROJECT.version_arn("d1")
PATTERN = f"arn:aws:rekognition:us-east-1:{ML}:project/tools-detector/version/*"
TWO_MODELS = CONFIG.replace(
    "  tools: {project: tools-detector}\n",
    "  tools: {project: tools-detector}\n  damage: {project: damage-detector}\n",
).replace("smoke: {images: golden/}", "smoke: {images: null}")


def _nothing_yet(world: World) -> World:
    """Take away the parameters, what the access roles allow, and what runs."""
    roles = [replace(r, inline={}) if r.name.startswith("tools-") else r for r in world.roles]
    project = world.projects[0]
    versions = tuple(replace(v, status="TRAINING_COMPLETED") for v in project.versions)
    projects = (replace(project, versions=versions), *world.projects[1:])
    return replace(world, roles=tuple(roles), parameters=(), projects=projects)


def _allow(*resources: str) -> dict[str, Any]:
    statement = {
        "Effect": "Allow",
        "Action": "rekognition:DetectCustomLabels",
        "Resource": list(resources),
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


class TestTheFirstPromotionEver:
    def test_creates_pointers_and_policies_and_stops_nothing(self, stage: Stage) -> None:
        stage.set_up(change=_nothing_yet)
        assert stage.apply("v1", "prod").previous is None
        seen = stage.snapshot()
        assert seen.pointers == {QA: None, PROD_1: "v1", PROD_2: "v1"}
        assert seen.granted("tools-prod") == seen.running == {"v1"}
        assert stage.calls("rekognition:StopProjectVersion") == []

    def test_that_fails_leaves_nothing_at_all(self, stage: Stage) -> None:
        stage.set_up(change=_nothing_yet)
        before = stage.snapshot()
        admin.inject(stage.endpoint, "ssm:PutParameter", "access_denied", account=PROD_2, count=9)
        with pytest.raises(AccessDeniedError):
            stage.apply("v1", "prod")
        assert stage.snapshot() == before
        assert stage.is_finished


class TestAccessRoles:
    def test_may_be_one_for_every_account(self, stage: Stage) -> None:
        each = '    access_role: "{model}-{environment}-{account}"\n'
        stage.set_up(CONFIG.replace("    accounts: [", f"{each}    accounts: ["))
        stage.apply("v2", "prod")
        seen = stage.snapshot()
        for account in (PROD_1, PROD_2):
            assert seen.granted(f"tools-prod-{account}") == {"v2"}
        assert seen.granted(f"tools-qa-{QA}") == {"v1"}

    @pytest.mark.parametrize(
        ("granularity", "allowed"),
        [("project", PATTERN), ("account", PATTERN.replace("tools-detector", "*"))],
    )
    def test_of_a_coarse_granularity_are_written_once_and_for_all(
        self, stage: Stage, granularity: str, allowed: str
    ) -> None:
        stage.set_up(CONFIG.replace("  drain:", f"  granularity: {granularity}\n  drain:"))
        stage.apply("v2", "qa")
        stage.apply("v2", "prod")
        seen = stage.snapshot()
        assert seen.granted("tools-qa") == seen.granted("tools-prod") == {allowed}
        assert seen.pointers == dict.fromkeys((QA, PROD_1, PROD_2), "v2")
        assert seen.running == {"v2"}
        assert stage.calls("iam:PutRolePolicy") == []


class TestTwoModels:
    def test_in_one_file_do_not_touch_each_other(self, stage: Stage) -> None:
        stage.set_up(TWO_MODELS.replace("{running: 2}", "{running: 3}"), change=_three_slots)
        before = stage.snapshot()
        promoter = stage.promoter()
        promoter.apply(promoter.plan("damage", "d1", to="qa"))
        assert stage.pointer(QA, "/models/damage/version-arn") == D1
        assert stage.snapshot().pointers == before.pointers
        assert stage.snapshot().policies == before.policies
        stage.apply("v2", "qa")
        assert stage.snapshot().running == {"v1", "v2", "d1"}


class TestPointers:
    def test_that_disagree_are_brought_together(self, stage: Stage) -> None:
        stage.set_up()
        admin.set_status(stage.endpoint, V3, "RUNNING")
        stage.put_pointer(PROD_2, V3)
        iam = stage.client(f"admin/{ML}", "iam")
        iam.put_role_policy(
            RoleName="tools-prod",
            PolicyName="promote-tools",
            PolicyDocument=json.dumps(_allow(V1, V3)),
        )
        with pytest.raises(QuotaError, match="No free slot to start the version"):
            stage.apply("v2", "prod")
        stage.apply("v1", "prod")
        seen = stage.snapshot()
        assert (seen.pointers[PROD_1], seen.pointers[PROD_2]) == ("v1", "v1")
        assert seen.granted("tools-prod") == seen.running == {"v1"}

    def test_that_name_another_project_are_kept_granted_and_never_stopped(
        self, stage: Stage
    ) -> None:
        stage.set_up(CONFIG.replace("{running: 2}", "{running: 3}"), change=_three_slots)
        admin.set_status(stage.endpoint, D1, "RUNNING")
        stage.put_pointer(QA, D1)
        iam = stage.client(f"admin/{ML}", "iam")
        iam.put_role_policy(
            RoleName="tools-qa", PolicyName="promote-tools", PolicyDocument=json.dumps(_allow(D1))
        )
        stage.apply("v2", "qa")
        seen = stage.snapshot()
        assert (seen.pointers[QA], seen.granted("tools-qa")) == ("v2", {"v2"})
        assert seen.running == {"v1", "v2", "d1"}

    def test_that_hold_something_else_are_refused_unless_adopted(self, stage: Stage) -> None:
        stage.set_up()
        stage.put_pointer(QA, "the-good-one")
        before = stage.snapshot()
        done = stage.release()
        assert_ends(done, 4, "A pointer holds no version", "promote plan tools v2 --to qa --adopt")
        assert f"qa/{QA}: {POINTER} holds 'the-good-one'" in done.stderr
        assert stage.snapshot() == before
        stage.apply("v2", "qa", adopt=True)
        assert stage.snapshot().pointers[QA] == "v2"


class TestForeignGrants:
    def test_are_refused_unless_adopted_and_then_removed(self, stage: Stage) -> None:
        stage.set_up()
        iam = stage.client(f"admin/{ML}", "iam")
        everything = json.dumps(_allow("*"))
        iam.put_role_policy(RoleName="tools-qa", PolicyName="by-hand", PolicyDocument=everything)
        made = iam.create_policy(PolicyName="managed-by-hand", PolicyDocument=everything)
        arn = made["Policy"]["Arn"]
        iam.attach_role_policy(RoleName="tools-qa", PolicyArn=arn)
        before = stage.snapshot()
        done = stage.release()
        assert_ends(
            done, 4, "An access role allows more than planned", "plan tools v2 --to qa --adopt"
        )
        assert "by-hand allows *" in done.stderr
        assert f"{arn} allows *" in " ".join(done.stderr.split())
        assert stage.snapshot() == before
        stage.apply("v2", "qa", adopt=True)
        assert set(stage.snapshot().policies["tools-qa"]) == {"promote-tools"}
        assert iam.list_attached_role_policies(RoleName="tools-qa")["AttachedPolicies"] == []

    def test_of_the_same_as_ours_do_no_harm(self, stage: Stage) -> None:
        stage.set_up()
        iam = stage.client(f"admin/{ML}", "iam")
        iam.put_role_policy(
            RoleName="tools-qa", PolicyName="logs", PolicyDocument=json.dumps(_allow(V2))
        )
        stage.apply()
        assert set(stage.snapshot().policies["tools-qa"]) == {"promote-tools", "logs"}


class TestAVersion:
    def test_that_runs_already_is_not_started_and_not_stopped_after_a_failure(
        self, stage: Stage
    ) -> None:
        stage.set_up()
        admin.set_status(stage.endpoint, V3, "RUNNING")
        before = stage.snapshot()
        with pytest.raises(FailedError, match="The smoke test failed"):
            stage.apply("v3")
        assert stage.snapshot() == before
        assert stage.calls("rekognition:StartProjectVersion") == []
        assert stage.calls("rekognition:StopProjectVersion") == []

    def test_that_is_starting_by_somebody_elses_hand_is_waited_for(self, stage: Stage) -> None:
        stage.set_up()
        admin.set_status(stage.endpoint, V2, "STARTING", then="RUNNING", after=1.5)
        stage.apply()
        assert stage.calls("rekognition:StartProjectVersion") == []
        assert stage.snapshot().pointers[QA] == "v2"


def _three_slots(world: World) -> World:
    return replace(world, quotas=replace(world.quotas, running=3))
