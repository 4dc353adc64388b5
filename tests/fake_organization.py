"""An organisation in memory, behind the port that guardrails are driven through."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from promote.core.guardrails.organization import AWS_OWN, ControlPolicy, ControlType
from promote.errors import FailedError, LostResponseError, StalePlanError
from promote.ports.organization import Root
from tests.builders import MANAGEMENT, ML, NOW, PROD, QA

ID = "o-a1b2c3d4e5"
ROOT = "r-a1b2"
MODELS = "ou-a1b2-models00"
WORKLOADS = "ou-a1b2-workload"
CICD = "111111111111"
PARENTS = {
    MODELS: ROOT,
    WORKLOADS: ROOT,
    MANAGEMENT: ROOT,
    CICD: ROOT,
    ML: MODELS,
    **dict.fromkeys((QA, *PROD), WORKLOADS),
}


class KilledError(Exception):
    """The process died."""


class QuickClock:
    """A clock that moves only when somebody sleeps."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


@dataclass
class FakeOrganization:
    """The `promote.ports.organization.Organization` of a test.

    `before_write` is called before each write with the number of those that were done; it may
    raise, or change the organisation as somebody else would.
    """

    parents: dict[str, str] = field(default_factory=lambda: dict(PARENTS))
    enabled: set[ControlType] = field(default_factory=lambda: set(ControlType))
    policies: dict[str, ControlPolicy] = field(
        default_factory=lambda: {each.id: each for each in AWS_OWN.values()}
    )
    attachments: dict[str, set[str]] = field(default_factory=dict)
    before_write: Callable[[int], None] = lambda _done: None
    writes: list[str] = field(default_factory=list)
    loses_answers: bool = False

    def __post_init__(self) -> None:
        for holder in (ROOT, *self.parents):
            self.attachments.setdefault(holder, {AWS_OWN[kind].id for kind in self.enabled})

    def add(self, policy: ControlPolicy, *holders: str) -> None:
        """Let somebody else make a policy and attach it."""
        self.policies[policy.id] = policy
        for holder in holders:
            self.attachments[holder].add(policy.id)

    def root(self, *, role: str | None) -> Root:
        del role
        return Root(
            organization=ID, management=MANAGEMENT, root=ROOT, enabled=frozenset(self.enabled)
        )

    def parent(self, member: str, *, role: str | None) -> str | None:
        del role
        return self.parents.get(member)

    def attached(
        self, holder: str, kind: ControlType, *, role: str | None
    ) -> tuple[ControlPolicy, ...]:
        del role
        found = (self.policies[each] for each in sorted(self.attachments[holder]))
        return tuple(each for each in found if each.type is kind)

    def named(self, kind: ControlType, name: str, *, role: str | None) -> ControlPolicy | None:
        del role
        found = (p for p in self.policies.values() if (p.type, p.name) == (kind, name))
        return next(found, None)

    def policy(self, policy: str, *, role: str | None) -> ControlPolicy | None:
        del role
        return self.policies.get(policy)

    def holders(self, policy: str, *, role: str | None) -> frozenset[str]:
        del role
        return frozenset(each for each, ids in self.attachments.items() if policy in ids)

    def enable(self, kind: ControlType, root: str, *, role: str | None) -> None:
        del role
        self._write(f"enable {kind.short} in {root}")
        self.enabled.add(kind)
        for ids in self.attachments.values():
            ids.add(AWS_OWN[kind].id)

    def create(self, policy: ControlPolicy, *, role: str | None) -> str:
        self._write(f"create {policy.name}")
        if self.named(policy.type, policy.name, role=role) is not None:
            raise StalePlanError("Somebody else made the policy meanwhile")
        made = replace(policy, id=f"p-{len(self.policies):08}")
        self.policies[made.id] = made
        if self.loses_answers:
            raise LostResponseError("No answer came")
        return made.id

    def update(self, policy: str, content: str, *, role: str | None) -> None:
        del role
        self._write(f"update {self.policies[policy].name}")
        self.policies[policy] = replace(self.policies[policy], content=content)

    def attach(self, policy: str, target: str, *, role: str | None) -> None:
        del role
        self._write(f"attach {self.policies[policy].name} to {target}")
        self.attachments[target].add(policy)

    def detach(self, policy: str, target: str, *, role: str | None) -> None:
        del role
        self._write(f"detach {self.policies[policy].name} from {target}")
        self.attachments[target].discard(policy)

    def delete(self, policy: str, *, role: str | None) -> None:
        self._write(f"delete {self.policies[policy].name}")
        if self.holders(policy, role=role):
            raise FailedError("The policy is attached to something")
        del self.policies[policy]

    def _write(self, what: str) -> None:
        self.before_write(len(self.writes))
        self.writes.append(what)
