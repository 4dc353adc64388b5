from __future__ import annotations

from itertools import groupby

import pytest

from promote.core.events import Event, IdentityShown, StepDone, StepStarted
from promote.core.record import ClaimOpened, PromotionEnded, PromotionStarted, VerificationDone
from promote.core.result import Outcome
from promote.core.topology import Target
from promote.core.version import Status
from promote.errors import RefusedError, StalePlanError
from tests.builders import PROD, QA, a_grant, version_arn
from tests.fake_world import FakeWorld
from tests.workflow.promoting import Promoting

V1, V2 = version_arn("v1"), version_arn("v2")
QA_ROLE = "arn:aws:iam::222222222222:role/tools-qa"
PROD_ROLE = "arn:aws:iam::222222222222:role/tools-prod"
RECHECKED = {"pointer.current", "iam.policy", "model.describe", "store.keys", "store.read"}


def folded(operations: list[str]) -> list[str]:
    return [operation for operation, _ in groupby(operations)]


class TestAStraightPromotion:
    def test_writes_in_the_forced_order(self, fake: FakeWorld) -> None:
        Promoting(fake).release(to="qa")
        writes = [each for each in fake.operations(writes=True) if not each.startswith("store.")]
        assert writes == ["model.start", "iam.put", "pointer.write", "iam.put"]

    def test_proves_before_it_switches_and_verifies_after(self, in_qa: FakeWorld) -> None:
        Promoting(in_qa).release(to="prod")
        of_interest = {"iam.put", "model.invoke", "pointer.write", "model.stop"}
        order = [each for each in in_qa.operations() if each in of_interest]
        assert folded(order) == [
            "iam.put",  # grant
            "model.invoke",  # prove and smoke test
            "pointer.write",
            "model.invoke",  # verify
            "iam.put",  # revoke
            "model.invoke",  # denied now
            "model.stop",
        ]

    def test_ends_with_the_new_version_alone(self, in_qa: FakeWorld) -> None:
        result = Promoting(in_qa).release(to="prod")
        assert (result.result, result.version, result.previous) == (Outcome.PROMOTED, V2, V1)
        assert result.left == ()
        assert {in_qa.pointer(target).value for target in in_qa.targets} == {V2}
        assert in_qa.document(PROD_ROLE) == a_grant("v2")
        assert (in_qa.status("v1"), in_qa.status("v2")) == (Status.STOPPED, Status.RUNNING)

    def test_leaves_a_version_running_that_another_environment_names(self, fake: FakeWorld) -> None:
        Promoting(fake).release(to="qa")
        assert fake.status("v1") is Status.RUNNING
        assert fake.document(QA_ROLE) == a_grant("v2")
        assert fake.document(PROD_ROLE) == a_grant("v1")

    def test_asks_nothing_twice_but_polls_and_what_it_is_about_to_write(
        self, in_qa: FakeWorld
    ) -> None:
        Promoting(in_qa).release(to="prod")
        # The stop looks at the whole world once more: P6 is about every environment.
        until = in_qa.operations().index("model.describe")
        reads = [
            (each.operation, each.resource, each.role)
            for each in in_qa.calls[:until]
            if not each.writes and each.operation not in RECHECKED
            if each.operation not in {"sts.enter", "model.invoke", "sts.caller"}
        ]
        assert len(reads) == len(set(reads))

    def test_writes_only_as_the_roles_of_its_environment(self, in_qa: FakeWorld) -> None:
        Promoting(in_qa).release(to="prod")
        roles = {
            (each.operation, (each.role or "").partition("::")[2])
            for each in in_qa.calls
            if each.writes and not each.operation.startswith("store.")
        }
        assert roles == {
            ("iam.put", "222222222222:role/promote-operator-prod"),
            ("model.stop", "222222222222:role/promote-operator-prod"),
            *(("pointer.write", f"{account}:role/promote-deployer") for account in PROD),
        }

    def test_walks_every_path_before_the_first_write(self, in_qa: FakeWorld) -> None:
        in_qa.fail("sts.reach", RefusedError("no way in"), on="deployer", nth=2)
        before = in_qa.end_state()
        with pytest.raises(RefusedError, match="no way in"):
            Promoting(in_qa).release(to="prod")
        assert in_qa.end_state() == before
        assert set(in_qa.operations(writes=True)) == {"store.create", "store.delete"}

    def test_reads_the_drain_by_the_pointers_own_time(self, fake: FakeWorld) -> None:
        Promoting(fake).release(to="qa")
        left = fake.left_at[QA, "/models/tools/version-arn"][V1]
        revoked = fake.roles[QA_ROLE].inline["promote-tools"][-1].since
        assert (revoked - left).total_seconds() == pytest.approx(30, abs=1)

    def test_creates_a_pointer_that_does_not_exist(self, fresh: FakeWorld) -> None:
        result = Promoting(fresh).release(to="qa")
        assert (result.result, result.previous) == (Outcome.PROMOTED, None)
        assert fresh.operations(writes=True).count("pointer.create") == 1
        assert "pointer.write" not in fresh.operations()


class TestItsRecords:
    def test_tell_what_was_claimed_verified_and_ended(self, fake: FakeWorld) -> None:
        Promoting(fake).release(to="qa")
        kinds = [type(record) for record in fake.records()]
        assert kinds == [PromotionStarted, ClaimOpened, VerificationDone, PromotionEnded]
        state = fake.ledger()
        assert state.unfinished is None
        assert set(state.claims) == {V2}
        found = state.verification(V2, "qa")
        assert found is not None
        assert (found.passed, found.accuracy, found.accounts) == (True, 1.0, (QA,))

    def test_close_the_claim_of_what_they_stopped(self, in_qa: FakeWorld) -> None:
        Promoting(in_qa).start_version("tools", "v1")  # runs: no claim
        Promoting(in_qa).release(to="prod")
        assert set(in_qa.ledger().claims) == {V2}


class TestItsEvents:
    def test_show_who_it_is_before_the_first_write(self, fake: FakeWorld) -> None:
        writes: list[int] = []

        def listen(event: Event) -> None:
            if isinstance(event, IdentityShown):
                writes.append(fake.operations(writes=True).count("store.create"))

        Promoting(fake, on_event=listen).release(to="qa")
        assert writes == [1]  # the lock alone

    def test_begin_and_end_every_step(self, fake: FakeWorld) -> None:
        promoter = Promoting(fake)
        promoter.release(to="qa")
        begun = [each.step.step for each in promoter.events if isinstance(each, StepStarted)]
        done = [each.step.step for each in promoter.events if isinstance(each, StepDone)]
        assert begun == done == ["start", "grant", "prove", "switch", "drain", "revoke"]

    def test_harm_nothing_when_the_listener_fails(self, fake: FakeWorld) -> None:
        def listen(event: Event) -> None:
            raise RuntimeError(type(event).__name__)

        assert Promoting(fake, on_event=listen).release(to="qa").result is Outcome.PROMOTED


class TestAPlanAppliedAgain:
    def test_is_unchanged_while_the_world_is_its_end(self, fake: FakeWorld) -> None:
        plan = Promoting(fake).make(to="qa")
        Promoting(fake).apply(plan)
        before = fake.end_state()
        assert Promoting(fake).apply(plan).result is Outcome.UNCHANGED
        assert fake.end_state() == before

    def test_is_stale_once_the_world_moved_on(self, fake: FakeWorld, qa_target: Target) -> None:
        plan = Promoting(fake).make(to="qa")
        Promoting(fake).apply(plan)
        Promoting(fake).release("v1", to="qa")
        assert fake.pointer(qa_target).value == V1
        with pytest.raises(StalePlanError, match="applied before"):
            Promoting(fake).apply(plan)

    def test_changes_nothing_when_released_twice(self, fake: FakeWorld) -> None:
        Promoting(fake).release(to="qa")
        before = fake.end_state()
        assert Promoting(fake).release(to="qa").result is Outcome.UNCHANGED
        assert fake.end_state() == before


class TestAStalePlan:
    def test_names_the_pointer_that_moved(self, fake: FakeWorld, qa_target: Target) -> None:
        plan = Promoting(fake).make(to="qa")
        fake.point(qa_target, version_arn("v1"))
        with pytest.raises(StalePlanError) as caught:
            Promoting(fake).apply(plan)
        assert f"pointer qa/{QA}" in caught.value.detail
        assert f"1 {V1}" in caught.value.detail
        assert f"2 {V1}" in caught.value.detail

    def test_names_the_policy_that_was_edited(self, fake: FakeWorld) -> None:
        plan = Promoting(fake).make(to="qa")
        fake.write_policy(QA_ROLE, a_grant("v1", "v3"))
        with pytest.raises(StalePlanError) as caught:
            Promoting(fake).apply(plan)
        assert f"policy {QA_ROLE} promote-tools" in caught.value.detail

    def test_names_the_version_that_became_unusable(self, fake: FakeWorld) -> None:
        plan = Promoting(fake).make(to="qa")
        fake.become("v2", Status.DELETING)
        with pytest.raises(StalePlanError) as caught:
            Promoting(fake).apply(plan)
        assert "DELETING" in caught.value.detail
        assert fake.ledger().unfinished is None

    def test_notices_a_change_right_before_the_grant(self, fake: FakeWorld) -> None:
        fake.at("iam.policy", lambda: fake.write_policy(QA_ROLE, a_grant("v1", "v3")))
        with pytest.raises(StalePlanError, match="role was changed meanwhile"):
            Promoting(fake).release(to="qa")
        assert fake.document(QA_ROLE) == a_grant("v1", "v3")
        assert fake.status("v2") is Status.STOPPED

    def test_is_refused_by_the_gate_that_passed_when_it_was_made(self, in_qa: FakeWorld) -> None:
        plan = Promoting(in_qa).make(to="prod")
        in_qa.poor.add(V2)
        assert not Promoting(in_qa).verify("tools", environment="qa").passed
        with pytest.raises(RefusedError) as caught:
            Promoting(in_qa).apply(plan)
        assert "verification failed" in caught.value.detail
