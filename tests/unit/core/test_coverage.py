"""Which versions somebody may still use, who holds them, and what they cost."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from promote.core.coverage import covered_versions, holders, hourly_cost, is_ours, role_coverage
from promote.core.observation import Observation, PointerState
from promote.core.record import LedgerState
from promote.core.version import Status
from tests.builders import (
    NOW,
    PROD,
    QA,
    a_grant,
    a_pointer,
    a_topology,
    a_version,
    an_access_role,
    an_observation,
    version_arn,
)

TOPOLOGY = a_topology()
TARGETS = TOPOLOGY.all_targets("tools")
QA_ENVIRONMENT, PROD_ENVIRONMENT = TOPOLOGY.environments
V0, V1, V2 = (version_arn(name) for name in ("v0", "v1", "v2"))
SECOND = timedelta(seconds=1)


def observed(**pointers: PointerState) -> Observation:
    return an_observation(TOPOLOGY, pointers={QA: pointers["qa"]})


class TestCoveredVersions:
    def covered(self, pointer: PointerState) -> tuple[str, ...]:
        return covered_versions(TARGETS[0], QA_ENVIRONMENT, observed(qa=pointer))

    def test_are_what_the_pointer_names(self) -> None:
        assert self.covered(a_pointer("v1")) == (V1,)
        assert self.covered(a_pointer()) == ()

    @pytest.mark.parametrize(("age", "still"), [(0, True), (29, True), (30, False), (31, False)])
    def test_are_what_it_left_within_the_drain(self, age: int, still: bool) -> None:  # noqa: FBT001 (parametrised)
        pointer = a_pointer("v1", "v2", changed_at=NOW - age * SECOND)

        assert (V1 in self.covered(pointer)) == still

    def test_count_from_the_change_away_and_not_from_a_second_write_of_the_same(self) -> None:
        pointer = a_pointer("v1", "v2", "v2", changed_at=NOW, apart=60 * SECOND)

        assert self.covered(pointer) == (V2,)

    def test_count_from_the_last_of_several_changes_away(self) -> None:
        pointer = a_pointer("v1", "v2", "v1", "v2", changed_at=NOW, apart=60 * SECOND)

        assert self.covered(pointer) == (V2, V1)

    def test_leave_rubbish_out(self) -> None:
        pointer = a_pointer("v1", "rubbish", changed_at=NOW)

        assert self.covered(pointer) == (V1,)

    def test_of_a_role_are_those_of_all_its_targets(self) -> None:
        seen = an_observation(TOPOLOGY, pointers={PROD[0]: a_pointer("v2"), PROD[1]: a_pointer()})

        assert role_coverage(TARGETS[1:], PROD_ENVIRONMENT, seen) == {V2}
        assert role_coverage(TARGETS, PROD_ENVIRONMENT, seen) == {V1, V2}


class TestHolders:
    def test_are_pointers_and_roles_of_every_environment(self) -> None:
        found = holders(V1, TOPOLOGY, an_observation(TOPOLOGY))

        assert len(found) == 5
        assert f"of qa/{QA} names it" in found[0]
        assert found[1].endswith("role/tools-qa allows it")

    def test_leave_one_environment_out_on_demand(self) -> None:
        found = holders(V1, TOPOLOGY, an_observation(TOPOLOGY), besides="prod")

        assert len(found) == 2

    def test_may_be_a_role_alone_by_whichever_of_its_policies(self) -> None:
        role = an_access_role(TARGETS[0], versions=())
        by_hand = type(role)(arn=role.arn, trust=role.trust, attached={"arn:x": a_grant("v0")})
        found = holders(V0, TOPOLOGY, an_observation(TOPOLOGY, roles={"tools-qa": by_hand}))

        assert found == (f"the access role {role.arn} allows it",)

    def test_are_none_of_a_version_that_nobody_needs(self) -> None:
        assert holders(V2, TOPOLOGY, an_observation(TOPOLOGY)) == ()

    def test_do_not_mind_a_role_that_does_not_exist(self) -> None:
        assert len(holders(V1, TOPOLOGY, replace(an_observation(TOPOLOGY), roles={}))) == 3


class TestIsOurs:
    def test_if_a_pointer_ever_named_it(self) -> None:
        assert is_ours(V0, observed(qa=a_pointer("v0", "v1")))
        assert not is_ours(V2, observed(qa=a_pointer("v0", "v1")))

    def test_if_a_claim_started_it(self) -> None:
        seen = an_observation(TOPOLOGY, ledger=LedgerState(claims={V2: "promote-1"}))

        assert is_ours(V2, seen)


class TestHourlyCost:
    def test_counts_the_units_of_what_starts_or_runs(self) -> None:
        versions = [a_version(status=status, min_units=2) for status in Status]

        assert hourly_cost(versions, 4.0) == 16.0

    def test_counts_one_unit_where_none_is_told(self) -> None:
        assert hourly_cost([a_version(min_units=None)], 4.0) == 4.0

    def test_of_nothing_is_a_float_as_a_plan_file_needs_it(self) -> None:
        assert repr(hourly_cost([], 4.0)) == "0.0"
