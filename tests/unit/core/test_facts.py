"""A plan is stale as soon as one fact has changed, and the changed one is named."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from promote.core.facts import Changed, changed_facts
from promote.core.plan import Plan, Revoke, Switch
from promote.core.version import Status
from tests.builders import (
    ML,
    NOW,
    QA,
    a_grant,
    a_pointer,
    a_topology,
    a_trained_version,
    a_version,
    an_environment,
    version_arn,
)
from tests.unit.core.pure_world import PureWorld, a_world

SECOND = "333333333334"
V1, V2 = version_arn("v1"), version_arn("v2")
ROLE = f"arn:aws:iam::{ML}:role/tools-qa"
MANAGED = f"arn:aws:iam::{ML}:policy/legacy"
POLICY = "promote-tools"


def world() -> PureWorld:
    environment = an_environment(accounts=(QA, SECOND))
    pointers = {QA: a_pointer("v1"), SECOND: a_pointer("v1")}
    versions = (a_trained_version("v2"), a_version("v1"))
    return a_world(a_topology(environment), *versions, pointers=pointers)


def changed(plan: Plan, now: PureWorld) -> tuple[Changed, ...]:
    return changed_facts(plan, now.topology, now.observe())


def named(plan: Plan, now: PureWorld) -> list[tuple[str, str]]:
    return [(each.fact.fact, each.fact.subject) for each in changed(plan, now)]


def written(found: PureWorld, *values: str, account: str = QA) -> PureWorld:
    """Let somebody write a pointer that named v1, once for each value."""
    apart = timedelta(seconds=1)
    return found.with_pointer(account, a_pointer("v1", *values, changed_at=NOW, apart=apart))


class TestEachFact:
    def test_holds_in_the_world_that_the_plan_was_made_in(self) -> None:
        assert changed(world().plan(), world()) == ()

    def test_of_a_pointer_that_tells_no_revision_does_not_hold(self) -> None:
        plan = world().plan()
        facts = [
            replace(each, was="nonsense", accepts=("nonsense",)) if each.fact == "pointer" else each
            for each in plan.facts
        ]

        found = changed(replace(plan, facts=tuple(facts)), world())
        assert [each.fact.fact for each in found] == ["pointer", "pointer"]

    def test_of_the_configuration(self) -> None:
        found = world()
        other = a_topology(an_environment(accounts=(QA, SECOND), drain=timedelta(1)))

        assert named(found.plan(), replace(found, topology=other)) == [
            ("configuration", "tools/qa")
        ]

    @pytest.mark.parametrize("values", [("v3",), ("v3", "v1"), ("v2", "v1"), ("v2", "v3", "v2")])
    def test_of_a_pointer_that_somebody_else_wrote(self, values: tuple[str, ...]) -> None:
        (fact,) = changed(world().plan(), written(world(), *values))

        assert (fact.fact.fact, fact.fact.subject) == (
            "pointer",
            f"qa/{QA} /models/tools/version-arn",
        )
        assert fact.fact.was == f"1 {V1}"
        assert fact.now == f"{1 + len(values)} {version_arn(values[-1])}"

    def test_of_a_pointer_that_was_deleted(self) -> None:
        (fact,) = changed(world().plan(), world().with_pointer(QA, a_pointer()))

        assert fact.now == "0 (none)"

    def test_of_a_pointer_that_was_made_anew(self) -> None:
        (fact,) = changed(written(world(), "v1").plan(), world().with_pointer(QA, a_pointer("v2")))

        assert fact.now == f"1 {V2}"

    def test_of_the_policy(self) -> None:
        subject = ("policy", f"{ROLE} {POLICY}")

        for document in (None, a_grant("v1", "v3")):
            assert named(world().plan(), world().with_policy(ROLE, POLICY, document)) == [subject]

    def test_of_another_policy_that_concerns_detection(self) -> None:
        subject = ("other-policies", f"{ROLE} {POLICY}")
        before = world().with_policy(ROLE, MANAGED, a_grant("v2"))

        assert named(before.plan(), world()) == [subject]
        for document in (a_grant("v3"), {"Statement": {"Effect": "Allow", "NotAction": "s3:*"}}):
            assert named(world().plan(), world().with_policy(ROLE, "x", document)) == [subject]

    def test_leaves_other_policies_alone(self) -> None:
        other = a_grant("*", action="s3:GetObject")

        assert named(world().plan(), world().with_policy(ROLE, "x", other)) == []

    def test_of_a_role_that_was_deleted(self) -> None:
        assert [kind for kind, _ in named(world().plan(), replace(world(), roles={}))] == [
            "policy",
            "other-policies",
        ]

    @pytest.mark.parametrize("status", Status, ids=lambda status: status.value)
    def test_of_the_new_version(self, status: Status) -> None:
        on_the_way = {Status.TRAINING_COMPLETED, Status.STARTING, Status.RUNNING}

        found = named(world().plan(), world().with_status("v2", status))

        assert found == ([] if status in on_the_way else [("status", V2)])

    @pytest.mark.parametrize("status", Status, ids=lambda status: status.value)
    def test_of_the_version_to_be_stopped(self, status: Status) -> None:
        on_the_way = {Status.RUNNING, Status.STOPPING, Status.STOPPED}

        found = named(world().plan(), world().with_status("v1", status))

        assert found == ([] if status in on_the_way else [("status", V1)])

    @pytest.mark.parametrize(
        ("was", "is_now"),
        [
            (Status.RUNNING, {Status.RUNNING}),
            (Status.STARTING, {Status.STARTING, Status.RUNNING}),
            (Status.FAILED, {Status.FAILED, Status.STARTING, Status.RUNNING}),
            (
                Status.STOPPING,
                {Status.STOPPING, Status.STOPPED, Status.STARTING, Status.RUNNING},
            ),
        ],
    )
    def test_of_the_new_version_accepts_its_way_up(self, was: Status, is_now: set[Status]) -> None:
        found = world().with_status("v2", was)
        plan = found.plan()

        accepted = {each for each in Status if not changed(plan, found.with_status("v2", each))}
        assert accepted == is_now

    def test_of_a_version_that_was_deleted(self) -> None:
        found = world()
        gone = replace(found, versions={V1: found.versions[V1]})

        assert [(each.fact.subject, each.now) for each in changed(found.plan(), gone)] == [
            (V2, "no such version")
        ]


class TestWayOfThePlan:
    def test_is_accepted_at_every_step(self) -> None:
        found = world()
        plan = found.plan()

        for stage in found.stages(plan, plan.steps):
            assert changed(plan, stage) == ()

    def test_is_accepted_between_the_removals_of_two_foreign_policies(self) -> None:
        found = (
            world().with_policy(ROLE, MANAGED, a_grant("v1")).with_policy(ROLE, "x", a_grant("*"))
        )
        plan = found.plan(adopt=True)
        (revoke,) = (step for step in plan.steps if isinstance(step, Revoke))
        until = found.applied(plan, plan.steps[: plan.steps.index(revoke)])

        until = until.with_policy(ROLE, POLICY, revoke.after)
        for name in revoke.remove:
            until = until.with_policy(ROLE, name, None)
            assert changed(plan, until) == ()

    def test_is_not_accepted_when_they_vanish_in_another_order(self) -> None:
        found = (
            world().with_policy(ROLE, MANAGED, a_grant("v1")).with_policy(ROLE, "x", a_grant("*"))
        )
        plan = found.plan(adopt=True)

        assert named(plan, found.with_policy(ROLE, "x", None)) == [
            ("other-policies", f"{ROLE} {POLICY}")
        ]

    def test_accepts_a_pointer_that_was_written_twice_with_the_new_version(self) -> None:
        assert changed(world().plan(), written(world(), "v2", "v2")) == ()

    def test_is_over_after_a_rollback(self) -> None:
        found = world()
        plan = found.plan()
        last = max(i for i, step in enumerate(plan.steps) if isinstance(step, Switch))
        back = found.applied(plan, plan.steps[: last + 1]).put_back(plan)

        assert [kind for kind, _ in named(plan, back)] == ["pointer", "pointer", "status"]

    def test_accepts_the_policy_in_another_spelling(self) -> None:
        found = world().with_policy(ROLE, POLICY, a_grant("v1"))
        spelt = {
            "Statement": {
                "Resource": V1,
                "Action": "rekognition:DetectCustomLabels",
                "Effect": "Allow",
            },
            "Version": "2012-10-17",
        }

        assert changed(found.plan(), found.with_policy(ROLE, POLICY, spelt)) == ()
