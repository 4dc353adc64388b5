"""The gates `cost` and `quota`: what the overlap takes."""

from __future__ import annotations

from datetime import timedelta

from promote.core.gates import Moment, Verdict
from promote.core.gates.cost import Overlap, cost, quota

OVERLAP = Overlap(units=2, length=timedelta(hours=1, minutes=30), price=4.0)


class TestOverlap:
    def test_is_billed_by_unit_and_hour(self) -> None:
        assert (OVERLAP.unit_hours, OVERLAP.cost) == (3.0, 12.0)
        assert str(OVERLAP) == "2 inference units for 1h 30m of bake, drain and keep_warm"


class TestCost:
    def test_passes_at_the_limit(self) -> None:
        result = cost(12.0, OVERLAP)

        assert (result.gate, result.moment, result.verdict) == (
            "cost",
            Moment.EVIDENCE,
            Verdict.PASS,
        )
        assert result.measured == f"$12.00: {OVERLAP} at $4.00 per unit-hour"
        assert result.required == "at most $12.00"

    def test_fails_above_it(self) -> None:
        assert cost(11.99, OVERLAP).verdict is Verdict.FAIL

    def test_shows_what_cents_would_hide(self) -> None:
        result = cost(12.0, Overlap(units=1, length=timedelta(hours=3, seconds=1), price=4.0))

        assert result.verdict is Verdict.FAIL
        assert result.measured.startswith("$12.001: ")

    def test_costs_nothing_when_nothing_overlaps(self) -> None:
        assert cost(0.0, Overlap(units=1, length=timedelta(0), price=4.0)).verdict is Verdict.PASS

    def test_cannot_tell_without_an_overlap(self) -> None:
        result = cost(100.0, None)

        assert result.verdict is Verdict.INCONCLUSIVE
        assert result.measured == "the overlap of the old and the new version is not known"


class TestQuota:
    def test_passes_at_the_limit(self) -> None:
        result = quota(3.0, OVERLAP)

        assert (result.gate, result.verdict) == ("quota", Verdict.PASS)
        assert result.measured == f"3.00 unit-hours: {OVERLAP}"
        assert result.required == "at most 3 unit-hours"

    def test_fails_above_it(self) -> None:
        assert quota(2.9, OVERLAP).verdict is Verdict.FAIL

    def test_cannot_tell_without_an_overlap(self) -> None:
        assert quota(100.0, None).verdict is Verdict.INCONCLUSIVE
