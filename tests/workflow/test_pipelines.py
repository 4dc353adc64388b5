"""Promotions in an execution of a pipeline: who asked, who approved, and what a rollback does."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from promote.core.executions import Response
from promote.core.gates.approval import person
from promote.core.gates.requirements import Requirements
from promote.core.observation import Json
from promote.core.plan import Plan
from promote.core.planfile import decode, digest, encode
from promote.core.record import PromotionStarted
from promote.core.result import Outcome, Result
from promote.core.status import Finding
from promote.core.topology import Topology
from promote.core.version import Status
from promote.errors import FailedError, RefusedError, StalePlanError, UnfinishedError
from promote.ports import Caller
from promote.workflow.journal import Journal
from tests.builders import NOW, a_topology, prod, qa, version_arn
from tests.fake_world import CrashError, FakeWorld
from tests.unit.core.test_executions import EXECUTION, PIPELINE, a_response
from tests.workflow.promoting import LONG
from tests.workflow.promoting import Promoting as _Promoting
from tests.workflow.test_approvals import ALICE, BOB, CAROL

ROLE = Caller(
    arn="arn:aws:sts::111111111111:assumed-role/promote-tools-plan-qa/AWSCodeBuild-1",
    account="111111111111",
    user_id="AROAPLAN:AWSCodeBuild-1",
)
V1, V2 = version_arn("v1"), version_arn("v2")
LEASE_OVER = 200.0


class Promoting(_Promoting):
    """Compares no trust policies, for nothing renders them here."""

    def _trusts(self) -> dict[str, Json]:
        return {}


@pytest.fixture
def fake() -> FakeWorld:
    """Give a world whose qa asks for one approval, and an execution that Alice started."""
    return with_an_execution(a_topology(replace(qa(), gates=Requirements(approval=1)), prod()))


def with_an_execution(topology: Topology) -> FakeWorld:
    """Build a world in which Alice has started an execution of the pipeline."""
    found = FakeWorld(topology)
    found.versions[V2] = replace(found.versions[V2], min_units=1)
    found.caller = ROLE
    found.executions["0dc7"] = replace(EXECUTION, started_by=ALICE.arn)
    return found


def in_pipeline(fake: FakeWorld, execution: str = "0dc7") -> Promoting:
    found = Promoting(fake)
    found.execution, found.pipeline = execution, "promote-tools"
    return found


def made(fake: FakeWorld, version: str = "v2") -> Plan:
    """Make a plan in the build of its own stage."""
    return decode(encode(in_pipeline(fake).make(version)))


def respond(fake: FakeWorld, plan: Plan, who: Caller, **changes: Any) -> None:
    """Let somebody respond to the approval action that shows the plan's digest."""
    text = f"Promote tools v2 to qa? Digest {digest(plan)}"
    found: Response = a_response(by=who.arn, **{"text": text, **changes})
    fake.responses["0dc7"] = (*fake.responses.get("0dc7", ()), found)


def applied(fake: FakeWorld, plan: Plan, execution: str = "0dc7") -> Result:
    return in_pipeline(fake, execution).apply(plan, wait=LONG)


def begins(fake: FakeWorld) -> list[PromotionStarted]:
    return [each for each in fake.records() if isinstance(each, PromotionStarted)]


def breaches(fake: FakeWorld) -> list[Finding]:
    return [each for each in Promoting(fake).audit() if not each.ok]


class TestAnApprovalInThePipeline:
    def test_counts_for_the_plan_whose_digest_it_shows(self, fake: FakeWorld) -> None:
        plan = made(fake)
        with pytest.raises(RefusedError, match="nobody has approved it"):
            applied(fake, plan)
        respond(fake, plan, BOB)
        assert applied(fake, plan).result is Outcome.PROMOTED

    def test_is_on_record_with_its_source(self, fake: FakeWorld) -> None:
        plan = made(fake)
        respond(fake, plan, BOB, summary="Looks fine")
        applied(fake, plan)
        (begun,) = begins(fake)
        assert begun.execution == "0dc7"
        assert begun.heard is not None
        assert begun.heard.started_by == ALICE.arn
        (review,) = begun.heard.reviews
        assert (review.by, review.reason) == (BOB.arn, "Looks fine")
        (gate,) = [each for each in begun.gates if each.gate == "approval"]
        assert str(person(BOB.arn)) in gate.measured
        assert f"{PIPELINE}/Approve-prod/Approve-prod in execution 0dc7" in gate.measured

    def test_is_shown_by_an_audit_and_is_no_breach(self, fake: FakeWorld) -> None:
        plan = made(fake)
        respond(fake, plan, BOB)
        applied(fake, plan)
        assert not breaches(fake)
        shown = [each.detail for each in Promoting(fake).audit() if "record says" in each.detail]
        assert "bob approved its plan" in shown[0]
        assert "in execution 0dc7, as its own record says" in shown[0]

    def test_of_who_started_the_execution_does_not_count(self, fake: FakeWorld) -> None:
        plan = made(fake)
        respond(fake, plan, ALICE)
        with pytest.raises(RefusedError, match="does not count: asked for it"):
            applied(fake, plan)

    def test_of_who_started_it_does_not_count_in_the_ledger_either(self, fake: FakeWorld) -> None:
        plan = made(fake)
        fake.caller = ALICE
        Promoting(fake).approve(plan)
        fake.caller = ROLE
        with pytest.raises(RefusedError, match="does not count: asked for it"):
            applied(fake, plan)

    def test_of_a_role_does_not_count(self, fake: FakeWorld) -> None:
        plan = made(fake)
        respond(fake, plan, ROLE)
        with pytest.raises(RefusedError, match="neither an IAM user nor signed in"):
            applied(fake, plan)

    def test_of_another_text_does_not_count_and_that_is_said(self, fake: FakeWorld) -> None:
        plan = made(fake)
        respond(fake, plan, BOB, text="Please approve")
        with pytest.raises(RefusedError, match="shows no digest of a plan"):
            applied(fake, plan)

    def test_does_not_count_while_nobody_knows_who_started_it(self, fake: FakeWorld) -> None:
        fake.executions["0dc7"] = replace(EXECUTION, started_by=None)
        plan = made(fake)
        respond(fake, plan, BOB)
        with pytest.raises(RefusedError, match="who asked for it is not known"):
            applied(fake, plan)

    def test_counts_in_an_execution_that_a_rule_started(self, fake: FakeWorld) -> None:
        rule = "arn:aws:events:us-east-1:111111111111:rule/promote-tools-requested"
        fake.executions["0dc7"] = replace(EXECUTION, trigger="CloudWatchEvent", started_by=rule)
        plan = made(fake)
        respond(fake, plan, BOB)
        assert applied(fake, plan).result is Outcome.PROMOTED

    def test_that_is_a_rejection_refuses_although_others_approve(self, fake: FakeWorld) -> None:
        plan = made(fake)
        respond(fake, plan, BOB, approved=False, summary="Not on a Friday")
        fake.caller = CAROL
        Promoting(fake).approve(plan)
        fake.caller = ROLE
        with pytest.raises(RefusedError, match="Not on a Friday"):
            applied(fake, plan)

    def test_counts_together_with_those_in_the_ledger(self, fake: FakeWorld) -> None:
        gates = Requirements(approval=2)
        fake.topology = a_topology(replace(qa(), gates=gates), prod())
        plan = made(fake)
        respond(fake, plan, BOB)
        with pytest.raises(RefusedError, match="1 of 2"):
            applied(fake, plan)
        fake.caller = BOB
        Promoting(fake).approve(plan)  # the same person is no second one
        fake.caller = ROLE
        with pytest.raises(RefusedError, match="1 of 2"):
            applied(fake, plan)
        fake.caller = CAROL
        Promoting(fake).approve(plan)
        fake.caller = ROLE
        assert applied(fake, plan).result is Outcome.PROMOTED
        assert not breaches(fake)

    def test_is_not_looked_for_where_nobody_is_asked(self, fake: FakeWorld) -> None:
        fake.topology = a_topology()
        assert applied(fake, made(fake)).result is Outcome.PROMOTED
        assert "pipelines.responses" not in fake.operations()
        (begun,) = begins(fake)
        assert begun.heard is not None
        assert begun.heard.started_by == ALICE.arn


class TestARecordThatClaimsAnApproval:
    def test_is_a_breach_when_nobody_else_is_in_it(self, fake: FakeWorld) -> None:
        plan = made(fake)
        respond(fake, plan, BOB)
        applied(fake, plan)
        (begun,) = begins(fake)
        assert begun.heard is not None
        forged = replace(begun, heard=replace(begun.heard, started_by=BOB.arn), promotion="p-9")
        Journal(fake.ports().store, "tools").append(forged)
        found = [each.detail for each in breaches(fake) if "P5" in each.subject]
        assert any("the reviews on record say" in each for each in found)


class TestAnExecutionThatRollsAStageBack:
    @pytest.fixture
    def gone(self) -> tuple[FakeWorld, Plan]:
        """Give a world in which v1 was promoted in one execution, and then v2 in another."""
        fake = with_an_execution(a_topology(qa()))
        plans = []
        for version in ("v2", "v1", "v2"):
            plans.append(made(fake, version))
            applied(fake, plans[-1])
        fake.executions["back"] = replace(EXECUTION, id="back", rollback=True)
        return fake, plans[1]

    def test_goes_back_to_the_version_of_the_plan(self, gone: tuple[FakeWorld, Plan]) -> None:
        fake, plan = gone
        result = applied(fake, plan, "back")
        assert (result.result, result.rollback, result.version) == (Outcome.PROMOTED, True, V1)
        assert in_qa(fake) == {V1}
        assert begins(fake)[-1].execution == "back"
        assert begins(fake)[-1].plan.request.rollback
        assert not breaches(fake)

    def test_changes_nothing_when_it_is_retried(self, gone: tuple[FakeWorld, Plan]) -> None:
        fake, plan = gone
        applied(fake, plan, "back")
        records = len(fake.records())
        assert applied(fake, plan, "back").result is Outcome.UNCHANGED
        assert len(fake.records()) == records

    def test_goes_on_after_a_crash(self, gone: tuple[FakeWorld, Plan]) -> None:
        fake, plan = gone
        fake.crash("pointer.write", after=True)
        with pytest.raises(CrashError):
            applied(fake, plan, "back")
        fake.revive(seconds=LEASE_OVER)
        assert applied(fake, plan, "back").result is Outcome.PROMOTED
        assert in_qa(fake) == {V1}
        assert fake.ledger().unfinished is None

    def test_starts_a_version_that_was_stopped(self, gone: tuple[FakeWorld, Plan]) -> None:
        fake, plan = gone
        assert fake.versions[V1].status is Status.STOPPED
        applied(fake, plan, "back")
        assert fake.versions[V1].status is Status.RUNNING

    def test_is_refused_in_words_when_the_version_is_gone(
        self, gone: tuple[FakeWorld, Plan]
    ) -> None:
        fake, plan = gone
        del fake.versions[V1]
        with pytest.raises(RefusedError, match="takes qa back to v1, and there is no way") as error:
            applied(fake, plan, "back")
        assert "promote rollback tools VERSION --environment qa" in error.value.remedy
        assert in_qa(fake) == {V2}

    def test_puts_back_what_waits_or_was_cut_short(self, fake: FakeWorld) -> None:
        fake.topology = a_topology()
        plans = [made(fake, "v2")]
        applied(fake, plans[0])
        plans.append(made(fake, "v1"))
        applied(fake, plans[1])
        fake.crash("pointer.write", after=True)
        with pytest.raises(CrashError):
            applied(fake, made(fake, "v2"))
        fake.revive(seconds=LEASE_OVER)
        fake.executions["back"] = replace(EXECUTION, id="back", rollback=True)
        result = applied(fake, plans[1], "back")
        assert (result.result, result.version) == (Outcome.PROMOTED, V1)
        assert in_qa(fake) == {V1}
        assert fake.ledger().unfinished is None
        assert applied(fake, plans[1], "back").result is Outcome.UNCHANGED

    def test_is_stopped_by_what_is_unfinished_and_came_from_elsewhere(
        self, gone: tuple[FakeWorld, Plan]
    ) -> None:
        fake, plan = gone
        fake.versions[version_arn("v3")] = replace(
            fake.versions[V2], arn=version_arn("v3"), name="v3", status=Status.STOPPED
        )
        fake.crash("pointer.write", after=True)
        with pytest.raises(CrashError):
            applied(fake, made(fake, "v3"))
        fake.revive(seconds=LEASE_OVER)
        with pytest.raises(UnfinishedError):
            applied(fake, plan, "back")

    def test_goes_on_with_a_plan_that_has_not_ended(self, fake: FakeWorld) -> None:
        fake.topology = a_topology()
        plan = made(fake)
        fake.executions["back"] = replace(EXECUTION, id="back", rollback=True)
        assert applied(fake, plan, "back").result is Outcome.PROMOTED
        assert not begins(fake)[-1].plan.request.rollback

    def test_refuses_a_plan_that_was_put_back_itself(self, fake: FakeWorld) -> None:
        fake.topology = a_topology()
        plan = made(fake)
        fake.poor.add(V2)
        with pytest.raises(FailedError):
            applied(fake, plan)
        fake.executions["back"] = replace(EXECUTION, id="back", rollback=True)
        with pytest.raises((StalePlanError, FailedError)):
            applied(fake, plan, "back")

    def test_a_usual_execution_never_goes_back(self, gone: tuple[FakeWorld, Plan]) -> None:
        fake, plan = gone
        with pytest.raises(StalePlanError, match="applied before"):
            applied(fake, plan)


def in_qa(fake: FakeWorld) -> set[str | None]:
    return {fake.pointer(each).value for each in fake.targets if each.environment == "qa"}


def test_the_time_of_a_response_is_that_of_the_pipeline(fake: FakeWorld) -> None:
    plan = made(fake)
    respond(fake, plan, BOB, at=NOW + timedelta(seconds=5))
    applied(fake, plan)
    heard = begins(fake)[0].heard
    assert heard is not None
    assert heard.reviews[0].at == NOW + timedelta(seconds=5)
