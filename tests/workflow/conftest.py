from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from promote.core.topology import Target
from tests.builders import PROD, QA, a_topology
from tests.fake_world import FakeWorld
from tests.workflow.promoting import Promoting


@pytest.fixture(autouse=True)
def _the_same_jitter_every_time() -> None:
    random.seed(20260302)


@pytest.fixture
def fake() -> Iterator[FakeWorld]:
    """Give the default world, and hold P1 and P6 to have held in it throughout."""
    world = FakeWorld(a_topology())
    yield world
    assert not world.breaches


@pytest.fixture
def fresh() -> Iterator[FakeWorld]:
    """Give a world in which no pointer exists and no role grants anything."""
    world = FakeWorld(a_topology(), live=None)
    yield world
    assert not world.breaches


@pytest.fixture
def in_qa(fake: FakeWorld) -> FakeWorld:
    """Give a world in which v2 is live in qa, and prod is next; `calls` begins there."""
    Promoting(fake).release(to="qa")
    fake.calls.clear()
    return fake


@pytest.fixture
def qa_target(fake: FakeWorld) -> Target:
    return next(target for target in fake.targets if target.account == QA)


@pytest.fixture
def prod_targets(fake: FakeWorld) -> tuple[Target, ...]:
    return tuple(target for target in fake.targets if target.account in PROD)
