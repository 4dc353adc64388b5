from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from promote.core.parts import Quotas
from promote.core.plan import Stop
from promote.core.result import Outcome, Retired
from promote.core.status import summarise
from promote.core.topology import Granularity, Topology
from promote.core.version import Status
from promote.errors import RefusedError
from promote.workflow.lease import acquire
from tests.builders import PROMOTER, a_grant, a_topology, a_trained_version, prod, qa, version_arn
from tests.fake_world import CrashError, FakeWorld
from tests.workflow.promoting import Promoting
from tests.workflow.test_promotion import PROD_ROLE, QA_ROLE, V1, V2

NOTHING = timedelta(0)
DAY = timedelta(days=1)


def a_warm_topology(**changes: object) -> Topology:
    return a_topology(qa(keep_warm=DAY, **changes), prod(keep_warm=NOTHING))


def with_a_third_slot(topology: Topology) -> Topology:
    return replace(topology, ml=replace(topology.ml, quotas=Quotas(running=3)))


@pytest.fixture
def warm() -> FakeWorld:
    """Give a world in which v2 replaced v1 everywhere, and qa keeps v1 warm for a day."""
    fake = FakeWorld(with_a_third_slot(a_warm_topology()))
    for name in ("qa", "prod"):
        Promoting(fake).release(to=name)
    return fake


class TestKeepWarm:
    def test_keeps_the_old_version_past_its_drain(self, warm: FakeWorld) -> None:
        warm.pass_time(2 * 3600)
        Promoting(warm).release(to="qa", wait=NOTHING)
        assert warm.document(QA_ROLE) == a_grant("v1", "v2")
        assert warm.status("v1") is Status.RUNNING
        assert not warm.breaches

    def test_is_left_and_said(self) -> None:
        fake = FakeWorld(a_warm_topology())
        began = fake.time
        result = Promoting(fake).release(to="qa")
        (left,) = result.left
        assert (left.step, left.version) == ("revoke", V1)
        assert timedelta(0) <= left.not_before - began - DAY < timedelta(minutes=5)

    def test_of_a_whole_project_outlasts_what_is_taken_over_at_once(self) -> None:
        topology = a_topology(qa(keep_warm=DAY, granularity=Granularity.PROJECT), prod())
        fake = FakeWorld(topology)
        for name in ("qa", "prod"):
            Promoting(fake).release(to=name)
        fake.write_policy(QA_ROLE, a_grant("v1"), "legacy")
        fake.versions[version_arn("v3")] = a_trained_version("v3")
        fake.topology = with_a_third_slot(topology)
        plan = Promoting(fake).plan("tools", "v3", to="qa", adopt=True)
        assert not [step for step in plan.steps if isinstance(step, Stop)]

    def test_is_over_when_it_is_over(self, warm: FakeWorld) -> None:
        warm.pass_time(DAY.total_seconds())
        assert Promoting(warm).release(to="qa").left == ()
        assert warm.document(QA_ROLE) == a_grant("v2")
        assert warm.status("v1") is Status.STOPPED
        assert not warm.breaches

    def test_is_no_drift(self, warm: FakeWorld) -> None:
        warm.pass_time(3600)
        seen = Promoting(warm)._observer("tools", warm.topology.environments[0]).observe()  # noqa: SLF001
        status = summarise(warm.topology, seen, None, {})
        found = [each for environment in status.environments for each in environment.drift]
        assert not any("allows v1" in each.summary for each in found)
        assert {each.step for each in status.left} == {"revoke", "stop"}

    def test_of_an_older_version_outlives_a_newer_promotion(self, warm: FakeWorld) -> None:
        warm.versions[version_arn("v3")] = a_trained_version("v3")
        warm.pass_time(3600)
        Promoting(warm).release("v3", to="qa", wait=NOTHING)
        assert warm.document(QA_ROLE) == a_grant("v1", "v2", "v3")
        warm.pass_time(DAY.total_seconds())
        Promoting(warm).retire()
        assert warm.document(QA_ROLE) == a_grant("v3")
        assert warm.status("v1") is Status.STOPPED
        assert warm.status("v2") is Status.RUNNING
        assert not warm.breaches

    def test_forbids_a_stop_where_a_role_allows_the_whole_project(self) -> None:
        fake = FakeWorld(a_topology(qa(keep_warm=DAY, granularity=Granularity.PROJECT)))
        Promoting(fake).release(to="qa")
        fake.pass_time(60)
        with pytest.raises(RefusedError, match=r"keep_warm of .* keeps it until 20"):
            Promoting(fake).stop_version("tools", "v1")
        fake.pass_time(DAY.total_seconds())
        Promoting(fake).stop_version("tools", "v1")
        assert fake.status("v1") is Status.STOPPED

    @pytest.mark.parametrize("granularity", [Granularity.VERSION, Granularity.PROJECT])
    def test_does_not_keep_what_failed(self, granularity: Granularity) -> None:
        fake = FakeWorld(a_topology(qa(keep_warm=DAY, granularity=granularity)))
        fake.crash("pointer.write", after=True)
        with pytest.raises(CrashError):
            Promoting(fake).release(to="qa")
        fake.revive(seconds=600)
        assert Promoting(fake).abort("tools").result is Outcome.ROLLED_BACK
        assert fake.status("v2") is Status.STOPPED
        assert fake.status("v1") is Status.RUNNING
        assert not fake.breaches


class TestRetire:
    def test_finds_nothing_due_and_takes_no_lock(self, warm: FakeWorld) -> None:
        warm.pass_time(DAY.total_seconds())
        Promoting(warm).retire(wait=NOTHING)
        warm.calls.clear()
        (found,) = Promoting(warm).retire()
        assert (found.done, found.left, found.skipped) == ((), (), ())
        assert warm.operations(writes=True) == []

    def test_leaves_what_is_not_due(self, warm: FakeWorld) -> None:
        (found,) = Promoting(warm).retire("tools", wait=NOTHING)
        assert (found.done, {each.step for each in found.left}) == ((), {"revoke", "stop"})
        assert warm.status("v1") is Status.RUNNING
        assert "tools/lock.json" not in warm.objects

    def test_revokes_and_stops_what_is_due_in_every_environment(self, in_qa: FakeWorld) -> None:
        Promoting(in_qa).release(to="prod", wait=NOTHING)
        in_qa.pass_time(600)
        (found,) = Promoting(in_qa).retire(wait=NOTHING)
        assert found.done == (
            Retired(step="revoke", environment="prod", version=V1),
            Retired(step="stop", environment="prod", version=V1),
        )
        assert in_qa.document(PROD_ROLE) == a_grant("v2")
        assert in_qa.status("v1") is Status.STOPPED
        assert "tools/lock.json" not in in_qa.objects

    def test_waits_for_what_falls_due_soon(self, in_qa: FakeWorld) -> None:
        Promoting(in_qa).release(to="prod", wait=NOTHING)
        (found,) = Promoting(in_qa).retire()
        assert [each.step for each in found.done] == ["revoke", "stop"]

    def test_goes_on_where_it_was_killed(self, in_qa: FakeWorld) -> None:
        Promoting(in_qa).release(to="prod", wait=NOTHING)
        in_qa.pass_time(600)
        kept = in_qa.copy()
        kept.calls.clear()
        Promoting(kept).retire()
        for nth in range(1, len(kept.operations(writes=True)) + 1):
            fake = in_qa.copy()
            fake.crash("!", nth=nth, after=True)
            with pytest.raises(CrashError):
                Promoting(fake).retire()
            fake.revive(seconds=600)
            Promoting(fake).retire()
            # A lock that expired is taken by whoever has something to do, and nobody has.
            assert {**fake.end_state(), "lock": False} == kept.end_state()
            assert not fake.breaches

    def test_skips_a_model_that_is_locked(self, in_qa: FakeWorld) -> None:
        Promoting(in_qa).release(to="prod", wait=NOTHING)
        in_qa.pass_time(600)
        world = in_qa.ports()
        acquire(world.store, world.clock, model="tools", owner=PROMOTER, operation="look")
        (found,) = Promoting(in_qa).retire()
        assert found.done == ()
        assert "Another promotion is running" in found.skipped[0]

    def test_skips_a_model_whose_promotion_is_unfinished(self, in_qa: FakeWorld) -> None:
        in_qa.crash("pointer.write")
        with pytest.raises(CrashError):
            Promoting(in_qa).release(to="prod")
        in_qa.revive(seconds=600)
        (found,) = Promoting(in_qa).retire()
        assert found.skipped == ("The promotion of v2 to prod is unfinished: promote resume tools",)

    def test_leaves_alone_what_no_pointer_ever_named(self, in_qa: FakeWorld) -> None:
        in_qa.versions[version_arn("v3")] = a_trained_version("v3")
        in_qa.topology = with_a_third_slot(in_qa.topology)
        Promoting(in_qa).start_version("tools", "v3")
        Promoting(in_qa).grant("tools", "v3", environment="qa")
        (found,) = Promoting(in_qa).retire()
        assert found.done == ()
        assert "which no pointer of its targets ever named" in found.skipped[0]
        assert in_qa.status("v3") is Status.RUNNING

    def test_says_where_pointers_disagree(self, in_qa: FakeWorld) -> None:
        target = next(each for each in in_qa.targets if each.environment == "prod")
        in_qa.point(target, V2)
        (found,) = Promoting(in_qa).retire()
        assert found.skipped == ("prod: its pointers do not name one version.",)
        in_qa.breaches.clear()  # the pointer was moved by hand
