"""What holds for every promotion, from whatever sane world it starts and wherever it is killed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from promote.core.facts import changed_facts
from promote.core.observation import PointerState
from promote.core.plan import Drain, Grant, Plan, Prove, Revoke, Step, Stop, Switch
from promote.core.planfile import decode, digest, encode
from promote.core.progress import can_turn_back, is_end_state, previous, remaining
from promote.core.topology import Granularity
from promote.core.version import ModelVersion, Status
from tests.builders import (
    ML,
    NOW,
    PROD,
    QA,
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

quick = settings(max_examples=25, deadline=None, database=None)
usable = st.sampled_from([each for each in Status if each.usable])
ages = st.sampled_from([0.0, 1.0, 29.0, 30.0, 31.0, 86400.0])
named = st.sampled_from(["v0", "v1", "v2", "v3", FOREIGN, ABROAD])


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
        accounts=accounts, access_role=role, granularity=draw(st.sampled_from(Granularity))
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
    versions = []
    for name in ("v3", "v2", "v1", "v0"):
        version = a_version(name)
        status = draw(usable if name == "v2" else st.sampled_from(Status))
        down = version.arn not in covered
        versions.append(replace(version, status=status) if down else version)
    return versions


def _left_over(draw: st.DrawFn, world: PureWorld) -> PureWorld:
    """Let roles allow more than they must, and versions run for nobody."""
    for role in world.roles:
        (target, *_) = (each for each in world.pointers if each.access_role == role)
        more = frozenset(map(version_arn, draw(st.lists(named, max_size=2))))
        wish = world.wish(to=target.environment)
        if more:
            document = wish.document(world.coverage(role) | more)
            world = world.with_policy(role, target.policy_name, document)
    claims = draw(st.frozensets(st.sampled_from([version_arn("v0"), NEW]), max_size=2))
    running = {each for each in claims if world.versions[each].status.on_the_way_up}
    return replace(world, claims=frozenset(running))


def room(world: PureWorld) -> PureWorld:
    """Give the account as many slots as it may need."""
    ml = world.topology.ml
    quotas = replace(ml.quotas, running=10)
    return replace(world, topology=replace(world.topology, ml=replace(ml, quotas=quotas)))


roomy = worlds().map(room)


def stages(world: PureWorld, plan: Plan) -> list[PureWorld]:
    return list(world.stages(plan, plan.steps))


class TestPlan:
    @quick
    @given(roomy)
    def test_its_steps_come_in_the_forced_order(self, world: PureWorld) -> None:
        kinds = [ORDER.index(step.step) for step in world.plan().steps]

        assert kinds == sorted(kinds)

    @quick
    @given(roomy)
    def test_comes_back_from_its_file_as_it_was(self, world: PureWorld) -> None:
        plan = world.plan()
        content = encode(plan)

        assert decode(content, expected_digest=digest(plan)) == plan
        assert encode(decode(content)) == content

    @quick
    @given(roomy, st.randoms(use_true_random=False))
    def test_never_depends_on_the_order_in_which_the_world_was_read(
        self, world: PureWorld, chance: object
    ) -> None:
        turned = replace(
            world,
            pointers=dict(reversed(world.pointers.items())),
            roles=dict(reversed(world.roles.items())),
        )

        assert digest(turned.plan()) == digest(world.plan())

    @quick
    @given(roomy)
    def test_switches_no_target_without_a_proof_from_it(self, world: PureWorld) -> None:
        steps = world.plan().steps
        proven = {step.account for step in steps if isinstance(step, Prove)}

        assert {step.account for step in steps if isinstance(step, Switch)} <= proven

    @quick
    @given(roomy)
    def test_every_grant_beside_another_version_has_its_revocation(self, world: PureWorld) -> None:
        plan = world.plan()
        environment = world.topology.environment("qa")
        revoked = {step.role: set(step.revoked) for step in plan.steps if isinstance(step, Revoke)}

        for step in plan.steps:
            if isinstance(step, Grant) and environment.granularity is Granularity.VERSION:
                old = world.coverage(step.role) - {NEW}
                assert old <= revoked.get(step.role, set())

    @quick
    @given(roomy)
    def test_counts_the_steps_that_change_something(self, world: PureWorld) -> None:
        plan = world.plan()
        moves = [a.settled()[:4] != b.settled()[:4] for a, b in pairwise(stages(world, plan))]
        # A revocation may have nothing to write but a denial to prove.
        least = sum(moves) - 0

        assert least <= plan.changes


class TestApply:
    @quick
    @given(roomy)
    def test_leads_where_nothing_is_left_to_plan(self, world: PureWorld) -> None:
        assert world.applied(world.plan()).plan().steps == ()

    @quick
    @given(roomy)
    def test_keeps_every_covered_version_running_and_allowed(self, world: PureWorld) -> None:
        assert world.broken_paths() == ()

        for stage in stages(world, world.plan()):
            assert stage.broken_paths() == ()

    @quick
    @given(roomy)
    def test_never_allows_more_than_what_is_covered_and_the_new_version(
        self, world: PureWorld
    ) -> None:
        plan = world.plan()
        roles = {target.role for target in plan.targets}
        wish = world.wish()
        most = {role: wish.document(world.coverage(role) | {NEW}) for role in roles}
        for step, stage in zip(plan.steps, stages(world, plan)[1:], strict=True):
            if isinstance(step, Grant):
                assert stage.roles[step.role].policy(step.policy) == most[step.role]

    @quick
    @given(roomy)
    def test_ends_with_the_new_version_allowed_alone_and_named_everywhere(
        self, world: PureWorld
    ) -> None:
        plan = world.plan()
        end = world.applied(plan)

        alone = world.wish().document(frozenset({NEW}))
        for target in plan.targets:
            assert end.roles[target.role].policy("promote-tools") == alone
        for target, state in end.pointers.items():
            assert target.environment != "qa" or state.value == NEW
        assert end.versions[NEW].status is Status.RUNNING
        assert is_end_state(plan, end.observe())

    @quick
    @given(roomy)
    def test_touches_no_other_environment(self, world: PureWorld) -> None:
        end = world.applied(world.plan())

        for target, state in world.pointers.items():
            if target.environment == "prod":
                assert end.pointers[target] == state
                assert end.roles[target.access_role] == world.roles[target.access_role]

    @quick
    @given(roomy)
    def test_never_stops_what_it_does_not_know_to_be_ours(self, world: PureWorld) -> None:
        pointers = [entry.value for each in world.pointers.values() for entry in each.history]

        for step in world.plan().steps:
            if isinstance(step, Stop):
                assert step.version in pointers or step.version in world.claims


class TestKilledRun:
    @quick
    @given(roomy)
    def test_planned_again_ends_where_the_undisturbed_run_does(self, world: PureWorld) -> None:
        plan = world.plan()
        end = world.applied(plan).settled()

        for stage in stages(world, plan):
            assert stage.applied(stage.plan()).settled() == end

    @quick
    @given(roomy)
    def test_resumed_with_its_own_plan_ends_there_too(self, world: PureWorld) -> None:
        plan = world.plan()
        end = world.applied(plan).settled()

        for stage in stages(world, plan):
            seen = stage.observe()
            assert changed_facts(plan, stage.topology, seen) == ()
            finished = stage.applied(plan, remaining(plan, seen))
            assert finished.with_verification().settled() == end

    @quick
    @given(roomy)
    def test_is_put_back_to_what_was_before_while_it_can_turn_back(self, world: PureWorld) -> None:
        plan = world.plan()
        for stage in stages(world, plan):
            if not can_turn_back(plan, stage.observe()):
                break
            back = stage.put_back(plan)
            assert back.broken_paths() == ()
            for target in plan.targets:
                (now,) = (s.value for t, s in back.pointers.items() if t.account == target.account)
                assert now == target.before
            for step in plan.steps:
                if isinstance(step, Grant):
                    live = back.roles[step.role].policy(step.policy)
                    assert live in (step.before, step.undo)

    @quick
    @given(roomy)
    def test_can_turn_back_until_the_first_retirement(self, world: PureWorld) -> None:
        plan = world.plan()
        retiring: list[Step] = []
        for step, stage in zip(plan.steps, stages(world, plan)[1:], strict=True):
            retiring += [step] if isinstance(step, Revoke | Stop) else []
            if not retiring:
                assert can_turn_back(plan, stage.observe())

    @quick
    @given(roomy)
    def test_put_back_makes_its_plan_stale_once_a_pointer_had_moved(self, world: PureWorld) -> None:
        plan = world.plan()
        for stage in stages(world, plan):
            if not can_turn_back(plan, stage.observe()):
                break
            switched = [
                target
                for target in stage.pointers
                if stage.pointers[target] != world.pointers[target]
            ]
            back = stage.put_back(plan)
            changed = changed_facts(plan, back.topology, back.observe())
            # A pointer that we created and deleted again is as it was; the ledger knows the end.
            existed = [target for target in switched if world.pointers[target].history]
            assert bool(existed) <= bool(changed)

    @quick
    @given(roomy)
    def test_its_plan_says_what_all_targets_named_before(self, world: PureWorld) -> None:
        plan = world.plan()
        before = {target.before for target in plan.targets}

        assert previous(plan) == (before.pop() if len(before) == 1 else None)


def test_drains_only_what_is_then_revoked_or_stopped() -> None:
    assert ML != QA
    assert Drain
