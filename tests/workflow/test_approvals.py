from __future__ import annotations

import json
from dataclasses import replace

import pytest

from promote.core.gates.approval import person
from promote.core.gates.requirements import Requirements
from promote.core.gates.result import Verdict
from promote.core.plan import Plan
from promote.core.planfile import decode, digest, encode
from promote.core.record import PromotionStarted
from promote.core.result import Outcome
from promote.core.status import summarise
from promote.errors import (
    NeedsAttentionError,
    PlanFileError,
    RefusedError,
    StalePlanError,
    UnfinishedError,
)
from promote.ports import Caller
from promote.report import overview, review
from promote.report import standing as report
from promote.workflow.reviewing import Reviews
from tests.builders import a_topology, an_observation, prod, qa
from tests.fake_ports import Stored
from tests.fake_world import CrashError, FakeWorld
from tests.workflow.promoting import Promoting


def user(name: str, number: int = 1) -> Caller:
    arn = f"arn:aws:iam::111111111111:user/team/{name}"
    return Caller(arn=arn, account="111111111111", user_id=f"AIDA{name.upper()}{number}")


def signed_in(name: str, permission_set: str = "Review") -> Caller:
    role = f"AWSReservedSSO_{permission_set}_0123456789abcdef"
    return Caller(
        arn=f"arn:aws:sts::111111111111:assumed-role/{role}/{name}",
        account="111111111111",
        user_id=f"AROA{permission_set.upper()}:{name}",
    )


ALICE, BOB, CAROL = user("alice"), user("bob"), signed_in("carol@example.com")
PIPELINE = Caller(
    arn="arn:aws:sts::111111111111:assumed-role/release/build-17",
    account="111111111111",
    user_id="AROARELEASE:build-17",
)


@pytest.fixture
def fake() -> FakeWorld:
    """Give a world in which two environments ask for approvals: qa for one, prod for two."""
    return FakeWorld(
        a_topology(
            replace(qa(), gates=Requirements(approval=1)),
            replace(prod(), gates=Requirements(approval=2)),
        )
    )


def by(fake: FakeWorld, caller: Caller) -> Promoting:
    fake.caller = caller
    return Promoting(fake)


def asked_by(fake: FakeWorld, caller: Caller = ALICE, *, to: str = "qa") -> Plan:
    return by(fake, caller).make(to=to)


def reviews_in(fake: FakeWorld) -> dict[str, Stored]:
    return {key: each for key, each in fake.objects.items() if "/approvals/" in key}


class TestAPlanThatMustBeApproved:
    def test_shows_the_gate_as_pending_and_can_be_saved(self, fake: FakeWorld) -> None:
        plan = asked_by(fake)
        (gate,) = [each for each in plan.gates if each.gate == "approval"]
        assert gate.verdict is Verdict.PENDING
        assert plan.steps
        assert gate.required == "approved by 1 person who did not ask for it"
        assert "nobody has approved it" in " ".join(review.plan(plan).split())

    def test_is_refused_until_somebody_else_approves_it(self, fake: FakeWorld) -> None:
        plan = asked_by(fake)
        with pytest.raises(RefusedError, match="nobody has approved it") as raised:
            by(fake, ALICE).apply(plan)
        assert "promote approve plan.json" in raised.value.remedy
        assert fake.operations(writes=True) == ["store.create", "store.delete"]  # the lock
        by(fake, BOB).approve(plan, reason="Fine")
        assert by(fake, ALICE).apply(plan).result is Outcome.PROMOTED

    def test_is_asked_about_whatever_the_file_says_of_its_changes(self, fake: FakeWorld) -> None:
        """Nobody is asked about a plan that changes nothing, and anybody can work a digest out."""
        forged = decode(encode(replace(asked_by(fake), changes=0)))
        with pytest.raises(PlanFileError, match="it says that 0 of its steps change something"):
            by(fake, ALICE).apply(forged)
        assert fake.operations(writes=True) == ["store.create", "store.delete"]  # the lock

    def test_has_steps_whatever_the_file_says(self, fake: FakeWorld) -> None:
        forged = decode(encode(replace(asked_by(fake), changes=0, steps=())))
        with pytest.raises(PlanFileError, match="the plan does not switch"):
            by(fake, ALICE).apply(forged)

    def test_shows_what_it_lifts_whatever_the_file_says_of_its_gates(self, fake: FakeWorld) -> None:
        asks = replace(qa(), gates=Requirements(approval=1, cost=0.0))
        fake.topology = a_topology(asks, prod())
        lifting = by(fake, ALICE).plan("tools", "v2", to="qa", reason="4711", overrides=["cost"])
        hidden = decode(encode(replace(lifting, gates=())))
        assert "cost is lifted by" in review.plan(hidden)
        with pytest.raises(PlanFileError, match=r"its gates are none; expected cost"):
            by(fake, BOB).approve(hidden)

    def test_counts_each_person_once(self, fake: FakeWorld) -> None:
        earlier = asked_by(fake)
        by(fake, BOB).approve(earlier)
        by(fake, ALICE).apply(earlier)
        plan = asked_by(fake, to="prod")
        for caller in (BOB, BOB):
            found = by(fake, caller).approve(plan)
        assert found.gate.verdict is Verdict.FAIL
        assert found.gate.measured.startswith("1 of 2")
        with pytest.raises(RefusedError, match="1 of 2"):
            by(fake, ALICE).apply(plan)
        assert by(fake, CAROL).approve(plan).gate.verdict is Verdict.PASS
        assert by(fake, ALICE).apply(plan).result is Outcome.PROMOTED

    def test_keeps_its_judgement_in_the_record(self, fake: FakeWorld) -> None:
        plan = asked_by(fake)
        by(fake, BOB).approve(plan)
        by(fake, ALICE).apply(plan)
        (begun,) = [e for e in by(fake, ALICE).history("tools") if isinstance(e, PromotionStarted)]
        (gate,) = [each for each in begun.gates if each.gate == "approval"]
        assert str(person(BOB.arn)) in gate.measured

    def test_is_approved_for_exactly_what_it_says(self, fake: FakeWorld) -> None:
        plan = asked_by(fake)
        by(fake, BOB).approve(plan)
        other = replace(plan, request=replace(plan.request, reason="another one"))
        with pytest.raises(RefusedError, match="nobody has approved it"):
            by(fake, ALICE).apply(other)
        with pytest.raises(PlanFileError):
            decode(encode(plan).replace(b'"changes":', b'"changes": '))

    def test_goes_on_without_being_asked_again_once_it_was_begun(self, fake: FakeWorld) -> None:
        plan = asked_by(fake)
        by(fake, BOB).approve(plan)
        fake.crash("pointer.write")
        with pytest.raises(CrashError):
            by(fake, ALICE).apply(plan)
        fake.revive(seconds=300)
        fake.objects = {k: v for k, v in fake.objects.items() if "/approvals/" not in k}
        assert by(fake, ALICE).resume("tools").result is Outcome.PROMOTED

    def test_nobody_is_asked_about_the_way_back(self, fake: FakeWorld) -> None:
        plan = asked_by(fake)
        by(fake, BOB).approve(plan)
        by(fake, ALICE).apply(plan)
        assert by(fake, ALICE).rollback(of="qa").result is Outcome.PROMOTED
        back = by(fake, ALICE).plan_rollback("tools", "v2", environment="qa")
        with pytest.raises(RefusedError, match="nobody needs to approve"):
            by(fake, BOB).approve(back)

    def test_is_not_released_at_once(self, fake: FakeWorld) -> None:
        plan = asked_by(fake)
        with pytest.raises(RefusedError) as raised:
            by(fake, ALICE).refuse_unapproved(plan)
        commands = [line.strip() for line in raised.value.remedy.splitlines()[1:]]
        assert [each.split()[1] for each in commands] == ["plan", "approve", "apply"]
        by(fake, BOB).approve(plan)
        by(fake, ALICE).refuse_unapproved(plan)


class TestApprove:
    @pytest.mark.parametrize(
        ("asks", "approves"),
        [
            (ALICE, ALICE),
            (CAROL, signed_in("Carol@Example.com", "Administrator")),
        ],
    )
    def test_of_ones_own_plan_is_refused_at_once(
        self, fake: FakeWorld, asks: Caller, approves: Caller
    ) -> None:
        plan = asked_by(fake, asks)
        with pytest.raises(RefusedError, match="the same person"):
            by(fake, approves).approve(plan)
        assert not reviews_in(fake)

    def test_by_nobody_in_particular_is_refused_at_once(self, fake: FakeWorld) -> None:
        plan = asked_by(fake)
        with pytest.raises(RefusedError, match="neither an IAM user"):
            by(fake, PIPELINE).approve(plan)

    def test_is_refused_where_nobody_is_asked(self, fake: FakeWorld) -> None:
        fake.topology = a_topology()
        plan = asked_by(fake)
        with pytest.raises(RefusedError, match="asks for no approval"):
            by(fake, BOB).approve(plan)
        assert not reviews_in(fake)

    def test_is_stale_when_promote_yaml_has_changed(self, fake: FakeWorld) -> None:
        plan = asked_by(fake)
        fake.topology = a_topology(replace(qa(), gates=Requirements(approval=2)), prod())
        with pytest.raises(StalePlanError, match="has changed since"):
            by(fake, BOB).approve(plan)

    def test_is_refused_of_a_plan_that_promote_yaml_does_not_lead_to(self, fake: FakeWorld) -> None:
        plan = asked_by(fake)
        stranger = replace(plan.targets[0], account="999999999999")
        with pytest.raises(PlanFileError):
            by(fake, BOB).approve(replace(plan, targets=(stranger,)))

    def test_comes_too_late_when_it_has_ended(self, fake: FakeWorld) -> None:
        plan = asked_by(fake)
        by(fake, BOB).approve(plan)
        by(fake, ALICE).apply(plan)
        with pytest.raises(StalePlanError, match="ended as promoted"):
            by(fake, CAROL).approve(plan)

    def test_comes_too_late_when_it_was_begun(self, fake: FakeWorld) -> None:
        plan = asked_by(fake)
        by(fake, BOB).approve(plan)
        fake.crash("pointer.write")
        with pytest.raises(CrashError):
            by(fake, ALICE).apply(plan)
        fake.revive(seconds=300)
        with pytest.raises(UnfinishedError, match="under way"):
            by(fake, CAROL).reject(plan, reason="Stop")


class TestReject:
    def test_outweighs_every_approval_until_its_author_approves(self, fake: FakeWorld) -> None:
        plan = asked_by(fake)
        by(fake, BOB).approve(plan)
        by(fake, CAROL).reject(plan, reason="Not before Monday")
        with pytest.raises(RefusedError, match="Not before Monday"):
            by(fake, ALICE).apply(plan)
        assert by(fake, CAROL).approve(plan).gate.verdict is Verdict.PASS
        assert by(fake, ALICE).apply(plan).result is Outcome.PROMOTED

    def test_is_open_to_who_asked(self, fake: FakeWorld) -> None:
        plan = asked_by(fake)
        assert by(fake, ALICE).reject(plan, reason="Wrong").gate.verdict is Verdict.FAIL


class TestWhatTheLedgerKeeps:
    def test_lies_under_its_author_and_is_one_for_each(self, fake: FakeWorld) -> None:
        plan = asked_by(fake)
        by(fake, BOB).approve(plan)
        by(fake, BOB).reject(plan, reason="After all")
        by(fake, CAROL).approve(plan)
        folder = f"tools/approvals/{digest(plan)}"
        assert sorted(reviews_in(fake)) == [
            f"{folder}/111111111111/AIDABOB1:bob.review",
            f"{folder}/111111111111/AROAREVIEW:carol@example.com.review",
        ]

    def test_is_skipped_when_it_is_torn(self, fake: FakeWorld) -> None:
        plan = asked_by(fake)
        by(fake, BOB).approve(plan)
        (key,) = reviews_in(fake)
        fake.objects[key] = Stored(content=b'{"review":', tag="torn")
        assert not by(fake, ALICE).standing(plan).reviews
        assert by(fake, BOB).approve(plan).gate.verdict is Verdict.PASS

    @pytest.mark.parametrize(
        "name",
        [
            "111111111111/AIDAMALLORY:mallory",
            "111111111111/AIDAMALLORY",
            "111111111111/AROARELEASE:bob",
            "111111111111/111111111111:bob",
            "222222222222/AIDABOB1:bob",
        ],
    )
    def test_is_refused_under_the_name_of_another(self, fake: FakeWorld, name: str) -> None:
        plan = asked_by(fake)
        by(fake, BOB).approve(plan)
        (key,) = reviews_in(fake)
        forged = f"{key.rsplit('/', 2)[0]}/{name}.review"
        fake.objects[forged] = fake.objects.pop(key)
        with pytest.raises(NeedsAttentionError, match="not whom it is named after"):
            by(fake, ALICE).apply(plan)

    def test_is_refused_among_those_of_another_plan(self, fake: FakeWorld) -> None:
        plan = asked_by(fake)
        by(fake, BOB).approve(plan)
        (key,) = reviews_in(fake)
        fake.objects[key.replace(digest(plan), "0" * 64)] = fake.objects[key]
        with pytest.raises(NeedsAttentionError, match="reviews of another"):
            Reviews(fake.ports().store, "tools").of("0" * 64)

    def test_that_cannot_be_read_keeps_no_status_from_being_shown(
        self, fake: FakeWorld, caplog: pytest.LogCaptureFixture
    ) -> None:
        plan = asked_by(fake)
        by(fake, BOB).approve(plan)
        (key,) = reviews_in(fake)
        fake.objects[key.replace(digest(plan), "0" * 64)] = fake.objects[key]
        (shown,) = by(fake, ALICE).under_review("tools")
        assert shown.digest == digest(plan)
        assert "reviews of another" in caplog.text

    @pytest.mark.parametrize(
        "name",
        [
            "notes.review",
            "AIDABOB1:bob.review",
            "111111111111/AIDABOB1:bob.json",
            "deeper/111111111111/AIDABOB1:bob.review",
            "11111111111/AIDABOB1:bob.review",
        ],
    )
    def test_is_no_review_under_any_other_name(self, fake: FakeWorld, name: str) -> None:
        plan = asked_by(fake)
        key = f"tools/approvals/{digest(plan)}/{name}"
        fake.objects[key] = Stored(content=json.dumps({}).encode(), tag="1")
        assert not by(fake, ALICE).standing(plan).reviews


class TestStatus:
    def test_tells_who_said_what_and_what_is_missing(self, fake: FakeWorld) -> None:
        plan = asked_by(fake, to="qa")
        by(fake, CAROL).reject(plan, reason="Not before Monday")
        found = by(fake, BOB).under_review("tools")
        model = replace(summarise(fake.topology, an_observation()), reviews=found)
        text = overview.status([model])
        assert f"digest    {digest(plan)}\n" in text
        assert f"rejected by {CAROL.arn} at" in text
        assert "Nobody can apply it, unless who rejected it" in " ".join(text.split())

    def test_forgets_a_plan_that_was_applied(self, fake: FakeWorld) -> None:
        plan = asked_by(fake)
        found = by(fake, BOB).approve(plan, reason="Fine")
        assert "tools v2 to qa: approved" in report.text(found)
        assert "Fine" in report.text(found)
        assert by(fake, ALICE).under_review("tools") == (found,)
        by(fake, ALICE).apply(plan)
        assert by(fake, ALICE).under_review("tools") == ()

    def test_asks_the_ledger_for_nothing_where_nobody_is_asked(self, fake: FakeWorld) -> None:
        fake.topology = a_topology()
        fake.calls.clear()
        by(fake, ALICE).under_review("tools")
        assert not fake.calls
