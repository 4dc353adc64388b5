"""A gate that is lifted: in the plan, at its application, on record, and in the status."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from promote.core.events import Warned
from promote.core.gates import Verdict
from promote.core.gates.grammar import parse_window
from promote.core.gates.override import LONGEST, USUAL
from promote.core.gates.requirements import Requirements
from promote.core.overridden import Overridden
from promote.core.plan import Plan
from promote.core.planfile import decode, encode
from promote.core.record import PromotionStarted
from promote.core.result import Outcome
from promote.core.status import Finding, ModelStatus, summarise
from promote.errors import InputError, PlanFileError, RefusedError, StalePlanError
from promote.report import json as as_json
from promote.report import junit, text
from promote.report.standing import text as as_standing
from promote.workflow.journal import Journal
from tests.builders import NOW, PROMOTER, a_topology, prod, qa, version_arn
from tests.fake_world import CrashError, FakeWorld
from tests.workflow.promoting import Promoting
from tests.workflow.test_audit import Promoting as Auditing

HOUR = 3600.0
V2 = version_arn("v2")
WHY = "Hotfix of 4711"
OPEN = parse_window("mon-thu 09:00-16:00 Europe/Berlin")
"""It is Monday, 15:00 in Berlin, when the world begins."""
GATES = Requirements(soak=timedelta(days=1), windows=(OPEN,))


def a_world(gates: Requirements = GATES) -> FakeWorld:
    """Build a world in which v2 is live in qa for no time yet, and prod has gates."""
    fake = FakeWorld(a_topology(qa(), prod(gates=gates)))
    Promoting(fake).release(to="qa")
    fake.calls.clear()
    return fake


@pytest.fixture
def fake() -> FakeWorld:
    return a_world()


def planned(fake: FakeWorld, *overrides: str, expires: timedelta = USUAL) -> Plan:
    """Plan v2 for prod."""
    promoting = Promoting(fake)
    return promoting.plan(
        "tools", "v2", to="prod", reason=WHY, overrides=overrides, expires=expires
    )


def applied(fake: FakeWorld, plan: Plan) -> Promoting:
    """Apply a plan in a process of its own."""
    promoting = Promoting(fake)
    assert promoting.apply(plan, wait=timedelta(hours=2)).result is Outcome.PROMOTED
    assert not fake.breaches
    return promoting


def status_of(fake: FakeWorld) -> ModelStatus:
    seen = Promoting(fake)._observer("tools", fake.topology.environments[0]).observe()  # noqa: SLF001
    return summarise(fake.topology, seen)


def overridden(fake: FakeWorld) -> tuple[Overridden, ...]:
    """Return what the status of prod says."""
    return status_of(fake).environments[1].overridden


class TestAPlan:
    def test_that_lifts_what_refuses_it_is_not_refused(self, fake: FakeWorld) -> None:
        assert any(gate.refuses for gate in planned(fake).gates)
        plan = planned(fake, "window", "soak", "soak")
        assert not any(gate.refuses for gate in plan.gates)
        assert [each.gate for each in plan.request.overrides] == ["soak", "window"]
        assert {each.by for each in plan.request.overrides} == {PROMOTER}
        assert {each.reason for each in plan.request.overrides} == {WHY}
        assert decode(encode(plan)) == plan

    def test_shows_what_was_measured_and_who_lifts_it_until_when_and_why(
        self, fake: FakeWorld
    ) -> None:
        shown = text.plan(planned(fake, "soak", "window"))
        assert "fail, lifted" in shown
        assert "pending, lifted" in shown
        assert "verified for 1d in qa" in " ".join(shown.split())
        until = (fake.time + USUAL).strftime("%Y-%m-%d %H:%M UTC")
        told = f"lifted by {PROMOTER} until {until}, because: {WHY}"
        assert f"soak is {told}" in " ".join(shown.split())
        assert f"window is {told}" in " ".join(shown.split())

    def test_is_not_made_with_a_gate_that_the_environment_does_not_have(
        self, fake: FakeWorld
    ) -> None:
        with pytest.raises(InputError, match="prod has no gate 'golden'"):
            planned(fake, "golden")
        assert fake.calls == []

    def test_of_an_override_has_another_digest(self, fake: FakeWorld) -> None:
        body = json.loads(encode(planned(fake, "soak")))
        body["request"]["overrides"][0]["expires"] = "2027-01-01T00:00:00Z"
        with pytest.raises(PlanFileError, match="was changed"):
            decode(json.dumps(body, sort_keys=True, separators=(",", ":")).encode())


class TestAtItsApplication:
    def test_is_lifted_and_said(self, fake: FakeWorld) -> None:
        promoting = applied(fake, planned(fake, "soak"))
        (warned,) = [each.message for each in promoting.events if isinstance(each, Warned)]
        assert warned.startswith(f"The gate soak is lifted by {PROMOTER} until ")
        assert f"because: {WHY} (verified in qa since " in warned

    def test_is_lifted_although_it_passed_when_it_was_planned(self, fake: FakeWorld) -> None:
        plan = planned(fake, "soak", "window")
        fake.pass_time(2 * HOUR)  # the window is closed by now
        applied(fake, plan)
        assert {each.gate for each in overridden(fake)} == {"soak", "window"}

    def test_is_refused_from_the_second_on_in_which_it_expires(self, fake: FakeWorld) -> None:
        plan = planned(fake, "soak", expires=timedelta(minutes=30))
        (override,) = plan.request.overrides
        fake.pass_time((override.expires - fake.time).total_seconds())
        with pytest.raises(RefusedError) as caught:
            Promoting(fake).apply(plan)
        assert "; its override expired at 2026-03-02 14:31 UTC" in caught.value.detail
        assert (
            "To lift it again, make the plan anew:\n    promote plan tools v2 --to prod "
            f"--override soak --reason '{WHY}' --out plan.json" in caught.value.remedy
        )
        assert fake.ledger().unfinished is None

    def test_that_was_begun_goes_on_after_it_has_expired(self, fake: FakeWorld) -> None:
        plan = planned(fake, "soak")
        fake.crash("pointer.write")
        with pytest.raises(CrashError):
            Promoting(fake).apply(plan)
        fake.revive(seconds=10 * HOUR)
        assert Promoting(fake).resume("tools").result is Outcome.PROMOTED
        assert [each.gate for each in overridden(fake)] == ["soak"]

    def test_that_was_begun_lifts_no_more_than_it_did_then(self, fake: FakeWorld) -> None:
        fake.crash("pointer.write")
        with pytest.raises(CrashError):
            Promoting(fake).apply(planned(fake, "soak"))
        fake.revive()
        promoting = Promoting(fake)
        plan = promoting.plan("tools", "v2", to="prod", reason=WHY, overrides=("soak", "window"))
        assert [each.gate for each in plan.request.overrides] == ["soak"]
        (warned,) = [each.message for each in promoting.events if isinstance(each, Warned)]
        assert "it does not lift window" in warned


class TestAGateThatIsGoneFromPromoteYaml:
    def test_is_in_no_command_that_a_stale_plan_ends_with(self, fake: FakeWorld) -> None:
        plan = planned(fake, "soak")
        fake.topology = a_topology(qa(), prod(gates=Requirements(windows=(OPEN,))))
        with pytest.raises(StalePlanError) as caught:
            Promoting(fake).apply(plan)
        again = f"promote plan tools v2 --to prod --reason '{WHY}'"
        assert caught.value.remedy.endswith(f"\n    {again}")

    def test_leaves_a_way_back_from_what_was_begun(self, fake: FakeWorld) -> None:
        plan = planned(fake, "soak")
        fake.crash("pointer.write", after=True)
        with pytest.raises(CrashError):
            Promoting(fake).apply(plan)
        fake.revive(seconds=300)
        fake.topology = a_topology(qa(), prod(gates=Requirements(windows=(OPEN,))))
        with pytest.raises(StalePlanError) as caught:
            Promoting(fake).resume("tools")
        assert caught.value.remedy.endswith("\n    promote abort tools --environment prod")
        assert Promoting(fake).abort("tools", environment="prod").result is Outcome.ROLLED_BACK


class TestAPlanFileThatSomebodyMade:
    """Its digest is right, since anybody can work one out."""

    FORGERIES: tuple[tuple[Callable[[Plan], Plan], str], ...] = (
        (lambda plan: lifting(plan, gate="approval"), "it lifts approval, which nobody can lift"),
        (lambda plan: lifting(plan, gate="held"), "it lifts held, which nobody can lift"),
        (lambda plan: lifting(plan, gate="golden"), "it lifts golden, which is no gate of prod"),
        (lambda plan: lifting(plan, expires=NOW + 2 * LONGEST), "more than 7d from 2026-03-02"),
        (
            lambda plan: replace(
                lifting(plan, expires=NOW + 52 * LONGEST),
                made=replace(plan.made, at=NOW + 52 * LONGEST - USUAL),
            ),
            "more than 7d from 2026-03-02",
        ),
        (lambda plan: lifting(plan, reason=" "), "it lifts soak without the reason"),
        (lambda plan: lifting(plan, by="arn:aws:iam::111111111111:user/boss"), "lifts soak by arn"),
        (
            lambda plan: replace(
                plan, request=replace(plan.request, overrides=2 * plan.request.overrides)
            ),
            "not in order, or is there twice",
        ),
    )

    @pytest.mark.parametrize(("forge", "said"), FORGERIES, ids=range(len(FORGERIES)))
    def test_lifts_nothing(self, forge: Callable[[Plan], Plan], said: str) -> None:
        fake = a_world(replace(GATES, approval=1))
        plan = decode(encode(forge(planned(fake, "soak"))))
        with pytest.raises(PlanFileError) as caught:
            Promoting(fake).apply(plan)
        assert said in caught.value.detail
        assert {e for e in fake.operations(writes=True) if not e.startswith("store.")} == set()
        with pytest.raises(PlanFileError):
            Promoting(fake).expect_reviewable(plan, approved=False)


def lifting(plan: Plan, **changes: object) -> Plan:
    """Change what a plan lifts."""
    (override,) = plan.request.overrides
    forged = replace(override, **changes)  # type: ignore[arg-type]  # the tests say which
    return replace(plan, request=replace(plan.request, overrides=(forged,)))


class TestTheStatus:
    def test_shows_it_until_no_pointer_names_the_version_any_more(self, fake: FakeWorld) -> None:
        applied(fake, planned(fake, "soak"))
        (found,) = overridden(fake)
        assert (found.gate, found.version, found.reason, found.by) == ("soak", V2, WHY, PROMOTER)
        assert found.required == "verified for 1d in qa"
        status = status_of(fake)
        shown = " ".join(text.status([status]).split())
        assert "Overridden: prod uses v2 although soak refused it (verified in qa" in shown
        assert f"{PROMOTER} lifted it in {found.promotion} at " in shown
        (model,) = json.loads(as_json.status([status]))["models"]
        assert model["environments"][1]["overridden"][0]["gate"] == "soak"
        assert Promoting(fake).rollback().result is Outcome.PROMOTED
        assert overridden(fake) == ()

    def test_shows_it_again_when_a_rollback_brings_the_version_back(self, fake: FakeWorld) -> None:
        applied(fake, planned(fake, "soak"))
        Promoting(fake).rollback()
        Promoting(fake).rollback("v2")
        assert [each.gate for each in overridden(fake)] == ["soak"]

    def test_forgets_it_when_the_version_comes_through_without(self, fake: FakeWorld) -> None:
        applied(fake, planned(fake, "soak"))
        Promoting(fake).rollback()
        fake.pass_time(24 * HOUR)
        applied(fake, planned(fake, "window"))  # which passes
        assert overridden(fake) == ()

    def test_shows_it_while_the_promotion_is_unfinished(self, fake: FakeWorld) -> None:
        plan = planned(fake, "soak")
        fake.crash("pointer.write", after=True)
        with pytest.raises(CrashError):
            Promoting(fake).apply(plan)
        fake.revive()
        assert [each.gate for each in overridden(fake)] == ["soak"]


class TestTheRecord:
    def test_keeps_what_was_measured_and_what_lifted_it(self, fake: FakeWorld) -> None:
        promoting = applied(fake, planned(fake, "soak", "window"))
        started = [r for r in promoting.history("tools") if isinstance(r, PromotionStarted)][-1]
        gates = {gate.gate: gate for gate in started.gates}
        assert gates["soak"].lifted
        assert gates["window"].verdict is Verdict.PASS
        assert gates["window"].override is None
        told = " ".join(text.history(promoting.history("tools")).split())
        assert f"soak was lifted by {PROMOTER} until " in told
        assert "window was lifted" not in told

    def test_is_in_the_document_of_the_promotion(self, fake: FakeWorld) -> None:
        promoting = applied(fake, planned(fake, "soak", "window"))
        found = promoting.promotion("tools", overridden(fake)[0].promotion)
        assert [each.gate for each in found.overrides] == ["soak", "window"]
        told = " ".join(text.dossier(found).split())
        assert "soak (fail): verified in qa since" in told
        assert f"required verified for 1d in qa; lifted by {PROMOTER} until" in told

    def test_is_a_skipped_test_of_the_report(self, fake: FakeWorld) -> None:
        plan = planned(fake, "soak")
        promoting = Promoting(fake)
        report = junit.promotion(plan, promoting.events, promoting.apply(plan))
        assert 'skipped="1"' in report
        assert f'<skipped message="lifted by {PROMOTER} until ' in report


class TestAReview:
    def test_says_what_an_approval_would_lift(self) -> None:
        fake = a_world(replace(GATES, approval=1))
        plan = planned(fake, "soak")
        (override,) = plan.request.overrides
        shown = as_standing(Promoting(fake).standing(plan))
        assert f"  lifts     soak until {override.expires:%Y-%m-%d %H:%M} UTC" in shown
        assert WHY in shown


class TestAnAudit:
    def findings(self, fake: FakeWorld) -> list[Finding]:
        return [each for each in Auditing(fake).audit("tools") if "P5 gates" in each.subject]

    def test_shows_what_was_lifted_and_finds_no_breach_in_it(self, fake: FakeWorld) -> None:
        applied(fake, planned(fake, "soak"))
        found = self.findings(fake)
        assert all(each.ok for each in found)
        (shown,) = [
            each.detail for each in found if "went on although soak said fail" in each.detail
        ]
        assert "(verified in qa since" in shown
        assert f"; lifted by {PROMOTER} until 2026-" in shown
        assert shown.endswith(f"because: {WHY}")

    @pytest.mark.parametrize(
        ("changes", "why"),
        [
            ({"gate": "approval"}, "nobody can lift it"),
            ({"expires": NOW}, "the override had expired at 2026-03-02 14:00:00 UTC"),
            ({"expires": NOW + 2 * LONGEST}, "the override lasts more than 7 days"),
            ({"reason": ""}, "nobody said why"),
        ],
        ids=["approval", "expired", "too long", "no reason"],
    )
    def test_finds_a_breach_where_nobody_could_lift_it(
        self, fake: FakeWorld, changes: dict[str, object], why: str
    ) -> None:
        plan = planned(fake, "soak")
        (gate,) = [each for each in plan.gates if each.gate == "soak"]
        forged = lifting(plan, **changes)
        (override,) = forged.request.overrides
        record = PromotionStarted(
            at=NOW + timedelta(hours=1),
            promotion="p-9",
            by=PROMOTER,
            plan=forged,
            gates=(replace(gate, override=override),),
        )
        Journal(fake.ports().store, "tools").append(record)
        (found,) = [each for each in self.findings(fake) if why in each.detail]
        assert not found.ok
        assert "promote history tools --promotion p-9" in found.remedy

    def test_finds_a_breach_where_the_plan_asked_for_none(self, fake: FakeWorld) -> None:
        plan = planned(fake, "soak")
        bare = replace(plan, request=replace(plan.request, overrides=()))
        record = PromotionStarted(
            at=fake.time, promotion="p-9", by=PROMOTER, plan=bare, gates=plan.gates
        )
        Journal(fake.ports().store, "tools").append(record)
        assert any("asks for no such override" in each.detail for each in self.findings(fake))


class TestAClosedWindow:
    def test_refuses_before_anybody_is_asked_in_the_words_of_apply(self) -> None:
        fake = a_world(Requirements(windows=(OPEN,)))
        fake.pass_time(2 * HOUR)
        plan = planned(fake)
        with pytest.raises(RefusedError) as early:
            Promoting(fake).refuse_closed(plan)
        with pytest.raises(RefusedError) as late:
            Promoting(fake).apply(plan)
        assert (early.value.detail, early.value.remedy) == (late.value.detail, late.value.remedy)

    def test_refuses_nothing_that_is_lifted_or_was_begun(self) -> None:
        fake = a_world(Requirements(windows=(OPEN,)))
        fake.pass_time(2 * HOUR)
        Promoting(fake).refuse_closed(planned(fake, "window"))
        early = planned(fake)
        fake.pass_time(17 * HOUR)
        fake.crash("pointer.write")
        with pytest.raises(CrashError):
            Promoting(fake).apply(early)
        fake.revive()
        Promoting(fake).refuse_closed(early)
