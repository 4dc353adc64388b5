"""Whether a plan file is a plan of this promote.yaml, whatever its digest says.

Anybody who can change a plan file can work out its digest anew. So what a plan says is not believed
where promote.yaml, or another part of the plan, says it, too: every step is one that the planner
could have planned. That its documents are what they should be is proved elsewhere
(`promote.core.exactness`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from promote.arn import parse_version_arn
from promote.core.asked import environment_of
from promote.core.claim_fitting import wrong_claims
from promote.core.fact_fitting import wrong_facts
from promote.core.facts import holds_pointer
from promote.core.grants import allowed_patterns
from promote.core.observation import Json
from promote.core.override_fitting import wrong_overrides
from promote.core.plan import (
    Bake,
    Drain,
    Grant,
    Plan,
    PlannedTarget,
    Prove,
    Revoke,
    Start,
    Step,
    Stop,
    Switch,
    makes_room,
)
from promote.core.room_fitting import allowed_in, wrong_in
from promote.core.step_fitting import Allowed, shown, subject, unlike
from promote.core.topology import Environment, Target, Topology
from promote.core.wave_fitting import ORDER, misplaced, rank
from promote.iam.document import same
from promote.iam.evaluate import resource_matches


def misfits(
    plan: Plan,
    topology: Topology,
    earlier: Iterable[Plan] = (),
    *,
    now: datetime | None = None,
) -> tuple[str, ...]:
    """Name everything in a plan that no planner plans from this topology.

    Args:
        plan: A plan, perhaps from a file.
        topology: What promote.yaml says.
        earlier: The plans of other promotions of the model that are on record: one that takes an
            unfinished one over keeps its undo, since that one alone had seen what was there.
        now: In UTC; None for a plan that may have been begun long ago.
    """
    fitting = _Fitting(plan, topology, tuple(earlier))
    overrides = wrong_overrides(plan, fitting.environment, now)
    return (
        *fitting.version(),
        *overrides,
        *wrong_claims(plan, fitting.environment),
        *fitting.targets(),
        *wrong_facts(plan, fitting.meant.values()),
        *fitting.steps(),
        *fitting.way(),
    )


@dataclass(frozen=True)
class _Fitting:
    plan: Plan
    topology: Topology
    earlier: tuple[Plan, ...]

    @cached_property
    def environment(self) -> Environment:
        return environment_of(self.topology, self.plan.request)

    @cached_property
    def meant(self) -> Mapping[str, Target]:
        found = self.topology.targets(self.plan.request.model, self.environment)
        return {target.account: target for target in found}

    @cached_property
    def planned(self) -> Mapping[str, PlannedTarget]:
        return {target.account: target for target in self.plan.targets}

    def version(self) -> Iterator[str]:
        if not self._is_of_model(self.plan.request.version):
            yield f"{self.plan.request.version} is no version of {self.plan.request.model}"

    def targets(self) -> Iterator[str]:
        stated = Counter((t.account, t.pointer, t.role) for t in self.plan.targets)
        meant = Counter((t.account, t.pointer.name, t.access_role) for t in self.meant.values())
        for account, pointer, role in stated - meant:
            what = f"the target {account} with the pointer {pointer} and the role {role}"
            yield f"{what} is not in promote.yaml"
        for account, _pointer, _role in meant - stated:
            yield f"the target {account} is left out, or not as in promote.yaml"
        for target in self.plan.targets:
            if not holds_pointer(self.plan, target):
                named = shown(target.before)
                what = f"the target {target.account} is to have named {named}"
                yield f"{what}, and no fact of the plan holds that"

    def steps(self) -> Iterator[str]:
        """Yield what is wrong within a step."""
        for number, step in enumerate(self.plan.steps, start=1):
            found = [*unlike(step, self._allowed(step)), *self._wrong(step)]
            yield from (f"step {number} ({step.step}): {each}" for each in found)

    def way(self) -> Iterator[str]:
        """Yield what is wrong between the steps."""
        kinds = [(not makes_room(step), rank(step)) for step in self.plan.steps]
        if kinds != sorted(kinds):
            yield f"the steps are not in the order {', '.join(ORDER)}"
        subjects = Counter((s.step, subject(s), makes_room(s)) for s in self.plan.steps)
        for (kind, of, _room), count in subjects.items():
            if count > 1:
                yield f"the step {kind} of {of} is there {count} times"
        yield from self._pointers()
        yield from misplaced(self.plan, self.environment)

    def _pointers(self) -> Iterator[str]:
        switched = {step.account for step in self.plan.steps if isinstance(step, Switch)}
        proved = {step.account for step in self.plan.steps if isinstance(step, Prove)}
        retired = any(
            isinstance(step, Revoke | Stop) and not makes_room(step) for step in self.plan.steps
        )
        drains = [step.accounts for step in self.plan.steps if isinstance(step, Drain)]
        for account, target in self.planned.items():
            moves = target.before != self.plan.request.version
            if moves and account not in switched:
                yield f"the plan does not switch {account}"
            if account in switched and account not in proved:
                yield f"the plan switches {account} without a proof"
            left = moves and _is_version(target.before)
            if retired and left and not any(account in each for each in drains):
                yield f"the plan retires what {account} named, and does not drain it"

    def _allowed(self, step: Step) -> Allowed:
        request, deadlines = self.plan.request, self.environment.deadlines
        found: dict[str, Collection[object]] = {"environment": (request.environment,)}
        match step:
            case Start():
                capacity = self.topology.model(request.model).capacity
                found |= {"version": (request.version,), "min_units": (capacity.min,)}
                found |= {"max_units": (capacity.max,)}
                found |= {"deadline": (deadlines.start.total_seconds(),)}
            case Revoke() | Stop() if step.makes_room:
                return allowed_in(step, self.plan, self.topology)
            case Grant() | Revoke():
                found |= self._of_role(step)
            case Prove():
                found |= self._of_proof(step)
            case Switch():
                found |= self._of_switch(step)
            case Bake():
                found |= {"seconds": (self.environment.bake.total_seconds(),)}
            case Drain():
                found |= {"seconds": (self.environment.drain.total_seconds(),)}
                found |= {"keep_warm": self._warm()}
            case Stop():
                found |= {"deadline": (deadlines.stop.total_seconds(),)}
        return found

    def _warm(self) -> tuple[float, ...]:
        """Return how long what is left may stay warm: what is held is not, nor by a rollback."""
        wished = self.environment.keep_warm.total_seconds()
        return (0.0,) if self.plan.request.rollback else (wished, 0.0)

    def _of_role(self, step: Grant | Revoke) -> Allowed:
        users = [target for target in self.meant.values() if target.access_role == step.role]
        if not users:
            return {"role": sorted({target.access_role for target in self.meant.values()})}
        return {
            "accounts": (tuple(target.account for target in users),),
            "policy": (users[0].policy_name,),
            "version": (self.plan.request.version,),
        }

    def _of_proof(self, step: Prove) -> Allowed:
        target, environment = self.meant.get(step.account), self.environment
        if target is None:
            return {"account": tuple(self.meant)}
        return {
            "role": (target.access_role,),
            "version": (self.plan.request.version,),
            "consecutive": (environment.propagation.consecutive,),
            "deadline": (environment.propagation.deadline.total_seconds(),),
            "images": (self.topology.images(self.plan.request.model, environment),),
            "min_accuracy": (environment.smoke.min_accuracy,),
        }

    def _of_switch(self, step: Switch) -> Allowed:
        target, planned = self.meant.get(step.account), self.planned.get(step.account)
        if target is None or planned is None:
            return {"account": tuple(self.meant)}
        new = self.plan.request.version
        return {
            "pointer": (target.pointer.name,),
            "version": (new,),
            "wave": (planned.wave,),
            "before": (planned.before,),
            "undo": self._switches_undone(step) if planned.before == new else (planned.before,),
        }

    def _switches_undone(self, step: Switch) -> tuple[str | None, ...]:
        """Return what earlier runs would put back into a pointer that they had switched."""

        def key(each: Switch) -> tuple[str, ...]:
            return (each.environment, each.account, each.pointer, each.version)

        return tuple(
            each.undo
            for plan in self.earlier
            for each in plan.steps
            if isinstance(each, Switch) and key(each) == key(step)
        )

    def _wrong(self, step: Step) -> Iterator[str]:
        """Yield what no list of allowed values tells."""
        match step:
            case Grant():
                yield from self._wrong_grant(step)
            case Drain():
                strange = tuple(each for each in step.accounts if each not in self.meant)
                if strange:
                    yield f"its accounts {shown(strange)} are not in promote.yaml"
            case Revoke() | Stop():
                yield from self._wrong_retirement(step)
                if step.makes_room:
                    yield from wrong_in(step, self.plan, self.topology)
            case Start() | Prove() | Switch() | Bake():
                pass

    def _wrong_grant(self, step: Grant) -> Iterator[str]:
        for lost in self._lost(step, step.after):
            yield f"it does not allow {lost}, which a pointer names"
        if not self._is_known(step):
            for lost in self._lost(step, step.undo):
                yield f"its undo would not allow {lost}, which a pointer named"

    def _wrong_retirement(self, step: Revoke | Stop) -> Iterator[str]:
        new = self.plan.request.version
        if isinstance(step, Revoke):
            if new in step.revoked:
                yield "it revokes the version that is promoted"
            if step.policy in step.remove:
                yield "it removes the policy that it writes"
            return
        if step.version == new:
            yield "it stops the version that is promoted"
        if not self._is_of_model(step.version):
            yield f"{step.version} is no version of {self.plan.request.model}"

    def _lost(self, step: Grant, document: Json | None) -> list[str]:
        """Return the versions that the role's pointers named and a document does not allow."""
        kept = () if document is None else allowed_patterns(document)
        named = {target.before for target in self.plan.targets if target.role == step.role}
        versions = sorted(each for each in named if each is not None and _is_version(each))
        return [one for one in versions if not any(resource_matches(each, one) for each in kept)]

    def _is_known(self, step: Grant) -> bool:
        """Say whether an undo is what was there, by this plan or by an earlier one."""
        if same(step.undo, step.before):
            return True
        return any(
            same(step.undo, each.undo)
            for plan in self.earlier
            for each in plan.steps
            if isinstance(each, Grant) and (each.role, each.policy) == (step.role, step.policy)
        )

    def _is_of_model(self, version: str) -> bool:
        found = parse_version_arn(version)
        project = self.topology.model(self.plan.request.model).project
        where = (self.topology.region, self.topology.ml.account, project)
        return found is not None and (found.region, found.account, found.project) == where


def _is_version(named: str | None) -> bool:
    return named is not None and parse_version_arn(named) is not None
