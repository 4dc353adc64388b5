"""P6: what a plan stops, what it keeps, and what foreign policies it removes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from promote.core.observation import PointerState
from promote.core.plan import Drain, Plan, Revoke, Stop
from promote.core.version import Status
from tests.builders import (
    ML,
    NOW,
    PROD,
    QA,
    a_grant,
    a_pointer,
    a_topology,
    a_version,
    prod,
    qa,
    version_arn,
)
from tests.unit.core.pure_world import PureWorld, a_world

V0, V1, V2 = (version_arn(name) for name in ("v0", "v1", "v2"))
ROLE = f"arn:aws:iam::{ML}:role/tools-qa"
PROD_ROLE = f"arn:aws:iam::{ML}:role/tools-prod"
MANAGED = f"arn:aws:iam::{ML}:policy/legacy"
ONE_OF_PROD = PROD[0]


def world(first: PointerState | None = None, other: PointerState | None = None) -> PureWorld:
    """Build qa, which names v1, and prod, which names nothing; v0, v1 and v2 run."""
    topology = a_topology(qa(), prod(accounts=(ONE_OF_PROD,)))
    topology = replace(
        topology, ml=replace(topology.ml, quotas=replace(topology.ml.quotas, running=5))
    )
    pointers = {QA: first or a_pointer("v1"), ONE_OF_PROD: other or PointerState()}
    return a_world(topology, *(a_version(name) for name in ("v2", "v1", "v0")), pointers=pointers)


def stopped(plan: Plan) -> list[str]:
    return [step.version for step in plan.steps if isinstance(step, Stop)]


class TestStops:
    def test_the_old_version_that_nothing_needs(self) -> None:
        assert stopped(world().plan()) == [V1]

    def test_nothing_that_another_environment_names(self) -> None:
        assert stopped(world(other=a_pointer("v1")).plan()) == []

    def test_nothing_that_another_environment_allows_exactly(self) -> None:
        found = world().with_policy(PROD_ROLE, "any-policy", a_grant("v1"))

        assert stopped(found.plan()) == []

    def test_what_another_environment_allows_only_by_a_pattern(self) -> None:
        found = world().with_policy(PROD_ROLE, "any-policy", a_grant(V1.replace("v1", "*")))

        assert stopped(found.plan()) == [V1]

    def test_nothing_that_another_environment_still_drains(self) -> None:
        minute = timedelta(minutes=1)
        draining = a_pointer("v1", "v2", changed_at=NOW - 4 * minute)
        drained = a_pointer("v1", "v2", changed_at=NOW - 5 * minute)

        assert (
            stopped(world(other=draining).with_policy(PROD_ROLE, "promote-tools", None).plan())
            == []
        )
        assert stopped(world(other=drained).plan()) == [V1]

    def test_nothing_that_is_not_known_to_be_ours(self) -> None:
        assert V0 not in stopped(world().plan())

    def test_what_a_claim_of_ours_started(self) -> None:
        assert stopped(replace(world(), claims=frozenset({V0})).plan()) == [V1, V0]

    def test_what_any_pointer_ever_named(self) -> None:
        assert stopped(world(a_pointer("v0", "v1")).plan()) == [V1, V0]

    def test_what_is_still_starting_and_nothing_that_is_down(self) -> None:
        found = world(a_pointer("v0", "v1"))

        assert V0 in stopped(found.with_status("v0", Status.STARTING).plan())
        for status in set(Status) - {Status.STARTING, Status.RUNNING}:
            assert V0 not in stopped(found.with_status("v0", status).plan())

    def test_never_the_new_version(self) -> None:
        found = replace(world(a_pointer("v2", "v1")), claims=frozenset({V2}))

        assert stopped(found.plan()) == [V1]


class TestDrain:
    def drained(self, found: PureWorld) -> list[tuple[tuple[str, ...], float]]:
        plan = found.plan()
        return [(s.accounts, s.seconds) for s in plan.steps if isinstance(s, Drain)]

    def test_waits_where_an_application_may_hold_another_version(self) -> None:
        assert self.drained(world()) == [((QA,), 30.0)]

    def test_ends_with_the_drain_to_the_second(self) -> None:
        second = timedelta(seconds=1)
        for age, wanted in ((29, [((QA,), 30.0)]), (30, [])):
            pointer = a_pointer("v1", "v2", changed_at=NOW - age * second)
            found = world(pointer).with_policy(ROLE, "promote-tools", a_grant("v1", "v2"))
            assert self.drained(found) == wanted

    def test_covers_a_version_rolled_back_from_a_moment_ago(self) -> None:
        pointer = a_pointer("v1", "v0", "v1", changed_at=NOW, apart=timedelta(seconds=5))
        found = world(pointer)
        (revoke,) = (step for step in found.plan().steps if isinstance(step, Revoke))

        assert found.coverage(ROLE) == {V0, V1}
        assert revoke.revoked == (V0, V1)
        assert stopped(found.plan()) == [V1, V0]


class TestForeignPolicies:
    def legacy(self) -> PureWorld:
        everything = {"Statement": {"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}}
        found = world().with_policy(ROLE, "old-by-hand", a_grant("v0", "v1"))
        return found.with_policy(ROLE, MANAGED, everything)

    def test_are_removed_after_the_drain_and_their_denial_is_proved(self) -> None:
        plan = self.legacy().plan(adopt=True)
        kinds = [step.step for step in plan.steps]
        (revoke,) = (step for step in plan.steps if isinstance(step, Revoke))

        assert kinds == ["grant", "prove", "switch", "drain", "revoke", "stop"]
        assert revoke.remove == (MANAGED, "old-by-hand")
        assert revoke.revoked == (V0, V1)

    def test_are_removed_although_the_version_is_live_already(self) -> None:
        found = world(a_pointer("v1", "v2")).with_policy(ROLE, MANAGED, a_grant("*"))
        plan = found.with_status("v1", Status.STOPPED).with_verification().plan(adopt=True)

        assert [step.step for step in plan.steps] == ["revoke"]
        assert plan.changes == 1

    def test_that_allow_no_more_than_planned_stay(self) -> None:
        found = world().with_policy(ROLE, "old-by-hand", a_grant("v2"))

        assert not any(
            step.remove for step in found.plan(adopt=True).steps if isinstance(step, Revoke)
        )
