"""What of a plan is left to do, and whether and how it can be put back."""

from __future__ import annotations

import pytest

from promote.core.observation import PointerState
from promote.core.plan import Grant, Plan, Revoke, Step, Switch
from promote.core.progress import (
    can_turn_back,
    is_end_state,
    previous,
    remaining,
    stoppable_after_undo,
    switched_accounts,
    switched_back,
    withdrawn,
)
from promote.core.topology import Granularity
from promote.core.version import Status
from tests.builders import (
    ML,
    QA,
    a_grant,
    a_plan,
    a_planned_target,
    a_pointer,
    a_topology,
    a_trained_version,
    a_version,
    an_environment,
    version_arn,
)
from tests.unit.core.pure_world import PureWorld, a_world

SECOND = "333333333334"
ROLE = f"arn:aws:iam::{ML}:role/tools-qa"
V1, V2 = version_arn("v1"), version_arn("v2")


def world(first: PointerState | None = None, **settings: str | Granularity) -> PureWorld:
    environment = an_environment(accounts=(QA, SECOND), **settings)  # type: ignore[arg-type]
    pointers = {QA: a_pointer("v1") if first is None else first, SECOND: a_pointer("v1")}
    versions = (a_trained_version("v2"), a_version("v1"))
    return a_world(a_topology(environment), *versions, pointers=pointers)


def until(found: PureWorld, plan: Plan, kind: type[Step]) -> PureWorld:
    """Carry out everything before the first step of a kind."""
    count = next(i for i, step in enumerate(plan.steps) if isinstance(step, kind))
    return found.applied(plan, plan.steps[:count])


def through(found: PureWorld, plan: Plan, kind: type[Step]) -> PureWorld:
    """Carry out everything through the last step of a kind."""
    count = max(i for i, step in enumerate(plan.steps) if isinstance(step, kind))
    return found.applied(plan, plan.steps[: count + 1])


def left(plan: Plan, found: PureWorld) -> list[str]:
    return [step.step for step in remaining(plan, found.observe())]


class TestRemaining:
    def test_is_the_whole_plan_at_first(self) -> None:
        assert remaining(world().plan(), world().observe()) == world().plan().steps

    def test_repeats_the_proofs_until_the_switch(self) -> None:
        plan = world().plan()

        assert left(plan, until(world(), plan, Switch)) == [
            *("prove", "prove", "switch", "switch", "drain", "revoke", "stop")
        ]

    def test_has_no_proof_for_a_target_that_is_switched(self) -> None:
        plan = world().plan()
        half = until(world(), plan, Switch)
        (switch, _) = (step for step in plan.steps if isinstance(step, Switch))

        assert left(plan, half.after(switch)) == ["prove", "switch", "drain", "revoke", "stop"]

    def test_proves_the_denial_again_until_the_old_version_is_stopped(self) -> None:
        plan = world().plan()

        assert left(plan, through(world(), plan, Revoke)) == ["drain", "revoke", "stop"]

    def test_never_grants_again_what_it_has_revoked(self) -> None:
        foreign = version_arn("v9", project="fruit-detector")
        found = world(a_pointer(foreign), granularity=Granularity.PROJECT)
        found = found.with_policy(ROLE, "promote-tools", a_grant("*"))
        plan = found.plan()

        assert any(isinstance(step, Grant) for step in plan.steps)
        assert "grant" not in left(plan, through(found, plan, Revoke))

    def test_still_removes_the_foreign_policies_that_are_left(self) -> None:
        found = world().with_policy(ROLE, "x", a_grant("v1")).with_policy(ROLE, "y", a_grant("v1"))
        plan = found.plan(adopt=True)
        end = found.applied(plan)

        assert left(plan, end) == ["drain"]
        assert left(plan, end.with_policy(ROLE, "y", a_grant("v1"))) == ["drain", "revoke"]

    def test_revokes_again_when_the_role_is_gone(self) -> None:
        plan = world().plan()
        end = world().applied(plan)
        roleless = PureWorld(
            topology=end.topology, versions=end.versions, pointers=end.pointers, roles={}
        )

        assert "revoke" in left(plan, roleless)


class TestIsEndState:
    def test_is_true_at_the_end_alone(self) -> None:
        found = world()
        plan = found.plan()
        states = [is_end_state(plan, s.observe()) for s in found.stages(plan, plan.steps)]

        assert states == [False] * len(plan.steps) + [True]

    @pytest.mark.parametrize("status", [Status.STOPPED, Status.STARTING, Status.FAILED])
    def test_needs_the_new_version_to_run(self, status: Status) -> None:
        plan = world().plan()

        assert not is_end_state(plan, world().applied(plan).with_status("v2", status).observe())

    def test_is_over_once_a_pointer_names_another(self) -> None:
        plan = world().plan()
        moved = world().applied(plan).with_pointer(QA, a_pointer("v1", "v2", "v1"))

        assert not is_end_state(plan, moved.observe())

    def test_is_over_once_the_access_is_another(self) -> None:
        plan = world().plan()
        wider = world().applied(plan).with_policy(ROLE, "promote-tools", a_grant("v1", "v2"))

        assert not is_end_state(plan, wider.observe())


class TestCanTurnBack:
    def test_as_long_as_nothing_is_retired(self) -> None:
        plan = world().plan()

        assert can_turn_back(plan, world().observe())
        assert can_turn_back(plan, through(world(), plan, Switch).observe())

    def test_not_once_the_old_access_is_revoked(self) -> None:
        plan = world().plan()

        assert not can_turn_back(plan, through(world(), plan, Revoke).observe())

    def test_not_between_our_policy_and_the_removal_of_a_foreign_one(self) -> None:
        found = world().with_policy(ROLE, "x", a_grant("v3"))
        plan = found.plan(adopt=True)
        (revoke,) = (step for step in plan.steps if isinstance(step, Revoke))
        between = until(found, plan, Revoke).with_policy(ROLE, "promote-tools", revoke.after)

        assert not can_turn_back(plan, between.observe())

    def test_not_once_the_old_version_does_not_run(self) -> None:
        found = world(granularity=Granularity.PROJECT)
        plan = found.plan()

        assert can_turn_back(plan, through(found, plan, Switch).observe())
        assert not can_turn_back(plan, found.applied(plan).observe())

    def test_from_one_role_of_two_that_is_revoked_not_either(self) -> None:
        found = world(access_role="{model}-{account}")
        plan = found.plan()
        first = next(step for step in plan.steps if isinstance(step, Revoke))

        assert not can_turn_back(plan, until(found, plan, Revoke).after(first).observe())

    def test_to_nothing_and_to_rubbish(self) -> None:
        for pointer in (a_pointer(), a_pointer("rubbish")):
            found = world(pointer)
            plan = found.plan(adopt=True)
            assert can_turn_back(plan, through(found, plan, Switch).observe())


class TestUndo:
    def test_goes_back_where_the_pointers_name_the_new_version_last_first(self) -> None:
        plan = world().plan()
        seen = through(world(), plan, Switch).observe()

        assert [step.account for step in switched_back(plan, seen)] == [SECOND, QA]
        assert switched_back(plan, world().observe()) == ()

    def test_knows_who_named_the_new_version_even_after_going_back(self) -> None:
        plan = world().plan()
        switched = through(world(), plan, Switch)

        assert switched_accounts(plan, world().observe()) == ()
        assert switched_accounts(plan, switched.observe()) == (QA, SECOND)
        assert switched_accounts(plan, switched.put_back(plan).observe()) == (QA, SECOND)

    def test_counts_no_naming_from_before_the_plan(self) -> None:
        found = world(a_pointer("v2", "v1"))

        assert switched_accounts(found.plan(), found.observe()) == ()

    def test_withdraws_the_grants_that_are_in_force(self) -> None:
        plan = world().plan()
        (grant,) = (step for step in plan.steps if isinstance(step, Grant))

        assert withdrawn(plan, world().observe()) == ()
        assert withdrawn(plan, through(world(), plan, Grant).observe()) == (grant,)

    def test_never_withdraws_what_somebody_else_wrote(self) -> None:
        plan = world().plan()
        edited = through(world(), plan, Grant).with_policy(ROLE, "promote-tools", a_grant("v3"))

        assert withdrawn(plan, edited.observe()) == ()

    def test_withdraws_what_a_killed_run_had_granted(self) -> None:
        found = world().with_policy(
            ROLE, "promote-tools", world().wish().document(frozenset({V1, V2}))
        )
        plan = found.plan()

        assert [resource(step.undo) for step in withdrawn(plan, found.observe())] == [[V1]]

    def test_stops_the_new_version_only_under_a_claim(self) -> None:
        plan = world().plan()
        started = until(world(), plan, Grant)

        assert stoppable_after_undo(plan, started.topology, started.observe())
        assert not stoppable_after_undo(plan, world().topology, world().observe())


class TestPrevious:
    @pytest.mark.parametrize(
        ("before", "expected"),
        [
            ((V1, V1), V1),
            ((V1, V2), None),
            ((V1, None), None),
            ((None, None), None),
            (("rubbish", "rubbish"), None),
        ],
    )
    def test_is_what_all_targets_named(
        self, before: tuple[str | None, ...], expected: str | None
    ) -> None:
        targets = tuple(a_planned_target(before=each) for each in before)

        assert previous(a_plan(targets=targets)) == expected


def resource(document: object) -> object:
    assert isinstance(document, dict)
    return document["Statement"][0]["Resource"]
