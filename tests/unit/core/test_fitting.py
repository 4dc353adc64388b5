"""A plan file is data from outside: its digest says that it is whole, not that it is a plan."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from promote.core.fitting import misfits
from promote.core.gates import Override, Verdict
from promote.core.gates.requirements import Requirements
from promote.core.gates.result import GateResult, Moment
from promote.core.plan import Drain, Fact, Grant, Plan, Prove, Revoke, Start, Stop, Switch
from promote.core.planner import writes
from tests.builders import (
    NOW,
    PROD,
    QA,
    a_grant,
    a_pointer,
    a_topology,
    a_trained_version,
    a_version,
    prod,
    version_arn,
)
from tests.unit.core.pure_world import PureWorld, a_world

V1, V2, V3 = map(version_arn, ("v1", "v2", "v3"))
ELSEWHERE = "999999999999"
OTHER_ROLE = "arn:aws:iam::222222222222:role/admin"
KINDS: dict[str, type[Any]] = {
    kind.__name__: kind for kind in (Start, Grant, Prove, Switch, Drain, Revoke, Stop)
}
TOPOLOGY = a_topology(prod(after=()))
LATER = NOW + timedelta(hours=1)


def world() -> PureWorld:
    return a_world(
        TOPOLOGY,
        a_version("v1"),
        a_trained_version("v2"),
        pointers=dict.fromkeys(PROD, a_pointer("v1")),
    )


PLAN = world().plan(to="prod")


def with_step(kind: str, **changes: Any) -> Plan:
    """Return the plan with the first step of a kind changed."""
    first = next(step for step in PLAN.steps if isinstance(step, KINDS[kind]))
    steps = [replace(each, **changes) if each is first else each for each in PLAN.steps]
    return replace(PLAN, steps=tuple(steps))


def without(*kinds: str) -> Plan:
    gone = tuple(KINDS[each] for each in kinds)
    steps = tuple(s for s in PLAN.steps if not isinstance(s, gone))
    return replace(PLAN, steps=steps, changes=sum(map(writes, steps)))


def turned(*, undo: str | None, before: str | None) -> Plan:
    """Return the plan in which the first target is said to have named something else."""
    plan = with_step("Switch", before=before, undo=undo)
    first, *rest = plan.targets
    return replace(plan, targets=(replace(first, before=before), *rest))


def fact_changed(change: Callable[[Fact], Fact]) -> Plan:
    facts = [change(each) if each.fact == "pointer" else each for each in PLAN.facts]
    return replace(PLAN, facts=tuple(facts))


class TestAPlanThatThePlannerMade:
    def test_fits(self) -> None:
        assert misfits(PLAN, TOPOLOGY) == ()

    def test_fits_no_other_topology(self) -> None:
        other = a_topology(prod(after=(), accounts=PROD[:1], policy_name="models"))

        found = "\n".join(misfits(PLAN, other))

        assert f"the target {PROD[1]}" in found
        assert "step 2 (grant): its policy is promote-tools, expected models" in found


class TestAStep:
    @pytest.mark.parametrize(
        ("kind", "changes", "said"),
        [
            ("Start", {"version": V3}, "version"),
            ("Start", {"min_units": 100}, "min_units is 100, expected 1"),
            ("Start", {"max_units": 100}, "max_units is 100, expected none"),
            ("Start", {"deadline": 1.0}, "deadline"),
            ("Start", {"environment": "qa"}, "environment is qa, expected prod"),
            ("Grant", {"role": OTHER_ROLE}, "role"),
            ("Grant", {"policy": "AdministratorAccess"}, "policy"),
            ("Grant", {"version": V3}, "version"),
            ("Grant", {"accounts": (QA,)}, "accounts"),
            ("Grant", {"accounts": PROD[:1]}, "accounts"),
            ("Grant", {"after": a_grant("v2")}, f"does not allow {V1}"),
            ("Grant", {"undo": None}, f"would not allow {V1}"),
            ("Grant", {"undo": a_grant("v2")}, f"would not allow {V1}"),
            ("Prove", {"account": ELSEWHERE}, "account"),
            ("Prove", {"role": OTHER_ROLE}, "role"),
            ("Prove", {"version": V1}, "version"),
            ("Prove", {"consecutive": 1}, "consecutive"),
            ("Prove", {"deadline": 1.0}, "deadline"),
            ("Prove", {"images": None}, "images"),
            ("Prove", {"min_accuracy": 0.0}, "min_accuracy"),
            ("Switch", {"account": QA}, "account"),
            ("Switch", {"pointer": "/admin"}, "pointer is /admin, expected /models/tools"),
            ("Switch", {"version": V1}, "version"),
            ("Switch", {"wave": 2}, "wave"),
            ("Switch", {"before": V3}, "before"),
            ("Switch", {"undo": V3}, "undo"),
            ("Switch", {"undo": None}, "undo is none, expected"),
            ("Drain", {"seconds": 0.0}, "seconds"),
            ("Drain", {"keep_warm": 1e9}, "keep_warm"),
            ("Drain", {"accounts": (*PROD, QA)}, "accounts"),
            ("Revoke", {"role": OTHER_ROLE}, "role"),
            ("Revoke", {"policy": "other"}, "policy"),
            ("Revoke", {"version": V1}, "version"),
            ("Revoke", {"accounts": PROD[:1]}, "accounts"),
            ("Revoke", {"revoked": (V2,)}, "revokes the version that is promoted"),
            ("Revoke", {"remove": ("promote-tools",)}, "removes the policy that it writes"),
            ("Stop", {"version": V2}, "stops the version that is promoted"),
            ("Stop", {"version": version_arn("v1", project="others")}, "no version of tools"),
            ("Stop", {"deadline": 1.0}, "deadline"),
        ],
    )
    def test_that_is_not_of_the_topology_is_named(
        self, kind: str, changes: dict[str, Any], said: str
    ) -> None:
        found = misfits(with_step(kind, **changes), TOPOLOGY)

        number = next(i for i, s in enumerate(PLAN.steps, 1) if isinstance(s, KINDS[kind]))
        assert any(said in each for each in found), found
        assert any(each.startswith(f"step {number} ({kind.lower()})") for each in found), found

    @pytest.mark.parametrize(
        ("plan", "said"),
        [
            (without("Switch"), f"does not switch {PROD[0]}"),
            (without("Prove"), f"switches {PROD[0]} without a proof"),
            (without("Drain"), f"what {PROD[0]} named, and does not drain it"),
            (replace(PLAN, steps=PLAN.steps[::-1]), "not in the order"),
            (replace(PLAN, steps=(*PLAN.steps[:2], *PLAN.steps[1:])), "is there 2 times"),
        ],
        ids=["no switch", "no proof", "no drain", "another order", "a second grant"],
    )
    def test_cannot_be_missing_or_elsewhere(self, plan: Plan, said: str) -> None:
        assert any(said in each for each in misfits(plan, TOPOLOGY))

    def test_that_nothing_needs_may_be_missing(self) -> None:
        plan = without("Start", "Revoke", "Stop", "Drain")
        (policy,) = (each for each in plan.facts if each.fact == "policy")
        granted = replace(policy, accepts=policy.accepts[:-1])
        facts = tuple(granted if each is policy else each for each in plan.facts)

        assert misfits(replace(plan, facts=facts), TOPOLOGY) == ()

    def test_may_stop_and_revoke_any_other_version(self) -> None:
        (status,) = (f for f in PLAN.facts if (f.fact, f.subject) == ("status", V1))
        of_v3 = replace(status, subject=V3)
        facts = tuple(of_v3 if each is status else each for each in PLAN.facts)

        assert misfits(replace(with_step("Stop", version=V3), facts=facts), TOPOLOGY) == ()
        assert misfits(with_step("Revoke", revoked=(V1, V3)), TOPOLOGY) == ()


class TestATarget:
    def test_that_is_not_of_the_topology_is_named(self) -> None:
        first, *rest = PLAN.targets
        for stranger in (
            replace(first, account=ELSEWHERE),
            replace(first, pointer="/admin"),
            replace(first, role=OTHER_ROLE),
        ):
            found = misfits(replace(PLAN, targets=(stranger, *rest)), TOPOLOGY)
            assert any("is not in promote.yaml" in each for each in found)
            assert any("is left out" in each for each in found)

    def test_is_not_there_twice(self) -> None:
        twice = (*PLAN.targets, replace(PLAN.targets[0], before=V3))

        assert "is not in promote.yaml" in misfits(replace(PLAN, targets=twice), TOPOLOGY)[0]

    @pytest.mark.parametrize("before", [None, V3, "rubbish"])
    def test_named_what_the_fact_says(self, before: str | None) -> None:
        found, *_ = misfits(turned(undo=before, before=before), TOPOLOGY)

        assert f"the target {PROD[0]}" in found
        assert "no fact" in found

    @pytest.mark.parametrize(
        "change",
        [
            lambda fact: replace(fact, fact="status"),
            lambda fact: replace(fact, subject="qa/1 /x"),
            lambda fact: replace(fact, accepts=(*fact.accepts, f"2 {V3}")),
            lambda fact: replace(fact, was="nonsense"),
        ],
        ids=["gone", "of another", "that accepts more", "without a revision"],
    )
    def test_needs_that_fact(self, change: Callable[[Fact], Fact]) -> None:
        assert len(misfits(fact_changed(change), TOPOLOGY)) == len(PROD)


def without_fact(kind: str, subject: str = "") -> Plan:
    gone = [each for each in PLAN.facts if each.fact == kind and subject in each.subject]
    return replace(PLAN, facts=tuple(each for each in PLAN.facts if each not in gone))


def accepting(kind: str, *more: str) -> Plan:
    """Return the plan whose facts of a kind accept more."""
    facts = (
        replace(each, accepts=(*each.accepts, *more)) if each.fact == kind else each
        for each in PLAN.facts
    )
    return replace(PLAN, facts=tuple(facts))


class TestAFact:
    @pytest.mark.parametrize(
        ("plan", "said"),
        [
            (without_fact("configuration"), "holds the configuration of tools/prod"),
            (without_fact("policy"), "holds the policy of arn:aws:iam::222222222222:role/"),
            (without_fact("other-policies"), "holds the other policies of arn:aws:iam::2222"),
            (without_fact("status", V1), f"holds the status of {V1}"),
            (without_fact("status", V2), f"holds the status of {V2}"),
            (replace(PLAN, facts=2 * PLAN.facts), "holds the configuration of tools/prod"),
            (accepting("configuration", "x"), "the configuration of tools/prod accepts x"),
            (accepting("policy", "x"), "role/tools-prod promote-tools accepts x"),
            (accepting("other-policies", "x"), "accepts more than what it removes"),
            (accepting("status", "DELETING"), "accepts DELETING"),
        ],
        ids=range(10),
    )
    def test_is_there_once_and_accepts_what_the_plan_leads_to(self, plan: Plan, said: str) -> None:
        assert said in "\n".join(misfits(plan, TOPOLOGY))


class TestTheVersion:
    @pytest.mark.parametrize(
        "version", [version_arn("v2", project="others"), version_arn("v2", account=QA), "v2"]
    )
    def test_is_one_of_the_model(self, version: str) -> None:
        plan = replace(PLAN, request=replace(PLAN.request, version=version))

        assert f"{version} is no version of tools" in misfits(plan, TOPOLOGY)


ASKING = a_topology(prod(after=(), gates=Requirements(f1=0.8, approval=1, alarms=("errors",))))
ASKED = replace(world(), topology=ASKING).plan(to="prod")


def with_gate(name: str, **changes: Any) -> Plan:
    """Return the plan that asks for three gates, what it says of one of them changed."""
    gates = (replace(g, **changes) if g.gate == name else g for g in ASKED.gates)
    return replace(ASKED, gates=tuple(gates))


class TestWhatAPlanSaysOfItself:
    def test_fits_as_the_planner_says_it(self) -> None:
        assert {each.gate for each in ASKED.gates} == {"f1", "approval", "alarm"}
        assert misfits(ASKED, ASKING) == ()

    @pytest.mark.parametrize("changes", [0, -1, 7])
    def test_is_how_many_steps_change_something(self, changes: int) -> None:
        """A plan that changes nothing needs no approval."""
        said = f"it says that {changes} of its steps change something; 6 do"

        assert misfits(replace(PLAN, changes=changes), TOPOLOGY) == (said,)

    @pytest.mark.parametrize(
        ("plan", "said"),
        [
            (replace(ASKED, gates=()), "its gates are none; expected f1 (evidence: "),
            (replace(ASKED, gates=ASKED.gates[1:]), "expected f1 (evidence: "),
            (replace(ASKED, gates=(*ASKED.gates, ASKED.gates[0])), "expected f1 (evidence: "),
            (replace(ASKED, gates=ASKED.gates[::-1]), "expected f1 (evidence: "),
            (with_gate("f1", required="0.1"), "f1 (evidence: 0.1)"),
            (with_gate("approval", gate="held"), "expected f1 (evidence: "),
            (with_gate("approval", moment=Moment.EVIDENCE), "approval (evidence: approved by 1"),
            (with_gate("approval", verdict=Verdict.PASS), "is pass, although it is judged later"),
            (with_gate("f1", verdict=Verdict.PENDING), "is pending, although it is judged when"),
        ],
        ids=range(9),
    )
    def test_is_which_gates_are_asked_for(self, plan: Plan, said: str) -> None:
        assert said in "\n".join(misfits(plan, ASKING))

    def test_is_which_gates_are_lifted(self) -> None:
        lifts = Override(gate="alarm", reason="4711", by=ASKED.request.requested_by, expires=LATER)
        hidden = replace(ASKED, request=replace(ASKED.request, overrides=(lifts,)))
        shown = with_gate("alarm", override=lifts)

        assert "its gate alarm is not lifted as the plan asks for it" in misfits(hidden, ASKING)
        assert "its gate alarm is lifted by nobody" in misfits(shown, ASKING)

    def test_may_be_that_the_version_is_held(self) -> None:
        held = GateResult(
            gate="held", moment=Moment.EVIDENCE, verdict=Verdict.PASS, measured="", required="why"
        )

        assert misfits(replace(PLAN, gates=(held,)), TOPOLOGY) == ()


class TestAnUndoWithoutADocument:
    def test_fits_where_there_was_none(self) -> None:
        fresh = a_world(TOPOLOGY, a_version("v1"), a_trained_version("v2"), pointers={})
        plan = fresh.plan(to="prod")

        (grant,) = (step for step in plan.steps if isinstance(step, Grant))
        assert (grant.before, grant.undo) == (None, None)
        assert misfits(plan, TOPOLOGY) == ()

    def test_fits_where_nothing_is_named(self) -> None:
        started = a_world(TOPOLOGY, a_version("v1"), a_version("v2"), pointers={}, granted=("v2",))
        plan = started.plan(to="prod")

        (grant,) = (step for step in plan.steps if isinstance(step, Grant))
        assert grant.before is not None
        assert grant.undo is None
        assert misfits(plan, TOPOLOGY) == ()

    def test_fits_where_an_earlier_promotion_has_it(self) -> None:
        """Nobody but that one saw that there was no policy; its pointers named something, even."""
        unprotected = replace(world(), roles={**world().roles, **bare("prod")})
        first = unprotected.plan(to="prod")
        start, grant = first.steps[:2]
        again = unprotected.after(start).after(grant).plan(to="prod", unfinished=first)

        (grant,) = (step for step in again.steps if isinstance(step, Grant))
        assert grant.before is not None
        assert grant.undo is None
        assert any("would not allow" in each for each in misfits(again, TOPOLOGY))
        assert misfits(again, TOPOLOGY, (first,)) == ()


class TestAPlanThatTakesAnotherOver:
    def test_fits_with_the_undo_of_what_was_switched_already(self) -> None:
        *_, end = world().stages(PLAN, PLAN.steps[:5])
        again = end.plan(to="prod", unfinished=PLAN)

        undone = {s.account: s.undo for s in again.steps if isinstance(s, Switch)}
        assert undone == dict.fromkeys(PROD, V1)
        assert again.targets[0].before == V2
        assert misfits(again, TOPOLOGY, (PLAN,)) == ()
        assert any("undo" in each for each in misfits(again, TOPOLOGY))


def bare(environment: str) -> dict[str, Any]:
    """Return the access roles of an environment, without any policy."""
    roles = world().roles
    return {arn: replace(r, inline={}) for arn, r in roles.items() if arn.endswith(environment)}
