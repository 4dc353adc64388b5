"""The states of a version: AWS's fourteen and any that it adds."""

from __future__ import annotations

import pytest

from promote.core.version import Status

STARTABLE = {"TRAINING_COMPLETED", "STOPPED", "COPYING_COMPLETED", "FAILED"}
IN_A_SLOT = {"STARTING", "RUNNING", "STOPPING"}

every_status = pytest.mark.parametrize("status", Status, ids=lambda status: status.value)


class TestStatus:
    def test_knows_the_fourteen_that_aws_has_and_one_for_the_rest(self) -> None:
        assert len(Status) == 14 + 1

    @every_status
    def test_is_read_as_the_service_spells_it(self, status: Status) -> None:
        assert Status.of(status.value) is status

    @pytest.mark.parametrize("text", ["HIBERNATING", "", "running"])
    def test_that_nobody_knows_is_unknown_and_no_error(self, text: str) -> None:
        assert Status.of(text) is Status.UNKNOWN

    @every_status
    def test_is_startable_where_the_design_reads_it_so(self, status: Status) -> None:
        assert status.startable == (status.value in STARTABLE)

    @every_status
    def test_occupies_a_slot_from_start_to_the_end_of_the_stop(self, status: Status) -> None:
        assert status.occupies_slot == (status.value in IN_A_SLOT)

    @every_status
    def test_is_usable_if_it_can_come_to_run(self, status: Status) -> None:
        assert status.usable == (status.value in STARTABLE | IN_A_SLOT)

    @every_status
    def test_is_on_the_way_up_without_another_call_in_two_states(self, status: Status) -> None:
        assert status.on_the_way_up == (status.value in {"STARTING", "RUNNING"})
