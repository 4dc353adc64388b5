from __future__ import annotations

from datetime import timedelta

import pytest

from promote.core.result import Outcome
from promote.core.topology import Granularity, Target
from promote.core.version import Status
from promote.errors import NeedsAttentionError
from tests.builders import PROD, a_grant, a_topology, an_environment, prod, qa, version_arn
from tests.fake_world import FakeWorld
from tests.workflow.promoting import Promoting
from tests.workflow.test_promotion import PROD_ROLE, V1, V2


class TestADrainLongerThanTheWait:
    def test_is_left_and_said(self, in_qa: FakeWorld) -> None:
        result = Promoting(in_qa).release(to="prod", wait=timedelta(minutes=1))
        assert result.result is Outcome.PROMOTED
        switched = max(in_qa.left_at[account, "/models/tools/version-arn"][V1] for account in PROD)
        assert [(each.step, each.version) for each in result.left] == [("revoke", V1), ("stop", V1)]
        for each in result.left:
            assert (each.not_before - switched).total_seconds() == pytest.approx(300, abs=30)
        assert in_qa.document(PROD_ROLE) == a_grant("v1", "v2")
        assert in_qa.status("v1") is Status.RUNNING

    def test_holds_no_lock(self, in_qa: FakeWorld) -> None:
        Promoting(in_qa).release(to="prod", wait=timedelta(0))
        assert "tools/lock.json" not in in_qa.objects

    def test_is_finished_by_a_later_release(self, in_qa: FakeWorld) -> None:
        Promoting(in_qa).release(to="prod", wait=timedelta(0))
        in_qa.pass_time(300)
        result = Promoting(in_qa).release(to="prod", wait=timedelta(0))
        assert (result.result, result.left) == (Outcome.PROMOTED, ())
        assert in_qa.document(PROD_ROLE) == a_grant("v2")
        assert in_qa.status("v1") is Status.STOPPED

    def test_is_finished_by_the_same_plan_applied_again(self, in_qa: FakeWorld) -> None:
        plan = Promoting(in_qa).make(to="prod")
        Promoting(in_qa).apply(plan, wait=timedelta(0))
        in_qa.pass_time(300)
        assert Promoting(in_qa).apply(plan, wait=timedelta(0)).left == ()
        assert in_qa.status("v1") is Status.STOPPED


class TestSomebodyElseDuringTheDrain:
    def test_edits_the_role_and_nothing_is_revoked(self, in_qa: FakeWorld) -> None:
        edited = a_grant("v1", "v2", "v3")
        in_qa.at("iam.policy", lambda: in_qa.write_policy(PROD_ROLE, edited), nth=2)
        with pytest.raises(NeedsAttentionError, match="role was changed meanwhile"):
            Promoting(in_qa).release(to="prod")
        assert in_qa.document(PROD_ROLE) == edited
        assert in_qa.status("v1") is Status.RUNNING

    def test_moves_a_pointer_and_nothing_is_revoked(
        self, in_qa: FakeWorld, prod_targets: tuple[Target, ...]
    ) -> None:
        def by_hand() -> None:
            if in_qa.pointer(prod_targets[0]).value == V2:
                in_qa.point(prod_targets[0], V1)

        in_qa.at("store.replace", by_hand, nth=2)
        with pytest.raises(NeedsAttentionError, match="pointer was changed meanwhile"):
            Promoting(in_qa).release(to="prod")
        assert in_qa.document(PROD_ROLE) == a_grant("v1", "v2")
        assert in_qa.status("v1") is Status.RUNNING

    def test_can_be_finished_once_it_is_mended(
        self, in_qa: FakeWorld, prod_targets: tuple[Target, ...]
    ) -> None:
        in_qa.at("store.replace", lambda: in_qa.point(prod_targets[0], V1), nth=2)
        with pytest.raises(NeedsAttentionError):
            Promoting(in_qa).release(to="prod")
        result = Promoting(in_qa).release(to="prod")
        assert result.result is Outcome.PROMOTED
        assert [in_qa.pointer(target).value for target in prod_targets] == [V2, V2]
        assert in_qa.document(PROD_ROLE) == a_grant("v2")
        assert in_qa.status("v1") is Status.STOPPED


class TestACountedStop:
    def test_never_stops_what_nobody_of_ours_ever_named(self, in_qa: FakeWorld) -> None:
        arn = version_arn("v7")
        in_qa.versions[arn] = in_qa.versions[V1].__class__(
            arn=arn,
            name="v7",
            project="tools-detector",
            status=Status.RUNNING,
            created_at=in_qa.versions[V1].created_at,
        )
        Promoting(in_qa).release(to="prod")
        assert in_qa.status("v7") is Status.RUNNING

    def test_happens_when_the_last_environment_lets_go(self) -> None:
        names = ("qa", "blue", "green")
        accounts = ("333333333333", "444444444444", "555555555555")
        environments = [
            an_environment(name, accounts=(account,))
            for name, account in zip(names, accounts, strict=True)
        ]
        fake = FakeWorld(a_topology(*environments))
        for name in names:
            assert fake.status("v1") is Status.RUNNING
            Promoting(fake).release(to=name)
        assert fake.status("v1") is Status.STOPPED
        assert not fake.breaches

    def test_waits_for_the_drain_of_the_other_environment(self) -> None:
        slow = an_environment("slow", accounts=("444444444444",), drain=timedelta(hours=1))
        fake = FakeWorld(a_topology(qa(), slow))
        Promoting(fake).release(to="slow", wait=timedelta(0))
        Promoting(fake).release(to="qa")
        assert fake.status("v1") is Status.RUNNING
        fake.pass_time(3600)
        Promoting(fake).release(to="slow")
        assert fake.status("v1") is Status.STOPPED
        assert not fake.breaches


class TestAVersionThatAnotherEnvironmentStillDrains:
    def test_is_left_to_be_stopped_and_a_later_release_stops_it(self) -> None:
        coarse = {"granularity": Granularity.PROJECT}
        hour = timedelta(hours=1)
        topology = a_topology(qa(drain=hour, **coarse), prod(drain=timedelta(0), **coarse))
        fake = FakeWorld(topology)
        Promoting(fake).release(to="qa", wait=timedelta(0))
        result = Promoting(fake).release(to="prod", wait=timedelta(0))
        assert [(each.step, each.version) for each in result.left] == [("stop", V1)]
        assert fake.status("v1") is Status.RUNNING
        assert result.left[0].not_before > fake.time
        fake.pass_time(hour.total_seconds())
        assert Promoting(fake).release(to="prod").left == ()
        assert fake.status("v1") is Status.STOPPED
        assert not fake.breaches
