"""What holds for every promotion, from whatever sane world it starts and wherever it is killed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promote.core.exactness import Meaning
from promote.core.facts import changed_facts
from promote.core.fitting import misfits
from promote.core.grants import covers, exactly_granted
from promote.core.observation import Json, PointerState
from promote.core.plan import Bake, Grant, Plan, Prove, Revoke, Stop, Switch
from promote.core.planfile import decode, digest, encode
from promote.core.progress import can_turn_back, is_end_state, remaining
from promote.core.topology import Granularity
from promote.core.version import ModelVersion, Status
from promote.core.waves import WaveSize
from promote.errors import ProofError
from tests.builders import (
    ML,
    NOW,
    PROD,
    QA,
    a_grant,
    a_pointer,
    a_topology,
    a_version,
    an_environment,
    version_arn,
)
from tests.unit.core.pure_world import PureWorld, a_world

ORDER = ("start", "grant", "prove", "switch", "drain", "revoke", "stop")
FOREIGN = version_arn("v9", project="fruit-detector")
ABROAD = version_arn("v8", account=QA)
NEW = version_arn("v2")
ACCOUNTS = (QA, "333333333334", "333333333335")

quick = settings(max_examples=settings().max_examples // 2, deadline=None, database=None)
usable = st.sampled_from([each for each in Status if each.usable])
ages = st.sampled_from([0.0, 1.0, 29.0, 30.0, 31.0, 86400.0])
versions = st.sampled_from(["v0", "v1", "v2", "v3", FOREIGN, ABROAD])
named = versions | st.just("rubbish")
UNREADABLE = {"Statement": {"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}}


@st.composite
def pointer_states(draw: st.DrawFn) -> PointerState:
    values = draw(st.lists(named, max_size=4))
    age, apart = draw(ages), draw(ages)
    return a_pointer(
        *values, changed_at=NOW - timedelta(seconds=age), apart=timedelta(seconds=apart)
    )


@st.composite
def worlds(draw: st.DrawFn) -> PureWorld:
    """Draw a world in which P1 holds; anything else may be left over from anybody."""
    accounts = ACCOUNTS[: draw(st.integers(1, 3))]
    role = draw(st.sampled_from(["{model}-{environment}", "{model}-{environment}-{account}"]))
    environment = an_environment(
        accounts=accounts,
        access_role=role,
        granularity=draw(st.sampled_from(Granularity)),
        waves=draw(st.sampled_from([(), (WaveSize(1), WaveSize(100, is_percentage=True))])),
        bake=timedelta(seconds=draw(st.sampled_from([0, 1]))),
    )
    # The drain of prod is over, or it outlasts the whole test: time is not what is tested here.
    drain = timedelta(seconds=draw(st.sampled_from([0, 10**9])))
    other = an_environment("prod", accounts=PROD[:1], drain=drain)
    topology = a_topology(environment, other)
    pointers = {account: draw(pointer_states()) for account in (*accounts, *PROD[:1])}
    world = a_world(topology, pointers=pointers)
    world = replace(world, versions={each.arn: each for each in _versions(draw, world)})
    return _left_over(draw, world)


def _versions(draw: st.DrawFn, world: PureWorld) -> list[ModelVersion]:
    covered = frozenset[str]().union(*(world.coverage(role) for role in world.roles))
    found = []
    for name in ("v3", "v2", "v1", "v0"):
        version = a_version(name)
        status = draw(usable if name == "v2" else st.sampled_from(Status))
        down = version.arn not in covered
        found.append(replace(version, status=status) if down else version)
    return found


def _left_over(draw: st.DrawFn, world: PureWorld) -> PureWorld:
    """Let roles allow more than they must, and versions run for nobody."""
    for role in world.roles:
        (target, *_) = (each for each in world.pointers if each.access_role == role)
        more = frozenset(map(version_arn, draw(st.lists(versions, max_size=2))))
        wish = world.wish(to=target.environment)
        if more:
            document = wish.document(world.coverage(role) | more)
            world = world.with_policy(role, target.policy_name, document)
        legacy = draw(st.none() | st.lists(versions, min_size=1, max_size=2) | st.just("?"))
        if legacy is not None and target.environment == "qa":
            document = UNREADABLE if legacy == "?" else a_grant(*legacy)
            name = draw(st.sampled_from(["legacy", f"arn:aws:iam::{ML}:policy/legacy"]))
            world = world.with_policy(role, name, document)
    claims = draw(st.frozensets(st.sampled_from([version_arn("v0"), NEW]), max_size=2))
    running = {each for each in claims if world.versions[each].status.on_the_way_up}
    return replace(world, claims=frozenset(running))


def room(world: PureWorld) -> PureWorld:
    """Give the account as many slots as it may need."""
    ml = world.topology.ml
    quotas = replace(ml.quotas, running=10)
    return replace(world, topology=replace(world.topology, ml=replace(ml, quotas=quotas)))


def together(*documents: Any) -> Json:
    statements = [statement for each in documents for statement in each["Statement"]]
    return {"Version": "2012-10-17", "Statement": statements}


roomy = worlds().map(room)
cuts = st.floats(0, 1, exclude_max=True)


def planned(world: PureWorld) -> Plan:
    return world.plan(adopt=True)


def stages(world: PureWorld, plan: Plan) -> list[PureWorld]:
    return list(world.stages(plan, plan.steps))


def killed(world: PureWorld, plan: Plan, cut: float) -> PureWorld:
    """Return the world that a run leaves which is killed somewhere between 0 and 1 of its way."""
    found = stages(world, plan)
    return found[int(cut * len(found))]


class TestPlan:
    @quick
    @given(roomy)
    def test_its_steps_come_in_the_forced_order(self, world: PureWorld) -> None:
        steps = planned(world).steps
        kinds = [ORDER.index(step.step) for step in steps if not isinstance(step, Bake)]
        waves = [step.wave for step in steps if isinstance(step, Switch | Bake)]

        assert kinds == sorted(kinds)
        assert waves == sorted(waves)

    @quick
    @given(roomy)
    def test_comes_back_from_its_file_as_it_was(self, world: PureWorld) -> None:
        plan = planned(world)
        content = encode(plan)

        assert decode(content, expected_digest=digest(plan)) == plan
        assert encode(decode(content)) == content

    @quick
    @given(roomy, cuts)
    def test_fits_its_topology_also_when_it_takes_another_over(
        self, world: PureWorld, cut: float
    ) -> None:
        plan = planned(world)
        assert misfits(plan, world.topology) == ()

        again = killed(world, plan, cut).plan(adopt=True, unfinished=plan)
        assert misfits(again, world.topology, (plan,)) == ()

    @quick
    @given(roomy)
    def test_never_depends_on_the_order_in_which_the_world_was_read(self, world: PureWorld) -> None:
        turned = replace(
            world,
            pointers=dict(reversed(list(world.pointers.items()))),
            roles=dict(reversed(list(world.roles.items()))),
        )

        assert digest(planned(turned)) == digest(planned(world))

    @quick
    @given(roomy)
    def test_switches_no_target_without_a_proof_from_it(self, world: PureWorld) -> None:
        steps = planned(world).steps
        proven = {step.account for step in steps if isinstance(step, Prove)}

        assert {step.account for step in steps if isinstance(step, Switch)} <= proven

    @quick
    @given(roomy)
    def test_proves_the_denial_of_every_version_that_loses_its_access(
        self, world: PureWorld
    ) -> None:
        plan = planned(world)
        end = world.applied(plan)
        revoked = {step.role: set(step.revoked) for step in plan.steps if isinstance(step, Revoke)}

        for role in {target.role for target in plan.targets}:
            before = exactly_granted(world.roles[role]) | world.coverage(role)
            lost = {version for version in before if not end.allows(role, version)}
            assert lost == revoked.get(role, set())

    @quick
    @given(roomy)
    def test_counts_the_steps_that_change_something(self, world: PureWorld) -> None:
        plan = planned(world)
        moves = [a.settled()[:4] != b.settled()[:4] for a, b in pairwise(stages(world, plan))]

        assert sum(moves) == plan.changes


class TestWrites:
    @quick
    @given(roomy)
    def test_are_exactly_what_is_planned_and_change_exactly_what_is_stated(
        self, world: PureWorld
    ) -> None:
        meaning = Meaning(world.topology, "tools", world.topology.environment("qa"))

        for step in planned(world).steps:
            if isinstance(step, Grant | Revoke):
                meaning.prove_step(step, step.before)
                assert not step.adopts
            if isinstance(step, Grant):
                meaning.prove_undo(step)

    @quick
    @given(roomy, st.sampled_from(["v0", "v3", "*", ABROAD]))
    def test_of_anything_more_are_refused(self, world: PureWorld, more: str) -> None:
        meaning = Meaning(world.topology, "tools", world.topology.environment("qa"))

        for step in planned(world).steps:
            if isinstance(step, Grant | Revoke) and not covers(step.after, a_grant(more)):
                wider = replace(step, after=together(step.after, a_grant(more)))
                with pytest.raises(ProofError):
                    meaning.prove_step(wider, step.before)


class TestApply:
    @quick
    @given(roomy)
    def test_leads_where_nothing_is_left_to_plan(self, world: PureWorld) -> None:
        assert planned(world.applied(planned(world))).steps == ()

    @quick
    @given(roomy)
    def test_keeps_every_covered_version_running_and_allowed(self, world: PureWorld) -> None:
        assert world.broken_paths() == ()

        for stage in stages(world, planned(world)):
            assert stage.broken_paths() == ()

    @quick
    @given(roomy)
    def test_never_allows_more_than_what_is_covered_and_the_new_version(
        self, world: PureWorld
    ) -> None:
        plan = planned(world)
        roles = {target.role for target in plan.targets}
        wish = world.wish()
        most = {role: wish.document(world.coverage(role) | {NEW}) for role in roles}
        alone = wish.document(frozenset({NEW}))

        for stage in stages(world, plan):
            for role in roles:
                before = world.roles[role].policy("promote-tools")
                assert stage.roles[role].policy("promote-tools") in (before, most[role], alone)
        for step in plan.steps:
            if isinstance(step, Grant):
                assert step.after == most[step.role]

    @quick
    @given(roomy)
    def test_ends_with_the_new_version_allowed_alone_and_named_everywhere(
        self, world: PureWorld
    ) -> None:
        plan = planned(world)
        end = world.applied(plan)

        alone = world.wish().document(frozenset({NEW}))
        for target in plan.targets:
            assert end.roles[target.role].policy("promote-tools") == alone
        named = {state.value for t, state in end.pointers.items() if t.environment == "qa"}
        assert named == {NEW}
        assert end.versions[NEW].status is Status.RUNNING
        assert is_end_state(plan, end.observe())

    @quick
    @given(roomy)
    def test_touches_no_other_environment(self, world: PureWorld) -> None:
        end = world.applied(planned(world))

        for target, state in world.pointers.items():
            if target.environment == "prod":
                assert end.pointers[target] == state
                assert end.roles[target.access_role] == world.roles[target.access_role]

    @quick
    @given(roomy)
    def test_never_stops_what_it_does_not_know_to_be_ours(self, world: PureWorld) -> None:
        pointers = [entry.value for each in world.pointers.values() for entry in each.history]

        for step in planned(world).steps:
            if isinstance(step, Stop):
                assert step.version in pointers or step.version in world.claims


class TestKilledRun:
    @quick
    @given(roomy, cuts)
    def test_planned_again_ends_where_the_undisturbed_run_does(
        self, world: PureWorld, cut: float
    ) -> None:
        plan = planned(world)
        end = world.applied(plan).settled()
        stage = killed(world, plan, cut)

        assert stage.applied(planned(stage)).settled() == end

    @quick
    @given(roomy, cuts)
    def test_resumed_with_its_own_plan_ends_there_too(self, world: PureWorld, cut: float) -> None:
        plan = planned(world)
        stage = killed(world, plan, cut)
        seen = stage.observe()

        assert changed_facts(plan, stage.topology, seen) == ()
        finished = stage.applied(plan, remaining(plan, seen)).with_verification()
        assert finished.settled() == world.applied(plan).with_verification().settled()

    @quick
    @given(roomy, cuts)
    def test_is_put_back_to_what_was_before_while_it_can_turn_back(
        self, world: PureWorld, cut: float
    ) -> None:
        plan = planned(world)
        stage = killed(world, plan, cut)
        retired = any(isinstance(step, Revoke | Stop) for step in plan.steps)
        if not can_turn_back(plan, stage.observe()):
            assert retired
            return
        back = stage.put_back(plan)

        assert back.broken_paths() == ()
        for target in plan.targets:
            (now,) = (s.value for t, s in back.pointers.items() if t.account == target.account)
            assert now == target.before
        for step in plan.steps:
            if isinstance(step, Grant):
                assert back.roles[step.role].policy(step.policy) in (step.before, step.undo)

    @quick
    @given(roomy)
    def test_can_turn_back_until_the_first_retirement(self, world: PureWorld) -> None:
        plan = planned(world)
        for step, stage in zip(plan.steps, stages(world, plan), strict=False):
            if isinstance(step, Revoke | Stop):
                break
            assert can_turn_back(plan, stage.observe())

    @quick
    @given(roomy, cuts)
    def test_put_back_makes_its_plan_stale_once_an_existing_pointer_had_moved(
        self, world: PureWorld, cut: float
    ) -> None:
        plan = planned(world)
        stage = killed(world, plan, cut)
        if not can_turn_back(plan, stage.observe()):
            return
        moved = [
            target
            for target, state in stage.pointers.items()
            if state != world.pointers[target] and world.pointers[target].history
        ]
        back = stage.put_back(plan)

        stale = {each.fact.fact for each in changed_facts(plan, back.topology, back.observe())}
        assert not moved or "pointer" in stale
