"""What holds whenever a plan makes room, from whatever sane world it starts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from promote.core.facts import changed_facts
from promote.core.fitting import misfits
from promote.core.parts import Quotas
from promote.core.plan import Plan, Stop, makes_room
from promote.core.progress import is_end_state, remaining
from promote.core.topology import Environment, Topology
from promote.core.version import Status
from promote.errors import QuotaError
from tests.properties.test_planner_laws import NEW, planned, worlds
from tests.unit.core.pure_world import PureWorld

quick = settings(max_examples=settings().max_examples // 2, deadline=None, database=None)


@st.composite
def tight(draw: st.DrawFn) -> PureWorld:
    """Draw a world in which every slot is taken, the new version is down, and some are warm."""
    world = draw(worlds()).with_status(NEW, Status.STOPPED)
    if world.broken_paths():  # it is live somewhere: then it has to run
        world = world.with_status(NEW, Status.RUNNING)
    for state in world.pointers.values():
        for value, _ in state.left_behind():
            if value in world.versions and value != NEW:
                world = world.with_status(value, Status.RUNNING)
    warm = timedelta(seconds=draw(st.sampled_from([0, 100, 10**6])))
    environments = [replace(each, keep_warm=warm) for each in world.topology.environments]
    taken = sum(each.status.occupies_slot for each in world.versions.values())
    return replace(world, topology=_with(world.topology, environments, running=max(taken, 1)))


def _with(topology: Topology, environments: list[Environment], *, running: int) -> Topology:
    ml = replace(topology.ml, quotas=Quotas(running=running))
    return replace(topology, ml=ml, environments=tuple(environments))


def roomy_plan(world: PureWorld) -> Plan | None:
    """Return the plan if it makes room."""
    try:
        plan = planned(world)
    except QuotaError:
        return None
    return plan if any(map(makes_room, plan.steps)) else None


class TestAPlanThatMakesRoom:
    @quick
    @given(tight())
    def test_keeps_every_promise_and_the_quota_from_step_to_step(self, world: PureWorld) -> None:
        plan = roomy_plan(world)
        if plan is None:
            return
        running = world.topology.ml.quotas.running
        stages = list(world.stages(plan, plan.steps))
        for stage in stages:
            assert stage.broken_paths() == ()
            taken = sum(each.status.occupies_slot for each in stage.versions.values())
            assert taken <= running
        assert is_end_state(plan, stages[-1].observe())

    @quick
    @given(tight())
    def test_gives_up_one_version_and_fits(self, world: PureWorld) -> None:
        plan = roomy_plan(world)
        if plan is None:
            return
        stops = [step for step in plan.steps if isinstance(step, Stop) and step.makes_room]
        assert len(stops) == 1
        assert misfits(plan, world.topology) == ()

    @quick
    @given(tight(), st.floats(min_value=0, max_value=1))
    def test_ends_the_same_wherever_it_is_killed(self, world: PureWorld, cut: float) -> None:
        plan = roomy_plan(world)
        if plan is None:
            return
        *stages, end = world.stages(plan, plan.steps)
        stage = stages[round(cut * (len(stages) - 1))]
        seen = stage.observe()
        assert changed_facts(plan, world.topology, seen) == ()
        finished = stage.applied(plan, remaining(plan, seen)).with_verification()
        assert finished.settled() == end.with_verification().settled()
