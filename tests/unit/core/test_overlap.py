"""What a plan makes run beside each other, and for how long."""

from __future__ import annotations

from datetime import timedelta

from promote.core.gates.cost import Overlap
from promote.core.overlap import overlap_of
from promote.core.plan import Bake, Step
from tests.builders import (
    PROD,
    a_drain,
    a_start,
    a_stop,
    a_switch,
    a_version,
    every_step,
    version_arn,
)

V1 = version_arn("v1")
BAKE = Bake(environment="prod", accounts=PROD, wave=1, seconds=60.0)


def overlap(*steps: Step, units: int = 1, before: str | None = V1) -> Overlap:
    switch = a_switch(before=before, undo=before)
    return overlap_of((switch, *steps), (a_version("v1", min_units=units),), price=4.0)


class TestOverlap:
    def test_lasts_as_long_as_waves_bake_and_the_old_version_drains(self) -> None:
        found = overlap(a_start(), BAKE, BAKE, a_drain(), a_stop())
        assert found == Overlap(units=1, length=timedelta(minutes=7), price=4.0)

    def test_lasts_while_the_old_version_is_warm(self) -> None:
        found = overlap(a_start(), a_drain(keep_warm=86400.0), a_stop())
        assert (found.length, found.cost) == (timedelta(days=1), 96.0)

    def test_counts_the_more_units_of_what_starts_and_what_stops(self) -> None:
        assert overlap(a_start(max_units=3), a_drain(), a_stop(), units=2).units == 3
        assert overlap(a_start(), a_drain(), a_stop(), units=2).units == 2

    def test_counts_what_runs_already_by_what_is_stopped_late(self) -> None:
        assert overlap(a_drain(), a_stop(), units=2).units == 2

    def test_is_none_when_nothing_is_started_or_stopped(self) -> None:
        assert overlap(a_drain()) == Overlap(units=0, length=timedelta(0), price=4.0)

    def test_leaves_out_what_no_pointer_names_that_it_switches(self) -> None:
        assert overlap(a_drain(), a_stop(version=version_arn("v0"))).units == 0
        assert overlap_of((a_drain(), a_stop()), (a_version("v1"),), price=4.0).units == 0

    def test_is_none_the_first_time(self) -> None:
        assert overlap(a_start(), BAKE, before=None).length == timedelta(0)

    def test_counts_what_a_killed_run_has_left_already(self) -> None:
        switch = a_switch(before=version_arn("v2"), undo=V1)
        versions = (a_version("v1"),)
        assert overlap_of((switch, a_drain(), a_stop()), versions, price=4.0).units == 1

    def test_is_that_of_a_whole_plan(self) -> None:
        assert overlap(*every_step()).unit_hours == 300 / 3600
