"""Any call may fail in any way: the command ends as promised, and again it converges."""

from __future__ import annotations

import random

import pytest

from promote.errors import AccessDeniedError, LostResponseError, NeedsAttentionError
from tests.fake_world import FakeWorld
from tests.reliability import faults
from tests.reliability.scenarios import SEED, V2, Scenario, live, scenario
from tests.workflow.promoting import Promoting

DRAWN = 22
"""Faults that are drawn of the thousand or so of a scenario; `faults.everything` tries all."""


@pytest.mark.parametrize("chosen", faults.swept(), ids=lambda each: each.name)
class TestAFaultAtAnyCall:
    def test_ends_as_promised_and_again_it_converges(self, chosen: Scenario) -> None:
        drawn = random.Random(SEED).sample(faults.everything(chosen), DRAWN)  # noqa: S311
        swept = faults.sweep(chosen, drawn)
        assert swept.wrong == ()
        assert swept.tried >= DRAWN // 2


class TestALostAnswer:
    def test_of_any_write_of_a_release_starts_nothing_twice(self) -> None:
        release = scenario("release")
        lost = [
            (fault, place)
            for fault, place in faults.everything(release)
            if fault.error is LostResponseError and not place.for_good
        ]
        swept = faults.sweep(release, lost)
        assert swept.wrong == ()
        assert swept.tried == len(lost) >= 20


class TestWhatTheLedgerRefusesAtTheEnd:
    """Found by the sweep: it was exit 6, as if nothing had been changed."""

    def test_the_end_that_is_not_on_record_needs_attention(self) -> None:
        fake = live()
        promoting = Promoting(fake)
        fake.at("iam.put", lambda: _deny(fake, "store.create"), nth=2, after=True)
        with pytest.raises(NeedsAttentionError) as raised:
            promoting.release()
        assert "promote resume tools" in raised.value.remedy
        assert fake.pointer(fake.targets[0]).value == V2
        fake.revive()
        promoting.resume("tools")
        assert fake.ledger().unfinished is None

    def test_a_lock_that_cannot_be_given_back_is_left_to_expire(self) -> None:
        fake = live()
        _deny(fake, "store.delete")
        Promoting(fake).release()
        assert fake.pointer(fake.targets[0]).value == V2
        assert fake.breaches == []


def _deny(fake: FakeWorld, operation: str) -> None:
    """Refuse every call of an operation from now on."""
    error = AccessDeniedError("Access denied", "The ledger refuses it.")
    fake.fail(operation, error, times=100)
