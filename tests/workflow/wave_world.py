"""A world in which prod has several accounts, which promotions reach in waves."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from promote.core.topology import Topology
from promote.core.waves import WaveSize
from tests.builders import PROD, a_topology, prod, qa, version_arn
from tests.fake_world import FakeWorld

ACCOUNTS = (*PROD, "777777777777", "888888888888")
FIRST_THEN_ALL = (WaveSize(1), WaveSize(100, is_percentage=True))
BAKE = timedelta(minutes=10)
V2 = version_arn("v2")


def in_waves(
    *sizes: WaveSize,
    accounts: int = 3,
    max_failures: int = 0,
    bake: timedelta = BAKE,
    access_role: str = "{model}-{environment}",
) -> Topology:
    """Build a topology whose prod has some accounts, and waves: one, then all, by default."""
    environment = prod(
        accounts=ACCOUNTS[:accounts],
        waves=sizes or FIRST_THEN_ALL,
        max_failures=max_failures,
        bake=bake,
        access_role=access_role,
    )
    return a_topology(qa(), environment)


def fail_in(fake: FakeWorld, *accounts: str) -> None:
    """Let v2 answer badly from accounts, from the moment on in which their pointer names it."""
    for account in accounts:
        spoil = partial(fake.poor.add, f"{account}/{V2}")
        for operation in ("pointer.write", "pointer.create"):
            fake.at(operation, spoil, after=True, on=account)
