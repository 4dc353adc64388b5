"""What a promotion does, from the worlds that it may start in."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from promote.core.observation import PointerState
from promote.core.parts import Capacity, PointerAddress, Smoke
from promote.core.plan import Cost, Grant, Plan, Prove, Revoke, Start, Step, Switch
from promote.core.topology import Environment, Granularity
from promote.core.version import Status
from promote.errors import NotFoundError
from tests.builders import (
    ML,
    NOW,
    QA,
    a_grant,
    a_model,
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
JUST_NOW = NOW - timedelta(seconds=10)


def world(
    environment: Environment | None = None,
    *,
    granted: tuple[str, ...] | None = None,
    first: PointerState | None = None,
    second: PointerState | None = None,
) -> PureWorld:
    """Build qa, alone, with v1 running and v2 trained; its pointer names v1 unless told."""
    named = {QA: a_pointer("v1") if first is None else first}
    named |= {} if second is None else {SECOND: second}
    topology = a_topology(environment or an_environment(accounts=tuple(named)))
    versions = (a_trained_version("v2"), a_version("v1"))
    return a_world(topology, *versions, pointers=named, granted=granted)


def live() -> PureWorld:
    """Build a qa in which v2 is live and v1 is retired."""
    found = world(first=a_pointer("v1", "v2"))
    return found.with_status("v2", Status.RUNNING).with_status("v1", Status.STOPPED)


def kinds(plan: Plan) -> list[str]:
    return [step.step for step in plan.steps]


def the(kind: type[Step], plan: Plan) -> list[Step]:
    return [step for step in plan.steps if isinstance(step, kind)]


def resources(document: object) -> object:
    assert isinstance(document, dict)
    return document["Statement"][0]["Resource"]


def two_accounts(**changes: str) -> Environment:
    return replace(an_environment(accounts=(QA, SECOND)), **changes)  # type: ignore[arg-type]


class TestPromotion:
    def test_starts_grants_proves_switches_drains_revokes_and_stops(self) -> None:
        plan = world().plan()

        assert kinds(plan) == ["start", "grant", "prove", "switch", "drain", "revoke", "stop"]
        assert plan.changes == 5
        assert plan.cost == Cost(before=4.0, during=8.0, after=4.0)

    def test_carries_the_documents_before_and_after_and_their_undo(self) -> None:
        plan = world().plan()
        (grant,), (revoke,) = the(Grant, plan), the(Revoke, plan)

        assert isinstance(grant, Grant)
        assert resources(grant.before) == resources(grant.undo) == [V1]
        assert resources(grant.after) == [V1, V2]
        assert isinstance(revoke, Revoke)
        assert resources(revoke.before) == [V1, V2]
        assert resources(revoke.after) == [V2]
        assert revoke.revoked == (V1,)

    def test_takes_units_images_and_deadlines_from_the_configuration(self) -> None:
        model = a_model(capacity=Capacity(min=2, max=3))
        environment = an_environment(smoke=Smoke(images="golden/{model}", min_accuracy=0.7))
        topology = a_topology(environment, models=(model,))
        found = a_world(
            topology, a_trained_version("v2"), a_version("v1"), pointers={QA: a_pointer("v1")}
        ).plan()

        (start,), (prove,) = the(Start, found), the(Prove, found)
        assert isinstance(start, Start)
        assert (start.min_units, start.max_units, start.deadline) == (2, 3, 1800.0)
        assert isinstance(prove, Prove)
        assert (prove.images, prove.min_accuracy, prove.consecutive) == ("golden/tools", 0.7, 3)
        assert found.cost == Cost(before=4.0, during=12.0, after=8.0)

    def test_of_a_version_that_nobody_has_is_refused_with_those_that_exist(self) -> None:
        with pytest.raises(NotFoundError, match="It has: v2, v1"):
            world().plan("v7")

    def test_needs_the_access_role_to_exist(self) -> None:
        found = world()
        roleless = PureWorld(
            topology=found.topology, versions=found.versions, pointers=found.pointers, roles={}
        )

        with pytest.raises(NotFoundError, match=f"The role {ROLE} does not exist"):
            roleless.plan()


class TestGranularity:
    def coarse(self, granularity: Granularity, first: str = "v1") -> Plan:
        environment = an_environment(granularity=granularity)
        return world(environment, first=a_pointer(first)).plan()

    @pytest.mark.parametrize("granularity", [Granularity.PROJECT, Granularity.ACCOUNT])
    def test_coarser_than_version_has_nothing_to_grant_or_revoke(
        self, granularity: Granularity
    ) -> None:
        plan = self.coarse(granularity)

        assert kinds(plan) == ["start", "prove", "switch", "drain", "stop"]

    def test_project_keeps_a_version_of_another_project_until_the_drain_is_over(self) -> None:
        foreign = version_arn("v9", project="fruit-detector")
        found = world(an_environment(granularity=Granularity.PROJECT), first=a_pointer(foreign))
        (revoke,) = the(Revoke, found.plan())

        assert isinstance(revoke, Revoke)
        assert foreign in list(resources(revoke.before))  # type: ignore[call-overload]
        assert revoke.revoked == (foreign,)

    def test_account_keeps_a_version_of_another_account_until_the_drain_is_over(self) -> None:
        abroad = version_arn("v9", account=QA)
        found = world(an_environment(granularity=Granularity.ACCOUNT), first=a_pointer(abroad))

        assert found.broken_paths() == ()
        assert found.after(found.plan().steps[0]).broken_paths() == ()
        assert [step.revoked for step in found.plan().steps if isinstance(step, Revoke)] == [
            (abroad,)
        ]

    def test_made_finer_is_narrowed_by_the_next_plan(self) -> None:
        pattern = f"arn:aws:rekognition:us-east-1:{ML}:project/tools-detector/version/*"
        found = live().with_policy(ROLE, "promote-tools", a_grant(pattern)).with_verification()
        end = found.applied(found.plan())

        assert resources(end.roles[ROLE].policy("promote-tools")) == [V2]
        assert end.plan().steps == ()


class TestSeveralAccounts:
    def test_with_one_shared_role_are_granted_once_and_proved_one_by_one(self) -> None:
        plan = world(two_accounts(), second=a_pointer("v1")).plan()

        (grant,) = the(Grant, plan)
        assert isinstance(grant, Grant)
        assert grant.accounts == (QA, SECOND)
        assert len(the(Prove, plan)) == len(the(Switch, plan)) == 2
        assert len(the(Revoke, plan)) == 1

    def test_with_a_role_each_are_granted_one_by_one(self) -> None:
        environment = two_accounts(access_role="{model}-{environment}-{account}")
        plan = world(environment, second=a_pointer("v1")).plan()

        grants = [step for step in plan.steps if isinstance(step, Grant)]
        assert [grant.accounts for grant in grants] == [(QA,), (SECOND,)]
        assert [grant.role for grant in grants] == [f"{ROLE}-{QA}", f"{ROLE}-{SECOND}"]
        assert len(the(Revoke, plan)) == 2

    def test_by_the_hundred_are_planned_at_once(self) -> None:
        accounts = tuple(f"4{number:011}" for number in range(60))
        environment = an_environment(
            accounts=accounts, access_role="{account}", pointer=PointerAddress(name="/p")
        )
        found = a_world(
            a_topology(environment),
            a_trained_version("v2"),
            a_version("v1"),
            pointers={account: a_pointer("v1") for account in accounts},
        )
        wish = found.wish()

        assert wish.targets is wish.targets
        assert wish.document(frozenset({V2})) is wish.document(frozenset({V2}))
        assert len(found.plan().steps) == 3 + 4 * len(accounts)

    def test_whose_pointers_disagree_share_what_each_of_them_names(self) -> None:
        plan = world(two_accounts(), second=a_pointer("v0")).plan()

        (grant,) = the(Grant, plan)
        assert isinstance(grant, Grant)
        assert resources(grant.after) == sorted([version_arn("v0"), V1, V2])
        assert [target.before for target in plan.targets] == [V1, version_arn("v0")]

    def test_half_switched_are_finished(self) -> None:
        first = a_pointer("v1", "v2", changed_at=JUST_NOW)
        found = world(two_accounts(), first=first, second=a_pointer("v1"))
        plan = found.with_status("v2", Status.RUNNING).plan()

        assert kinds(plan) == ["prove", "prove", "switch", "drain", "revoke", "stop"]
        assert [step.account for step in plan.steps if isinstance(step, Switch)] == [SECOND]


class TestSeveralModels:
    def test_have_pointers_roles_and_policies_of_their_own(self) -> None:
        models = (a_model(), a_model(name="parts", project="spares"))
        topology = a_topology(an_environment(), models=models)
        found = a_world(
            topology, a_trained_version("v2"), a_version("v1"), pointers={QA: a_pointer("v1")}
        )
        plan = found.plan()

        assert {step.role for step in plan.steps if isinstance(step, Grant | Revoke)} == {ROLE}
        assert [target.pointer for target in plan.targets] == ["/models/tools/version-arn"]


class TestFirstPromotion:
    def test_creates_the_pointer_and_has_nothing_to_drain_revoke_or_stop(self) -> None:
        plan = world(first=PointerState()).plan()

        assert kinds(plan) == ["start", "grant", "prove", "switch"]

    def test_is_undone_by_deleting_what_it_created(self) -> None:
        found = world(first=PointerState())
        plan = found.plan()
        (grant,), (switch,) = the(Grant, plan), the(Switch, plan)

        assert isinstance(switch, Switch)
        assert (switch.before, switch.undo, switch.revision) == (None, None, 0)
        assert isinstance(grant, Grant)
        assert (grant.before, grant.undo) == (None, None)
        assert (
            found.applied(plan).put_back(plan).settled()[:4]
            == (found.with_status("v2", Status.STOPPED).settled()[:4])
        )


class TestForeignPointer:
    def test_is_kept_allowed_through_the_drain_and_never_stopped(self) -> None:
        foreign = version_arn("v9", project="fruit-detector")
        plan = world(first=a_pointer(foreign)).plan()

        assert kinds(plan) == ["start", "grant", "prove", "switch", "drain", "revoke"]
        (grant,), (revoke,) = the(Grant, plan), the(Revoke, plan)
        assert isinstance(grant, Grant)
        assert resources(grant.after) == sorted([foreign, V2])
        assert isinstance(revoke, Revoke)
        assert revoke.revoked == (foreign,)


class TestLiveVersion:
    def test_verified_and_alone_leaves_nothing_to_do(self) -> None:
        plan = live().with_verification().plan()

        assert plan.steps == ()
        assert (plan.changes, plan.cost) == (0, Cost(before=4.0, during=4.0, after=4.0))

    def test_without_a_verification_on_record_is_proved(self) -> None:
        plan = live().plan()

        assert kinds(plan) == ["prove"]
        assert plan.changes == 0

    def test_that_runs_already_is_not_started(self) -> None:
        plan = world().with_status("v2", Status.RUNNING).plan()

        assert kinds(plan)[0] == "grant"
        assert plan.cost == Cost(before=8.0, during=8.0, after=4.0)

    def test_that_is_starting_is_waited_for(self) -> None:
        plan = world().with_status("v2", Status.STARTING).plan()

        assert kinds(plan)[0] == "start"
        assert plan.cost.before == plan.cost.during

    def test_whose_grant_was_taken_away_by_hand_gets_it_back(self) -> None:
        plan = live().with_policy(ROLE, "promote-tools", None).plan()

        assert kinds(plan) == ["grant", "prove"]


class TestLeftover:
    def test_grant_that_nothing_names_is_kept_for_its_undo(self) -> None:
        found = world(granted=("v1", "v2"))
        plan = found.plan()
        (grant,) = the(Grant, plan)

        assert isinstance(grant, Grant)
        assert resources(grant.before) == resources(grant.after) == [V1, V2]
        assert resources(grant.undo) == [V1]
        assert plan.changes == 4
        assert resources(found.put_back(plan).roles[ROLE].policy("promote-tools")) == [V1]

    def test_grant_before_the_first_promotion_is_undone_to_no_policy(self) -> None:
        (grant,) = the(Grant, world(granted=("v2",), first=PointerState()).plan())

        assert isinstance(grant, Grant)
        assert grant.undo is None

    def test_old_access_after_the_drain_is_revoked_and_its_denial_proved(self) -> None:
        found = world(granted=("v1", "v2"), first=a_pointer("v1", "v2"))
        plan = found.with_status("v2", Status.RUNNING).with_verification().plan()

        assert kinds(plan) == ["revoke", "stop"]
        assert [step.revoked for step in plan.steps if isinstance(step, Revoke)] == [(V1,)]

    def test_old_access_in_another_spelling_of_the_policy_is_revoked_as_well(self) -> None:
        found = live().with_policy(ROLE, "promote-tools", a_grant("v1", "v2"))

        assert kinds(found.with_verification().plan()) == ["revoke"]

    def test_old_access_within_the_drain_waits_for_its_end(self) -> None:
        pointer = a_pointer("v1", "v2", changed_at=JUST_NOW)
        found = world(first=pointer).with_status("v2", Status.RUNNING).with_verification()

        assert kinds(found.plan()) == ["drain", "revoke", "stop"]

    def test_access_of_a_version_long_gone_is_taken_and_its_denial_proved(self) -> None:
        plan = world(granted=("v0",), first=PointerState()).plan()
        (revoke,) = the(Revoke, plan)

        assert kinds(plan) == ["start", "grant", "prove", "switch", "revoke"]
        assert isinstance(revoke, Revoke)
        assert revoke.revoked == (version_arn("v0"),)
        assert plan.changes == 3
