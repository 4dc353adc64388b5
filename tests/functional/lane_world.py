"""One world of many organisations that are all alike, but for the numbers of their accounts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from promote.cli.sandbox_world import world_of
from promote.config import load
from promote.sandbox.seed import CICD, ML, PROD_1, PROD_2, PROJECT
from promote.sandbox.world import World, from_json, to_json

OWN = (ML, PROD_1, PROD_2)
"""The accounts that every lane has for itself."""

CONFIG = f"""\
version: 1
region: us-east-1
ml:
  account: "{ML}"
  quotas: {{running: 2}}
models:
  tools: {{project: tools-detector}}
defaults:
  external_id: tools
  consumers: ["arn:aws:iam::{{account}}:role/storefront"]
  propagation: {{consecutive: 1, deadline: 60s}}
  deadlines: {{start: 60s, stop: 60s}}
  smoke: {{images: images/}}
  drain: 2s
environments:
  - name: prod
    accounts: ["{PROD_1}", "{PROD_2}"]
"""


def worlds(config: Path, count: int) -> World:
    """Return one world of so many organisations, each as a promote.yaml wants it."""
    template = json.dumps(to_json(_world(config)))
    return _side_by_side(
        [from_json(json.loads(in_lane(template, number))) for number in range(count)]
    )


def account_of(lane: int, account: str) -> str:
    """Return the account that has an account's part in a lane."""
    return f"{account[0]}{lane:011d}"


def in_lane(text: str, lane: int) -> str:
    """Return a text with the accounts of a lane."""
    for account in OWN:
        text = text.replace(account, account_of(lane, account))
    return text


def _world(config: Path) -> World:
    """Return the part of the world that each lane has for itself."""
    world = world_of(load(config), None)
    return replace(
        world,
        users=tuple(each for each in world.users if each.account in {*OWN, CICD}),
        projects=(PROJECT,),
        parameters=tuple(each for each in world.parameters if each.account in OWN),
        buckets=(),
        endpoints=(),
    )


def _side_by_side(worlds: Sequence[World]) -> World:
    """Return one world of all these organisations; what they share is in it once."""
    accounts = {each.id: each for world in worlds for each in world.organization.accounts}
    users = {(each.account, each.name): each for world in worlds for each in world.users}
    first = worlds[0]
    return replace(
        first,
        organization=replace(first.organization, accounts=tuple(accounts.values())),
        roles=tuple(each for world in worlds for each in world.roles),
        users=tuple(users.values()),
        sessions=tuple(each for world in worlds for each in world.sessions),
        projects=tuple(each for world in worlds for each in world.projects),
        parameters=tuple(each for world in worlds for each in world.parameters),
    )
