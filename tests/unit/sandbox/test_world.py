from __future__ import annotations

import json

import pytest

from promote.sandbox.seed import CONSUMER, ML, QA, TARGETS, default_world
from promote.sandbox.world import RoleSeed, World, from_json, merged, to_json

ROLE = RoleSeed(account=QA, name=CONSUMER, trust={"Version": "2012-10-17"}, inline={"x": {"a": 1}})


class TestJson:
    def test_a_world_survives_the_journey(self) -> None:
        world = default_world([ROLE])
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


class TestMerged:
    def test_keeps_what_was_and_adds_what_is_new(self) -> None:
        old = default_world()
        new = World(organization=old.organization, roles=(ROLE,))
        both = merged(old, new)
        assert both.roles == (ROLE,)
        assert both.users == old.users
