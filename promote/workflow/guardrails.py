"""Read the organisation as far as it matters, and carry out the steps of a rollout, one by one.

Every step looks at the world right before it writes and is content when what it wants is there
already, so that a rollout that was killed, or runs twice at once, ends the same. It never replaces
what somebody else wrote after the plan was made.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import assert_never

from promote.arn import parse_arn
from promote.core.events import GuardrailChanged, IdentityShown, Waiting
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
    says_the_same,
)
from promote.core.topology import Topology
from promote.errors import LostResponseError, StalePlanError
from promote.ports import Caller
from promote.ports.organization import Organization, Oversight
from promote.workflow.side_by_side import side_by_side
from promote.workflow.site import Announcer
from promote.workflow.wait import Pace, poll

_ENABLING = 120.0  # seconds; Organizations enables a type in the background
_AGAIN = "To see what is there now, and go on:\n    promote guardrail apply"


@dataclass(frozen=True)
class Surveyor:
    """Reads the organisation."""

    organization: Organization
    role: str | None

    def survey(
        self, members: Iterable[str], names: Iterable[tuple[ControlType, str]]
    ) -> OrganizationState:
        """Read the paths to some members with everything attached to them, and our policies.

        Args:
            members: Ids of accounts and units; those that the organisation does not have, and the
                root, are left out.
            names: The types and names of our policies.
        """
        root = self.organization.root(role=self.role)
        parents = self._parents({each for each in members if each != root.root})
        members = (root.root, *parents)
        pairs = [(each, kind) for each in members for kind in ControlType if kind in root.enabled]
        found = side_by_side(lambda pair: self.organization.attached(*pair, role=self.role), pairs)
        attached: dict[str, frozenset[str]] = dict.fromkeys(members, frozenset())
        policies: dict[str, ControlPolicy] = {}
        for (holder, _), each in zip(pairs, found, strict=True):
            attached[holder] |= {policy.id for policy in each}
            policies |= {policy.id: policy for policy in each}
        ours = self._ours(names)
        return OrganizationState(
            id=root.organization,
            management=root.management,
            root=root.root,
            enabled=root.enabled,
            parents=parents,
            policies={**policies, **{policy.id: policy for policy in ours}},
            attached=attached,
            holders={p.id: self.organization.holders(p.id, role=self.role) for p in ours},
        )

    def _parents(self, members: Iterable[str]) -> dict[str, str]:
        """Find the way up from every member, level by level, so that none is asked for twice."""
        parents: dict[str, str] = {}
        asked: set[str] = set()
        wave = sorted(members)
        while wave:
            asked |= set(wave)
            found = side_by_side(self._parent, wave)
            parents |= {child: above for child, above in zip(wave, found, strict=True) if above}
            wave = sorted({each for each in found if each and not _is_root(each)} - asked)
        return parents

    def _parent(self, member: str) -> str | None:
        return self.organization.parent(member, role=self.role)

    def _ours(self, names: Iterable[tuple[ControlType, str]]) -> list[ControlPolicy]:
        found = (self.organization.named(kind, name, role=self.role) for kind, name in names)
        return [policy for policy in found if policy is not None]


def members_of(topology: Topology, caller: Caller) -> frozenset[str]:
    """Return the accounts whose policies a promotion meets, and the targets of the guardrails."""
    targets = topology.guardrails.targets if topology.guardrails else ()
    found = {topology.ml.account, caller.account, *targets}
    for model in topology.models:
        for target in topology.all_targets(model.name):
            roles = (*target.consumers, target.reader_role, target.deployer_role, target.smoke_role)
            found |= {target.account, *(parse_arn(role).account for role in roles if role)}
    return frozenset(found)


def _is_root(member: str) -> bool:
    return member.startswith("r-")


@dataclass(frozen=True)
class Rigger:
    """Carries out steps."""

    oversight: Oversight
    role: str | None
    announce: Announcer
    _ids: dict[tuple[ControlType, str], str] = field(default_factory=dict)
    """The policies met so far: a new one may not be listed yet, and listing is slow."""

    def carry_out(self, steps: Iterable[GuardrailStep], region: str) -> None:
        """Do every step in order and tell about each; say who acts before the first write.

        Raises:
            StalePlanError: Somebody else changed a policy since the plan was made.
        """
        steps = tuple(steps)
        if steps:
            self._introduce(region)
        for number, step in enumerate(steps, 1):
            self._do(step)
            at = self.oversight.clock.now()
            self.announce(GuardrailChanged(at=at, number=number, steps=len(steps), step=step))

    def _introduce(self, region: str) -> None:
        caller = self.oversight.identities.caller()
        self.announce(
            IdentityShown(
                at=self.oversight.clock.now(),
                caller=self.role or caller.arn,
                account=parse_arn(self.role).account if self.role else caller.account,
                region=region,
            )
        )

    @property
    def _organization(self) -> Organization:
        return self.oversight.organization

    def _do(self, step: GuardrailStep) -> None:
        match step:
            case EnableType():
                self._enable(step)
            case CreatePolicy():
                self._create(step)
            case UpdatePolicy():
                self._update(step)
            case AttachPolicy():
                policy = self._id(step.type, step.name)
                if policy is None:
                    raise _gone(step.name)
                self._organization.attach(policy, step.target, role=self.role)
            case DetachPolicy():
                if (gone := self._id(step.type, step.name)) is not None:
                    self._organization.detach(gone, step.target, role=self.role)
            case DeletePolicy():
                if (gone := self._id(step.type, step.name)) is not None:
                    self._organization.delete(gone, role=self.role)
            case _:
                assert_never(step)

    def _enable(self, step: EnableType) -> None:
        self._organization.enable(step.type, step.root, role=self.role)

        def tell(_seen: object, elapsed: float) -> None:
            at = self.oversight.clock.now()
            what = f"{step.type.short}s to be enabled"
            self.announce(
                Waiting(at=at, what=what, status="pending", elapsed=elapsed, deadline=_ENABLING)
            )

        poll(
            lambda: self._organization.root(role=self.role).enabled,
            lambda enabled: step.type in enabled,
            pace=Pace(clock=self.oversight.clock, deadline=_ENABLING),
            what=f"{step.type.short}s to be enabled in {step.root}",
            notify=tell,
        )

    def _create(self, step: CreatePolicy) -> None:
        """Create a policy, unless somebody else, or a lost request of ours, made the same one."""
        there = self._ours(step.type, step.name)
        if there is None:
            there = self._made(step)
        if there is not None and not says_the_same(there.content, step.content):
            raise _changed(there, "was made meanwhile and says something else than planned")

    def _made(self, step: CreatePolicy) -> ControlPolicy | None:
        policy = ControlPolicy(
            id="",
            name=step.name,
            type=step.type,
            description=DESCRIPTION,
            content=step.content,
        )
        try:
            made = self._organization.create(policy, role=self.role)
        except (StalePlanError, LostResponseError):
            there = self._ours(step.type, step.name)
            if there is None:
                raise
            return there
        self._ids[step.type, step.name] = made
        return None

    def _update(self, step: UpdatePolicy) -> None:
        """Replace what a policy says, as long as it says what the plan saw."""
        now = self._organization.policy(step.policy, role=self.role)
        if now is None:
            raise _gone(step.name)
        if says_the_same(now.content, step.content):
            return
        if not says_the_same(now.content, step.before):
            raise _changed(now, "was changed meanwhile and no longer says what the plan was for")
        self._organization.update(step.policy, step.content, role=self.role)

    def _id(self, kind: ControlType, name: str) -> str | None:
        """Return the id of a policy of ours."""
        key = (kind, name)
        if key not in self._ids and (found := self._ours(kind, name)) is not None:
            self._ids[key] = found.id
        return self._ids.get(key)

    def _ours(self, kind: ControlType, name: str) -> ControlPolicy | None:
        policy = self._organization.named(kind, name, role=self.role)
        if policy is not None and not policy.description.startswith(MARK):
            raise _changed(policy, "is not ours any more: its description was changed")
        return policy


def _changed(policy: ControlPolicy, how: str) -> StalePlanError:
    return StalePlanError(
        "Somebody else changed a policy meanwhile",
        f"The {policy.type.short} {policy.name} ({policy.id}) {how}. It was left as it is.",
        _AGAIN,
    )


def _gone(name: str) -> StalePlanError:
    return StalePlanError(
        "Somebody else deleted a policy meanwhile",
        f"There is no policy {name} any more, or not yet again.",
        _AGAIN,
    )
