"""The commands that `status` tells for drift pass the gates that stand in the way by now."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from promote.core.gates.grammar import parse_freeze, parse_window
from promote.core.gates.requirements import Requirements
from promote.errors import RefusedError
from tests.builders import NOW, PROD, a_topology, a_trained_version, prod, qa, version_arn
from tests.fake_world import FakeWorld
from tests.workflow.promoting import Promoting
from tests.workflow.test_approvals import ALICE, BOB, by
from tests.workflow.test_drift import _parsed, drift_of, target_of

V3 = version_arn("v3")
OPEN = parse_window("mon-thu 09:00-16:00 Europe/Berlin")
"""It is Monday, 15:00 in Berlin, when the world begins."""


def by_hand(**gates: object) -> FakeWorld:
    """Build a world in which v3 is live in qa, and was set by hand in a target of prod."""
    asked = Requirements(**gates)  # type: ignore[arg-type]  # the tests say which
    fake = FakeWorld(a_topology())
    for name in ("v2", "v3"):
        fake.versions[version_arn(name)] = a_trained_version(name, min_units=1)
    for name in ("qa", "prod"):
        Promoting(fake).release(to=name)
    Promoting(fake).release("v3")
    fake.topology = a_topology(qa(), prod(gates=asked))
    fake.point(target_of(fake, PROD[0]), V3)
    fake.breaches.clear()  # it was not proven there: that is what the hand did
    return fake


def type_in(fake: FakeWorld, *commands: str) -> None:
    """Do what each command line does: Alice asks, Bob approves."""
    plan: Any = None
    for line in commands:
        words, alice = _parsed(line), by(fake, ALICE)
        match words["command"]:
            case "release" | "plan":
                plan = alice.plan(
                    "tools",
                    words["version"],
                    to=words["to"],
                    reason=words["reason"],
                    adopt=words["adopt"],
                    overrides=words["overrides"],
                )
                if words["command"] == "release":
                    alice.apply(plan, wait=timedelta(hours=2))
            case "approve":
                by(fake, BOB).approve(plan)
            case "apply":
                alice.apply(plan, wait=timedelta(hours=2))
            case "rollback":
                back = alice.plan_rollback("tools", words["version"], environment="prod")
                alice.apply(back, wait=timedelta(hours=2))
            case other:
                pytest.fail(f"nobody knows {other}")


def told(fake: FakeWorld) -> tuple[tuple[str, ...], tuple[str, ...]]:
    found = drift_of(fake, "prod")[0]
    return found.adopt, found.repair


BACK = ("promote rollback tools v2 --environment prod",)
RELEASE = "promote release tools v3 --to prod"


class TestWhereNoGateIsClosed:
    def test_a_release_is_told_as_it_is(self) -> None:
        fake = by_hand(soak=timedelta(seconds=1), windows=(OPEN,))
        fake.pass_time(60)
        adopt, repair = told(fake)
        assert adopt == (RELEASE,)
        assert repair == ("promote release tools v2 --to prod",)


class TestAGateThatIsClosed:
    @pytest.mark.parametrize(
        ("gates", "names"),
        [
            ({"soak": timedelta(days=1)}, ["soak"]),
            ({"windows": (OPEN,)}, ["window"]),
            ({"soak": timedelta(days=1), "windows": (OPEN,)}, ["soak", "window"]),
            ({"freezes": (parse_freeze("2026-03-01..2026-03-09 Europe/Berlin"),)}, ["freeze"]),
        ],
    )
    def test_is_named_as_what_a_release_has_to_lift(
        self, gates: dict[str, object], names: list[str]
    ) -> None:
        fake = by_hand(**gates)
        fake.pass_time(3 * 3600)
        assert fake.time - NOW < timedelta(days=1)
        adopt, repair = told(fake)
        lifted = "".join(f" --override {each}" for each in names)
        assert adopt == (f"{RELEASE}{lifted} --reason 'to mend drift'",)
        assert repair == BACK
        with pytest.raises(RefusedError):
            type_in(fake, RELEASE)
        type_in(fake, *adopt)
        assert drift_of(fake, "prod") == ()

    def test_does_not_keep_the_old_version_from_coming_back(self) -> None:
        fake = by_hand(windows=(OPEN,))
        fake.pass_time(3 * 3600)
        type_in(fake, *told(fake)[1])
        assert drift_of(fake, "prod") == ()


class TestAnApproval:
    def test_is_asked_for_by_way_of_a_plan(self) -> None:
        fake = by_hand(approval=1, soak=timedelta(days=1))
        adopt, repair = told(fake)
        what = "tools v3 --to prod --override soak --reason 'to mend drift'"
        assert adopt == (
            f"promote plan {what} --out plan.json",
            "promote approve plan.json",
            "promote apply plan.json",
        )
        assert repair == BACK
        type_in(fake, *adopt)
        assert drift_of(fake, "prod") == ()
