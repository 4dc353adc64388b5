"""What holds for every rollout, from whatever state it starts and wherever it is killed."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from promote.core.guardrails.organization import AWS_OWN, ControlType, OrganizationState
from promote.core.guardrails.rehearsal import rehearsed
from promote.core.guardrails.rollout import Rollout, removal_steps, rollout_steps
from promote.core.guardrails.steps import DeletePolicy
from tests.builders import ML, PROD, QA
from tests.fake_organization import CICD, MODELS, ROOT, WORKLOADS
from tests.unit.core.guardrails.organizations import (
    NAMES,
    RCP,
    SCP,
    a_rollout,
    a_state,
    deny,
    document,
    of_ours,
    with_policy,
)

MEMBERS = (ROOT, MODELS, WORKLOADS, ML, QA, *PROD, CICD)
OLD = document(deny("rekognition:StopProjectVersion", "Old"))
members = st.lists(st.sampled_from(MEMBERS), unique=True, max_size=4)
quick = settings(max_examples=settings().max_examples // 2, deadline=None, database=None)


@st.composite
def states(draw: st.DrawFn) -> OrganizationState:
    """Draw an organisation in which somebody, or a run of ours that died, left something."""
    enabled = draw(st.frozensets(st.sampled_from(ControlType)))
    state = a_state(enabled=enabled)
    own = frozenset(AWS_OWN[kind].id for kind in enabled)
    state = replace(state, attached=dict.fromkeys(state.attached, own))
    for wanted in (SCP, RCP):
        if wanted.type in enabled and draw(st.booleans()):
            content = draw(st.sampled_from([wanted.content, OLD]))
            state = with_policy(state, of_ours(wanted, content), *draw(members))
    return state


@st.composite
def rollouts(draw: st.DrawFn) -> Rollout:
    targets = draw(members.filter(bool))
    wanted = draw(st.sampled_from([(SCP,), (RCP,), (SCP, RCP)]))
    return a_rollout(*targets, wanted=wanted, untried=True)


def seen(state: OrganizationState) -> object:
    """Return what there is of ours: content and holders by name."""
    ours = [state.named(kind, NAMES[kind]) for kind in ControlType]
    return {p.name: (p.content, state.holders.get(p.id, frozenset())) for p in ours if p}


class TestRollout:
    @quick
    @given(rollouts(), states())
    def test_leaves_nothing_to_do(self, rollout: Rollout, state: OrganizationState) -> None:
        after = rehearsed(state, rollout_steps(rollout, state))
        assert rollout_steps(rollout, after) == ()
        for wanted in rollout.wanted:
            policy = after.named(wanted.type, wanted.name)
            assert policy is not None
            assert policy.content == wanted.content
            assert set(rollout.targets) <= after.holders[policy.id]
            assert wanted.type in after.enabled

    @quick
    @given(rollouts(), states(), st.data())
    def test_killed_anywhere_and_run_again_ends_the_same(
        self, rollout: Rollout, state: OrganizationState, data: st.DataObject
    ) -> None:
        steps = rollout_steps(rollout, state)
        killed = rehearsed(state, steps[: data.draw(st.integers(0, len(steps)))])
        again = rehearsed(killed, rollout_steps(rollout, killed))
        assert seen(again) == seen(rehearsed(state, steps))

    @quick
    @given(rollouts(), states())
    def test_never_takes_a_wanted_policy_off_a_target(
        self, rollout: Rollout, state: OrganizationState
    ) -> None:
        steps = rollout_steps(rollout, state)
        wanted = [each.type for each in rollout.wanted]
        for number in range(len(steps)):
            before, after = (rehearsed(state, steps[:each]) for each in (number, number + 1))
            for kind in wanted:
                for target in rollout.targets:
                    guarded = NAMES[kind] in {p.name for p in before.on(target, kind)}
                    still = NAMES[kind] in {p.name for p in after.on(target, kind)}
                    assert still or not guarded


class TestRemoval:
    @quick
    @given(states())
    def test_leaves_nothing(self, state: OrganizationState) -> None:
        steps = removal_steps(NAMES, state, delete=True)
        after = rehearsed(state, steps)
        assert seen(after) == {}
        assert removal_steps(NAMES, after, delete=True) == ()

    @quick
    @given(states())
    def test_deletes_last(self, state: OrganizationState) -> None:
        for kind, name in NAMES.items():
            own = removal_steps({kind: name}, state, delete=True)
            assert all(not isinstance(step, DeletePolicy) for step in own[:-1])
