"""What the organisation would be after some steps, so that they are judged before any write."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import assert_never

from promote.core.guardrails.organization import (
    AWS_OWN,
    ControlPolicy,
    ControlType,
    OrganizationState,
)
from promote.core.guardrails.steps import (
    AttachPolicy,
    CreatePolicy,
    DeletePolicy,
    DetachPolicy,
    EnableType,
    GuardrailStep,
    UpdatePolicy,
)
from promote.core.guardrails.wanted import DESCRIPTION


def rehearsed(state: OrganizationState, steps: Iterable[GuardrailStep]) -> OrganizationState:
    """Return the state after all the steps."""
    for step in steps:
        state = _after(state, step)
    return state


def _after(state: OrganizationState, step: GuardrailStep) -> OrganizationState:
    match step:
        case EnableType():
            return _enabled(state, step.type)
        case CreatePolicy():
            made = ControlPolicy(
                id=f"p-planned{step.type.short.lower()}",
                name=step.name,
                type=step.type,
                description=DESCRIPTION,
                content=step.content,
            )
            return _with(state, made)
        case UpdatePolicy():
            return _with(state, replace(state.policies[step.policy], content=step.content))
        case AttachPolicy():
            return _attached(state, step.type, step.name, step.target, yes=True)
        case DetachPolicy():
            return _attached(state, step.type, step.name, step.target, yes=False)
        case DeletePolicy():
            kept = {k: p for k, p in state.policies.items() if p != _named(state, step)}
            return replace(state, policies=kept)
        case _:
            assert_never(step)


def _with(state: OrganizationState, policy: ControlPolicy) -> OrganizationState:
    return replace(state, policies={**state.policies, policy.id: policy})


def _enabled(state: OrganizationState, kind: ControlType) -> OrganizationState:
    own = AWS_OWN[kind]
    members = {state.root, *state.parents, *state.attached}
    attached = {each: state.attached.get(each, frozenset()) | {own.id} for each in members}
    return replace(_with(state, own), enabled=state.enabled | {kind}, attached=attached)


def _attached(
    state: OrganizationState, kind: ControlType, name: str, target: str, *, yes: bool
) -> OrganizationState:
    policy = state.named(kind, name)
    if policy is None:
        return state
    on = state.attached.get(target, frozenset())
    holders = state.holders.get(policy.id, frozenset())
    return replace(
        state,
        attached={**state.attached, target: on | {policy.id} if yes else on - {policy.id}},
        holders={**state.holders, policy.id: holders | {target} if yes else holders - {target}},
    )


def _named(state: OrganizationState, step: DeletePolicy) -> ControlPolicy | None:
    return state.named(step.type, step.name)
