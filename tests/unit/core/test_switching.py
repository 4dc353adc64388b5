"""Waves in the plan: decided for all targets, whatever of them has switched already."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from promote.core.facts import changed_facts
from promote.core.fitting import misfits
from promote.core.plan import Bake, Plan, Step, Switch
from promote.core.planner import make_plan
from promote.core.progress import remaining
from promote.core.record import TargetFailed, Unfinished
from promote.core.topology import Topology
from promote.core.waves import WaveSize
from tests.builders import (
    NOW,
    PROD,
    PROMOTER,
    a_pointer,
    a_topology,
    a_trained_version,
    a_version,
    prod,
    version_arn,
)
from tests.unit.core.pure_world import PureWorld, a_world

THREE = (*PROD, "777777777777")
V1, V2 = version_arn("v1"), version_arn("v2")


def topology(**changes: Any) -> Topology:
    defaults: dict[str, Any] = {
        "accounts": THREE,
        "after": (),
        "waves": (WaveSize(1), WaveSize(100, is_percentage=True)),
        "bake": timedelta(minutes=10),
        "max_failures": 1,
    }
    return a_topology(prod(**{**defaults, **changes}))


def world(over: Topology | None = None, **pointers: tuple[str, ...]) -> PureWorld:
    named = {account: a_pointer("v1") for account in THREE}
    named |= {account[1:]: a_pointer(*values) for account, values in pointers.items()}
    return a_world(over or topology(), a_version("v1"), a_trained_version("v2"), pointers=named)


def order(steps: tuple[Step, ...]) -> list[str]:
    """Return the switches and bakes as ``switch 444`` and ``bake 1``."""
    return [
        f"switch {step.account[:3]}" if isinstance(step, Switch) else f"bake {step.wave}"
        for step in steps
        if isinstance(step, Switch | Bake)
    ]


PLAN = world().plan(to="prod")


class TestThePlan:
    def test_lets_every_wave_bake_before_the_next_one_switches(self) -> None:
        assert order(PLAN.steps) == ["switch 444", "bake 1", "switch 555", "switch 777", "bake 2"]
        assert [target.wave for target in PLAN.targets] == [1, 2, 2]
        assert PLAN.max_failures == 1

    def test_has_no_bake_when_there_is_none(self) -> None:
        plan = world(topology(bake=timedelta(0))).plan(to="prod")
        assert order(plan.steps) == ["switch 444", "switch 555", "switch 777"]

    def test_keeps_the_waves_of_what_has_switched_already(self) -> None:
        plan = world(_444444444444=("v1", "v2")).plan(to="prod")
        assert order(plan.steps) == ["switch 555", "switch 777", "bake 2"]
        assert [target.wave for target in plan.targets] == [1, 2, 2]
        assert misfits(plan, topology()) == ()

    def test_fits_its_topology(self) -> None:
        assert misfits(PLAN, topology()) == ()

    def test_leaves_bakes_to_do_until_the_whole_was_verified(self) -> None:
        seen = world().observe()
        bakes = [step for step in remaining(PLAN, seen) if isinstance(step, Bake)]
        assert len(bakes) == 2


class TestAPlanFileWithOtherWaves:
    def changed(self, number: int, **changes: Any) -> Plan:
        steps = [
            replace(step, **changes) if isinstance(step, Bake) and step.wave == number else step
            for step in PLAN.steps
        ]
        return replace(PLAN, steps=tuple(steps))

    @pytest.mark.parametrize(
        ("plan", "said"),
        [
            (replace(PLAN, max_failures=2), "its max_failures is 2, expected 1"),
            (
                replace(PLAN, targets=tuple(replace(each, wave=1) for each in PLAN.targets)),
                "the wave of 555555555555 is 1, expected 2",
            ),
            (
                replace(
                    PLAN,
                    steps=tuple(
                        replace(s, wave=1) if isinstance(s, Switch) else s for s in PLAN.steps
                    ),
                ),
                "its wave is 1, expected 2",
            ),
            (
                replace(PLAN, steps=tuple(s for s in PLAN.steps if not isinstance(s, Bake))),
                "wave 1 does not bake",
            ),
        ],
    )
    def test_is_refused(self, plan: Plan, said: str) -> None:
        assert said in "\n".join(misfits(plan, topology()))

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"seconds": 1.0}, "its seconds is 1.0, expected 600.0"),
            ({"accounts": THREE}, "the bake of wave 1 is not of the accounts that it switches"),
            ({"wave": 3}, "the bake of wave 3 is not of the accounts that it switches"),
            ({"environment": "qa"}, "its environment is qa, expected prod"),
        ],
    )
    def test_is_refused_for_a_bake(self, changes: dict[str, Any], said: str) -> None:
        assert said in "\n".join(misfits(self.changed(1, **changes), topology()))

    def test_is_refused_for_the_order_of_its_waves(self) -> None:
        bakes = [step for step in PLAN.steps if isinstance(step, Bake)]
        moved = [step for step in PLAN.steps if step is not bakes[0]]
        moved.insert(moved.index(bakes[1]), bakes[0])
        plan = replace(PLAN, steps=tuple(moved))
        assert "the steps are not in the order" in "\n".join(misfits(plan, topology()))


class TestAPointerThatWentThereAndBack:
    def changed(self, *values: str, failures: int, plan: Plan = PLAN, since: int = 0) -> bool:
        """Say whether the plan is stale once the first pointer has taken these values."""
        found = world(_444444444444=("v1", *values))
        record = TargetFailed(at=NOW, promotion="p-1", account=THREE[0], reason="poor")
        begun = Unfinished(
            promotion="p-1",
            plan=PLAN,
            since=NOW + timedelta(seconds=since),
            by=PROMOTER,
            failed=(record,) * failures,
        )
        seen = found.observe()
        seen = replace(seen, ledger=replace(seen.ledger, open=(begun,)))
        return "pointer" in {each.fact.fact for each in changed_facts(plan, topology(), seen)}

    @pytest.mark.parametrize(
        ("values", "failures"),
        [
            (("v2", "v1"), 1),
            (("v2", "v1", "v2"), 1),
            (("v2", "v1", "v2", "v1"), 2),
            (("v2",), 0),
            (("v2",), 1),
        ],
    )
    def test_is_accepted_once_for_each_failure_on_record(
        self, values: tuple[str, ...], failures: int
    ) -> None:
        assert not self.changed(*values, failures=failures)

    @pytest.mark.parametrize(
        ("values", "failures"),
        [
            (("v2", "v1"), 0),
            (("v2", "v1", "v2", "v1"), 1),
            (("v2", "v1", "v1"), 1),
            (("v1",), 1),
            (("v1", "v2"), 1),
            (("v2", "v3"), 1),
            (("v2", "v3", "v1"), 1),
            (("v2", "v1", "v3"), 1),
        ],
    )
    def test_is_stale_for_anything_else(self, values: tuple[str, ...], failures: int) -> None:
        assert self.changed(*values, failures=failures)

    def test_is_stale_for_another_target(self) -> None:
        other = replace(PLAN, request=replace(PLAN.request, reason="another plan"))
        assert self.changed("v2", "v1", failures=1, plan=other)

    def test_is_stale_for_failures_of_an_earlier_plan(self) -> None:
        assert self.changed("v2", "v1", failures=1, since=1)


def test_a_takeover_keeps_what_an_earlier_run_would_put_back() -> None:
    stage = world().applied(PLAN, PLAN.steps[:6])
    begun = Unfinished(promotion="p-1", plan=PLAN, since=NOW, by=PROMOTER)
    wish = stage.wish(to="prod")
    ledger = replace(wish.observation.ledger, open=(begun,))
    wish = replace(wish, observation=replace(wish.observation, ledger=ledger))
    plan = make_plan(wish, tool="promote 0.1.0")
    first = next(step for step in plan.steps if isinstance(step, Switch))
    assert (first.before, first.undo, first.wave) == (V2, V1, 1)
    assert misfits(plan, topology(), (PLAN,)) == ()
