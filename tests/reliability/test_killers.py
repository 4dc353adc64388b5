"""What no other test noticed about two of the mutants."""

from __future__ import annotations

from datetime import timedelta

from promote.core.version import Status
from tests.builders import a_topology
from tests.fake_world import FakeWorld
from tests.workflow.promoting import Promoting
from tests.workflow.test_prove import seconds_from_grant_to_switch


class TestADrainThatBeganBefore:
    def test_is_waited_for_no_longer_than_what_is_left_of_it(self) -> None:
        fake = FakeWorld(a_topology())
        Promoting(fake).release(to="qa")
        Promoting(fake).release(to="prod", wait=timedelta(0))
        fake.pass_time(200)  # of 300
        assert Promoting(fake).release(to="prod", wait=timedelta(seconds=120)).left == ()
        assert fake.status("v1") is Status.STOPPED
        assert not fake.breaches


class TestAStreak:
    def test_begins_again_although_the_smoke_test_would_meet_a_replica_that_knows(self) -> None:
        fake = FakeWorld(a_topology())
        fake.replicas = (0.0, 60.0, 0.0)
        Promoting(fake).release()
        assert seconds_from_grant_to_switch(fake) >= 60
        assert not fake.breaches
