from __future__ import annotations

from datetime import timedelta

import pytest

from promote.core.events import Event, StepDone, Waiting
from promote.core.parts import Propagation, Smoke
from promote.core.plan import Prove
from promote.core.result import Outcome
from promote.core.topology import Target
from promote.core.version import Status
from promote.errors import (
    AccessDeniedError,
    DeadlineError,
    ExplicitDenyError,
    FailedError,
    ImageError,
    LostResponseError,
    StalePlanError,
)
from tests.builders import QA, a_grant, a_topology, qa, version_arn
from tests.fake_world import FakeWorld
from tests.workflow.promoting import Promoting
from tests.workflow.test_promotion import QA_ROLE, V1, V2
from tests.workflow.test_start import assert_untouched


def a_denial(version: str = "v2") -> dict[str, object]:
    statement = {
        "Effect": "Deny",
        "Action": ["rekognition:DetectCustomLabels"],
        "Resource": [version_arn(version)],
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def seconds_from_grant_to_switch(fake: FakeWorld) -> float:
    granted = fake.roles[QA_ROLE].inline["promote-tools"][1].since
    return (fake.left_at[QA, "/models/tools/version-arn"][V1] - granted).total_seconds()


class TestProvingThatANewVersionIsAllowed:
    def test_waits_until_every_replica_knows(self, fake: FakeWorld) -> None:
        fake.replicas = (0.2, 1.5, 25.0)
        Promoting(fake).release()
        assert 25 <= seconds_from_grant_to_switch(fake) < 50

    def test_never_counts_successes_that_a_denial_interrupts(self, fake: FakeWorld) -> None:
        # Two of three replicas know at once: a streak of two, again and again.
        fake.replicas = (0.0, 0.0, 60.0)
        Promoting(fake).release()
        assert seconds_from_grant_to_switch(fake) >= 60

    def test_takes_a_fresh_session_for_every_try(self, fake: FakeWorld) -> None:
        fake.replicas = (0.0, 0.0, 0.0)
        Promoting(fake).release()
        switched = fake.operations().index("pointer.write")
        granted = fake.operations().index("iam.put")
        between = fake.operations()[granted:switched]
        assert between.count("sts.enter") == 3 + 1  # three in a row, then the smoke test

    def test_ends_with_try_again_at_the_deadline_and_goes_on_later(self, fake: FakeWorld) -> None:
        fake.replicas = (0.0, 0.0, 3000.0)
        with pytest.raises(DeadlineError) as caught:
            Promoting(fake).release()
        assert "Waited 300 s for qa/333333333333 to be allowed on v2" in caught.value.detail
        unfinished = fake.ledger().unfinished
        assert unfinished is not None
        assert unfinished.turned is None
        fake.pass_time(3000)
        fake.replicas = (0.2, 1.5, 4.0)
        result = Promoting(fake).release()
        assert (result.result, result.promotion) == (Outcome.PROMOTED, unfinished.promotion)

    def test_gives_up_at_once_when_a_policy_forbids_it(
        self, fake: FakeWorld, qa_target: Target
    ) -> None:
        fake.at("iam.put", lambda: fake.write_policy(QA_ROLE, a_denial(), "guard"), after=True)
        began = fake.time
        with pytest.raises(ExplicitDenyError):
            Promoting(fake).release()
        assert fake.time - began < timedelta(minutes=2)
        fake.write_policy(QA_ROLE, None, "guard")
        assert_untouched(fake, qa_target)

    def test_takes_an_error_after_authorisation_for_allowed(self, fake: FakeWorld) -> None:
        fake.replicas = (0.0, 0.0, 0.0)
        fake.fail("model.invoke", ImageError("Too small"), after=True)
        fake.at("model.invoke", lambda: fake.proven.add((QA, V2)))
        assert Promoting(fake).release().result is Outcome.PROMOTED

    def test_goes_on_when_an_answer_is_lost(self, fake: FakeWorld) -> None:
        fake.fail("model.invoke", LostResponseError("No answer"), nth=2)
        assert Promoting(fake).release().result is Outcome.PROMOTED

    def test_says_that_it_waits_without_a_number_that_changes(self, fake: FakeWorld) -> None:
        promoter = Promoting(fake)
        promoter.release()
        said = {
            each.status
            for each in promoter.events
            if isinstance(each, Waiting) and "to be allowed" in each.what
        }
        assert said == {"not yet in force"}

    def test_asks_as_often_as_the_environment_says(self) -> None:
        environment = qa(propagation=Propagation(consecutive=5))
        fake = FakeWorld(a_topology(environment))
        fake.replicas = (0.0, 0.0, 0.0)
        Promoting(fake).release()
        granted = fake.operations().index("iam.put")
        switched = fake.operations().index("pointer.write")
        assert fake.operations()[granted:switched].count("sts.enter") == 5 + 1


class TestASmokeTestBelowTheThreshold:
    def test_leaves_everything_as_before(self, fake: FakeWorld, qa_target: Target) -> None:
        fake.poor.add(V2)
        with pytest.raises(FailedError) as caught:
            Promoting(fake).release()
        assert "0.000 measured, 0.900 required" in caught.value.detail
        assert "hammer.png: expected hammer, got nothing" in caught.value.detail
        assert "No pointer was changed" in caught.value.detail
        assert_untouched(fake, qa_target)
        assert "pointer.write" not in fake.operations()

    def test_waits_for_no_drain(self, fake: FakeWorld) -> None:
        fake.poor.add(V2)
        began = fake.time
        with pytest.raises(FailedError):
            Promoting(fake).release()
        assert fake.time - began < timedelta(minutes=2)

    def test_closes_the_plan(self, fake: FakeWorld) -> None:
        plan = Promoting(fake).make()
        fake.poor.add(V2)
        with pytest.raises(FailedError):
            Promoting(fake).apply(plan)
        ended = fake.ledger().ended
        assert [end.result.result for end in ended.values()] == [Outcome.FAILED]
        with pytest.raises(StalePlanError, match="applied before"):
            Promoting(fake).apply(plan)

    def test_can_be_tried_again_once_it_is_mended(self, fake: FakeWorld) -> None:
        fake.poor.add(V2)
        with pytest.raises(FailedError):
            Promoting(fake).release()
        fake.poor.clear()
        assert Promoting(fake).release().result is Outcome.PROMOTED


class TestWithoutImages:
    def test_one_request_must_be_answered(self) -> None:
        environment = qa(smoke=Smoke())
        fake = FakeWorld(a_topology(environment))
        assert Promoting(fake).release().result is Outcome.PROMOTED
        assert "images.load" not in fake.operations()
        assert not fake.breaches

    def test_a_version_that_stops_under_the_proof_fails_the_smoke_test(
        self, fake: FakeWorld, qa_target: Target
    ) -> None:
        fake.at("sts.enter", lambda: fake.become("v2", Status.STOPPED), nth=4)
        with pytest.raises(FailedError):
            Promoting(fake).release()
        assert_untouched(fake, qa_target)


class TestProvingThatAnOldVersionIsDenied:
    def test_waits_until_no_replica_allows_it(self, fake: FakeWorld) -> None:
        fake.replicas = (0.2, 1.5, 25.0)
        Promoting(fake).release()
        revoked = fake.roles[QA_ROLE].inline["promote-tools"][-1].since
        assert (fake.time - revoked).total_seconds() >= 25

    def test_counts_only_rounds_in_which_the_new_one_is_allowed(self, fake: FakeWorld) -> None:
        def lock_out() -> None:
            """Let the role allow nothing at all for a minute: every denial looks like ours."""
            document = fake.document(QA_ROLE)
            fake.write_policy(QA_ROLE, None)
            fake.at("model.invoke", lambda: fake.write_policy(QA_ROLE, document), nth=12)

        fake.replicas = (0.0, 0.0, 0.0)
        fake.at("iam.put", lock_out, nth=2, after=True)
        promoter = Promoting(fake)
        assert promoter.release().result is Outcome.PROMOTED
        fake.breaches.clear()  # the lock-out was ours, not the product's
        waits = [e for e in promoter.events if isinstance(e, Waiting) and "denied" in e.what]
        assert len(waits) >= 10

    def test_keeps_the_new_version_when_it_is_not_denied_in_time(
        self, fake: FakeWorld, qa_target: Target
    ) -> None:
        fake.at("iam.put", lambda: fake.write_policy(QA_ROLE, a_grant("v1"), "x"), nth=2)
        with pytest.raises(DeadlineError) as caught:
            Promoting(fake).release()
        assert "v1 is still allowed" in caught.value.detail
        assert fake.pointer(qa_target).value == V2
        assert fake.status("v1") is Status.RUNNING


class TestAReplicaThatLagsBehindTheProof:
    """Three successes in a row may all have met the replicas that know the grant already."""

    def denied_after_the_proof(self, fake: FakeWorld, times: int) -> Promoting:
        def listen(event: Event) -> None:
            if isinstance(event, StepDone) and isinstance(event.step, Prove):
                fake.fail("model.invoke", AccessDeniedError("Denied", "A laggard."), times=times)

        return Promoting(fake, on_event=listen)

    def test_is_waited_for_by_the_smoke_test(self, fake: FakeWorld) -> None:
        before = fake.seconds
        assert self.denied_after_the_proof(fake, 10).release().result is Outcome.PROMOTED
        assert fake.seconds - before > 30

    def test_puts_nothing_back_when_it_lags_too_long(
        self, fake: FakeWorld, qa_target: Target
    ) -> None:
        with pytest.raises(DeadlineError):
            self.denied_after_the_proof(fake, 1000).release()
        assert fake.pointer(qa_target).value == V1
        assert fake.status("v2") is Status.RUNNING
        fake.revive(seconds=0)
        assert Promoting(fake).release().result is Outcome.PROMOTED
