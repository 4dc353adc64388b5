from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from promote.iam.authorise import Governing, Layer
from promote.sandbox.clock import HandClock
from promote.sandbox.credentials import Caller
from promote.sandbox.exchange import Need
from promote.sandbox.governing import Governors, UnreadableError
from promote.sandbox.propagation import Part, PolicyHistory
from promote.sandbox.seed import DATA_LAKE, ENDPOINT_ID, MANAGEMENT, ML, PROD_1, QA, default_world
from promote.sandbox.settings import Settings, SettingsBox
from promote.sandbox.world import EndpointSeed, WorldBox

ROLE = f"arn:aws:iam::{ML}:role/tools-qa"
ROOT, UNIT = "r-a1b2", "ou-a1b2-machinelearning"
DETECT = Need("rekognition:DetectCustomLabels", f"arn:aws:rekognition:us-east-1:{ML}:project/p/1")
ASSUME = Need("sts:AssumeRole", ROLE)
READ = Need("s3:GetObject", "arn:aws:s3:::images/a.png", {}, DATA_LAKE)


def _document(**more: Any) -> str:
    statement = {"Effect": "Deny", "Action": "s3:*", "Resource": "*", **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


IDENTITY, RCP = _document(), _document(Principal="*")
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": QA}, "Action": "sts:AssumeRole"},
        ],
    }
)
ORGANIZATION = {
    Part(ROOT, "enabled", "scp"): "true",
    Part(ROOT, "enabled", "rcp"): "true",
    Part(ROOT, "scp", "p-root"): IDENTITY,
    Part(ROOT, "rcp", "p-rcp-root"): RCP,
    Part(UNIT, "scp", "p-unit"): IDENTITY,
    Part(ML, "scp", "p-account"): IDENTITY,
    Part(ML, "rcp", "p-rcp"): RCP,
    Part(ML, "path"): f"{ROOT}/{UNIT}/{ML}",
    Part(MANAGEMENT, "path"): f"{ROOT}/{MANAGEMENT}",
    Part(MANAGEMENT, "scp", "p-management"): IDENTITY,
    Part(MANAGEMENT, "rcp", "p-rcp-management"): RCP,
}


class World:
    """Policies written by hand, and what governs a need of the role `ROLE` by them."""

    def __init__(self, endpoint: EndpointSeed | None = None) -> None:
        self.clock = HandClock()
        self.history = PolicyHistory(self.clock, SettingsBox(Settings(propagation_seconds=10)))
        world = default_world()
        self.box = WorldBox(replace(world, endpoints=(endpoint,)) if endpoint else world)
        self.governors = Governors(self.history, self.box)
        self.parts = {**ORGANIZATION, Part(ROLE, "trust"): TRUST}
        self.note(at_once=True)

    def note(self, *, at_once: bool = False) -> None:
        self.history.observe("everything", self.parts, at_once=at_once)

    def of(
        self,
        need: Need = DETECT,
        owner: str | None = ML,
        account: str = ML,
        through: str = "",
        replica: int = 0,
    ) -> Governing:
        arn = f"arn:aws:sts::{account}:assumed-role/tools-qa/x"
        entity = f"arn:aws:iam::{account}:role/tools-qa"
        caller = Caller(account, arn, entity, "AROA:x", "ASIA", "secret")
        return self.governors.of(caller, need, owner, {"aws:SourceVpce": through}, replica)


def _names(levels: tuple[tuple[Any, ...], ...]) -> list[list[str]]:
    return [[policy.name for policy in level] for level in levels]


class TestLevels:
    def test_are_those_from_the_root_down_to_the_account(self) -> None:
        found = World().of(ASSUME)
        assert _names(found.scp) == [["p-root"], ["p-unit"], ["p-account"]]
        assert _names(found.rcp) == [["p-rcp-root"], [], ["p-rcp"]]

    def test_scps_are_the_principals_and_rcps_the_resources(self) -> None:
        found = World().of(ASSUME, owner=ML, account=MANAGEMENT)
        assert (found.scp, len(found.rcp)) == ((), 3)
        found = World().of(ASSUME, owner=MANAGEMENT, account=ML)
        assert (len(found.scp), found.rcp) == (3, ())

    def test_there_are_none_outside_the_organisation(self) -> None:
        found = World().of(ASSUME, owner="777777777777", account="777777777777")
        assert (found.scp, found.rcp) == ((), ())

    def test_rcps_govern_only_services_that_support_them(self) -> None:
        assert World().of(DETECT).rcp == ()
        assert World().of(replace(READ, owner=ML), owner=ML).rcp

    def test_a_type_that_is_not_enabled_governs_nobody(self) -> None:
        world = World()
        del world.parts[Part(ROOT, "enabled", "scp")]
        world.note(at_once=True)
        assert world.of(ASSUME).scp == ()
        assert world.of(ASSUME).rcp

    def test_a_change_reaches_each_replica_in_its_own_time(self) -> None:
        world = World()
        world.parts[Part(ML, "scp", "p-new")] = IDENTITY
        world.note()
        seen = []
        for _ in range(160):
            world.clock.advance(0.1)
            levels = [_names(world.of(replica=one).scp)[2] for one in range(3)]
            seen.append(["p-new" in level for level in levels])
        assert seen[0] == [False] * 3
        assert seen[-1] == [True] * 3
        assert any(len(set(one)) > 1 for one in seen)


class TestResources:
    def test_a_role_has_its_trust_policy(self) -> None:
        trust = World().of(ASSUME).resource
        assert trust is not None
        assert len(trust.statements) == 1

    def test_a_role_that_is_not_there_trusts_nobody(self) -> None:
        trust = World().of(Need("sts:AssumeRole", f"{ROLE}s")).resource
        assert trust is not None
        assert trust.statements == ()

    def test_a_bucket_may_have_a_policy(self) -> None:
        world = World()
        assert world.of(READ, owner=DATA_LAKE).resource is None
        world.parts[Part("arn:aws:s3:::images", "bucket")] = RCP
        world.note(at_once=True)
        assert world.of(READ, owner=DATA_LAKE).resource is not None
        assert world.of(Need("s3:ListAllMyBuckets", "*"), owner=None).resource is None

    def test_nothing_else_has_one(self) -> None:
        assert World().of(DETECT).resource is None


class TestEndpoints:
    def test_the_policy_of_the_endpoint_of_the_request_counts(self) -> None:
        policy = json.loads(RCP)
        world = World(EndpointSeed(id=ENDPOINT_ID, account=PROD_1, policy=policy))
        assert world.of(through=ENDPOINT_ID).endpoint is not None
        assert world.of().endpoint is None
        assert World().of(through=ENDPOINT_ID).endpoint is None

    def test_a_newer_policy_takes_the_place_of_the_older(self) -> None:
        world = World(EndpointSeed(id=ENDPOINT_ID, account=PROD_1, policy=json.loads(RCP)))
        before = world.of(through=ENDPOINT_ID).endpoint
        policy = json.loads(_document(Principal="*", Action="rekognition:*"))
        newer = EndpointSeed(id=ENDPOINT_ID, account=PROD_1, policy=policy)
        world.box.current = replace(world.box.current, endpoints=(newer,))
        assert world.of(through=ENDPOINT_ID).endpoint != before


class TestUnreadablePolicies:
    @pytest.mark.parametrize(
        ("part", "layer"),
        [
            (Part(ROLE, "inline", "x"), Layer.IDENTITY),
            (Part(ROLE, "boundary", "x"), Layer.BOUNDARY),
            (Part(ROLE, "trust"), Layer.RESOURCE),
            (Part(UNIT, "scp", "x"), Layer.SCP),
            (Part(UNIT, "rcp", "x"), Layer.RCP),
        ],
    )
    def test_let_nothing_pass(self, part: Part, layer: Layer) -> None:
        world = World()
        world.parts[part] = _document(NotPrincipal="*")
        world.note(at_once=True)
        with pytest.raises(UnreadableError) as caught:
            world.of(ASSUME)
        assert caught.value.layer is layer

    def test_nor_through_their_endpoint(self) -> None:
        policy = json.loads(_document(NotPrincipal="*"))
        world = World(EndpointSeed(id=ENDPOINT_ID, account=PROD_1, policy=policy))
        with pytest.raises(UnreadableError):
            world.of(through=ENDPOINT_ID)
