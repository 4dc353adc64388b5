"""An account that cannot be read, at the worst of moments: the way back does not wait for it."""

from __future__ import annotations

import pytest

from promote.core.result import Outcome
from promote.core.version import Status
from promote.errors import AccessDeniedError, AccessError, FailedError, NeedsAttentionError
from tests.builders import PROD, QA, version_arn
from tests.fake_world import FakeWorld
from tests.reliability.scenarios import live_in_qa, spoil_once_switched
from tests.workflow.promoting import Promoting
from tests.workflow.test_rollback import a_warm_world, half_switched, warnings

V1, V2 = version_arn("v1"), version_arn("v2")
FOR_GOOD = 1_000_000


def out_of_reach(fake: FakeWorld, account: str) -> None:
    """Refuse from now on to read any pointer of an account."""
    error = AccessDeniedError("Access denied", "The reader role may not be assumed.")
    for operation in ("pointer.read", "pointer.current"):
        fake.fail(operation, error, times=FOR_GOOD, on=account)


def named(fake: FakeWorld, account: str) -> str | None:
    return next(fake.pointer(each).value for each in fake.targets if each.account == account)


class TestAnAccountOfAnotherEnvironment:
    def test_holds_no_rollback_up_and_keeps_every_version_running(self) -> None:
        fake = a_warm_world()
        out_of_reach(fake, QA)
        promoter = Promoting(fake)
        assert promoter.rollback().result is Outcome.PROMOTED
        assert {named(fake, account) for account in PROD} == {V1}
        assert fake.status("v2") is Status.RUNNING
        assert any("of qa/333333333333 cannot be read" in each for each in warnings(promoter))
        assert not fake.breaches

    def test_holds_no_abort_up(self) -> None:
        fake = half_switched(live_in_qa())
        out_of_reach(fake, QA)
        Promoting(fake).abort("tools")
        assert {named(fake, account) for account in PROD} == {V1}
        assert not fake.breaches

    def test_holds_no_promotion_up_that_puts_itself_back(self) -> None:
        fake = live_in_qa()
        spoil_once_switched(fake)
        fake.at("pointer.write", lambda: out_of_reach(fake, QA), nth=2, after=True)
        with pytest.raises(FailedError):
            Promoting(fake).release(to="prod")
        assert {named(fake, account) for account in PROD} == {V1}
        assert not fake.breaches

    def test_holds_a_release_up_before_anything_is_changed(self) -> None:
        fake = live_in_qa()
        out_of_reach(fake, QA)
        with pytest.raises(AccessError):
            Promoting(fake).release(to="prod")
        assert {named(fake, account) for account in PROD} == {V1}


class TestAnAccountOfTheEnvironmentItself:
    def test_that_is_out_of_reach_for_a_moment_drains_before_its_access_goes(self) -> None:
        fake = half_switched(live_in_qa())
        error = AccessDeniedError("Access denied", "The reader role may not be assumed.")
        fake.fail("pointer.read", error, nth=2, on=PROD[0])
        Promoting(fake).abort("tools")
        assert {named(fake, account) for account in PROD} == {V1}
        assert not fake.breaches

    def test_keeps_the_others_from_nothing_when_all_go_back(self) -> None:
        fake = live_in_qa()
        spoil_once_switched(fake)
        fake.at("pointer.write", lambda: out_of_reach(fake, PROD[0]), nth=2, after=True)
        with pytest.raises(NeedsAttentionError):
            Promoting(fake).release(to="prod")
        assert [named(fake, account) for account in PROD] == [V2, V1]
        assert not fake.breaches
