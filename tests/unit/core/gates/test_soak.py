"""The gate `soak`: how long a version has been verified where it ran before."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import takewhile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promote.core.condense import condensed
from promote.core.fold import fold
from promote.core.gates import GateResult, Moment, Verdict
from promote.core.gates.soak import soak
from promote.core.record import VerificationDone
from tests.builders import NOW, PROMOTER, version_arn
from tests.unit.core.gates.laws import quick

DAY = timedelta(days=1)


def verified(
    hours: float, *, passed: bool = True, environment: str = "qa", version: str = "v2"
) -> VerificationDone:
    """Build a verification of so many hours ago."""
    return VerificationDone(
        at=NOW - timedelta(hours=hours),
        by=PROMOTER,
        version=version_arn(version),
        environment=environment,
        passed=passed,
        accounts=("333333333333",),
        accuracy=None,
    )


def judged(
    *records: VerificationDone, after: tuple[str, ...] = ("qa",), at: datetime = NOW
) -> GateResult:
    return soak(version_arn("v2"), after, DAY, fold(records), at)


class TestSoak:
    def test_passes_when_it_was_verified_long_enough_ago(self) -> None:
        result = judged(verified(24))

        assert (result.gate, result.moment, result.verdict) == (
            "soak",
            Moment.EVIDENCE,
            Verdict.PASS,
        )
        assert result.measured == "verified in qa since 2026-03-01 14:00 UTC, long enough"
        assert result.required == "verified for 1d in qa"

    def test_fails_a_moment_earlier_and_says_when_it_will_do(self) -> None:
        result = judged(verified(20.8))

        assert result.verdict is Verdict.FAIL
        assert result.measured == (
            "verified in qa since 2026-03-01 17:12 UTC, 20h 48m; enough at 2026-03-02 17:12 UTC"
        )
        assert judged(verified(24), at=NOW - timedelta(seconds=1)).verdict is Verdict.FAIL

    def test_rounds_the_moment_at_which_it_will_do_up(self) -> None:
        result = judged(verified(0), at=NOW + timedelta(seconds=1))
        assert result.measured.endswith("enough at 2026-03-03 14:00 UTC")
        later = soak(version_arn("v2"), ["qa"], timedelta(seconds=30), fold([verified(0)]), NOW)
        assert later.measured.endswith("0s; enough at 2026-03-02 14:01 UTC")

    def test_is_withdrawn_at_once_by_a_later_failure(self) -> None:
        result = judged(verified(48), verified(1, passed=False))

        assert result.verdict is Verdict.FAIL
        assert result.measured == "failed its verification in qa at 2026-03-02 13:00 UTC"

    def test_begins_anew_after_a_failure(self) -> None:
        result = judged(verified(48), verified(30, passed=False), verified(2))
        assert (result.verdict, "2h; enough" in result.measured) == (Verdict.FAIL, True)

    def test_fails_what_was_never_verified_there(self) -> None:
        result = judged(verified(48, environment="dev"), verified(48, version="v1"))
        assert (result.verdict, result.measured) == (Verdict.FAIL, "never verified in qa")

    def test_asks_every_earlier_environment(self) -> None:
        found = (verified(48), verified(3, environment="staging"))
        result = judged(*found, after=("qa", "staging"))

        assert result.verdict is Verdict.FAIL
        assert result.measured == (
            "verified in qa since 2026-02-28 14:00 UTC, long enough; "
            "verified in staging since 2026-03-02 11:00 UTC, 3h; enough at 2026-03-03 11:00 UTC"
        )
        assert result.required == "verified for 1d in qa and staging"

    def test_cannot_tell_without_an_earlier_environment(self) -> None:
        result = judged(after=())

        assert result.verdict is Verdict.INCONCLUSIVE
        assert result.measured == "there is no earlier environment; name one with `after`"

    def test_fails_what_was_verified_in_the_future(self) -> None:
        result = judged(verified(-1))

        assert result.verdict is Verdict.FAIL
        assert result.measured.endswith("which is not yet: the clocks differ")

    def test_goes_on_when_it_is_verified_again_meanwhile(self) -> None:
        result = judged(verified(30), verified(20), verified(1))
        assert (result.verdict, "since 2026-03-01 08:00" in result.measured) == (Verdict.PASS, True)

    @quick
    @given(st.lists(st.tuples(st.integers(0, 72), st.booleans()), max_size=6))
    def test_passes_just_when_all_have_passed_for_a_day(
        self, found: list[tuple[int, bool]]
    ) -> None:
        history = sorted(found, key=lambda each: -each[0])
        records = [verified(hours, passed=passed) for hours, passed in history]
        streak = list(takewhile(lambda each: each[1], reversed(history)))
        expected = bool(streak) and streak[-1][0] >= 24
        for kept in (records, condensed(records)):
            assert (judged(*kept).verdict is Verdict.PASS) == expected


@pytest.mark.parametrize("length", [timedelta(0), timedelta(seconds=1)])
def test_the_shortest_soak_still_wants_a_verification(length: timedelta) -> None:
    assert soak(version_arn("v2"), ["qa"], length, fold([]), NOW).verdict is Verdict.FAIL
