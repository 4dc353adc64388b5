"""Gates end to end: a plan shows them, apply judges them, each refusal says what helps."""

from __future__ import annotations

from datetime import timedelta

import pytest

from promote.core.gates import Verdict
from promote.core.gates.grammar import parse_freeze, parse_window
from promote.core.gates.requirements import Requirements
from promote.core.plan import Plan
from promote.core.planfile import decode, digest, encode
from promote.core.result import Outcome
from promote.errors import RefusedError
from tests.builders import NOW, a_topology, prod, qa
from tests.fake_world import CrashError, FakeWorld
from tests.workflow.promoting import Promoting

HOUR = 3600.0
OPEN = parse_window("mon-thu 09:00-16:00 Europe/Berlin")
"""It is Monday, 15:00 in Berlin, when the world begins."""


def gated(**gates: object) -> FakeWorld:
    """Build a world in which v2 is live in qa and prod has gates."""
    asked = Requirements(**gates)  # type: ignore[arg-type]  # the tests say which
    fake = FakeWorld(a_topology(qa(), prod(gates=asked)))
    Promoting(fake).release(to="qa")
    fake.calls.clear()
    return fake


def verdicts(plan: Plan) -> dict[str, Verdict]:
    return {gate.gate: gate.verdict for gate in plan.gates}


def refused(fake: FakeWorld, plan: Plan) -> RefusedError:
    """Apply a plan that a gate refuses, and hold that nothing was written but the lock."""
    with pytest.raises(RefusedError) as caught:
        Promoting(fake).apply(plan)
    assert not fake.breaches
    assert {e for e in fake.operations(writes=True) if not e.startswith("store.")} == set()
    assert fake.ledger().unfinished is None
    assert caught.value.exit_code == 4
    return caught.value


class TestSoak:
    def test_refuses_until_the_time_is_over_and_no_later(self) -> None:
        fake = gated(soak=timedelta(hours=1))
        plan = Promoting(fake).make(to="prod")
        assert verdicts(plan) == {"verified": Verdict.PASS, "soak": Verdict.FAIL}
        error = refused(fake, plan)
        assert "soak  verified in qa since 2026-03-02 14:00 UTC, " in error.detail
        assert "required: verified for 1h in qa" in error.detail
        assert "promote release tools v2 --to prod" in error.remedy

        fake.pass_time(HOUR)
        assert Promoting(fake).release(to="prod").result is Outcome.PROMOTED

    def test_goes_on_when_it_is_verified_on_a_schedule(self) -> None:
        fake = gated(soak=timedelta(hours=1))
        fake.pass_time(HOUR / 2)
        Promoting(fake).verify("tools", environment="qa")
        fake.pass_time(HOUR / 2)
        assert Promoting(fake).make(to="prod").gates[1].verdict is Verdict.PASS

    def test_that_passed_gives_the_same_plan_at_any_time(self) -> None:
        fake = gated(soak=timedelta(0), windows=(OPEN,))
        first = Promoting(fake).make(to="prod")
        fake.pass_time(HOUR / 4)
        assert digest(Promoting(fake).make(to="prod")) == digest(first)


class TestWindow:
    def test_is_pending_in_a_plan_that_says_how_it_stands(self) -> None:
        plan = Promoting(gated(windows=(OPEN,))).make(to="prod")
        assert verdicts(plan)["window"] is Verdict.PENDING
        assert next(gate.measured for gate in plan.made.gates).endswith(", open")
        assert decode(encode(plan)) == plan

    def test_is_judged_when_the_plan_is_applied(self) -> None:
        fake = gated(windows=(OPEN,))
        plan = Promoting(fake).make(to="prod")
        fake.pass_time(2 * HOUR)
        error = refused(fake, plan)
        assert "closed; the next window opens" in error.detail

        fake.pass_time(16 * HOUR)
        assert Promoting(fake).apply(plan).result is Outcome.PROMOTED

    def test_that_closes_meanwhile_stops_nothing_that_was_begun(self) -> None:
        fake = gated(windows=(OPEN,))
        plan = Promoting(fake).make(to="prod")
        fake.crash("pointer.write")
        with pytest.raises(CrashError):
            Promoting(fake).apply(plan)
        fake.revive(seconds=4 * HOUR)
        assert Promoting(fake).resume("tools").result is Outcome.PROMOTED

    def test_stops_no_rollback(self) -> None:
        fake = gated(windows=(OPEN,), freezes=(parse_freeze("2026-03-03 UTC"),), cost=20.0)
        Promoting(fake).release(to="prod")
        fake.pass_time(12 * HOUR)
        assert Promoting(fake).rollback().result is Outcome.PROMOTED


class TestOverlap:
    def test_is_held_against_its_limits_when_planned(self) -> None:
        plan = Promoting(gated(cost=0.1, unit_hours=1.0)).make(to="prod")
        assert verdicts(plan)["cost"] is Verdict.FAIL
        assert verdicts(plan)["quota"] is Verdict.PASS
        (cost,) = (gate for gate in plan.gates if gate.gate == "cost")
        assert cost.measured == (
            "$0.33: 1 inference unit for 5m of bake, drain and keep_warm at $4.00 per unit-hour"
        )
        assert cost.required == "at most $0.10"


class TestARefusal:
    def test_names_every_gate_at_once_and_what_helps_with_each(self) -> None:
        frozen = parse_freeze("2026-03-02 UTC")
        fake = gated(soak=timedelta(days=1), cost=0.1, unit_hours=0.01, freezes=(frozen,))
        error = refused(fake, Promoting(fake).make(to="prod"))
        assert "4 of 5 gates refused tools/v2 for prod" in error.detail
        assert [line.split()[0] for line in error.detail.splitlines()[1:]] == [
            "soak",
            "cost",
            "quota",
            "freeze",
        ]
        assert error.remedy == (
            "In promote.yaml, shorten bake, drain or keep_warm of prod, or raise gates.cost and "
            "gates.quota.unit_hours; then:\n    promote plan tools v2 --to prod\n"
            "Let it soak: it begins anew with a verification that fails.\n"
            "Come back at the time named above; a rollback never waits for it:\n"
            "    promote release tools v2 --to prod\n"
            "A hotfix that cannot wait may lift what refuses it, once and on record:\n"
            "    promote release tools v2 --to prod --override cost --override freeze "
            "--override quota --override soak --reason TEXT"
        )


def test_the_world_begins_in_the_window() -> None:
    assert OPEN.covers(NOW)
