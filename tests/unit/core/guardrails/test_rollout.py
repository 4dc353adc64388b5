"""What is left to do until the guardrails are as wanted, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from promote.core.guardrails.organization import ControlType, OrganizationState
from promote.core.guardrails.rollout import removal_steps, rollout_steps
from promote.core.guardrails.steps import (
    AttachPolicy,
    DetachPolicy,
    EnableType,
    GuardrailStep,
    UpdatePolicy,
)
from promote.core.guardrails.wanted import policy_names
from promote.core.policies.documents import wanted_documents
from promote.errors import NotFoundError, QuotaError, RefusedError
from tests.builders import GUARDRAILS, ML, QA, a_topology
from tests.fake_organization import MODELS, ROOT, WORKLOADS
from tests.unit.core.guardrails.organizations import (
    NAMES,
    ONLY_OPERATORS,
    RCP,
    SCP,
    a_policy,
    a_rollout,
    a_state,
    deny,
    document,
    of_ours,
    with_policy,
)

OLD = document(deny("rekognition:StopProjectVersion", "Old"))


def said(steps: tuple[GuardrailStep, ...]) -> list[str]:
    """Write steps shortly."""
    found = []
    for step in steps:
        match step:
            case AttachPolicy() | DetachPolicy():
                found.append(f"{step.step} {step.type.short} {step.target}")
            case _:
                found.append(f"{step.step} {step.type.short}")
    return found


class TestRollout:
    def test_of_nothing_creates_and_then_attaches(self) -> None:
        steps = rollout_steps(a_rollout(ML, WORKLOADS, wanted=(SCP, RCP)), a_state())
        assert said(steps) == [
            "create SCP",
            f"attach SCP {ML}",
            f"attach SCP {WORKLOADS}",
            "create RCP",
            f"attach RCP {ML}",
            f"attach RCP {WORKLOADS}",
        ]

    def test_enables_a_type_first(self) -> None:
        state = a_state(enabled=frozenset({ControlType.RCP}))
        steps = rollout_steps(a_rollout(), state)
        assert steps[0] == EnableType(type=ControlType.SCP, root=ROOT)
        assert said(steps)[1:] == ["create SCP", f"attach SCP {ML}"]

    def test_of_what_is_there_does_nothing_however_it_is_spelled(self) -> None:
        spelled = ONLY_OPERATORS.replace('"Deny"', '\n  "Deny"')
        state = with_policy(a_state(), of_ours(content=spelled), ML)
        assert rollout_steps(a_rollout(), state) == ()

    def test_of_a_changed_document_is_one_update_that_says_what_it_reaches(self) -> None:
        state = with_policy(a_state(), of_ours(content=OLD), ML, WORKLOADS)
        (step,) = rollout_steps(a_rollout(ML, WORKLOADS), state)
        assert isinstance(step, UpdatePolicy)
        assert (step.before, step.content) == (OLD, ONLY_OPERATORS)
        assert step.reaches == (ML, WORKLOADS)
        assert step.departures == (
            "has also Statement[0] (Old)",
            "lacks the statement OnlyOperators",
        )

    def test_attaches_only_where_it_is_missing(self) -> None:
        state = with_policy(a_state(), of_ours(), ML)
        assert said(rollout_steps(a_rollout(ML, WORKLOADS), state)) == [f"attach SCP {WORKLOADS}"]

    def test_leaves_what_is_wanted_no_longer_after_attaching_the_rest(self) -> None:
        state = with_policy(a_state(), of_ours(), WORKLOADS)
        assert said(rollout_steps(a_rollout(), state)) == [
            f"attach SCP {ML}",
            f"detach SCP {WORKLOADS}",
        ]

    def test_keeps_a_trial_below_a_target(self) -> None:
        state = with_policy(a_state(), of_ours(), ML, MODELS)
        assert rollout_steps(a_rollout(MODELS), state) == ()

    def test_takes_away_a_type_that_is_wanted_no_longer(self) -> None:
        state = with_policy(with_policy(a_state(), of_ours(), ML), of_ours(RCP), ML)
        assert said(rollout_steps(a_rollout(), state)) == [f"detach RCP {ML}", "delete RCP"]


class TestOneTarget:
    def test_gets_it_alone(self) -> None:
        rollout = a_rollout(ML, WORKLOADS, only=WORKLOADS)
        assert said(rollout_steps(rollout, a_state())) == ["create SCP", f"attach SCP {WORKLOADS}"]

    def test_may_lie_below_a_target(self) -> None:
        rollout = a_rollout(ROOT, only=MODELS)
        assert said(rollout_steps(rollout, a_state())) == ["create SCP", f"attach SCP {MODELS}"]

    def test_leaves_the_others_as_they_are(self) -> None:
        state = with_policy(a_state(), of_ours(), ML, QA)
        assert rollout_steps(a_rollout(only=ML), state) == ()

    def test_that_is_no_target_is_refused(self) -> None:
        with pytest.raises(RefusedError) as raised:
            rollout_steps(a_rollout(only=WORKLOADS), a_state())
        assert raised.value.summary == "Not a target of the guardrails"
        assert f'targets: ["{ML}", "{WORKLOADS}"]' in raised.value.remedy

    def test_is_refused_an_update_that_would_reach_further(self) -> None:
        state = with_policy(a_state(), of_ours(content=OLD), ML, WORKLOADS)
        with pytest.raises(RefusedError, match=f"also on {WORKLOADS}"):
            rollout_steps(a_rollout(ML, WORKLOADS, only=ML), state)

    def test_that_has_it_alone_may_be_updated(self) -> None:
        state = with_policy(a_state(), of_ours(content=OLD), ML)
        steps = rollout_steps(a_rollout(ML, WORKLOADS, only=ML), state)
        assert said(steps) == ["update SCP"]


class TestTheRoot:
    def test_is_refused_before_anything_below_has_tried_it(self) -> None:
        with pytest.raises(RefusedError) as raised:
            rollout_steps(a_rollout(ROOT), a_state())
        assert f"    promote guardrail apply --target {ML}\n" in raised.value.remedy
        assert raised.value.remedy.endswith("    promote guardrail apply --root")

    def test_gets_it_after_a_trial_below(self) -> None:
        state = with_policy(a_state(), of_ours(), ML)
        assert said(rollout_steps(a_rollout(ROOT), state)) == [f"attach SCP {ROOT}"]

    def test_gets_it_at_once_when_that_is_said(self) -> None:
        rollout = a_rollout(ROOT, untried=True)
        assert said(rollout_steps(rollout, a_state())) == ["create SCP", f"attach SCP {ROOT}"]

    def test_needs_a_trial_of_each_policy(self) -> None:
        state = with_policy(a_state(), of_ours(), ML)
        with pytest.raises(RefusedError, match=NAMES[ControlType.RCP]):
            rollout_steps(a_rollout(ROOT, wanted=(SCP, RCP)), state)


def _full(state: OrganizationState) -> OrganizationState:
    for number in range(9):
        state = with_policy(state, a_policy("{}", f"{number}-foreign"), ML)
    return state


class TestRefused:
    def test_is_a_target_outside_the_organisation(self) -> None:
        with pytest.raises(NotFoundError, match="777777777777"):
            rollout_steps(a_rollout("777777777777"), a_state())

    def test_is_a_target_that_holds_all_that_it_can(self) -> None:
        with pytest.raises(QuotaError, match="10 SCPs of 10"):
            rollout_steps(a_rollout(), _full(a_state()))

    def test_is_not_a_full_target_that_has_it_already(self) -> None:
        state = with_policy(a_state(), of_ours(content=OLD), ML)
        (step,) = rollout_steps(a_rollout(), _full(state))
        assert isinstance(step, UpdatePolicy)

    def test_is_a_document_that_is_too_large(self) -> None:
        large = replace(SCP, content=document(deny("rekognition:*", "A" * 10_240)))
        with pytest.raises(QuotaError, match="Organizations accepts 10240"):
            rollout_steps(a_rollout(wanted=(large,)), a_state())

    @pytest.mark.parametrize("remove", [True, False])
    def test_is_a_policy_of_our_name_that_somebody_else_made(self, *, remove: bool) -> None:
        theirs = replace(of_ours(), description="Mine")
        state = with_policy(a_state(), theirs, ML)
        with pytest.raises(RefusedError) as raised:
            removal_steps(NAMES, state) if remove else rollout_steps(a_rollout(), state)
        assert f"--policy-id {theirs.id} --description 'Managed by promote" in raised.value.remedy


class TestRemoval:
    def test_takes_everything_off(self) -> None:
        state = with_policy(with_policy(a_state(), of_ours(), ML, QA), of_ours(RCP), ML)
        assert said(removal_steps(NAMES, state)) == [
            f"detach SCP {ML}",
            f"detach SCP {QA}",
            f"detach RCP {ML}",
        ]

    def test_deletes_when_told(self) -> None:
        state = with_policy(a_state(), of_ours(), ML)
        assert said(removal_steps(NAMES, state, delete=True)) == [
            f"detach SCP {ML}",
            "delete SCP",
        ]

    def test_takes_it_off_one_target_alone(self) -> None:
        state = with_policy(a_state(), of_ours(), ML, QA)
        assert said(removal_steps(NAMES, state, only=QA)) == [f"detach SCP {QA}"]

    def test_does_not_delete_what_stays_attached(self) -> None:
        state = with_policy(a_state(), of_ours(), ML, QA)
        with pytest.raises(RefusedError, match=f"stays attached to {ML}"):
            removal_steps(NAMES, state, only=QA, delete=True)

    def test_of_nothing_is_nothing(self) -> None:
        assert removal_steps(NAMES, a_state(), delete=True) == ()


class TestNames:
    def test_are_those_of_the_documents(self) -> None:
        topology = a_topology(guardrails=GUARDRAILS, organization="o-a1b2c3d4e5")
        found = {each.kind: each.name for each in wanted_documents(topology)}
        names = policy_names(topology)
        assert (found["scp"], found["rcp"]) == (names[ControlType.SCP], names[ControlType.RCP])
