from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from promote.sandbox.seed import CONSUMER, MANAGEMENT, ML, QA, TARGETS, default_world
from promote.sandbox.world import (
    BucketSeed,
    EndpointSeed,
    RoleSeed,
    World,
    WorldBox,
    from_json,
    merged,
    to_json,
)

ROLE = RoleSeed(account=QA, name=CONSUMER, trust={"Version": "2012-10-17"}, inline={"x": {"a": 1}})


class TestJson:
    def test_a_world_survives_the_journey(self) -> None:
        policy = {"Version": "2012-10-17", "Statement": []}
        world = replace(
            default_world([ROLE, replace(ROLE, name="bounded", boundary=policy)]),
            buckets=(BucketSeed(account=QA, name="b", policy=policy),),
            endpoints=(EndpointSeed(id="vpce-1", account=QA, policy=policy),),
        )
        assert from_json(json.loads(json.dumps(to_json(world)))) == world

    @pytest.mark.parametrize(
        ("change", "problem"),
        [
            ({"regions": "x"}, "world: expected no key regions"),
            ({"region": 5}, "world.region: expected str"),
            ({"users": {}}, r"world.users: expected a list"),
            ({"users": [{"name": "x"}]}, r"world.users\[0\]: expected the key account"),
            ({"quotas": {"running": "2"}}, "world.quotas.running: expected int"),
        ],
    )
    def test_a_wrong_value_is_named_by_its_place(
        self, change: dict[str, object], problem: str
    ) -> None:
        with pytest.raises(ValueError, match=problem):
            from_json({**to_json(default_world()), **change})


class TestDefaultWorld:
    def test_each_login_has_a_key_of_its_own(self) -> None:
        world = default_world([ROLE])
        logins = {one.login: one.access_key_id for one in world.users}
        logins |= {one.login: one.access_key_id for one in world.sessions}
        assert {"promoter", "stranger", f"admin/{ML}", f"consumer/{QA}"} <= set(logins)
        assert len(set(logins.values())) == len(logins)
        assert {len(key) for key in logins.values()} == {20}

    def test_every_target_points_at_the_first_version(self) -> None:
        world = default_world()
        v1 = world.projects[0].version_arn("v1")
        assert {(p.account, p.values) for p in world.parameters} == {(t, (v1,)) for t in TARGETS}


class TestOrganization:
    def test_units_have_the_same_ids_in_every_sandbox(self) -> None:
        assert default_world().organization.units == {
            "Infrastructure": "ou-a1b2-infrastructure",
            "MachineLearning": "ou-a1b2-machinelearning",
            "Workloads": "ou-a1b2-workloads",
        }

    @pytest.mark.parametrize("path", ["QA", "Workloads/Production", "Ünits und Wörter " * 9])
    def test_an_id_is_of_the_form_that_aws_gives(self, path: str) -> None:
        unit = default_world().organization.unit_id(path)
        assert re.fullmatch(r"ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}", unit)


class TestWorldBox:
    def test_knows_who_is_inside_and_who_is_governed(self) -> None:
        stranger = replace(ROLE, account="777777777777")
        box = WorldBox(default_world([stranger]))
        assert box.known_accounts - box.accounts == {"777777777777"}
        assert box.is_member(ML)
        assert not box.is_member(MANAGEMENT)
        assert not box.is_member("777777777777")

    def test_of_one_endpoint_the_newer_counts(self) -> None:
        old, new = (
            EndpointSeed(id="vpce-1", account=QA, services=(one,)) for one in ("sts", "rekognition")
        )
        worlds = [replace(default_world(), endpoints=(one,)) for one in (old, new)]
        assert WorldBox(merged(*worlds)).endpoints == {"vpce-1": new}


class TestMerged:
    def test_keeps_what_was_and_adds_what_is_new(self) -> None:
        old = default_world()
        new = World(organization=old.organization, roles=(ROLE,))
        both = merged(old, new)
        assert both.roles == (*old.roles, ROLE)
        assert both.users == old.users
