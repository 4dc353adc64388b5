"""The library of guardrails: policies of the organisation that protect the models.

::

    from promote import Guardrails, load

    guardrails = Guardrails(load())
    guardrails.apply(guardrails.plan(target="222222222222"))
    print([finding for finding in guardrails.check() if not finding.ok])
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from promote.core.events import Event
from promote.core.guardrails.attached import GuardrailFinding
from promote.core.guardrails.court import Court
from promote.core.guardrails.errands import errands
from promote.core.guardrails.organization import OrganizationState
from promote.core.guardrails.passage import blocked, examine
from promote.core.guardrails.rehearsal import rehearsed
from promote.core.guardrails.rollout import Rollout, removal_steps, rollout_steps
from promote.core.guardrails.steps import GuardrailStep
from promote.core.guardrails.wanted import (
    policy_names,
    settings,
    wanted_policies,
)
from promote.core.topology import Topology
from promote.errors import RefusedError
from promote.ports import Clock
from promote.ports.organization import Oversight
from promote.wiring import new_promotion_id, open_oversight, proving_renderer, system_clock
from promote.workflow.guardrails import Rigger, Surveyor, members_of
from promote.workflow.site import Announcer

if TYPE_CHECKING:
    import boto3


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardrailPlan:
    """What is to be done to the organisation's policies; applying it does that and no more."""

    steps: tuple[GuardrailStep, ...]


class Guardrails:
    """Creates, attaches, checks and removes the guardrails of one topology.

    Reads no environment when imported. Methods raise `promote.errors` only.

    Args:
        topology: What promote.yaml says.
        session: Where the caller's own credentials come from; None is boto3's usual chain.
        clock: The time; None is the machine's.
        on_event: Told what happens, in order; an exception in it is logged and harms nothing.

    Raises:
        InputError: promote.yaml says nothing of guardrails.
    """

    def __init__(
        self,
        topology: Topology,
        *,
        session: boto3.Session | None = None,
        clock: Clock | None = None,
        on_event: Callable[[Event], None] | None = None,
    ) -> None:
        self._topology = topology
        self._settings = settings(topology)
        self._session = session
        self._clock = clock or system_clock()
        self._announce = Announcer(on_event or (lambda _event: None))

    @functools.cached_property
    def oversight(self) -> Oversight:
        """Every adapter, chosen for the topology."""
        return open_oversight(
            self._topology,
            clock=self._clock,
            session_name=new_promotion_id(self._clock),
            session=self._session,
        )

    def check(self) -> tuple[GuardrailFinding, ...]:
        """Say whether the policies are as wanted, let promotions pass, and protect the models."""
        promoter = self.oversight.identities.caller().arn
        return examine(self._topology, self._rollout(), self._survey(), promoter)

    def plan(self, *, target: str | None = None, untried: bool = False) -> GuardrailPlan:
        """Decide what is left to do until the guardrails are as promote.yaml asks for.

        Args:
            target: Only on this one: a configured target, or something below one.
            untried: Attach to the root also what was tried nowhere below it.

        Raises:
            NotFoundError: A target is no member of the organisation.
            ProofError: A policy would not say exactly what is meant.
            QuotaError: A target holds as many policies as Organizations lets it, or a policy is
                too large.
            RefusedError: A policy of our name is not ours, the rollout would reach further than
                asked, or it would stop promotions that pass today.
        """
        rollout = self._rollout(target, untried=untried)
        state = self._survey(*([target] if target else []))
        steps = rollout_steps(rollout, state)
        self._refuse_blocking(state, steps)
        return GuardrailPlan(steps=steps)

    def plan_removal(self, *, target: str | None = None, delete: bool = False) -> GuardrailPlan:
        """Decide how the guardrails are taken off one target or all of them.

        Args:
            target: Only off this one.
            delete: Delete the policies as well.

        Raises:
            RefusedError: A policy is to be deleted that stays attached elsewhere, or is not ours.
        """
        names = policy_names(self._topology)
        steps = removal_steps(names, self._survey(), only=target, delete=delete)
        return GuardrailPlan(steps=steps)

    def apply(self, plan: GuardrailPlan) -> None:
        """Do what a plan says, and nothing else; what is so already is left as it is.

        Raises:
            StalePlanError: Somebody else changed a policy since the plan was made.
            TryAgainError: Organizations is busy; the same command again goes on.
        """
        rigger = Rigger(self.oversight, self._settings.role, self._announce)
        rigger.carry_out(plan.steps, self._topology.region)

    def _rollout(self, target: str | None = None, *, untried: bool = False) -> Rollout:
        return Rollout(
            wanted=wanted_policies(self._topology, proving_renderer(self._topology)),
            names=policy_names(self._topology),
            targets=self._settings.targets,
            trial=self._topology.ml.account,
            only=target,
            untried=untried,
        )

    def _survey(self, *more: str) -> OrganizationState:
        caller = self.oversight.identities.caller()
        surveyor = Surveyor(self.oversight.organization, self._settings.role)
        members = {*members_of(self._topology, caller), *more}
        return surveyor.survey(members, policy_names(self._topology).items())

    def _refuse_blocking(self, state: OrganizationState, steps: tuple[GuardrailStep, ...]) -> None:
        """Refuse steps after which a request of promotions is denied that passes now.

        Raises:
            RefusedError: There is such a request; names it and the statement.
        """
        asked = errands(self._topology, self.oversight.identities.caller().arn)
        now, then = (
            {each.detail: each for each in blocked(asked, Court(each)) if not each.ok}
            for each in (state, rehearsed(state, steps))
        )
        new = [finding for detail, finding in then.items() if detail not in now]
        if new:
            raise RefusedError(
                "The guardrails would stop promotions",
                "\n".join(f"{each.subject}: {each.detail}." for each in new),
                "Exempt who asks, in promote.yaml:\n    guardrails: {exempt: [ROLE ARN]}",
            )
