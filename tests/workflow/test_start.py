from __future__ import annotations

from dataclasses import replace

import pytest

from promote.core.result import Outcome
from promote.core.topology import Target
from promote.core.version import Status
from promote.errors import (
    AccessDeniedError,
    DeadlineError,
    FailedError,
    LostResponseError,
    QuotaError,
    ThrottledError,
    WrongStateError,
)
from tests.builders import a_grant, a_version, version_arn
from tests.fake_world import CrashError, FakeWorld
from tests.workflow.promoting import Promoting
from tests.workflow.test_promotion import QA_ROLE, V1, V2


def assert_untouched(fake: FakeWorld, target: Target) -> None:
    assert fake.pointer(target).value == V1
    assert fake.document(QA_ROLE) == a_grant("v1")
    assert not fake.status("v2").occupies_slot
    assert not fake.ledger().claims
    assert fake.ledger().unfinished is None


class TestStarting:
    def test_waits_for_a_version_that_is_on_its_way(self, fake: FakeWorld) -> None:
        fake.start("v2")
        assert Promoting(fake).release().result is Outcome.PROMOTED
        assert "model.start" not in fake.operations()
        assert not fake.ledger().claims  # somebody else started it

    def test_waits_for_a_stopping_version_before_it_asks(self, fake: FakeWorld) -> None:
        fake.become("v2", Status.RUNNING)
        fake.stop("v2")
        assert Promoting(fake).release().result is Outcome.PROMOTED
        assert fake.operations().count("model.start") == 1

    @pytest.mark.parametrize(
        "status",
        [Status.TRAINING_COMPLETED, Status.STOPPED, Status.COPYING_COMPLETED, Status.FAILED],
    )
    def test_starts_from_every_startable_state(self, fake: FakeWorld, status: Status) -> None:
        fake.become("v2", status)
        assert Promoting(fake).release().result is Outcome.PROMOTED
        assert fake.operations().count("model.start") == 1

    def test_opens_the_claim_before_it_asks(self, fake: FakeWorld) -> None:
        fake.crash("model.start")
        with pytest.raises(CrashError):
            Promoting(fake).release()
        assert set(fake.ledger().claims) == {V2}

    @pytest.mark.parametrize("after", [False, True])
    def test_looks_again_when_the_answer_is_lost(self, fake: FakeWorld, *, after: bool) -> None:
        fake.fail("model.start", LostResponseError("No answer"), after=after)
        assert Promoting(fake).release().result is Outcome.PROMOTED
        assert fake.operations().count("model.start") == (1 if after else 2)

    def test_asks_three_times_at_most(self, fake: FakeWorld) -> None:
        fake.fail("model.start", LostResponseError("No answer"), times=99)
        with pytest.raises(DeadlineError):
            Promoting(fake).release()
        assert fake.operations().count("model.start") == 3

    def test_goes_on_asking_while_throttled(self, fake: FakeWorld) -> None:
        fake.fail("model.start", ThrottledError("Slow down"), times=5)
        assert Promoting(fake).release().result is Outcome.PROMOTED

    def test_keeps_the_claim_of_a_lost_start_when_throttled_later(self, fake: FakeWorld) -> None:
        fake.fail("model.start", LostResponseError("No answer"))
        fake.fail("model.start", ThrottledError("Slow down"), nth=2)
        fake.at("model.describe", lambda: fake.start("v2"), nth=4)  # the lost one took effect late
        fake.poor.add(V2)
        with pytest.raises(FailedError):
            Promoting(fake).release()
        assert fake.status("v2") is Status.STOPPED

    def test_takes_a_wrong_state_for_a_reason_to_look_again(self, fake: FakeWorld) -> None:
        fake.at("model.start", lambda: fake.start("v2"))
        assert Promoting(fake).release().result is Outcome.PROMOTED
        assert fake.operations().count("model.start") == 1

    def test_is_put_back_when_the_version_fails(self, fake: FakeWorld, qa_target: Target) -> None:
        fake.failing.add(V2)
        with pytest.raises(FailedError) as caught:
            Promoting(fake).release()
        assert "out of capacity" in caught.value.detail
        assert "Everything is as before" in caught.value.detail
        assert_untouched(fake, qa_target)

    def test_fails_again_from_failed(self, fake: FakeWorld, qa_target: Target) -> None:
        fake.become("v2", Status.FAILED)
        fake.failing.add(V2)
        with pytest.raises(FailedError):
            Promoting(fake).release()
        assert_untouched(fake, qa_target)

    @pytest.mark.parametrize("error", [QuotaError("Full"), AccessDeniedError("No")])
    def test_leaves_nothing_when_it_is_refused(
        self, fake: FakeWorld, qa_target: Target, error: QuotaError | AccessDeniedError
    ) -> None:
        fake.fail("model.start", error)
        with pytest.raises(type(error)):
            Promoting(fake).release()
        assert_untouched(fake, qa_target)

    def test_runs_out_of_time_and_goes_on_later(self, fake: FakeWorld) -> None:
        fake.at("model.start", lambda: fake.become("v2", Status.STARTING), after=True)
        fake.at("model.start", fake.becoming.clear, after=True)
        with pytest.raises(DeadlineError) as caught:
            Promoting(fake).release()
        assert "Waited 1800 s for v2 to run" in caught.value.detail
        unfinished = fake.ledger().unfinished
        assert unfinished is not None
        fake.become("v2", Status.RUNNING)
        assert Promoting(fake).release().promotion == unfinished.promotion
        assert fake.operations().count("model.start") == 1

    def test_names_who_holds_the_slots_at_plan_time(self, fake: FakeWorld) -> None:
        other = a_version("w9", project="others")
        fake.strangers = (other,)
        with pytest.raises(QuotaError) as caught:
            Promoting(fake).release()
        assert "others/w9  RUNNING" in caught.value.detail
        assert not fake.operations(writes=True)

    def test_does_not_stop_what_it_did_not_start(self, fake: FakeWorld) -> None:
        fake.become("v2", Status.RUNNING)
        fake.poor.add(V2)
        with pytest.raises(FailedError):
            Promoting(fake).release()
        assert fake.status("v2") is Status.RUNNING


class TestStopping:
    @pytest.mark.parametrize("after", [False, True])
    def test_looks_again_when_the_answer_is_lost(self, in_qa: FakeWorld, *, after: bool) -> None:
        in_qa.fail("model.stop", LostResponseError("No answer"), after=after)
        assert Promoting(in_qa).release(to="prod").result is Outcome.PROMOTED
        assert in_qa.status("v1") is Status.STOPPED

    def test_takes_a_wrong_state_for_a_reason_to_look_again(self, in_qa: FakeWorld) -> None:
        in_qa.fail("model.stop", WrongStateError("ResourceInUse"))
        assert Promoting(in_qa).release(to="prod").result is Outcome.PROMOTED
        assert in_qa.status("v1") is Status.STOPPED

    def test_waits_for_a_starting_version_before_it_stops_it(self, in_qa: FakeWorld) -> None:
        arn = version_arn("v3")
        in_qa.versions[arn] = replace(a_version("v3"), status=Status.STARTING)
        in_qa.pass_time(1)
        plan = Promoting(in_qa).make(to="prod")
        assert all(getattr(step, "version", "") != arn for step in plan.steps)  # not ours

    def test_is_refused_when_another_environment_names_it_meanwhile(
        self, in_qa: FakeWorld, qa_target: Target
    ) -> None:
        def somebody() -> None:
            in_qa.write_policy(QA_ROLE, a_grant("v1", "v2"))
            in_qa.point(qa_target, V1)

        in_qa.at("iam.put", somebody, nth=2, after=True)
        promoter = Promoting(in_qa)
        in_qa.replicas = (0.0, 0.0, 0.0)
        assert promoter.release(to="prod").result is Outcome.PROMOTED
        assert in_qa.status("v1") is Status.RUNNING
        assert "model.stop" not in in_qa.operations()
