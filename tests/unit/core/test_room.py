from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from promote.core.exactness import Meaning
from promote.core.facts import changed_facts
from promote.core.fitting import misfits
from promote.core.plan import Fact, Plan, Revoke, Start, Step, Stop
from promote.core.progress import is_end_state, remaining
from promote.errors import ProofError, QuotaError
from tests.builders import (
    PROD,
    QA,
    a_grant,
    a_pointer,
    a_topology,
    a_trained_version,
    a_version,
    prod,
    qa,
    version_arn,
)
from tests.unit.core.pure_world import PureWorld, a_world

DAY = timedelta(days=1)
TOPOLOGY = a_topology(qa(keep_warm=DAY), prod(keep_warm=DAY, after=()))
V1, V2, V3 = map(version_arn, ("v1", "v2", "v3"))
QA_ROLE, PROD_ROLE = (f"arn:aws:iam::222222222222:role/tools-{name}" for name in ("qa", "prod"))


def world() -> PureWorld:
    """Build a world in which v2 replaced v1 everywhere an hour ago, and v1 is warm."""
    return a_world(
        TOPOLOGY,
        a_version("v1"),
        a_version("v2"),
        a_trained_version("v3"),
        pointers=dict.fromkeys((QA, *PROD), a_pointer("v1", "v2")),
        granted=("v1", "v2"),
    )


PLAN = world().plan("v3")


def of_prod(step: Step) -> bool:
    return isinstance(step, Revoke) and step.environment == "prod"


def changed(which: Callable[[Step], bool], **changes: Any) -> Plan:
    steps = [replace(each, **changes) if which(each) else each for each in PLAN.steps]
    return replace(PLAN, steps=tuple(steps))


def without(which: Callable[[Step], bool]) -> Plan:
    return replace(PLAN, steps=tuple(each for each in PLAN.steps if not which(each)))


def with_facts(change: Callable[[Fact], Fact]) -> Plan:
    return replace(PLAN, facts=tuple(map(change, PLAN.facts)))


class TestAPlanThatMakesRoom:
    def test_leads_to_its_end_state_through_sane_worlds(self) -> None:
        stages = list(world().stages(PLAN, PLAN.steps))
        assert not [each for stage in stages for each in stage.broken_paths()]
        assert is_end_state(PLAN, stages[-1].observe())

    def test_holds_wherever_it_was_cut_off_and_leads_to_the_same_end(self) -> None:
        end = world().applied(PLAN).settled()
        for stage in world().stages(PLAN, PLAN.steps):
            seen = stage.observe()
            assert changed_facts(PLAN, TOPOLOGY, seen) == ()
            assert stage.applied(PLAN, remaining(PLAN, seen)).settled() == end

    def test_does_not_do_again_what_a_later_step_has_overwritten(self) -> None:
        done = {step.step for step in PLAN.steps[:5]}
        stage = world().applied(PLAN, PLAN.steps[:5])
        assert {"revoke", "stop", "start", "grant"} == done
        assert remaining(PLAN, stage.observe()) == PLAN.steps[5:]

    def test_counts_every_write(self) -> None:
        assert PLAN.changes == 7

    def test_rests_on_every_pointer_whose_role_it_writes(self) -> None:
        subjects = [fact.subject.partition(" ")[0] for fact in PLAN.facts if fact.fact == "pointer"]
        assert subjects == [f"qa/{QA}", *(f"prod/{account}" for account in PROD)]

    def test_drains_by_the_longest_of_all_environments(self) -> None:
        lately = a_pointer("v1", "v2", apart=timedelta(seconds=1))
        young = replace(lately.history[-1], changed_at=world().now - timedelta(minutes=4))
        state = replace(lately, history=(lately.history[0], young))
        with pytest.raises(QuotaError, match="it drains until 2026-03-02T14:01:00Z"):
            world().with_pointer(PROD[0], state).plan("v3")


class TestAPlanFileThatMakesRoom:
    def test_fits(self) -> None:
        assert misfits(PLAN, TOPOLOGY) == ()

    @pytest.mark.parametrize(
        ("plan", "expected"),
        [
            (changed(of_prod, environment="nowhere"), "an access role of its environment"),
            (changed(of_prod, role=QA_ROLE), "an access role of its environment"),
            (changed(of_prod, accounts=PROD[:1]), "its accounts"),
            (changed(of_prod, policy="other"), "its policy"),
            (changed(of_prod, revoked=(V1, V2)), "its removes"),
            (changed(of_prod, revoked=(V2,), removes=(V2,)), "it revokes what the pointer"),
            (changed(of_prod, revoked=(V2,), removes=(V2,)), "more than what the plan then stops"),
            (changed(of_prod, version=V1), "it does not leave"),
            (changed(of_prod, adds=("*",)), "its adds"),
            (changed(of_prod, remove=("x",)), "its remove"),
            (changed(of_prod, adopts=True), "its adopts"),
            (changed(of_prod, makes_room=False), "its environment is prod"),
            (changed(lambda s: isinstance(s, Stop), version=V3), "it stops the version"),
            (changed(lambda s: isinstance(s, Stop), deadline=1.0), "its deadline"),
            (changed(lambda s: isinstance(s, Stop), makes_room=False), "not in the order"),
            (without(lambda s: isinstance(s, Start)), "and the plan starts nothing"),
            (replace(PLAN, steps=(*PLAN.steps[3:], *PLAN.steps[:3])), "not in the order"),
            (
                with_facts(lambda f: replace(f, accepts=(*f.accepts, "2 (none)"))),
                f"no fact of the plan holds what the pointer of prod/{PROD[0]} names",
            ),
            (
                replace(PLAN, facts=tuple(f for f in PLAN.facts if "prod/" not in f.subject)),
                f"no fact of the plan holds what the pointer of prod/{PROD[1]} names",
            ),
        ],
    )
    def test_does_not_fit_once_it_says_more(self, plan: Plan, expected: str) -> None:
        assert expected in "\n".join(misfits(plan, TOPOLOGY))

    def test_is_not_proved_once_its_document_says_something_else(self) -> None:
        meaning = Meaning(TOPOLOGY, "tools", TOPOLOGY.environment("prod"))
        step = next(each for each in PLAN.steps if of_prod(each))
        assert isinstance(step, Revoke)
        meaning.prove_step(step, step.before)
        with pytest.raises(ProofError):
            meaning.prove_step(replace(step, after=a_grant("v3")), step.before)
