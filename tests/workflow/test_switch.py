from __future__ import annotations

from datetime import timedelta

import pytest

from promote.core.events import RollingBack, Warned
from promote.core.plan import Switch
from promote.core.planner import writes
from promote.core.record import PromotionEnded, RollbackStarted
from promote.core.result import Outcome
from promote.core.topology import Target
from promote.core.version import Status
from promote.errors import (
    AccessDeniedError,
    FailedError,
    LostResponseError,
    NeedsAttentionError,
    PointerChangedError,
    RefusedError,
    ThrottledError,
)
from tests.builders import PROD, a_grant, a_topology, prod, qa
from tests.fake_world import CrashError, FakeWorld
from tests.workflow.promoting import Promoting
from tests.workflow.test_promotion import PROD_ROLE, QA_ROLE, V1, V2
from tests.workflow.test_start import assert_untouched


def spoil_once_switched(fake: FakeWorld) -> None:
    """Let v2 answer well until the first pointer names it, and badly from then on."""
    for operation in ("pointer.write", "pointer.create"):
        fake.at(operation, lambda: fake.poor.add(V2), after=True)


def assert_prod_as_before(fake: FakeWorld, targets: tuple[Target, ...]) -> None:
    assert [fake.pointer(target).value for target in targets] == [V1, V1]
    assert fake.document(PROD_ROLE) == a_grant("v1")
    assert fake.status("v1") is Status.RUNNING
    assert fake.ledger().unfinished is None


class TestWritingAPointer:
    @pytest.mark.parametrize("after", [False, True])
    def test_looks_again_when_the_answer_is_lost(
        self, fake: FakeWorld, qa_target: Target, *, after: bool
    ) -> None:
        fake.fail("pointer.write", LostResponseError("No answer"), after=after)
        assert Promoting(fake).release().result is Outcome.PROMOTED
        assert fake.pointer(qa_target).revision == 2
        assert fake.operations().count("pointer.write") == (1 if after else 2)

    @pytest.mark.parametrize("after", [False, True])
    def test_looks_again_when_a_creation_s_answer_is_lost(
        self, fresh: FakeWorld, *, after: bool
    ) -> None:
        fresh.fail("pointer.create", LostResponseError("No answer"), after=after)
        assert Promoting(fresh).release().result is Outcome.PROMOTED

    def test_never_overwrites_what_was_written_since_the_plan(
        self, fake: FakeWorld, qa_target: Target
    ) -> None:
        fake.at("pointer.current", lambda: fake.point(qa_target, V1))
        with pytest.raises(PointerChangedError) as caught:
            Promoting(fake).release()
        assert "in revision 1" in caught.value.detail
        assert "Everything is as before" in caught.value.detail
        assert "pointer.write" not in fake.operations()
        assert_untouched(fake, qa_target)

    def test_never_overwrites_a_pointer_that_was_created_meanwhile(
        self, fresh: FakeWorld, qa_target: Target
    ) -> None:
        fresh.at("pointer.create", lambda: fresh.point(qa_target, V2))
        fresh.at("pointer.create", lambda: fresh.point(qa_target, "rubbish"))
        with pytest.raises(PointerChangedError):
            Promoting(fresh).release()
        assert fresh.pointer(qa_target).value == "rubbish"

    def test_says_when_somebody_wrote_at_the_same_moment(
        self, fake: FakeWorld, qa_target: Target
    ) -> None:
        fake.at("pointer.write", lambda: fake.point(qa_target, V1))
        promoter = Promoting(fake)
        promoter.release()
        warnings = [each.message for each in promoter.events if isinstance(each, Warned)]
        assert any("somebody else at the same moment" in each for each in warnings)

    @pytest.mark.parametrize(
        "error", [AccessDeniedError("No"), LostResponseError("No answer"), ThrottledError("Slow")]
    )
    def test_puts_the_first_back_when_the_second_finally_fails(
        self,
        in_qa: FakeWorld,
        prod_targets: tuple[Target, ...],
        error: AccessDeniedError | LostResponseError | ThrottledError,
    ) -> None:
        in_qa.fail("pointer.write", error, times=999, on=PROD[1])
        with pytest.raises((AccessDeniedError, FailedError)) as caught:
            Promoting(in_qa).release(to="prod")
        assert "Every pointer is back" in caught.value.detail
        assert_prod_as_before(in_qa, prod_targets)

    def test_undoes_in_the_order_that_p1_forces(self, in_qa: FakeWorld) -> None:
        in_qa.fail("pointer.write", AccessDeniedError("No"), times=9, on=PROD[1])
        promoter = Promoting(in_qa)
        with pytest.raises(AccessDeniedError):
            promoter.release(to="prod")
        turned = next(each for each in in_qa.records() if isinstance(each, RollbackStarted))
        assert turned.switched == (PROD[0],)
        back, withdrawn = in_qa.left_at[PROD[0], "/models/tools/version-arn"][V2], None
        withdrawn = in_qa.roles[PROD_ROLE].inline["promote-tools"][-1].since
        assert withdrawn - back >= timedelta(minutes=5)
        assert any(isinstance(each, RollingBack) for each in promoter.events)


class TestAVerificationThatFails:
    def test_puts_every_pointer_back(
        self, in_qa: FakeWorld, prod_targets: tuple[Target, ...]
    ) -> None:
        spoil_once_switched(in_qa)
        with pytest.raises(FailedError) as caught:
            Promoting(in_qa).release(to="prod")
        assert "recognised 0.000 of the images; 0.900 required" in caught.value.detail
        assert_prod_as_before(in_qa, prod_targets)
        ended = [each for each in in_qa.records() if isinstance(each, PromotionEnded)]
        assert ended[-1].result.result is Outcome.ROLLED_BACK

    def test_stops_what_it_started(self, fake: FakeWorld) -> None:
        spoil_once_switched(fake)
        with pytest.raises(FailedError):
            Promoting(fake).release()
        assert fake.status("v2") is Status.STOPPED
        assert not fake.ledger().claims

    def test_keeps_running_what_another_environment_names(self, in_qa: FakeWorld) -> None:
        spoil_once_switched(in_qa)
        with pytest.raises(FailedError):
            Promoting(in_qa).release(to="prod")
        assert in_qa.status("v2") is Status.RUNNING

    def test_deletes_the_pointer_that_a_first_promotion_created(
        self, fresh: FakeWorld, qa_target: Target
    ) -> None:
        spoil_once_switched(fresh)
        with pytest.raises(FailedError):
            Promoting(fresh).release()
        assert fresh.pointer(qa_target).value is None
        assert fresh.document(QA_ROLE) is None
        assert fresh.status("v2") is Status.STOPPED

    def test_counts_the_drain_of_a_deleted_pointer_from_its_deletion(
        self, fresh: FakeWorld
    ) -> None:
        spoil_once_switched(fresh)
        fresh.fail("pointer.delete", AccessDeniedError("No"))
        with pytest.raises(NeedsAttentionError):
            Promoting(fresh).release()
        fresh.revive(seconds=3600)
        with pytest.raises(FailedError, match="put back"):
            Promoting(fresh).release()  # the fixture holds that v2 outlasts the drain

    def test_remembers_that_deletion_when_killed_right_after_it(self, fresh: FakeWorld) -> None:
        spoil_once_switched(fresh)
        fresh.fail("pointer.delete", AccessDeniedError("No"))
        with pytest.raises(NeedsAttentionError):
            Promoting(fresh).release()
        fresh.revive(seconds=3600)
        fresh.crash("pointer.delete", after=True)
        with pytest.raises(CrashError):
            Promoting(fresh).release()
        del fresh.objects["tools/lock.json"]  # as the death of its owner on this machine is seen
        fresh.revive(seconds=1)
        with pytest.raises(FailedError, match="put back"):
            Promoting(fresh).release()  # the fixture holds that v2 outlasts the drain

    def test_leaves_a_pointer_alone_that_others_have_written_since(
        self, fresh: FakeWorld, qa_target: Target
    ) -> None:
        fresh.at("pointer.create", lambda: fresh.point(qa_target, V2), after=True)
        spoil_once_switched(fresh)
        with pytest.raises(NeedsAttentionError, match="cannot be put back"):
            Promoting(fresh).release()
        assert fresh.pointer(qa_target).value == V2
        assert fresh.document(QA_ROLE) == a_grant("v2")

    def test_puts_back_what_it_can_when_one_pointer_resists(
        self, in_qa: FakeWorld, prod_targets: tuple[Target, ...]
    ) -> None:
        spoil_once_switched(in_qa)
        in_qa.fail("pointer.write", AccessDeniedError("No"), nth=2, times=9, on=PROD[1])
        with pytest.raises(NeedsAttentionError):
            Promoting(in_qa).release(to="prod")
        assert [in_qa.pointer(target).value for target in prod_targets] == [V1, V2]
        unfinished = in_qa.ledger().unfinished
        assert unfinished is not None
        assert unfinished.turned is not None
        in_qa.revive()
        with pytest.raises(FailedError, match="was put back"):
            Promoting(in_qa).release(to="prod")
        assert_prod_as_before(in_qa, prod_targets)

    def test_says_when_an_edited_role_keeps_the_version_allowed(self, fake: FakeWorld) -> None:
        spoil_once_switched(fake)
        edited = a_grant("v1", "v2", "v3")
        fake.at("pointer.write", lambda: fake.write_policy(QA_ROLE, edited), after=True)
        with pytest.raises(NeedsAttentionError) as caught:
            Promoting(fake).release()
        assert f"promote-tools of {QA_ROLE}" in caught.value.detail
        assert fake.document(QA_ROLE) == edited
        assert fake.status("v2") is Status.RUNNING
        fake.write_policy(QA_ROLE, a_grant("v1"))
        with pytest.raises(FailedError, match="was put back"):
            Promoting(fake).release()
        assert fake.status("v2") is Status.STOPPED

    def test_waits_no_longer_than_asked_and_never_goes_forward_again(
        self, in_qa: FakeWorld, prod_targets: tuple[Target, ...]
    ) -> None:
        spoil_once_switched(in_qa)
        with pytest.raises(NeedsAttentionError, match="put back, but not finished"):
            Promoting(in_qa).release(to="prod", wait=timedelta(minutes=1))
        assert [in_qa.pointer(target).value for target in prod_targets] == [V1, V1]
        assert in_qa.document(PROD_ROLE) == a_grant("v1", "v2")
        in_qa.poor.clear()  # even if it would succeed now
        in_qa.pass_time(301)
        with pytest.raises(FailedError, match="was put back"):
            Promoting(in_qa).release(to="prod")
        assert_prod_as_before(in_qa, prod_targets)

    def test_records_the_direction_before_the_first_compensating_write(
        self, fake: FakeWorld
    ) -> None:
        spoil_once_switched(fake)
        directions: list[bool] = []

        def look() -> None:
            unfinished = fake.ledger().unfinished
            directions.append(unfinished is not None and unfinished.turned is not None)

        fake.at("pointer.write", look, nth=2)
        with pytest.raises(FailedError):
            Promoting(fake).release()
        assert directions == [True]


class TestAborting:
    def halted(self, fake: FakeWorld) -> Promoting:
        """Leave a promotion to prod unfinished in the middle of its drain."""
        fake.fail("iam.policy", ThrottledError("Slow"), nth=2)
        with pytest.raises(ThrottledError):
            Promoting(fake).release(to="prod")
        return Promoting(fake)

    def test_puts_everything_back(self, in_qa: FakeWorld, prod_targets: tuple[Target, ...]) -> None:
        result = self.halted(in_qa).abort("tools", reason="changed our mind")
        assert result.result is Outcome.ROLLED_BACK
        assert_prod_as_before(in_qa, prod_targets)

    def test_comes_too_late_once_access_is_revoked(
        self, in_qa: FakeWorld, prod_targets: tuple[Target, ...]
    ) -> None:
        in_qa.fail("model.stop", AccessDeniedError("No"))
        with pytest.raises(NeedsAttentionError, match="old one is not retired"):
            Promoting(in_qa).release(to="prod")
        with pytest.raises(RefusedError, match="Too late"):
            Promoting(in_qa).abort("tools")
        assert [in_qa.pointer(target).value for target in prod_targets] == [V2, V2]
        assert Promoting(in_qa).resume("tools").result is Outcome.PROMOTED

    def test_before_the_switch_needs_no_drain(self, fake: FakeWorld, qa_target: Target) -> None:
        fake.fail("sts.enter", ThrottledError("Slow"), nth=2, times=9999)
        with pytest.raises(Exception, match="Out of time"):
            Promoting(fake).release()
        fake.revive()
        began = fake.time
        assert Promoting(fake).abort("tools").result is Outcome.FAILED
        assert fake.time - began < timedelta(minutes=1)
        assert_untouched(fake, qa_target)


class TestSeveralRolesInOneEnvironment:
    def test_each_account_may_have_its_own(self) -> None:
        one_each = prod(access_role="{model}-{environment}-{account}")
        fake = FakeWorld(a_topology(qa(), one_each))
        Promoting(fake).release(to="qa")
        assert Promoting(fake).release(to="prod").result is Outcome.PROMOTED
        assert fake.operations().count("iam.put") == 2 + 4
        assert not fake.breaches


class TestAHalfSwitchedPromotionPlannedAnew:
    """Its plan does not hold any more, so a new one takes it over, with all there is to undo."""

    @pytest.fixture
    def half(self, in_qa: FakeWorld) -> FakeWorld:
        in_qa.crash("pointer.write", after=True)
        with pytest.raises(CrashError):
            Promoting(in_qa).release(to="prod")
        in_qa.revive(seconds=200)
        in_qa.topology = a_topology(qa(), prod(drain=timedelta(minutes=6)))
        return in_qa

    def test_goes_on_to_the_end(self, half: FakeWorld, prod_targets: tuple[Target, ...]) -> None:
        assert Promoting(half).release(to="prod").result is Outcome.PROMOTED
        assert [half.pointer(target).value for target in prod_targets] == [V2, V2]
        assert half.document(PROD_ROLE) == a_grant("v2")

    def test_goes_all_the_way_back_when_it_fails(
        self, half: FakeWorld, prod_targets: tuple[Target, ...]
    ) -> None:
        spoil_once_switched(half)
        with pytest.raises(FailedError):
            Promoting(half).release(to="prod")
        assert_prod_as_before(half, prod_targets)

    def test_counts_only_the_pointer_that_is_left_to_write(self, half: FakeWorld) -> None:
        plan = Promoting(half).make(to="prod")
        switches = [step for step in plan.steps if isinstance(step, Switch)]
        assert len(switches) == 2
        assert sum(writes(step) for step in switches) == 1
