from __future__ import annotations

import pytest

from promote.sandbox.clock import HandClock
from promote.sandbox.faults import FaultBox, FaultKind, Throttle
from promote.sandbox.settings import Settings, SettingsBox

CALL = ("rekognition:StartProjectVersion", "222222222222", "arn:user", "arn:version")


class TestFaultBox:
    def test_a_fault_hits_as_often_as_it_says_after_so_many(self) -> None:
        box = FaultBox()
        box.add({"operation": CALL[0], "fault": "throttle", "skip": 1, "count": 2})
        taken = [box.take(*CALL) is not None for _ in range(5)]
        assert taken == [False, True, True, False, False]

    def test_one_fault_waits_while_another_hits(self) -> None:
        box = FaultBox()
        box.add({"operation": "iam:*", "fault": "throttle"})
        box.add({"operation": "rekognition:*", "fault": "drop_after", "resource": "arn:v*"})
        found = box.take(*CALL)
        assert found is not None
        assert found.fault is FaultKind.DROP_AFTER
        assert [one["operation"] for one in box.to_json()] == ["iam:*"]

    @pytest.mark.parametrize(
        "document", [{}, {"operation": "x"}, {"operation": "x", "fault": "boom"}]
    )
    def test_an_order_that_makes_no_sense_is_refused(self, document: dict[str, str]) -> None:
        with pytest.raises(ValueError, match=r"fault|Fault"):
            FaultBox().add(document)


class TestThrottle:
    def test_admits_so_many_calls_a_second_and_account(self) -> None:
        clock = HandClock()
        throttle = Throttle(clock, SettingsBox(Settings(control_calls_per_second=2)))
        assert [throttle.admits(CALL[0], "1") for _ in range(3)] == [True, True, False]
        assert throttle.admits(CALL[0], "2")
        assert throttle.admits("rekognition:DetectCustomLabels", "1")
        clock.advance(1.0)
        assert throttle.admits(CALL[0], "1")

    def test_other_services_are_not_limited(self) -> None:
        throttle = Throttle(HandClock(), SettingsBox(Settings(control_calls_per_second=1)))
        assert all(throttle.admits("iam:GetRole", "1") for _ in range(10))
