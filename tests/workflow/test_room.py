from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from promote.core.parts import Quotas
from promote.core.plan import Drain, Plan, Revoke, Start, Stop, makes_room
from promote.core.result import Outcome
from promote.core.topology import Granularity
from promote.core.version import Status
from promote.errors import AccessDeniedError, FailedError, QuotaError, StalePlanError
from tests.builders import (
    PROD,
    a_grant,
    a_topology,
    a_trained_version,
    a_version,
    prod,
    qa,
    version_arn,
)
from tests.fake_world import CrashError, FakeWorld
from tests.reliability.scenarios import settled
from tests.workflow.promoting import Promoting
from tests.workflow.test_promotion import PROD_ROLE, QA_ROLE, V1, V2

V3 = version_arn("v3")
EVERYTHING = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "rekognition:*", "Resource": "*"}],
}
NOTHING = timedelta(0)
DAY = timedelta(days=1)


def warmed(**changes: object) -> FakeWorld:
    """Build a world in which v2 has replaced v1 everywhere, and v1 is warm past its drain."""
    fake = FakeWorld(a_topology(qa(keep_warm=DAY, **changes), prod(keep_warm=DAY, **changes)))
    for name in ("qa", "prod"):
        Promoting(fake).release(to=name, wait=NOTHING)
    fake.versions[V3] = a_trained_version("v3")
    fake.pass_time(3600)
    fake.calls.clear()
    return fake


@pytest.fixture
def warm() -> FakeWorld:
    return warmed()


def room(plan: Plan) -> list[tuple[str, str]]:
    return [(step.step, step.environment) for step in plan.steps if makes_room(step)]


class TestAPlanThatMakesRoom:
    def test_gives_up_what_is_warm_in_every_environment_before_the_start(
        self, warm: FakeWorld
    ) -> None:
        plan = Promoting(warm).make("v3")
        assert room(plan) == [("revoke", "qa"), ("revoke", "prod"), ("stop", "qa")]
        assert [step.step for step in plan.steps][3:5] == ["start", "grant"]

    def test_is_carried_out_and_ends_with_the_new_version(self, warm: FakeWorld) -> None:
        result = Promoting(warm).release("v3", wait=NOTHING)
        assert result.result is Outcome.PROMOTED
        assert warm.document(QA_ROLE) == a_grant("v2", "v3")
        assert warm.document(PROD_ROLE) == a_grant("v2")
        states = [warm.status(name) for name in ("v1", "v2", "v3")]
        assert states == [Status.STOPPED, Status.RUNNING, Status.RUNNING]
        assert not warm.breaches

    def test_writes_with_the_roles_of_each_environment(self, warm: FakeWorld) -> None:
        Promoting(warm).release("v3", wait=NOTHING)
        writers = {
            (call.resource.partition(" ")[0], str(call.role).rpartition("/")[2])
            for call in warm.calls
            if call.operation == "iam.put"
        }
        assert writers == {(QA_ROLE, "promote-operator-qa"), (PROD_ROLE, "promote-operator-prod")}

    def test_changes_nothing_where_a_role_of_another_environment_is_out_of_reach(
        self, warm: FakeWorld
    ) -> None:
        denied = AccessDeniedError("Access denied")
        warm.fail("sts.reach", denied, on="promote-operator-prod")
        with pytest.raises(AccessDeniedError):
            Promoting(warm).release("v3", wait=NOTHING)
        assert [each for each in warm.operations(writes=True) if "store" not in each] == []

    def test_keeps_what_is_warm_while_a_slot_is_free(self, warm: FakeWorld) -> None:
        ml = replace(warm.topology.ml, quotas=Quotas(running=3))
        warm.topology = replace(warm.topology, ml=ml)
        assert room(Promoting(warm).make("v3")) == []

    def test_needs_no_room_for_what_runs(self, warm: FakeWorld) -> None:
        assert room(Promoting(warm).make("v1")) == []

    def test_gives_up_the_version_that_was_left_first(self, warm: FakeWorld) -> None:
        ml = replace(warm.topology.ml, quotas=Quotas(running=3))
        warm.topology = replace(warm.topology, ml=ml)
        Promoting(warm).release("v3", wait=NOTHING)
        Promoting(warm).release("v3", to="prod", wait=NOTHING)
        warm.versions[version_arn("v4")] = a_trained_version("v4")
        warm.pass_time(3600)
        plan = Promoting(warm).make("v4")
        assert [step.version for step in plan.steps if isinstance(step, Stop) and makes_room(step)]
        assert {s.version for s in plan.steps if isinstance(s, Stop) and s.makes_room} == {V1}
        Promoting(warm).apply(plan, wait=NOTHING)
        assert warm.status("v2") is Status.RUNNING
        assert warm.document(PROD_ROLE) == a_grant("v2", "v3")
        assert not warm.breaches

    def test_gives_up_as_many_as_are_needed(self, warm: FakeWorld) -> None:
        ml = replace(warm.topology.ml, quotas=Quotas(running=3))
        warm.topology = replace(warm.topology, ml=ml)
        Promoting(warm).release("v3", wait=NOTHING)
        Promoting(warm).release("v3", to="prod", wait=NOTHING)
        warm.versions[version_arn("v4")] = a_trained_version("v4")
        warm.pass_time(3600)
        ml = replace(warm.topology.ml, quotas=Quotas(running=2))
        warm.topology = replace(warm.topology, ml=ml)
        plan = Promoting(warm).make("v4")
        assert [s.version for s in plan.steps if isinstance(s, Stop) and s.makes_room] == [V1, V2]
        revoked = [s.revoked for s in plan.steps if isinstance(s, Revoke) and s.makes_room]
        assert revoked == [(V1, V2), (V1, V2)]
        assert Promoting(warm).apply(plan, wait=NOTHING).result is Outcome.PROMOTED
        assert not warm.breaches

    def test_only_stops_where_roles_allow_the_whole_project(self) -> None:
        fake = warmed(granularity=Granularity.PROJECT)
        plan = Promoting(fake).make("v3")
        assert room(plan) == [("stop", "qa")]
        assert Promoting(fake).apply(plan, wait=NOTHING).result is Outcome.PROMOTED
        assert fake.status("v1") is Status.STOPPED
        assert not fake.breaches

    def test_waits_for_a_version_that_is_on_its_way_down(self, warm: FakeWorld) -> None:
        Promoting(warm).make("v3")
        warm.write_policy(QA_ROLE, a_grant("v2"))
        warm.write_policy(PROD_ROLE, a_grant("v2"))
        warm.pass_time(60)
        warm.stop("v1")
        plan = Promoting(warm).make("v3")
        assert room(plan) == [("stop", "qa")]
        assert Promoting(warm).apply(plan, wait=NOTHING).result is Outcome.PROMOTED
        assert "model.stop" not in warm.operations()

    def test_says_what_it_costs_meanwhile(self, warm: FakeWorld) -> None:
        cost = Promoting(warm).make("v3").cost
        assert (cost.before, cost.during, cost.after) == (8.0, 8.0, 8.0)

    def test_still_drains_what_it_leaves(self, warm: FakeWorld) -> None:
        steps = Promoting(warm).make("v3").steps
        (start,) = (n for n, step in enumerate(steps) if isinstance(step, Start))
        (drain,) = (n for n, step in enumerate(steps) if isinstance(step, Drain))
        assert start < drain < len(steps) - 1


class TestAPromotionThatMadeRoom:
    def test_that_fails_says_what_does_not_come_back(self, warm: FakeWorld) -> None:
        warm.poor.add(V3)
        gone = r"but what had made room for the start by then \(v1\) stays stopped\. No pointer"
        with pytest.raises(FailedError, match=gone):
            Promoting(warm).release("v3", wait=NOTHING)
        assert warm.document(QA_ROLE) == a_grant("v2")
        assert (warm.status("v1"), warm.status("v3")) == (Status.STOPPED, Status.STOPPED)
        assert not warm.breaches

    def test_can_be_aborted(self, warm: FakeWorld) -> None:
        warm.crash("pointer.write")
        with pytest.raises(CrashError):
            Promoting(warm).release("v3")
        warm.revive(seconds=200)
        assert Promoting(warm).abort("tools").result is Outcome.FAILED
        assert warm.document(QA_ROLE) == a_grant("v2")
        assert not warm.breaches

    def test_leaves_a_version_alone_that_a_pointer_names_again(self) -> None:
        warm = warmed()
        plan = Promoting(warm).make("v3")
        target = next(each for each in warm.targets if each.account == PROD[0])
        warm.at("model.describe", lambda: warm.point(target, V1))
        with pytest.raises(StalePlanError):
            Promoting(warm).apply(plan, wait=NOTHING)
        assert warm.status("v1") is Status.RUNNING

    def test_is_stale_once_a_pointer_of_another_environment_moved(self) -> None:
        warm = warmed()
        plan = Promoting(warm).make("v3")
        target = next(each for each in warm.targets if each.account == PROD[0])
        warm.point(target, V1)
        with pytest.raises(StalePlanError, match="stale") as caught:
            Promoting(warm).apply(plan, wait=NOTHING)
        assert f"prod/{PROD[0]}" in caught.value.detail
        assert warm.operations(writes=True) == ["store.create", "store.delete"]

    def test_is_finished_by_its_own_plan_wherever_it_was_killed(self, warm: FakeWorld) -> None:
        plan = Promoting(warm).make("v3")
        end = warm.copy()
        Promoting(end).apply(plan, wait=NOTHING)
        for nth in range(3, len(end.operations(writes=True)) + 1, 5):  # all: make proof
            fake = warm.copy()
            fake.crash("!", nth=nth, after=True)
            with pytest.raises(CrashError):
                Promoting(fake).apply(plan, wait=NOTHING)
            fake.revive(seconds=200)
            Promoting(fake).apply(plan, wait=NOTHING)
            assert {**settled(fake), "lock": False} == {**settled(end), "lock": False}
            assert not fake.breaches

    def test_minds_no_rollback_elsewhere_once_it_has_started(self, warm: FakeWorld) -> None:
        """The rollback brings back what had made room, as soon as a slot is free for it."""
        warm.crash("iam.put", nth=3)
        with pytest.raises(CrashError):
            Promoting(warm).release("v3", wait=NOTHING)
        warm.revive(seconds=200)
        ml = replace(warm.topology.ml, quotas=Quotas(running=3))
        warm.topology = replace(warm.topology, ml=ml)
        promoter = Promoting(warm)
        back = promoter.plan_rollback("tools", "v1", environment="prod")
        assert promoter.apply(back, wait=NOTHING).result is Outcome.PROMOTED
        ml = replace(warm.topology.ml, quotas=Quotas(running=2))
        warm.topology = replace(warm.topology, ml=ml)
        assert Promoting(warm).resume("tools", wait=NOTHING).result is Outcome.PROMOTED
        states = [warm.status(name) for name in ("v1", "v2", "v3")]
        assert states == [Status.RUNNING, Status.RUNNING, Status.RUNNING]
        assert not warm.breaches


class TestARollbackThatMakesRoom:
    def test_gives_up_another_way_back_for_the_one_that_is_asked_for(self, warm: FakeWorld) -> None:
        for name in ("qa", "prod"):
            Promoting(warm).release("v3", to=name, wait=NOTHING)
        warm.pass_time(3600)
        assert warm.status("v1") is Status.STOPPED
        promoter = Promoting(warm)
        plan = promoter.plan_rollback("tools", "v1", environment="prod")
        assert room(plan) == [("revoke", "qa"), ("revoke", "prod"), ("stop", "prod")]
        assert promoter.apply(plan, wait=NOTHING).result is Outcome.PROMOTED
        assert warm.status("v2") is Status.STOPPED
        assert {warm.pointer(t).value for t in warm.targets if t.environment == "prod"} == {V1}
        assert not warm.breaches


class TestNoRoom:
    def test_names_every_holder_and_why_each_cannot_go(self, in_qa: FakeWorld) -> None:
        in_qa.versions[V3] = a_trained_version("v3")
        with pytest.raises(QuotaError) as caught:
            Promoting(in_qa).release("v3", to="qa")
        assert caught.value.detail == (
            "v3 must run beside the version that it replaces, but all 2 running versions that "
            "account 222222222222 may have in us-east-1 (ml.quotas.running) are taken, and too "
            "little can be stopped:\n"
            "  tools-detector/v2  RUNNING\n"
            "    the pointer /models/tools/version-arn of qa/333333333333 names it\n"
            f"    the access role {QA_ROLE} allows it\n"
            "  tools-detector/v1  RUNNING\n"
            "    the pointer /models/tools/version-arn of prod/444444444444 names it\n"
            "    the pointer /models/tools/version-arn of prod/555555555555 names it\n"
            f"    the access role {PROD_ROLE} allows it"
        )
        assert "promote retire --all" in caught.value.remedy
        assert in_qa.operations(writes=True) == []

    def test_says_until_when_a_version_drains(self, in_qa: FakeWorld) -> None:
        Promoting(in_qa).release(to="prod", wait=NOTHING)
        in_qa.versions[V3] = a_trained_version("v3")
        with pytest.raises(QuotaError, match="it drains until 2026-03-02T14:") as caught:
            Promoting(in_qa).release("v3")
        assert "v1  RUNNING\n    the pointer" in caught.value.detail

    def test_names_a_version_of_another_model_or_of_nobody(self, warm: FakeWorld) -> None:
        warm.strangers = (a_version("v9", project="fruit-detector"),)
        ml = replace(warm.topology.ml, quotas=Quotas(running=1))
        warm.topology = replace(warm.topology, ml=ml)
        with pytest.raises(QuotaError) as caught:
            Promoting(warm).make("v3")
        assert "fruit-detector/v9  RUNNING\n    its project is none of promote.yaml" in str(
            caught.value
        )
        assert "v1  RUNNING\n    it could go, but that is not enough" in str(caught.value)

    def test_never_takes_what_no_pointer_ever_left(self, fake: FakeWorld) -> None:
        Promoting(fake).start_version("tools", "v2")
        fake.versions[V3] = a_trained_version("v3")
        with pytest.raises(QuotaError, match="no pointer ever left it"):
            Promoting(fake).make("v3")

    def test_never_rewrites_a_policy_that_is_not_ours(self) -> None:
        warm = warmed()
        warm.write_policy(PROD_ROLE, a_grant("v1", "v2", action="rekognition:*"))
        warm.pass_time(60)
        with pytest.raises(QuotaError, match=f"the access role {PROD_ROLE} allows it"):
            Promoting(warm).make("v3")

    def test_counts_a_grant_that_another_policy_gives(self, warm: FakeWorld) -> None:
        warm.write_policy(PROD_ROLE, a_grant("v1"), "legacy")
        warm.pass_time(60)
        with pytest.raises(QuotaError, match=f"the access role {PROD_ROLE} allows it"):
            Promoting(warm).make("v3")

    def test_gives_up_nothing_that_a_policy_of_others_would_go_on_allowing(
        self, warm: FakeWorld
    ) -> None:
        warm.write_policy(PROD_ROLE, EVERYTHING, "theirs")
        warm.pass_time(60)
        with pytest.raises(QuotaError, match=f"theirs on {PROD_ROLE}, which is not ours, would"):
            Promoting(warm).make("v3")


def test_v2_is_live_in_the_warm_world(warm: FakeWorld) -> None:
    assert {warm.pointer(target).value for target in warm.targets} == {V2}
