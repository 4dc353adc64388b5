"""What is left to do until the organisation has the guardrails that promote.yaml asks for.

The order leaves no gap: a type is enabled, policies are created and updated, attached where they
are wanted, and only then detached from where they are wanted no longer. AWS advises to try an SCP
or an RCP on one account or organisational unit before the root ("Testing effects of SCPs"), hence:

- a rollout may be restricted to one configured target, or to something below one;
- the root gets a policy only when it is attached to something below the root already, or when the
  person says that the trial is left out.

An update is in force wherever the policy is attached at once: Organizations has no versions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from promote.core.guardrails.organization import ControlPolicy, ControlType, OrganizationState
from promote.core.guardrails.steps import (
    AttachPolicy,
    CreatePolicy,
    DeletePolicy,
    DetachPolicy,
    EnableType,
    GuardrailStep,
    UpdatePolicy,
)
from promote.core.guardrails.wanted import (
    DESCRIPTION,
    MARK,
    WantedPolicy,
    departures,
    says_the_same,
    usage,
)
from promote.errors import NotFoundError, QuotaError, RefusedError

# Organizations quotas, "Maximum attachable": with those that AWS attaches itself.
ATTACHED_AT_MOST: Mapping[ControlType, int] = {ControlType.SCP: 10, ControlType.RCP: 5}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """What is wanted, where, and how far this time.

    Attributes:
        wanted: The policies.
        names: What our policies are called, wanted or not.
        targets: What they are to be attached to, in the end.
        trial: The account to try them on first: the ML account.
        only: Restrict to this one target; None is all of them.
        untried: Attach to the root also what was tried nowhere.
    """

    wanted: tuple[WantedPolicy, ...]
    names: Mapping[ControlType, str]
    targets: tuple[str, ...]
    trial: str
    only: str | None = None
    untried: bool = False


def rollout_steps(rollout: Rollout, state: OrganizationState) -> tuple[GuardrailStep, ...]:
    """Return what is left to do, in order; nothing when all is as wanted.

    Raises:
        NotFoundError: A target is no member of the organisation.
        QuotaError: A policy is too large, or a target has as many as Organizations lets it.
        RefusedError: A policy of our name is not ours, a restricted rollout would reach further,
            or the root would get what was tried nowhere.
    """
    targets = _targets(rollout, state)
    for each in rollout.wanted:
        _refuse_too_large(each)
    steps = [
        step for wanted in rollout.wanted for step in _towards(wanted, targets, rollout, state)
    ]
    if rollout.only is None:
        steps += _leftovers(rollout, state)
    return tuple(steps)


def removal_steps(
    names: Mapping[ControlType, str],
    state: OrganizationState,
    *,
    only: str | None = None,
    delete: bool = False,
) -> tuple[GuardrailStep, ...]:
    """Return how our policies are taken off one target or off all of them, and deleted if asked.

    Raises:
        RefusedError: A policy is to be deleted that stays attached elsewhere, or is not ours.
    """
    steps: list[GuardrailStep] = []
    for kind, name in names.items():
        policy = _ours(kind, name, state)
        if policy is None:
            continue
        holders = sorted(state.holders.get(policy.id, ()))
        gone = [each for each in holders if only in {None, each}]
        steps += [DetachPolicy(type=kind, name=name, target=each) for each in gone]
        if delete and (kept := [each for each in holders if each not in gone]):
            raise RefusedError(
                "The policy is attached elsewhere",
                f"{name} cannot be deleted: it stays attached to {', '.join(kept)}.",
                "To take it off everything first:\n    promote guardrail detach --delete",
            )
        if delete:
            steps.append(DeletePolicy(type=kind, name=name))
    return tuple(steps)


def is_stray(holder: str, targets: Sequence[str], state: OrganizationState) -> bool:
    """Say whether a policy on `holder` is neither on a target nor on trial below one."""
    return holder not in targets and not any(state.lies_below(holder, each) for each in targets)


def _targets(rollout: Rollout, state: OrganizationState) -> tuple[str, ...]:
    chosen = rollout.targets if rollout.only is None else (rollout.only,)
    for each in chosen:
        if not state.path(each):
            raise NotFoundError(
                "No such member of the organisation",
                f"{each} is neither the root {state.root} of {state.id} nor an account or "
                "organisational unit below it.",
                "To see the accounts, and the units of the root:\n"
                "    aws organizations list-accounts\n"
                "    aws organizations list-organizational-units-for-parent "
                f"--parent-id {state.root}",
            )
        if is_stray(each, rollout.targets, state):
            raise RefusedError(
                "Not a target of the guardrails",
                f"{each} is none of the targets in promote.yaml ({', '.join(rollout.targets)}) "
                "and lies below none of them.",
                f"Add it to them first, in promote.yaml:\n    targets: [{_listed(rollout, each)}]",
            )
    return chosen


def _listed(rollout: Rollout, more: str) -> str:
    return ", ".join(f'"{each}"' for each in (*rollout.targets, more))


def _towards(
    wanted: WantedPolicy, targets: Sequence[str], rollout: Rollout, state: OrganizationState
) -> Iterator[GuardrailStep]:
    """Yield what one policy needs."""
    kind, name = wanted.type, wanted.name
    existing = _ours(kind, name, state)
    holders = state.holders.get(existing.id, frozenset()) if existing else frozenset()
    if kind not in state.enabled:
        yield EnableType(type=kind, root=state.root)
    if existing is None:
        yield CreatePolicy(type=kind, name=name, content=wanted.content)
    elif not says_the_same(existing.content, wanted.content):
        _refuse_reaching_further(name, holders, rollout)
        yield _update(wanted, existing, holders)
    for target in targets:
        if target in holders:
            continue
        _refuse_untried(target, name, holders, rollout, state)
        _refuse_full(target, kind, state)
        yield AttachPolicy(type=kind, name=name, target=target)


def _update(wanted: WantedPolicy, existing: ControlPolicy, holders: frozenset[str]) -> UpdatePolicy:
    return UpdatePolicy(
        type=wanted.type,
        name=wanted.name,
        policy=existing.id,
        before=existing.content,
        content=wanted.content,
        reaches=tuple(sorted(holders)),
        departures=departures(existing.content, wanted),
    )


def _leftovers(rollout: Rollout, state: OrganizationState) -> Iterator[GuardrailStep]:
    """Yield how our policies leave where promote.yaml wants them no longer."""
    wanted = {each.type for each in rollout.wanted}
    for kind, name in rollout.names.items():
        policy = _ours(kind, name, state)
        if policy is None:
            continue
        for holder in sorted(state.holders.get(policy.id, ())):
            if kind not in wanted or is_stray(holder, rollout.targets, state):
                yield DetachPolicy(type=kind, name=name, target=holder)
        if kind not in wanted:
            yield DeletePolicy(type=kind, name=name)


def _ours(kind: ControlType, name: str, state: OrganizationState) -> ControlPolicy | None:
    found = state.named(kind, name)
    if found is None or found.description.startswith(MARK):
        return found
    raise RefusedError(
        "A policy of that name is not ours",
        f"The {kind.short} {name} ({found.id}) has a description that does not begin with "
        f"{MARK!r}: {found.description!r}. Somebody else made it, so it is left alone.",
        "Give it another name, or, if it is to be managed by promote, that description:\n"
        f"    aws organizations update-policy --policy-id {found.id} --description '{DESCRIPTION}'",
    )


def _refuse_reaching_further(name: str, holders: frozenset[str], rollout: Rollout) -> None:
    further = sorted(holders - {rollout.only})
    if rollout.only is not None and further:
        raise RefusedError(
            "The change would reach further than that target",
            f"{name} says something else than promote.yaml asks for. An update is in force "
            f"wherever the policy is attached at once, also on {', '.join(further)}.",
            "To see and apply all of it:\n    promote guardrail apply",
        )


def _refuse_untried(
    target: str,
    name: str,
    holders: frozenset[str],
    rollout: Rollout,
    state: OrganizationState,
) -> None:
    if target != state.root or holders or rollout.untried:
        return
    raise RefusedError(
        "Nothing below the root has tried it",
        f"{name} is attached to nothing yet, and {target} is the root: it would govern every "
        "account at once. AWS advises to try a policy on one account or organisational unit first.",
        "To try it on the account that it is for, and then to go on:\n"
        f"    promote guardrail apply --target {rollout.trial}\n"
        "    promote guardrail apply\n"
        "To leave that out:\n    promote guardrail apply --root",
    )


def _refuse_too_large(wanted: WantedPolicy) -> None:
    size = usage(wanted)
    if not size.fits:
        raise QuotaError(
            "The policy would be too large",
            f"The {wanted.type.short} {wanted.name} would take {size.used} characters; "
            f"Organizations accepts {size.limit}, each of them counted.",
            "Name fewer roles in promote.yaml: fewer in guardrails.exempt, or one operator for all "
            "environments:\n"
            "    operator_role: promote-operator",
        )


def _refuse_full(target: str, kind: ControlType, state: OrganizationState) -> None:
    there = state.on(target, kind)
    if len(there) >= ATTACHED_AT_MOST[kind]:
        raise QuotaError(
            "No room for another policy",
            f"{target} has {len(there)} {kind.short}s of {ATTACHED_AT_MOST[kind]} attached: "
            f"{', '.join(each.name for each in there)}.",
            f"Detach one, or attach the guardrail above or below {target}: change targets in "
            "promote.yaml.",
        )
